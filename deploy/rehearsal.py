"""Rehearses the worst day beside a running platform: backs it up, restores, starts and audits it.

    python -m deploy.rehearsal

The running platform goes on working and notices nothing but the reading. What is restored gets
servers, ports and a mailbox of its own, and a broker that holds nothing; it is removed at the end.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import amqp
import psycopg
from kombu.connection import Connection
from kombu.exceptions import OperationalError

from deploy import audit, backup, restore
from deploy.backup import Backup
from deploy.local import broker, commands, installation, plan
from deploy.local.installation import Installation
from deploy.local.places import DEMO, Places, Problem, places
from services.bus import tls, topology

INSTANCE = "rehearsal"
PATIENCE = 300.0
"""Seconds until everything of a week must have been said again and heard; a small bank takes
some seconds."""
LOOK = 1.0
"""Seconds between two looks, and for how long all must have been quiet."""
UNDER_WAY = "select count(*) from exchange where state in ('accepted', 'completed')"
"""Exchanges that wait for the ledger: none does for long when nothing was lost."""


@dataclass(frozen=True)
class Rehearsed:
    """What came of it; times in seconds.

    Attributes:
        said: events that were said again.
        quiet_after: from the start of the platform until nothing waited any more.
        figures: the audit's, nothing being in flight.
        under_way: exchanges that still waited for the ledger.
    """

    backup: Backup
    taking: float
    restoring: float
    starting: float
    said: int
    quiet_after: float
    figures: Mapping[str, int]
    under_way: int

    @property
    def sound(self) -> bool:
        return not any(self.figures.values()) and not self.under_way


def rehearse(place: Installation, where: Places, folder: Path) -> Rehearsed:
    """Back up an installation, restore it into another, and start that; it is left running.

    Raises:
        Problem: a step failed.
    """
    began = time.monotonic()
    taken = backup.take(place, folder)
    copied = time.monotonic()
    restore.restore(folder, where)
    restored = time.monotonic()
    running = commands.up(where, plan.PLATFORM)
    started = time.monotonic()
    figures, under_way = settle(running)
    return Rehearsed(
        backup=taken,
        taking=copied - began,
        restoring=restored - copied,
        starting=started - restored,
        said=_said(running),
        quiet_after=time.monotonic() - started,
        figures=figures,
        under_way=under_way,
    )


def settle(running: Installation, seconds: float = PATIENCE) -> tuple[Mapping[str, int], int]:
    """Wait until everything was said again, heard, and nothing has waited since.

    Returns:
        The audit's figures and the exchanges still under way, of the last look.
    """
    end, quiet = time.monotonic() + seconds, False
    while True:
        figures, under_way = look(running)
        before, quiet = quiet, not any(figures.values()) and not under_way and marked(running)
        if (before and quiet) or time.monotonic() > end:
            return figures, under_way
        time.sleep(LOOK)  # between two looks; the condition is above


def look(running: Installation) -> tuple[Mapping[str, int], int]:
    figures = audit.run(running.audit_urls, 0, running.amqp_url)
    with psycopg.connect(running.audit_urls["exchanges"]) as connection:
        row = connection.execute(UNDER_WAY).fetchone()
    return figures, int(row[0]) if row else 0


def marked(running: Installation) -> bool:
    """Whether every service has said again what it had to: each then leaves its mark."""
    url = running.amqp_url
    with contextlib.closing(Connection(url, **tls.options(url))) as connection:
        channel = connection.channel()
        try:
            for service in running.database_urls:
                name = topology.again_queue(service)
                channel.exchange_declare(name, "", passive=True, auto_delete=False)
        except amqp.exceptions.NotFound:
            return False
        return True


def _said(running: Installation) -> int:
    count = 0
    for url in running.audit_urls.values():
        with psycopg.connect(url) as connection:
            row = connection.execute("select count(*) from said").fetchone()
            count += int(row[0]) if row else 0
    return count


@contextlib.contextmanager
def stage(instance: str = INSTANCE) -> Iterator[tuple[Places, Path]]:
    """An instance and a folder for a backup, both removed afterwards."""
    where, folder = places(instance), backup.named(instance)
    commands.down(where)
    shutil.rmtree(where.folder)  # an earlier rehearsal's, cut off
    try:
        yield places(instance), folder
    finally:
        commands.down(where)
        shutil.rmtree(where.folder, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def told(found: Rehearsed) -> str:
    """What came of it, for the person at the keyboard."""
    verdict = "all figures are zero" if found.sound else "NOT ALL FIGURES ARE ZERO"
    lines = [
        f"backup     {backup.megabytes(found.backup.size)} in {found.taking:.1f} s, verified",
        f"restored   in {found.restoring:.1f} s, verified once more",
        f"started    in {found.starting:.1f} s, with a broker that held nothing",
        f"said again {found.said:,} events; quiet after {found.quiet_after:.1f} s",
        f"audit      {verdict}",
    ]
    lines += [f"           {code} is {count}" for code, count in found.figures.items() if count]
    if found.under_way:
        lines.append(f"           {found.under_way} exchanges wait for the ledger")
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.rehearsal")
    parser.add_argument("--instance", default=DEMO, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    os.environ.pop(broker.METRICS_PORT, None)  # taken by the running platform's
    try:
        restore.refuse_others_servers()
        place = installation.read(options.instance)
        with stage() as (where, folder):
            found = rehearse(place, where, folder)
    except (Problem, OSError, psycopg.Error, OperationalError) as error:
        print(error, file=sys.stderr)
        return 2
    print(told(found))
    return 0 if found.sound else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
