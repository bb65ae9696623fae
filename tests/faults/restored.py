"""Backs up a platform under load, restores it beside that, and looks for what is missing.

python -m tests.faults.restored           one copy of the whole server, of one moment
python -m tests.faults.restored --apart   a dump of each database, at moments seconds apart

Whoever was told that an exchange is settled before the backup began must find it so afterwards;
what was under way must come to its end, although the broker that held its messages is gone.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from deploy import backup, restore
from deploy.audit_sources import SERVICES
from deploy.local import commands, databases, plan
from deploy.local.installation import Installation
from deploy.local.places import REPOSITORY, Problem
from tests.faults.measured import Case, Watch
from tests.faults.platform import Platform, until

FROM, TO = "backed-up", "restored"
"""The instances: the one that works, and the one that comes back."""
EXCHANGES, CLIENTS = 160, 4
BEFORE = 40
"""Exchanges that are settled before the backup begins."""
BETWEEN = 6
"""Exchanges that are settled between one dump and the next."""
MORE = 20
"""Exchanges that the restored platform is asked for, to show that it works."""
RESULT = REPOSITORY / "var" / "faults" / "restored.json"


@dataclass
class Restored:
    """What came of it; times in seconds.

    Attributes:
        known: exchanges that were settled before the backup began.
        states: exchanges in the backup by state: as it was before anything was started on it.
    """

    way: str
    size: int = 0
    taking: float = 0.0
    restoring: float = 0.0
    starting: float = 0.0
    quiet_after: float = 0.0
    known: int = 0
    states: dict[str, int] = field(default_factory=dict)
    said: int = 0
    exchanges: int = 0
    figures: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        return not self.wrong and not any(self.figures.values())


class Source:
    """The platform that works, and the backup of it."""

    def __init__(self, platform: Platform, told: Restored) -> None:
        self.platform, self.told = platform, told
        self.known: set[str] = set()

    def settled(self) -> set[str]:
        rows = self.platform.looks.ask(
            "exchanges", "select id::text from exchange where state = 'settled'"
        )
        return {name for (name,) in rows}

    def await_settled(self, count: int) -> None:
        if not until(lambda: len(self.settled()) >= count):
            raise Problem("the exchanges stand still")

    def back_up(self, folder: Path) -> None:
        """Back up while exchanges go on before, meanwhile and after."""
        load = self.platform.load(EXCHANGES, CLIENTS)
        try:
            self.await_settled(BEFORE)
            self.known = self.settled()
            began = time.monotonic()
            self._take(folder)
            self.told.taking = round(time.monotonic() - began, 2)
            self.told.known = len(self.known)
            if load.ended:
                self.told.wrong.append("the load ended before the backup was taken")
            outcome = load.outcome()
        finally:
            load.process.kill()
        self.told.wrong += outcome["wrong"]

    def _take(self, folder: Path) -> None:
        if self.told.way == "apart":
            folder.mkdir(mode=0o700)
            for service in SERVICES:  # whoever only hears comes before whoever speaks
                dump(self.platform.at, service, folder)
                self.await_settled(len(self.settled()) + BETWEEN)
        else:
            backup.take(self.platform.at, folder)


def dump(at: Installation, service: str, folder: Path) -> None:
    """One database with its owner and rights, as it is at this moment."""
    url = databases.other_database(at.administrator_url, f"timebank_{service}")
    backup.run(
        folder, "pg_dump", "--format=custom", "--create", "--dbname", url,
        "--file", str(folder / f"{service}.dump"),
    )  # fmt: skip


def undump(at: Installation, service: str, folder: Path) -> None:
    """Make a dumped database on a server that has none of the name."""
    backup.run(
        folder, "pg_restore", "--create", "--exit-on-error", "--dbname", at.administrator_url,
        str(folder / f"{service}.dump"),
    )  # fmt: skip


def bring_back(platform: Platform, folder: Path, told: Restored) -> Installation:
    """Restore into an instance that holds nothing, and start its servers alone."""
    began = time.monotonic()
    if told.way == "apart":
        at = commands.up(platform.where, plan.SERVERS)
        _make_roles(at)
        for service in SERVICES:
            undump(at, service, folder)
    else:
        restore.restore(folder, platform.where)
    told.restoring = round(time.monotonic() - began, 2)
    told.size = sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())
    return commands.up(platform.where, plan.SERVERS)


def _make_roles(at: Installation) -> None:
    """What a server has once and no dump of a database brings; `up` gives them their passwords."""
    roles = [*(f"timebank_{service}" for service in SERVICES), plan.AUDITOR]
    with psycopg.connect(at.administrator_url, autocommit=True) as connection:
        for role in roles:
            connection.execute(sql.SQL("create role {}").format(_named(role)))


def _named(name: str) -> sql.Identifier:
    return sql.Identifier(name)


def look_before_it_starts(at: Installation, known: set[str], told: Restored) -> None:
    """Hold the exchanges as they came back against what was known before the backup."""
    url = databases.other_database(at.administrator_url, "timebank_exchanges")
    with psycopg.connect(url) as connection:
        rows = connection.execute("select id::text, state from exchange").fetchall()
    for _, state in rows:
        told.states[state] = told.states.get(state, 0) + 1
    settled = {name for name, state in rows if state == "settled"}
    missing = known - settled
    if missing:
        told.wrong.append(f"{len(missing)} exchanges were settled and are so no more")
    if not set(told.states) - {"settled"}:
        told.wrong.append("nothing was under way: the backup was not taken under load")


def run(way: str, places: tuple[Platform, Platform], folder: Path) -> Restored:
    """Back up one platform under load and bring it back as another."""
    told, (working, coming) = Restored(way), places
    source = Source(working, told)
    source.back_up(folder)
    working.down()  # two platforms at once are too much for two cores
    look_before_it_starts(bring_back(coming, folder, told), source.known, told)
    began = time.monotonic()
    coming.up()
    told.starting = round(time.monotonic() - began, 2)
    quiet, told.figures = coming.settled()
    told.quiet_after = round(quiet, 2)
    told.said = sum(coming.looks.ask(name, "select count(*) from said")[0][0] for name in SERVICES)
    _see_it_work(coming, told)
    return told


def _see_it_work(platform: Platform, told: Restored) -> None:
    case = Watch(platform).ended(Case(), platform.load(MORE, CLIENTS))
    told.exchanges = case.exchanges
    told.wrong += case.wrong
    for code, count in case.figures.items():
        told.figures[code] = max(count, told.figures.get(code, 0))


@contextlib.contextmanager
def stage() -> Iterator[tuple[Platform, Platform]]:
    """A platform that runs and the empty place of another; both are removed afterwards."""
    working, coming = Platform(FROM), Platform(TO)
    try:
        coming.down()
        shutil.rmtree(coming.where.folder)
        coming = Platform(TO)
        working.fresh()
        yield working, coming
    finally:
        for each in (working, coming):
            each.down()
            shutil.rmtree(each.where.folder)


def show(told: Restored) -> str:
    lines = [
        f"way        {told.way}",
        f"backup     {backup.megabytes(told.size)} in {told.taking} s under load",
        f"restored   in {told.restoring} s, started in {told.starting} s",
        f"exchanges  {told.known} known settled before; in the backup {_listed(told.states)}",
        f"said again {told.said:,} events; quiet after {told.quiet_after} s",
        f"then       {told.exchanges} more exchanges were settled",
        f"audit      {sum(map(bool, told.figures.values()))} figures differ from zero",
    ]
    return "\n".join([*lines, *told.wrong])


def _listed(values: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(values.items()))


def keep(told: Restored) -> None:
    """Write the figures beside those of other ways."""
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    RESULT.write_text(json.dumps({**found, told.way: asdict(told)}, indent=2) + "\n")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.restored")
    parser.add_argument("--apart", action="store_true", help="each database for itself")
    options = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="timebank-backup-") as folder, stage() as places:
            told = run("apart" if options.apart else "whole", places, Path(folder) / "backup")
    except (Problem, psycopg.Error) as error:
        print(error, file=sys.stderr)
        return 2
    keep(told)
    print(show(told))
    return 0 if told.sound else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
