"""Makes faults under a real Prometheus, and sees that each calls somebody and its end lets them go.

python -m tests.faults.called
"""

from __future__ import annotations

import contextlib
import datetime
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import psycopg
import requests

from deploy import audit, audit_watch
from deploy.client import Answer, Person
from deploy.local import broker, certificates, databases, faults, ports, programs
from deploy.local.installation import Installation
from deploy.local.places import places
from tests.faults.platform import Platform
from tests.system.watching import Watcher, free_port, until, watching

INSTANCE = "called"
FUND = "ffffffff-ffff-8fff-bfff-ffffffffffff"
NOBODYS = "nowhere"
"""A region no relay says anything for."""


def control(place: Installation, expression: str) -> str:
    where = places(place.instance)
    return broker.control(where, ports.remembered(where.ports), "eval", expression)


def at(place: Installation, service: str) -> psycopg.Connection:
    """The administrator in a service's database, whose triggers stand aside."""
    url = databases.other_database(place.administrator_url, f"timebank_{service}")
    connection = psycopg.connect(url, autocommit=True)
    connection.execute("set session_replication_role = replica")
    return connection


@contextmanager
def wrong_balance(place: Installation) -> Iterator[None]:
    """Sixty minutes out of nothing."""
    change = "update account set balance_minutes = balance_minutes + %s where id = %s"
    with at(place, "ledger") as connection:
        connection.execute(change, [60, FUND])
        try:
            yield
        finally:
            connection.execute(change, [-60, FUND])


@contextmanager
def parked_message(place: Installation) -> Iterator[None]:
    with at(place, "exchanges") as connection:
        connection.execute(
            "insert into retry (event_id, routing_key, region, headers, body, reason, attempts,"
            " first_failed_at, parked_at)"
            " values ('watched', 'london.x.y', 'london', '{}', '', 'planted', 1, now(), now())"
        )
        try:
            yield
        finally:
            connection.execute("delete from retry where event_id = 'watched'")


@contextmanager
def unsaid_event(place: Installation) -> Iterator[None]:
    with at(place, "members") as connection:
        connection.execute(
            "insert into outbox (id, region, written_at)"
            " values (gen_random_uuid(), %s, clock_timestamp() - interval '1 hour')",
            [NOBODYS],
        )
        try:
            yield
        finally:
            connection.execute("delete from outbox where region = %s", [NOBODYS])


@contextmanager
def silent_feed(place: Installation) -> Iterator[None]:
    """Heartbeats that cannot be said: the last one gets older, and nobody can write another."""
    with at(place, "exchanges") as writing, at(place, "exchanges") as holding:
        while True:
            writing.execute("update heartbeat set minute = minute - interval '1 hour'")
            holding.execute("begin")
            holding.execute("lock table heartbeat in share mode")
            late = (
                "select from heartbeat where minute > now() + (select ahead from clock)"
                " - interval '30 min'"
            )
            if holding.execute(late).fetchone() is None:
                break
            holding.execute("rollback")  # one was said between the two statements
        try:
            yield
        finally:
            holding.execute("rollback")


@contextmanager
def certificate_that_ends(place: Installation) -> Iterator[None]:
    """What has been renewed for years has four days left."""
    _certify(place, datetime.timedelta(days=4))
    try:
        yield
    finally:
        _certify(place, certificates.LIFE)


def _certify(place: Installation, life: datetime.timedelta) -> Path:
    """The certificate the audit's process watches, made anew."""
    file = places(place.instance).folder / "watched.crt"
    file.write_text(certificates.issue(certificates.new_authority(), "a", life=life).certificate)
    return file


@contextmanager
def database_away(place: Installation, service: str) -> Iterator[None]:
    name = f"timebank_{service}"
    with psycopg.connect(place.administrator_url, autocommit=True) as connection:
        connection.execute(f"alter database {name} allow_connections false".encode())
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name]
        )
        try:
            yield
        finally:
            connection.execute(f"alter database {name} allow_connections true".encode())


@contextmanager
def broker_short_of_memory(place: Installation) -> Iterator[None]:
    control(place, "vm_memory_monitor:set_vm_memory_high_watermark(0.000001).")
    try:
        yield
    finally:
        control(place, "vm_memory_monitor:set_vm_memory_high_watermark(0.3).")


