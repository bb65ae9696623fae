"""Says again what was said: for queues that were lost together with what waited in them.

python -m services.bus.again [--region london] [--since 2026-11-21T10:00:00Z]

Every event the broker has confirmed is kept for some days. Readers know each event by its
id for ever, so all of it can be said again without doubling anything, and nobody needs to
find out what exactly was lost. It happens by itself when a process finds a queue missing;
by hand, for the database named in ``TIMEBANK_DATABASE_URL``, whenever an operator wishes.
"""

import argparse
import datetime
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import eventlet
import psycopg
import psycopg_pool
import structlog
from kombu.connection import Connection

from services.bus import said, settings
from services.bus import topology as names
from services.bus.declarer import is_marked, is_there
from services.bus.intake import LOST_CHANNEL
from services.bus.transaction import Database

log = structlog.get_logger(__name__)

FIRST = (datetime.timedelta(minutes=2), datetime.timedelta(minutes=20))
"""What was said last is most likely what was lost: it is said again before all the rest, which
may be days of events in front of those that people wait for."""
PATIENCE = 5.0
"""Seconds the rest waits for what was said again before it to leave."""
TICK = 0.5
"""Seconds between looks for a wish; nobody waits for it any faster."""


class Repeater:
    """Hears that queues were lost, and has said again what they were sent.

    Its own queue holds the wishes of others while this service is away or busy with an earlier
    one. Where that queue is missing, the broker has lost everything: then all regions are said
    again. Only afterwards the mark is made, an exchange of the queue's name, so that a death in
    between changes nothing; the queue comes first, since it must hold what others wish meanwhile.
    """

    def __init__(self, service: str, database: Database, wake: Any) -> None:
        self.service, self.database, self.wake = service, database, wake
        self.queue = names.again_queue(service)
        self.stopping = False
        self._channel: Any = None
        self._wishes: list[tuple[Any, list[str] | None]] = []

    def opened(self, connection: Connection) -> None:
        self._wishes.clear()
        self._channel = channel = connection.channel()
        channel.exchange_declare(names.AGAIN, "fanout", durable=True, auto_delete=False)
        if not is_there(connection, self.queue):
            channel.exchange_delete(self.queue)
            self._wishes.append((None, None))
        elif not is_marked(connection, self.queue):
            self._wishes.append((None, None))
        self._hear(channel)

    def closed(self) -> None:
        self._channel = None

    def run(self) -> None:
        """Fulfil wishes until stopped; body of a greenlet."""
        while not self.stopping:
            eventlet.sleep(TICK)
            while self._wishes and self._channel and self._fulfilled(self._channel):
                pass

    def _hear(self, channel: Any) -> None:
        """Only sends: the greenlet that reads the connection may be another one."""
        channel.queue_declare(self.queue, durable=True, auto_delete=False, nowait=True)
        channel.queue_bind(self.queue, names.AGAIN, nowait=True)
        channel.basic_consume(
            self.queue, callback=self._arrived, consumer_tag=self.queue, nowait=True
        )

    def _mark(self, channel: Any) -> None:
        channel.exchange_declare(self.queue, "fanout", durable=True, auto_delete=False, nowait=True)

    def _arrived(self, message: Any) -> None:
        try:
            regions = [str(region) for region in json.loads(message.body)["regions"]]
        except (ValueError, KeyError, TypeError):
            regions = []  # nothing anybody of ours has sent
        self._wishes.append((message.delivery_info["delivery_tag"], regions))

    def _fulfilled(self, channel: Any) -> bool:
        """Say again, then forget the wishes; whether that worked.

        All that wait are fulfilled at once: when a broker has lost everything, every process
        wishes the same.
        """
        wishes = list(self._wishes)
        regions = _all_of(regions for _, regions in wishes)
        try:
            self._say_in_turn(regions)
        except (psycopg.Error, psycopg_pool.PoolTimeout) as error:
            log.info("what was said waits for the database", reason=type(error).__name__)
            return False
        if self._channel is not channel:
            return False  # the wishes come again with the next connection
        del self._wishes[: len(wishes)]
        try:
            for tag, _ in wishes:
                self._mark(channel) if tag is None else channel.basic_ack(tag)
        except LOST_CHANNEL:
            return False
        return True

    def _say_in_turn(self, regions: list[str] | None) -> None:
        """Put everything back into the outbox once, the youngest first."""
        now = datetime.datetime.now(datetime.UTC)
        with self.database.transaction() as tx:
            said.await_relays(tx.conn, regions)
        until: datetime.datetime | None = None
        for since in (*(now - age for age in FIRST), None):
            for count in in_parts(self.database, regions, since, until):
                if count:
                    log.warning(
                        "a queue was lost: said again", events=count, regions=regions or "all"
                    )
                    self.wake()
                    self._wait_until_said()
            until = since

    def _wait_until_said(self) -> None:
        with eventlet.Timeout(PATIENCE, False):
            while self._something_waits():
                eventlet.sleep(TICK)

    def _something_waits(self) -> bool:
        with self.database.transaction() as tx:
            row = tx.conn.execute("select exists (select from outbox)").fetchone()
        return bool(row and row[0])


def in_parts(
    database: Database,
    regions: Sequence[str] | None,
    since: datetime.datetime | None,
    until: datetime.datetime | None,
) -> Iterator[int]:
    """Put what was said back into the outbox, the youngest part first, a transaction for each.

    A week in one statement outlasts its time-out, and would begin anew for ever.

    Args:
        regions: slugs, and the times between which it was said: as for ``said.put_back``.

    Returns:
        How many events of each part will be said again.
    """
    while True:
        with database.transaction() as tx:
            start = said.part(tx.conn, regions, since, until)
            count = said.put_back(tx.conn, regions, start, until)
        yield count
        if start == since:
            return
        until = start


def _all_of(wishes: Iterable[list[str] | None]) -> list[str] | None:
    """The regions of several wishes; ``None``, all there are, where one of them says so."""
    found: set[str] = set()
    for regions in wishes:
        if regions is None:
            return None
        found.update(regions)
    return sorted(found)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m services.bus.again")
    parser.add_argument("--region", action="append", help="a slug; may be repeated")
    parser.add_argument("--since", type=datetime.datetime.fromisoformat, help="ISO 8601")
    options = parser.parse_args(arguments)
    with settings.refusing_to_start():
        database = Database(settings.DATABASE_URL.read(), size=2)
    database.open()
    try:
        with database.transaction() as tx:
            said.await_relays(tx.conn, options.region)
        count = sum(in_parts(database, options.region, options.since, None))
    finally:
        database.close()
    print(f"{count} events will be said again")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
