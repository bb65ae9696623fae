"""Replaces a version by the next one under load, process by process, and audits it.

python -m tests.faults.upgrade [--before REVISION] [--after REVISION]

The platform is started from the version before, by its own launcher, and loaded through a
balancer. Then the databases are migrated, and each process of the version before is asked to
end once one of the version after has worked beside it for a while. Nobody who uses the
platform may notice: no request ends in an error.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from deploy.audit_sources import SERVICES
from deploy.local import databases, probe, supervisor
from deploy.local.installation import Installation
from deploy.local.places import REPOSITORY, Problem
from deploy.local.ports import LOOPBACK
from deploy.local.process import Identity
from tests.faults import releases
from tests.faults.balancer import Balancer
from tests.faults.measured import Case, Watch
from tests.faults.platform import Load, Platform, until, wrong_of
from tests.system.watching import free_port

INSTANCE = "upgrade"
CLIENTS = 4
ROUND = 40
"""Exchanges the clients do before others take their place, for as long as the upgrade takes."""
SIDE_BY_SIDE = 8
"""Exchanges that are settled while a process of either version works, before the older one goes."""
START_SECONDS = 120.0
DRAIN_SECONDS = 40.0
"""Seconds a process has to end by itself: the gateway gives what is in flight 20."""
ORDER = SERVICES
"""Whoever only hears comes before whoever speaks: a new event is known before it is said."""
RESULT = REPOSITORY / "var" / "faults" / "upgrade.json"


@dataclass
class Upgraded:
    """What came of it; times in seconds."""

    before: str
    after: str
    requests: int = 0
    errors: list[str] = field(default_factory=list)
    repeated: int = 0
    longest: float = 0.0
    longest_of: str = ""
    exchanges: int = 0
    migrated: dict[str, list[str]] = field(default_factory=dict)
    migrating: dict[str, float] = field(default_factory=dict)
    draining: dict[str, float] = field(default_factory=dict)
    figures: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        return not (self.errors or self.repeated or self.wrong or any(self.figures.values()))


class Loaded(Platform):
    """A platform whose clients come through a balancer."""

    door = ""

    @property
    def at(self) -> Installation:
        found = super().at
        return replace(found, gateway_url=self.door or found.gateway_url)


class Upgrade:
    """One platform on its way from one version to the next.

    Args:
        platform: of the version before, running.
        tree: the files of the version after.
    """

    def __init__(self, platform: Loaded, tree: Path, balancer: Balancer, told: Upgraded) -> None:
        self.platform, self.tree, self.balancer, self.told = platform, tree, balancer, told
        self.started: list[subprocess.Popen[bytes]] = []
        self.loads = [platform.load(ROUND, CLIENTS)]

    def run(self) -> None:
        """Migrate, then replace everything, each step while the load goes on."""
        self._work_side_by_side()
        self._let_go()
        self._migrate()
        for service in ORDER:
            self._replace(service)
        self._replace_gateway()

    def _let_go(self) -> None:
        """End the older launcher's supervisor, which would start again whatever is ended."""
        watcher = supervisor.running(self.platform.where)
        assert watcher is not None, "it was started a moment ago"
        watcher.send(signal.SIGKILL)
        watcher.wait(DRAIN_SECONDS)

    def _migrate(self) -> None:
        at = self.platform.at
        databases.prepare(at.administrator_url, at.database_urls, at.audit_urls)
        for service, package in at.packages.items():
            before, began = self._applied(service), time.monotonic()
            subprocess.run(
                [sys.executable, "-m", "services.bus.migrate", package],
                cwd=self.tree,
                env={**os.environ, "TIMEBANK_DATABASE_URL": at.database_urls[service]},
                check=True,
            )
            self.told.migrating[service] = round(time.monotonic() - began, 2)
            self.told.migrated[service] = sorted(self._applied(service) - before)
            self._say(f"migrated {service}: {', '.join(self.told.migrated[service]) or 'nothing'}")

    def _applied(self, service: str) -> set[str]:
        rows = self.platform.query(service, "select migration_id from _yoyo_migration")
        return {str(name) for (name,) in rows}

    def _replace(self, service: str) -> None:
        self._start(service, f"services.{service}.service")
        self._work_side_by_side()
        self._end(service)

    def _replace_gateway(self) -> None:
        older = super(Loaded, self.platform).at.gateway_url
        address = self._start("gateway", "gateway.service")
        self.balancer.lead_to(address)
        if not self.balancer.await_empty(older):
            self.told.wrong.append("the older gateway kept a request")
        self._end("gateway")
        self._work_side_by_side()

    def _start(self, name: str, module: str) -> str:
        """A process of the version after, with the settings of the one it replaces."""
        port = free_port()
        address = f"http://{LOOPBACK}:{port}"
        log = self.platform.where.log_of(f"{name}-after").open("wb")
        with log:
            process = subprocess.Popen(
                [sys.executable, "-m", "services.bus.runner", module],
                cwd=self.tree,
                env={**self._settings_of(name), "TIMEBANK_HTTP_PORT": str(port)},
                stdout=log,
                stderr=log,
            )
        self.started.append(process)
        ready = until(lambda: probe.is_ready(f"{address}/_status"), START_SECONDS)
        if not ready:
            said = self.platform.where.log_of(f"{name}-after").read_text().splitlines()
            raise Problem(f"{name} of the version after did not start: {' | '.join(said[-3:])}")
        return address

    def _settings_of(self, name: str) -> dict[str, str]:
        told = self.platform.told(name)
        lines = Path(f"/proc/{told['pid']}/environ").read_bytes().decode().split("\0")
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def _end(self, name: str) -> None:
        """Ask the older process to end, and wait until it has answered what it had begun."""
        told, began = self.platform.told(name), time.monotonic()
        who = Identity(told["pid"], told["ticks"])
        who.send(signal.SIGTERM)
        if not who.wait(DRAIN_SECONDS):
            self.told.wrong.append(f"the older {name} did not end by itself")
            who.send(signal.SIGKILL)
        self.told.draining[name] = round(time.monotonic() - began, 2)
        self._say(f"replaced {name}; the older one ended after {self.told.draining[name]} s")

    def _work_side_by_side(self) -> None:
        wanted = self._settled() + SIDE_BY_SIDE
        if not until(lambda: self._settled() >= wanted):
            raise Problem("the exchanges stand still")

    def _settled(self) -> int:
        if self.loads[-1].ended:
            self.loads.append(self.platform.load(ROUND, CLIENTS))
        rows = self.platform.looks.ask(
            "exchanges", "select count(*) from exchange where state = 'settled'"
        )
        return int(rows[0][0])

    def _say(self, text: str) -> None:
        passed = self.balancer.passed
        print(f"    {text} ({passed.requests} requests, {len(passed.errors)} errors)", flush=True)

    def end(self) -> None:
        """End what was started here."""
        for load in self.loads:
            load.process.kill()
        for process in self.started:
            process.terminate()
        for process in self.started:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(DRAIN_SECONDS)
            process.kill()


