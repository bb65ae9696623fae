"""Runs a small service on the real bus inside the test's own process."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import eventlet
import kombu
import psycopg
import pytest
from nameko.runners import ServiceRunner

from services.bus import topology
from services.bus.entrypoints import Bus

MAX_WORKERS = 100
SHORTEST, LONGEST = 0.02, 0.5
"""Seconds between two looks at what is waited for."""
UNRESOLVED = {"EVENTLET_NO_GREENDNS": "yes"}
"""For processes whose servers' addresses are numbers: as the launcher starts them, without the
resolver of names, which is a third of a start."""


@contextmanager
def running(monkeypatch: pytest.MonkeyPatch, service: Any, **settings: str) -> Iterator[Bus]:
    """Start ``service`` with ``settings`` as environment, stop it afterwards."""
    for name, value in settings.items():
        monkeypatch.setenv(f"TIMEBANK_{name}", value)
    runner = ServiceRunner({"max_workers": MAX_WORKERS})
    runner.add_service(service)
    runner.start()
    container = next(iter(runner.containers))
    bus = next(dep for dep in container.dependencies if isinstance(dep, Bus))
    try:
        eventually(lambda: all(bus.checks().values()))
        yield bus
    finally:
        runner.stop()


def eventually(true: Callable[[], Any], seconds: float = 15) -> Any:
    """Wait until ``true()`` is; what it returned. Fails after ``seconds``."""
    began = time.monotonic()
    with eventlet.Timeout(seconds, AssertionError(f"not within {seconds} s")):
        while True:
            found = true()
            if found:
                return found
            eventlet.sleep(pause(time.monotonic() - began))


def pause(waited: float) -> float:
    """Seconds until it is worth looking again at what one has waited for so long.

    Every look takes processor time, often from the very process that one waits for. So few are
    made: the next after an eighth of what was waited already, and little is waited too long.
    """
    return min(max(SHORTEST, waited / 8), LONGEST)


def left_by_an_alarm(monkeypatch: pytest.MonkeyPatch, publisher: Any, rows: Any) -> None:
    """Publish rows whose confirms come when somebody waits for them, as at an alarm's end."""
    channel, wait, late = publisher._channel, publisher._wait, []
    with monkeypatch.context() as patch:
        patch.setitem(channel.events, "basic_ack", {lambda *ack: late.append(ack)})
        publisher._write(channel, rows)
        eventually(
            lambda: all(any(_covers(ack, tag) for ack in late) for tag in publisher._unsettled)
        )

    def ended(channel: Any) -> None:
        while late:
            publisher._on_ack(*late.pop(0))
        wait(channel)

    monkeypatch.setattr(publisher, "_wait", ended)


def _covers(ack: tuple[int, bool], tag: int) -> bool:
    last, multiple = ack
    return tag == last or (multiple and tag < last)


def wishes_are_over(database_url: str, amqp_url: str) -> None:
    """Wait until what a new broker makes a service say again, everything so far, has been.

    Wishes are fulfilled in their order: one more, for what no relay publishes, shows when.
    """
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute(
            "insert into said (id, region, routing_key, headers, body)"
            " values (gen_random_uuid(), 'nobody', '', '{}', '')"
        )
        with kombu.Connection(amqp_url) as connection:
            connection.Producer().publish(
                b'{"regions": ["nobody"]}', exchange=topology.AGAIN, routing_key="",
                content_type="application/octet-stream", content_encoding="binary",
            )  # fmt: skip
        eventually(lambda: conn.execute("delete from outbox where region = 'nobody'").rowcount)
        conn.execute("delete from said where region = 'nobody'")
