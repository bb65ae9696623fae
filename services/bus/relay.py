"""Publishes what was decided, until the broker has confirmed it; then forgets it.

What this process has just committed is published from memory, once its rows are locked;
everything else is found in the outbox. Rows are chosen there by being there, never by "id
greater than the last seen": rows do not become visible in the order of their ids. Regions
take turns, so that one region's backlog delays no other. Several relays of one service may
run: each locks the rows it publishes, the others pass them over. A row is removed only when
its confirm has come and it was not returned; whatever goes wrong in between publishes it
again, under the same id, which every reader knows.
"""

import math
import time
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import eventlet
import psycopg
import psycopg_pool
import structlog
from eventlet.event import Event
from kombu.connection import Connection

from services.bus import envelope, failpoint, said
from services.bus import topology as names
from services.bus.envelope import Outgoing
from services.bus.link import LOST, Link
from services.bus.transaction import Database
from services.bus.wire import Letter
from services.telemetry import metrics

log = structlog.get_logger(__name__)

UNROUTABLE_PAUSE = 1.0
"""Seconds before a returned event is published again: its queue is missing."""


class Unconfirmed(Exception):
    """Not every confirm came in time; nothing is known about the rest (see ``taken``)."""


def event_letter(row: Outgoing) -> Letter:
    return Letter(str(row.id), row.routing_key, envelope.CONTENT_TYPE, row.headers, row.body)


class Publisher:
    """Publishes rows over a link and waits for all their confirms at once.

    Args:
        link: it lives on.
        timeout: seconds to wait for the confirms.
        exchange: to which it publishes.
        letter: makes a message of a row.

    Attributes:
        wrote: whether the rows given last were written; if not, what was taken are others.
    """

    def __init__(
        self,
        link: Link,
        timeout: float,
        exchange: str = names.EXCHANGE,
        letter: Callable[[Outgoing], Letter] = event_letter,
    ) -> None:
        self.link, self.timeout = link, timeout
        self.exchange, self.letter = exchange, letter
        link.when_blocked.append(self._signal_always)
        self.wrote = False
        self._channel: Any = None
        self._next_tag = 1
        self._unsettled: dict[int, UUID] = {}
        self._confirmed: set[UUID] = set()
        self._returned: set[UUID] = set()
        self._settled = Event()

    def opened(self, connection: Connection) -> None:
        channel = connection.channel()
        channel.confirm_select()
        channel.events["basic_ack"].add(self._on_ack)
        channel.events["basic_nack"].add(self._on_nack)
        channel.events["basic_return"].add(self._on_return)
        self._next_tag = 1
        self._unsettled.clear()
        self._channel = channel

    def closed(self) -> None:
        self._channel = None
        self._unsettled.clear()
        self._signal()

    def publish(self, rows: Sequence[Outgoing]) -> set[UUID]:
        """Publish rows; the ids of those a queue has taken.

        What an alarm left in the socket is waited for first, instead (see ``wrote``): its
        confirms come when the alarm ends, and publishing it again beforehand would only double it.

        Raises:
            Unconfirmed: the link broke or the broker stayed silent; the rows may
                or may not have arrived.
        """
        channel = self._channel
        # Before anything can fail: who asks what was taken is not to be told of other rows.
        self._confirmed, self._returned, self._settled = set(), set(), Event()
        if channel is None or self.link.blocked:
            raise Unconfirmed("no link, or the broker blocks publishing")
        self.wrote = not self._unsettled
        try:
            if self.wrote:
                self._write(channel, rows)
        except LOST as error:
            raise Unconfirmed(str(error)) from None
        failpoint.reach("published_before_confirm")
        self._wait(channel)
        return self.taken

    def _write(self, channel: Any, rows: Sequence[Outgoing]) -> None:
        for row in rows:
            self._unsettled[self._next_tag] = row.id
            self._next_tag += 1
        self.link.wire.publish(channel, self.exchange, [self.letter(row) for row in rows])

    @property
    def taken(self) -> set[UUID]:
        """What a queue has taken of the rows published last."""
        return self._confirmed - self._returned

    @property
    def returned(self) -> set[UUID]:
        return self._returned

    def _wait(self, channel: Any) -> None:
        """Wait for every confirm; a silent broker costs the link, since tags go astray."""
        with eventlet.Timeout(self.timeout, False):
            while self._unsettled and self._channel is channel and not self.link.blocked:
                self._settled.wait()
                self._settled = Event()
        if self._channel is not channel:
            raise Unconfirmed("the link broke")
        if self.link.blocked:
            raise Unconfirmed("the broker blocks publishing")
        if self._unsettled:
            self.link.reset("confirms did not come")
            raise Unconfirmed("confirms did not come in time")

    def _on_ack(self, tag: int, multiple: bool) -> None:
        for settled in self._tags(tag, multiple):
            self._confirmed.add(self._unsettled.pop(settled))
        self._signal()

    def _on_nack(self, tag: int, multiple: bool) -> None:
        for settled in self._tags(tag, multiple):
            self._unsettled.pop(settled)
        self._signal()

    def _on_return(self, _: Any, __: str, ___: str, message: Any) -> None:
        """Comes before its ack, and carries no tag: known by its message id."""
        self._returned.add(UUID(message.properties["message_id"]))

    def _tags(self, tag: int, multiple: bool) -> list[int]:
        if multiple:
            return [waiting for waiting in self._unsettled if waiting <= tag]
        return [tag] if tag in self._unsettled else []

    def _signal(self) -> None:
        if not self._unsettled:
            self._signal_always()

    def _signal_always(self) -> None:
        if not self._settled.ready():
            self._settled.send()


