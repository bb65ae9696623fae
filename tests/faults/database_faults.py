"""F4, F10: the database stopped at once, a backend or the server killed, its disk full."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from deploy.local import database, faults
from deploy.local.places import own, places, server_user
from tests.faults.disturbed import count, disturbed, lives
from tests.faults.measured import Case, total
from tests.faults.platform import Platform, until
from tests.faults.scenario import Result, Scenario

SMALL_MEGABYTES = 320
"""Of the small file system: the servers' first files take about 130, the rest fills up."""
FULL_SECONDS = 8.0
"""Seconds without progress after which the disk counts as full to the services too."""


def run_stops(platform: Platform, seed: int, minutes: float) -> Result:
    """F4: nothing is lost, and no service is restarted for it."""
    unsafe = _unsafe(platform)
    before = lives(platform)
    cases: list[Case] = [
        disturbed(platform, lambda: _end(platform, signal.SIGQUIT)),
        disturbed(platform, lambda: _kill_backend(platform)),
        disturbed(platform, lambda: _end(platform, signal.SIGKILL)),
    ]
    if lives(platform) != before:
        cases[-1].wrong.append(f"a service did not live through it: {before} {lives(platform)}")
    cases[0].wrong += unsafe
    return total(cases, {"settings of durability that are off": len(unsafe)})


def _unsafe(platform: Platform) -> list[str]:
    """Sentences about settings under which a crash could lose what was committed."""
    wrong = []
    for name in database.DURABLE:
        ((value,),) = platform.query("ledger", f"show {name}")
        if value != "on":
            wrong.append(f"{name} is {value}")
    return wrong


def _end(platform: Platform, number: signal.Signals) -> None:
    """SIGQUIT is PostgreSQL's immediate stop: no session ends in order, a restart recovers."""
    before = faults.find(platform.where, "database")
    before.send(number)
    before.wait(faults.DEATH_SECONDS)
    faults.await_ready(platform.where, "database", before)


def _kill_backend(platform: Platform) -> None:
    """One backend of the ledger dies; PostgreSQL then ends all others and recovers."""
    ((pid,),) = platform.query(
        "ledger", "select pid from pg_stat_activity where usename = current_user"
        " and pid <> pg_backend_pid() order by state_change desc nulls last limit 1",
    )  # fmt: skip
    os.kill(pid, signal.SIGKILL)
    until(lambda: _answers(platform))


def _answers(platform: Platform) -> bool:
    try:
        return bool(platform.query("ledger", "select 1"))
    except psycopg.OperationalError:
        return False


def run_full_disk(_: Platform, seed: int, minutes: float) -> Result:
    """F10: a platform of its own, whose database lies on a small file system."""
    if os.geteuid() != 0:
        return Result(0, 0, wrong=("NOT RUN: only root can mount a small file system",))
    platform = Platform("faults-small")
    platform.launch("down")
    with _small(platform.where.database):
        platform.up()
        try:
            return _fill(platform)
        finally:
            platform.down()


def _fill(platform: Platform) -> Result:
    filler = platform.where.database / "filler"
    before = lives(platform)
    stood: list[bool] = []

    def fill() -> None:
        _write_until_full(filler)
        settled = -1

        def stands() -> bool:
            nonlocal settled
            now, then = count(platform, "state = 'settled'"), settled
            settled = now
            return now == then

        stood.append(until(lambda: _lasts(stands, FULL_SECONDS), 60))
        filler.unlink()

    case = disturbed(platform, fill)
    if not all(stood):
        case.wrong.append("exchanges went on settling on a full disk")
    if lives(platform) != before:
        case.wrong.append("a service did not live through it")
    return total([case], {"restarts of the database": platform.restarts("database")})


def _lasts(condition: Callable[[], bool], seconds: float) -> bool:
    return not until(lambda: not condition(), seconds)


def _write_until_full(filler: Path) -> None:
    """Take what is left, in pieces, so that nothing is left for the write-ahead log either."""
    with filler.open("wb", buffering=0) as file:
        for size in (1_048_576, 8_192, 512):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


@contextmanager
def _small(folder: Path) -> Iterator[None]:
    shutil.rmtree(folder, ignore_errors=True)
    (places("faults-small").folder / "database-made").unlink(missing_ok=True)
    own(folder, server_user())
    size = f"size={SMALL_MEGABYTES}m"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)
        (places("faults-small").folder / "database-made").unlink(missing_ok=True)


F4 = Scenario("F4", "the database stopped at once, a backend and the server killed", run_stops, 0.4)
F10 = Scenario("F10", "the database's disk full", run_full_disk, 0.7)
DATABASE_FAULTS = (F4, F10)
