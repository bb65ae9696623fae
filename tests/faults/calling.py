"""Faults that operators are called for, each as a block: it is there inside, and gone after."""

from __future__ import annotations

import contextlib
import datetime
import signal
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import requests

from deploy.client import Answer, Person
from deploy.local import broker, certificates, databases, faults, mailbox, ports
from deploy.local.installation import Installation
from deploy.local.places import places

FUND = "ffffffff-ffff-8fff-bfff-ffffffffffff"
NOBODYS = "nowhere"
"""A region no relay says anything for."""


PAUSE = 0.1
"""Seconds between two requests of somebody who asks again and again."""
STANDS, RUNS = 1.6, 0.8
"""Seconds a process is held and let go in turn: longer than the alert allows, and often enough
for it to answer who looks at it."""


def control(place: Installation, *words: str) -> str:
    """Tell the broker, as its operator may."""
    where = places(place.instance)
    return broker.control(where, ports.remembered(where.ports), *words)


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
    certify(place, datetime.timedelta(days=4))
    try:
        yield
    finally:
        certify(place, certificates.LIFE)


def certify(place: Installation, life: datetime.timedelta) -> Path:
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
    control(place, "eval", "vm_memory_monitor:set_vm_memory_high_watermark(0.000001).")
    try:
        yield
    finally:
        control(place, "eval", "vm_memory_monitor:set_vm_memory_high_watermark(0.3).")


@contextmanager
def stopped(place: Installation, service: str) -> Iterator[None]:
    """A process that neither runs nor dies, and whose connections the broker has given up."""
    who = faults.find(places(place.instance), service)
    who.send(signal.SIGSTOP)
    try:
        _hang_up(place, service)
        yield
    finally:
        who.send(signal.SIGCONT)


@contextmanager
def shut_out(place: Installation, service: str) -> Iterator[None]:
    """A process that lost its connections, while the broker admits nobody."""
    control(place, "set_user_limits", broker.USER, '{"max-connections": 0}')
    try:
        _hang_up(place, service)
        yield
    finally:
        control(place, "clear_user_limits", broker.USER, "all")


def _hang_up(place: Installation, service: str) -> None:
    control(
        place, "eval",
        "[exit(Pid, kill) || Pid <- rabbit_networking:connections(),"
        " [{client_properties, Told}] <- [rabbit_networking:connection_info(Pid,"
        " [client_properties])],"
        ' {<<"connection_name">>, _, Name} <- Told,'
        f' binary:match(Name, <<"{service} ">>) =/= nomatch].',
    )  # fmt: skip


@contextmanager
def without_queue(place: Installation, queue: str) -> Iterator[None]:
    """Its readers make it anew, so they are best stopped before."""
    control(place, "delete_queue", "--vhost", broker.VHOST, queue)
    yield


@contextmanager
def stuttering(place: Installation, service: str) -> Iterator[None]:
    """A process that something holds up again and again."""
    who = faults.find(places(place.instance), service)

    def hold(done: threading.Event) -> None:
        who.send(signal.SIGSTOP)
        try:
            done.wait(STANDS)
        finally:
            who.send(signal.SIGCONT)
        done.wait(RUNS)

    with _again_and_again(hold):
        yield


@contextmanager
def mail_server_stands(place: Installation) -> Iterator[None]:
    """It takes connections, as the kernel does for it, and says nothing."""
    who = faults.find(places(place.instance), "mailbox")
    who.send(signal.SIGSTOP)
    try:
        yield
    finally:
        who.send(signal.SIGCONT)


@contextmanager
def asked_in_vain(place: Installation) -> Iterator[None]:
    """Somebody who asks again and again for what a service that stands still would tell."""
    person = Person(place.gateway_url, "member@dev.nhs.uk")

    def ask(_done: threading.Event) -> None:
        with contextlib.suppress(Answer, requests.RequestException):
            person.get("/v1/notices")

    with _again_and_again(ask):
        yield


@contextmanager
def requests_without_end(place: Installation) -> Iterator[None]:
    """A request and its withdrawal, again and again, of a giver whose e-mails are refused.

    Each says events in London, and writes an e-mail.
    """
    run = uuid.uuid4().hex[:8]
    giver = _member(place, f"{mailbox.NO_SUCH}.{run}@dev.nhs.uk")
    asker = _member(place, f"asker.{run}@dev.nhs.uk")
    offer = {"kind": "offer", "title": "Help with a rota", "description": "Bring your own.",
             "category": "digital-and-data", "minutes": 60, "online": True}  # fmt: skip
    listing = giver.post("/v1/listings", offer)["id"]

    def ask(done: threading.Event) -> None:
        with contextlib.suppress(Answer, requests.RequestException):
            made = asker.post("/v1/exchanges", {"listing_id": listing, "minutes": 15})
            asker.act(made["id"], "withdraw")
        done.wait(PAUSE)

    with _again_and_again(ask):
        yield


def _member(place: Installation, email: str) -> Person:
    person = Person(place.gateway_url, email)
    joining = {"name": "Casey Invented", "organisation": "RJ1", "region": "london"}
    person.post("/v1/members", joining)
    return person


@contextmanager
def _again_and_again(act: Callable[[threading.Event], None]) -> Iterator[None]:
    """Act until the block ends, which sets the event."""
    done = threading.Event()

    def go_on() -> None:
        while not done.is_set():
            act(done)

    acting = threading.Thread(target=go_on)
    acting.start()
    try:
        yield
    finally:
        done.set()
        acting.join()
