"""C6: under a real Prometheus, what becomes of replicas and certificates calls somebody."""

from __future__ import annotations

import datetime
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

from deploy.local import certificates, failover, programs, standby
from deploy.local.places import Places
from services.bus import settings
from tests.faults.measured import Case, total
from tests.faults.platform import Platform
from tests.faults.scenario import Result
from tests.system.watching import Watcher, free_port, until, watching

ENDS_SOON = datetime.timedelta(days=4)
"""Within the five days of the rule."""
FILL = """
    create table filled as
    select repeat(md5(n::text), 32) as word from generate_series(1, 80000) as n
"""
"""Rows of a kilobyte: more log than the 64 MiB of the rule."""
PATIENCE = 120.0
"""Seconds until an alert: of a file of its log a standby is told once it is written."""


@contextmanager
def standing_still(where: Places) -> Iterator[None]:
    """The standby takes the log down and does not follow it."""
    now = standby.primary(where)
    with failover.administrator(where, standby.other(now)) as copy:
        copy.execute("select pg_wal_replay_pause()")
        with failover.administrator(where, now) as primary:
            primary.execute(FILL)
            try:
                yield
            finally:
                copy.execute("select pg_wal_replay_resume()")
                primary.execute("drop table filled")


@contextmanager
def lost(where: Places) -> Iterator[None]:
    """The standby is gone with its machine."""
    failover.lose(where, standby.other(standby.primary(where)))
    try:
        yield
    finally:
        failover.rejoin(where)


@contextmanager
def ending(where: Places) -> Iterator[None]:
    """The primary shows a certificate that nobody has renewed."""
    _show(where, ENDS_SOON)
    try:
        yield
    finally:
        _show(where, certificates.LIFE)


def _show(where: Places, life: datetime.timedelta) -> None:
    number = standby.primary(where)
    authority = certificates.kept_authority(standby.authority_file(where).parent)
    made = certificates.issue(authority, *certificates.NAMES, life=life)
    certificates.give(standby.machine(where, number).folder / "certificates", made)
    with failover.administrator(where, number) as connection:
        connection.execute("select pg_reload_conf()")


def run(platform: Platform, where: Places, rounds: int) -> Result:
    """Each fault alone, and its end, which lets everybody go again."""
    programs.ensure_prometheus()
    trusted = {settings.AMQP_CA.name: str(standby.authority_file(where))}
    found: dict[str, float] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        # Nothing is asked of the broker here: `called` does that, where it tells its metrics.
        watching(platform.at, free_port(), Path(folder), trusted) as watcher,
    ):
        until(lambda: (watcher.value("count(timebank_replicas == 1)") or 0) >= 5, watcher.firing)
        for alert, fault in FAULTS.items():
            found[f"{alert} after s"] = _called(watcher, alert, partial(fault, where))
    return total([Case(figures=platform.audit())], found)


def _called(
    watcher: Watcher, alert: str, fault: Callable[[], AbstractContextManager[None]]
) -> float:
    with fault():
        after = until(lambda: alert in watcher.firing(), watcher.firing, PATIENCE)
    until(lambda: alert not in watcher.firing(), watcher.firing, PATIENCE)
    return round(after, 1)


FAULTS = {
    "TimebankReplicaBehind": standing_still,
    "TimebankCertificateEnds": ending,
    "TimebankReplicaGone": lost,
}
"""What is done, by the alert it must raise."""