class Relay:
    """The greenlet that empties the outbox.

    Args:
        service: for metrics.
        regions: every region (or lane) there is: whoever decided something also says it,
            whichever region it concerns.
        batch: rows between two waits for confirms, at most.
        poll: seconds between looks for rows nobody announced.
    """

    def __init__(
        self, service: str, database: Database, publisher: Publisher,
        regions: Sequence[str], batch: int, poll: float,
    ) -> None:  # fmt: skip
        self.service, self.database, self.publisher = service, database, publisher
        self.regions, self.batch, self.poll = list(regions), batch, poll
        self.stopping = False
        self._fresh: list[Outgoing] = []
        self._look, self._next_look = True, 0.0
        self._wake = Event()

    def announce(self, said: Sequence[Outgoing]) -> None:
        """Publish what this process has just committed, without reading it back.

        What is too much at once is found in the outbox instead, where regions take turns.
        """
        if not self._look:
            self._fresh += said
        if len(self._fresh) > self.batch:
            self._look = True
        self._signal()

    def wake(self) -> None:
        """Look into the outbox: something was put there that was not announced."""
        self._look = True
        self._signal()

    def _signal(self) -> None:
        if not self._wake.ready():
            self._wake.send()

    def stop(self) -> None:
        self.stopping = True
        self.wake()

    def run(self) -> None:
        """Publish until ``stop``; body of a greenlet. It never raises."""
        while not self.stopping:
            self._await_announcement()
            try:
                while self.round():
                    pass
            except (psycopg.Error, psycopg_pool.PoolTimeout) as error:
                self._look = True
                log.warning("outbox out of reach", reason=type(error).__name__)
                eventlet.sleep(min(self.poll, 1.0))

    def _await_announcement(self) -> None:
        """Wait until something was announced, or it is time to look.

        A look that is due already could not be taken: the link is away.
        """
        pause = self._next_look - time.monotonic()
        with eventlet.Timeout(pause if pause > 0 else self.poll, False):
            self._wake.wait()
        self._wake = Event()

    @property
    def _looks(self) -> bool:
        """Whether to look into the outbox: when asked to, and every so often, however much is
        announced meanwhile: what another process left there is known to nobody here."""
        return self._look or time.monotonic() >= self._next_look

    def round(self) -> bool:
        """Publish one batch; whether more is to be expected at once.

        Raises:
            psycopg.Error, psycopg_pool.PoolTimeout: the database is away; what was
                published and not removed is published again.
        """
        if not self.publisher.link.takes or not (self._fresh or self._looks):
            return False
        with self.database.pool.connection() as conn:
            rows = self._taken_in_hand(conn)
            if not rows:
                return False
            failpoint.reach("chosen_before_publish")
            try:
                taken = self.publisher.publish(rows)
            except Unconfirmed as error:
                metrics.published(self.service, "timed_out", len(rows))
                log.warning("events not confirmed", rows=len(rows), reason=str(error))
                self._look = True
                remove(conn, self.publisher.taken)
                return False
            failpoint.reach("confirmed_before_remove")
            remove(conn, taken)
        if not self.publisher.wrote:
            self._look = True  # what an alarm left is settled; these rows are found again
            return True
        returned = len(self.publisher.returned)
        metrics.published(self.service, "confirmed", len(taken))
        metrics.published(self.service, "returned", returned)
        metrics.published(self.service, "refused", len(rows) - len(taken) - returned)
        if len(taken) < len(rows):
            log.error("events without a queue", rows=len(rows) - len(taken))
            self._look = True
            eventlet.sleep(UNROUTABLE_PAUSE)
        return bool(taken)

    def _taken_in_hand(self, conn: psycopg.Connection[Any]) -> Sequence[Outgoing]:
        """The next rows, locked: what was announced, or what a look finds.

        Whatever was announced is in the outbox too, so a look makes it known again.
        """
        fresh, self._fresh = self._fresh, []
        if not self._looks:
            mine = lock(conn, [event.id for event in fresh])
            return [event for event in fresh if event.id in mine]
        self._next_look = time.monotonic() + self.poll
        self._look = False  # what is announced from now on may be too late for this look
        chosen = choose(conn, self.regions, self.batch)
        if chosen:
            self._look = True
        found = said.read(conn, chosen)
        forgotten = set(chosen) - {event.id for event in found}
        if forgotten:  # put back, to be said again, at the moment when their days were over
            remove(conn, forgotten)
        return found


