"""Looks at a platform again and again without disturbing it: kept connections, cheap questions."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Mapping
from typing import Any

import psycopg

MARGIN = datetime.timedelta(minutes=1)
"""An event is said to the minute at which its row shows; what came before was looked at."""

_LEFT = """
    select (select count(*) from outbox) + (select count(*) from retry where parked_at is null),
           (select count(*) from said), clock_timestamp()
"""
_UNDER_WAY = {
    "exchanges": "select count(*) from exchange where state in ('accepted', 'completed')",
    "notifications": "select count(*) from notice where next_at is not null",
}
_SAID = """
    select id::text from said where said_at > %s and not starts_with(region, 'region.')
        and routing_key not like '%%.heartbeat_said'
"""
"""Signals to other systems are heard by nobody of ours, and of a heartbeat nothing is kept."""
_UNHEARD = """
    select count(*) from unnest(%s::text[]) as said (id)
    where not exists (select from heard where event_id = said.id)
      and not exists (select from inbox where event_id = said.id)
      and not exists (select from retry where event_id = said.id)
"""


class Looks:
    """Connections to every service's database, opened when needed and kept.

    Args:
        urls: of each service's database, as the service itself.
    """

    def __init__(self, urls: Mapping[str, str]) -> None:
        self.urls = urls
        self.open: dict[str, psycopg.Connection[Any]] = {}
        self.since: dict[str, datetime.datetime] = {}

    def ask(self, service: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of a question.

        Raises:
            psycopg.OperationalError: the database is away; the next look connects again.
        """
        conn = self.open.get(service)
        try:
            if conn is None:
                conn = psycopg.connect(self.urls[service], autocommit=True)
                self.open[service] = conn
            return conn.execute(statement.encode(), values).fetchall()
        except psycopg.OperationalError:
            self.close(service)
            raise

    def close(self, *services: str) -> None:
        """Forget connections; all of them when none is named."""
        for service in services or tuple(self.open):
            with contextlib.suppress(KeyError, psycopg.Error):
                self.open.pop(service).close()

    def said(self) -> int | None:
        """How many events have been said so far; nothing while anything is under way.

        Reporting hears every event; what the ledger and exchanges have in hand shows as an
        exchange that waits for it, what notifications has not written yet is a figure of the
        audit. With two looks of the same answer nothing has slipped by from one database to
        the next between two questions of a look, as a batch of ten e-mails once did.

        Raises:
            psycopg.OperationalError: a database is away.
        """
        for service, statement in _UNDER_WAY.items():
            if self.ask(service, statement)[0][0]:
                return None
        total, now = 0, {}
        for service in self.urls:
            ((left, said, now[service]),) = self.ask(service, _LEFT)
            if left or not self._all_heard(service):
                return None
            total += said
        self.since = {service: moment - MARGIN for service, moment in now.items()}
        return total

    def _all_heard(self, service: str) -> bool:
        since = self.since.get(service, datetime.datetime(1, 1, 2, tzinfo=datetime.UTC))
        rows = self.ask(service, _SAID, since)
        ids = [event_id for (event_id,) in rows]
        return not self.ask("reporting", _UNHEARD, ids)[0][0]
