"""F3, F9, F13, F14: what can become of the broker, its memory, its queues and its data."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import amqp
import kombu

from deploy import reconcile
from deploy.local import broker, faults, ports
from services.bus import topology
from services.contracts import readers
from tests.faults.bookings import Booked, People
from tests.faults.disturbed import disturbed, lives
from tests.faults.measured import Case, total
from tests.faults.platform import Platform, until
from tests.faults.scenario import Result, Scenario

ALARM_SECONDS = 8.0
"""Seconds an alarm lasts in the short form; the list asks for sixty in the long one."""
LONG_ALARM_SECONDS = 60.0
RESTART_BROKER_SECONDS = 60.0
TOPOLOGY = topology.Topology(*readers.TOPOLOGY)


def control(platform: Platform, *words: str) -> str:
    """Run rabbitmqctl on the platform's own node."""
    return broker.control(platform.where, ports.remembered(platform.where.ports), *words)


def _repeated(cases: tuple[Callable[[], Case], ...], minutes: float) -> list[Case]:
    """Every case once, then again and again while there is time for the longest."""
    done: list[Case] = []
    end, longest = time.monotonic() + 60 * minutes, 0.0
    while True:
        for case in cases:
            began = time.monotonic()
            done.append(case())
            longest = max(longest, time.monotonic() - began)
            if len(done) >= len(cases) and time.monotonic() + longest > end:
                return done


def _kill(platform: Platform) -> None:
    before = faults.find(platform.where, "broker")
    platform.kill("broker")
    faults.await_ready(platform.where, "broker", before)


def run_kills(platform: Platform, seed: int, minutes: float) -> Result:
    """F3: the broker is killed, and restarted politely, under load."""
    before = lives(platform)
    cases = _repeated(
        (
            lambda: disturbed(platform, lambda: _kill(platform)),
            lambda: disturbed(platform, lambda: platform.restart("broker")),
            lambda: disturbed(platform, lambda: _kill_after_declaring(platform)),
        ),
        minutes,
    )
    if lives(platform) != before:
        cases[-1].wrong.append("a service did not live through it")
    # A process kill does not test fsync: the kernel keeps what was written.
    return total(
        cases, {"services restarted": sum(lives(platform).values()) - sum(before.values())}
    )


def _kill_after_declaring(platform: Platform) -> None:
    """At the moment when 3.10 may remember a quorum queue and forget who leads it."""
    queues = [queue.name for queue in TOPOLOGY.event_queues() if queue.service == "ledger"]
    with _channel(platform) as channel:
        for queue in queues:
            channel.queue_delete(queue)
        until(lambda: _all_there(platform, queues))
    _kill(platform)


def _all_there(platform: Platform, queues: list[str]) -> bool:
    try:
        with _channel(platform) as channel:
            for queue in queues:
                channel.queue_declare(queue, passive=True)
            return True
    except amqp.exceptions.NotFound:
        return False


@contextmanager
def _channel(platform: Platform) -> Iterator[Any]:
    with kombu.Connection(platform.at.amqp_url) as connection:
        yield connection.channel()


def run_alarms(platform: Platform, seed: int, minutes: float) -> Result:
    """F9: under an alarm of memory or disk, and while the broker is down, bookings go on."""
    seconds = ALARM_SECONDS if minutes < 1 else LONG_ALARM_SECONDS
    people, booked = People(platform), Booked()
    grown: list[int] = []

    def alarmed(raise_it: tuple[str, ...], clear_it: tuple[str, ...]) -> None:
        control(platform, *raise_it)
        try:
            _add(booked, people.book(seconds))
            grown.append(_outbox(platform))
        finally:
            control(platform, *clear_it)

    def down() -> None:
        before = faults.find(platform.where, "broker")
        platform.kill("broker")
        held = [0]

        def away() -> bool:
            # Looked at while it lasts: once the broker is back, the outbox is soon empty.
            held.append(_outbox(platform))
            return bool(platform.told("broker")["state"] != "ready")

        until(lambda: not before.alive and away())
        _add(booked, people.book(RESTART_BROKER_SECONDS, away))
        grown.append(max(held))
        faults.await_ready(platform.where, "broker", before)

    memory = ("set_vm_memory_high_watermark", "0.0001"), ("set_vm_memory_high_watermark", "0.3")
    disk = ("set_disk_free_limit", "100000GB"), ("set_disk_free_limit", "200MB")
    cases = [
        disturbed(platform, lambda: alarmed(*memory)),
        disturbed(platform, lambda: alarmed(*disk)),
        disturbed(platform, down),
    ]
    cases[-1].wrong += booked.refused[:5]
    if min(grown) == 0:
        cases[-1].wrong.append(f"the outbox did not hold anything back: {grown}")
    figures = {
        "bookings during the faults": len(booked.taken),
        "of them refused": len(booked.refused),
        "slowest booking, s": round(max(booked.taken, default=0.0), 2),
        "outbox rows during a fault, at least": min(grown),
    }
    return total(cases, figures)