def choose(conn: psycopg.Connection[Any], regions: Sequence[str], limit: int) -> list[UUID]:
    """Lock the next rows to publish: the oldest of each region in turn."""
    return [
        row[0]
        for row in conn.execute(
            """
            with turn as (
                select waiting.id
                from unnest(%(regions)s::text[]) as r (region)
                cross join lateral (
                    select o.id, row_number() over (order by o.id) as place
                    from (
                        select id from outbox where region = r.region order by id limit %(limit)s
                    ) o
                ) waiting
                order by waiting.place
                limit %(limit)s
            )
            select o.id from outbox o join turn using (id) for update of o skip locked
            """,
            {"regions": list(regions), "limit": limit},
        )
    ]


def lock(conn: psycopg.Connection[Any], ids: Sequence[UUID]) -> set[UUID]:
    """Lock rows by their ids; those no other relay has in hand, or has brought away."""
    return {
        row[0]
        for row in conn.execute(
            "select id from outbox where id = any(%b::uuid[]) for update skip locked", [ids]
        )
    }


def remove(conn: psycopg.Connection[Any], ids: set[UUID]) -> None:
    """Forget rows that the broker has confirmed; by primary key."""
    conn.execute("delete from outbox where id = any(%b::uuid[])", [list(ids)])


def backlog(conn: psycopg.Connection[Any]) -> tuple[int, float]:
    """Rows waiting, and the age of the oldest in seconds."""
    row = conn.execute(
        "select count(*), coalesce(extract(epoch from clock_timestamp() - min(written_at)), 0)"
        " from outbox"
    ).fetchone()
    assert row is not None, "an aggregate has one row"
    age = float(row[1])
    return row[0], age if math.isfinite(age) else 0.0


def drained(relay: Relay, seconds: float) -> bool:
    """Publish what is left before stopping, for at most ``seconds``; whether all went out."""
    deadline = time.monotonic() + seconds
    try:
        while relay.round():
            if time.monotonic() > deadline:
                return False
    except (psycopg.Error, psycopg_pool.PoolTimeout):
        return False
    return True