@contextmanager
def stopped(place: Installation, service: str) -> Iterator[None]:
    """A process that neither runs nor dies, and whose connections the broker has given up."""
    who = faults.find(places(place.instance), service)
    who.send(signal.SIGSTOP)
    try:
        control(
            place,
            "[exit(Pid, kill) || Pid <- rabbit_networking:connections(),"
            " [{client_properties, Told}] <- [rabbit_networking:connection_info(Pid,"
            " [client_properties])],"
            ' {<<"connection_name">>, _, Name} <- Told,'
            f' binary:match(Name, <<"{service} ">>) =/= nomatch].',
        )
        yield
    finally:
        who.send(signal.SIGCONT)


@contextmanager
def asked_in_vain(place: Installation) -> Iterator[None]:
    """Somebody who asks again and again for what a service that stands still would tell."""
    person, done = Person(place.gateway_url, "member@dev.nhs.uk"), threading.Event()

    def ask() -> None:
        while not done.is_set():
            with contextlib.suppress(Answer, requests.RequestException):
                person.get("/v1/notices")

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield
    finally:
        done.set()
        asking.join()


Fault = Callable[[Installation], AbstractContextManager[None]]

BOOKS: Mapping[Fault, tuple[str, ...]] = {
    wrong_balance: ("TimebankAuditNotZero",),
    unsaid_event: ("TimebankAuditBehind", "TimebankOutboxOld"),
    parked_message: ("TimebankMessagesParked",),
    silent_feed: ("TimebankHeartbeatMissing",),
    certificate_that_ends: ("TimebankCertificateEnds",),
}
"""Faults the audit has to see, so before a database is away, and whom they call."""
SERVERS: Mapping[Fault, tuple[str, ...]] = {
    lambda place: database_away(place, "reporting"): ("TimebankDatabaseAway",),
    lambda place: stopped(place, "notifications"): (
        "TimebankProcessGone", "TimebankServiceGone", "TimebankRegionWithoutConsumer",
    ),
    asked_in_vain: (
        "TimebankGatewayErrorsFast", "TimebankGatewayErrorsSlow", "TimebankGatewaySlow",
    ),
    broker_short_of_memory: ("TimebankBrokerAlarm",),
}  # fmt: skip


def make(watcher: Watcher, place: Installation) -> dict[str, float]:
    """Seconds until each alert fired, counted from when its fault was made.

    Raises:
        AssertionError: one did not fire, or did not go with its fault.
    """
    found: dict[str, float] = {}
    until(lambda: not watcher.firing(), watcher.firing)
    with ExitStack() as made:
        for group in (BOOKS, SERVERS):
            for fault in group:
                made.enter_context(fault(place))
            found |= _called(watcher, {name for names in group.values() for name in names})
    found["(nobody any more)"] = until(lambda: not watcher.firing(), watcher.firing)
    return found


def _called(watcher: Watcher, wanted: set[str]) -> dict[str, float]:
    """An alert counts once it was seen: a fault beside it may hide it again."""
    began, found = time.monotonic(), dict[str, float]()

    def look() -> bool:
        for name in watcher.firing() & wanted:
            found.setdefault(name, time.monotonic() - began)
        return wanted <= set(found)

    until(look, lambda: f"nobody was called for {wanted - set(found)}")
    return found


def _watched(place: Installation) -> dict[str, str]:
    return {audit_watch.CERTIFICATES.name: str(_certify(place, certificates.LIFE))}


def main() -> int:
    programs.ensure_prometheus()
    port = free_port()
    platform = Platform(INSTANCE, {broker.METRICS_PORT: str(port)})
    platform.fresh()
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            watching(platform.at, port, Path(folder), _watched(platform.at)) as watcher,
        ):
            seconds = make(watcher, platform.at)
        figures = audit.run(platform.at.audit_urls, 0, platform.at.amqp_url)
    finally:
        platform.down()
    for name, after in seconds.items():
        print(f"{name:32} {after:6.1f} s")
    print(f"audit afterwards: {sum(map(bool, figures.values()))} figures differ from zero")
    return 1 if any(figures.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