def _add(booked: Booked, more: Booked) -> None:
    booked.taken += more.taken
    booked.refused += more.refused


def _outbox(platform: Platform) -> int:
    return int(platform.query("exchanges", "select count(*) from outbox")[0][0])


def run_deleted_queues(platform: Platform, seed: int, minutes: float) -> Result:
    """F13: all queues are deleted, and all bindings with the exchange, while they are in use."""

    def delete() -> None:
        with _channel(platform) as channel:
            for queue in TOPOLOGY.event_queues():
                channel.queue_delete(queue.name)

    def unbind() -> None:
        """With the exchange all bindings go at once: nothing can be published any more."""
        with _channel(platform) as channel:
            channel.exchange_delete(topology.EXCHANGE)

    cases = _repeated(
        (lambda: disturbed(platform, delete), lambda: disturbed(platform, unbind)), minutes
    )
    return total(cases)


def run_wiped(platform: Platform, seed: int, minutes: float) -> Result:
    """F14: the broker loses all its data while confirmed events wait in it."""

    waiting: list[int] = []

    def wipe() -> None:
        with halted(platform, "ledger", "exchanges"):
            until(lambda: messages_in(platform) > 0, 10)
            waiting.append(messages_in(platform))
            control(platform, "stop_app")
            control(platform, "force_reset")
        control(platform, "start_app")
        until(lambda: _reachable(platform))

    def by_hand() -> None:
        wipe()
        reconcile.run(platform.at.database_urls)

    cases = _repeated(
        (lambda: disturbed(platform, wipe), lambda: disturbed(platform, by_hand)), minutes
    )
    return total(cases, {"confirmed events lost with the broker": sum(waiting)})


@contextmanager
def halted(platform: Platform, *names: str) -> Iterator[None]:
    """Processes that stand still, so that what they should read stays in the broker."""
    who = [faults.find(platform.where, name) for name in names]
    for each in who:
        each.send(signal.SIGSTOP)
    try:
        yield
    finally:
        for each in who:
            each.send(signal.SIGCONT)


def messages_in(platform: Platform, prefix: str = "") -> int:
    """Messages, in hand or waiting, in the queues whose names begin so."""
    words = ("list_queues", "-p", broker.VHOST, "--no-table-headers", "name", "messages")
    rows = (line.split() for line in control(platform, *words).splitlines())
    return sum(int(row[1]) for row in rows if len(row) == 2 and row[0].startswith(prefix))


def _reachable(platform: Platform) -> bool:
    try:
        with _channel(platform):
            return True
    except (OSError, amqp.exceptions.AMQPError, kombu.exceptions.OperationalError):
        return False


F3 = Scenario("F3", "the broker killed, restarted, killed while queues are made", run_kills, 0.5)
F9 = Scenario("F9", "alarms of memory and disk, and no broker: bookings go on", run_alarms, 0.6)
F13 = Scenario("F13", "queues and bindings deleted while in use", run_deleted_queues, 0.3)
F14 = Scenario("F14", "a broker that lost everything", run_wiped, 0.4)
BROKER_FAULTS = (F3, F9, F13, F14)