def upgrade(before: str, after: str) -> Upgraded:
    """Upgrade a platform of its own from one revision to another under load."""
    told = Upgraded(releases.name_of(before), releases.name_of(after))
    print(f"from {told.before} to {told.after}", flush=True)
    with _trees(before, after) as (older, newer), _running(older) as platform:
        balancer = Balancer(platform.at.gateway_url)
        balancer.open()
        platform.door = balancer.url
        watch = Watch(platform)
        upgrading = Upgrade(platform, newer, balancer, told)
        try:
            upgrading.run()
            _conclude(told, watch, upgrading.loads, balancer)
        finally:
            upgrading.end()
            balancer.close()
    return told


def _conclude(told: Upgraded, watch: Watch, loads: Sequence[Load], balancer: Balancer) -> None:
    for load in loads:
        outcome = load.outcome()
        told.exchanges += outcome["exchanges"]
        told.repeated += outcome.get("tried_again", 0)
        told.wrong += wrong_of(outcome, load.exchanges)
    case = watch.ended(Case())
    told.figures, told.wrong = case.figures, told.wrong + case.wrong
    passed = balancer.passed
    told.requests, told.errors = passed.requests, passed.errors[:20]
    told.longest, told.longest_of = round(passed.longest, 2), passed.longest_of


@contextlib.contextmanager
def _trees(*revisions: str) -> Iterator[tuple[Path, ...]]:
    with tempfile.TemporaryDirectory(prefix="timebank-upgrade-") as folder:
        yield tuple(
            releases.lay_out(revision, Path(folder) / f"version-{number}")
            for number, revision in enumerate(revisions)
        )


@contextlib.contextmanager
def _running(tree: Path) -> Iterator[Loaded]:
    platform = Loaded(INSTANCE, repository=tree)
    try:
        try:
            platform.fresh()
        except Problem:
            platform.up()  # a busy machine takes longer than the launcher waits
        yield platform
    finally:
        platform.down()
        shutil.rmtree(platform.where.folder.parent)  # the tree's, which goes as well


def show(told: Upgraded) -> str:
    lines = [
        f"upgraded from {told.before} to {told.after}",
        f"requests        {told.requests:,}, {len(told.errors)} errors, {told.repeated} repeated",
        f"longest wait    {told.longest:.2f} s ({told.longest_of})",
        f"exchanges       {told.exchanges} settled meanwhile",
        f"migrated        {_listed(told.migrating, ' s')}",
        f"older one gone  {_listed(told.draining, ' s')}",
        f"audit           {sum(map(bool, told.figures.values()))} figures differ from zero",
    ]
    return "\n".join([*lines, *told.errors, *told.wrong])


def _listed(values: Mapping[str, float], unit: str) -> str:
    return ", ".join(f"{name} {value:g}{unit}" for name, value in values.items())


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.upgrade")
    parser.add_argument("--before", help="a revision; the release before by default")
    parser.add_argument("--after", default="HEAD", help="a revision")
    options = parser.parse_args(arguments)
    try:
        before = options.before or releases.before(options.after)
        told = upgrade(before, options.after)
    except (Problem, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 2
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(asdict(told), indent=2) + "\n")
    print(show(told))
    return 0 if told.sound else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
