"""One transaction of a service: its connection, its time, and what will be said."""

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
import uuid_utils.compat
from psycopg_pool import ConnectionPool

from services.bus import envelope, failpoint, said


class Transaction:
    """Handed to every handler; committed by whoever opened it, never by the handler.

    Attributes:
        conn: the psycopg connection, inside an open transaction.
        now: the database's time plus the test offset, aware, UTC, read once.
        correlation_id: carried from the call or event that caused this on to
            every event said here.
    """

    def __init__(
        self, conn: psycopg.Connection[Any], now: datetime.datetime, correlation_id: str | None
    ) -> None:
        self.conn = conn
        self.now = now
        self.correlation_id = correlation_id
        self.said: list[envelope.Outgoing] = []

    def emit(
        self,
        schema: Any,
        *,
        region: str,
        subject: UUID | str,
        data: Mapping[str, Any],
        event_id: UUID | None = None,
        correlation_id: str | None = None,
    ) -> UUID:
        """Say that something happened; it is published after the commit.

        Args:
            schema: the event's contract, a class with ``producer``, ``event`` and ``dump``.
            region: slug of the region whose queues carry it, or ``national``.
            subject: id of what it is about.
            data: the body's values, every field of the contract.
            event_id: given where the same event may be said again (readers that
                heard it already then ignore it); otherwise a new UUIDv7.
            correlation_id: instead of the transaction's own, when a batch of
                events with different causes is handled at once.

        Returns:
            The event's id.
        """
        event_id = event_id or new_id()
        self.said.append(
            envelope.outgoing(
                event_id=event_id,
                schema=schema,
                region=region,
                subject=str(subject),
                time=self.now,
                correlation_id=correlation_id or self.correlation_id or str(event_id),
                data=data,
            )
        )
        return event_id

    def signal(
        self,
        kind: Any,
        *,
        regions: Sequence[str],
        subject: UUID | str,
        event_id: UUID | None = None,
    ) -> UUID:
        """Tell other systems that something happened; it is published after the commit.

        Args:
            kind: the signal's contract, with ``type``, ``source`` and ``path``.
            regions: slugs of the regions it concerns; who hears several hears it once.
            subject: id of what it is about.
            event_id: of the event that is told; who hears that event can tell others of it
                under the same id.

        Returns:
            The signal's id.
        """
        signal_id = envelope.public_id(event_id or new_id())
        self.said.append(
            envelope.signal(
                event_id=signal_id, kind=kind, regions=regions, subject=str(subject), time=self.now
            )
        )
        return signal_id


def new_id() -> UUID:
    """A new UUIDv7: unique, and ordered by the time it was made."""
    return uuid_utils.compat.uuid7()


class Database:
    """A pool of connections, and transactions that keep what they say.

    Args:
        url: of the service's own database.
        size: connections at most.
        statement_timeout: seconds.
        on_commit: called after a commit that said something, with what it said.
    """

    def __init__(
        self,
        url: str,
        *,
        size: int = 10,
        statement_timeout: float = 30,
        on_commit: Callable[[Sequence[envelope.Outgoing]], None] = lambda said: None,
    ) -> None:
        self.size = size
        self.on_commit = on_commit
        self.pool: ConnectionPool[psycopg.Connection[Any]] = ConnectionPool(
            url,
            min_size=1,
            max_size=size,
            open=False,
            timeout=5,  # then the caller hears try_later; waiting longer only lengthens the queue
            reconnect_timeout=10,
            kwargs={
                "connect_timeout": 5,
                "options": f"-c statement_timeout={int(statement_timeout * 1000)}"
                " -c timezone=UTC -c idle_in_transaction_session_timeout=120000",
            },
        )

    def open(self) -> None:
        self.pool.open(wait=False)

    def close(self) -> None:
        self.pool.close(timeout=5)

    @contextmanager
    def transaction(self, correlation_id: str | None = None) -> Iterator[Transaction]:
        """Open a transaction; commit it with its outbox rows, or roll it back.

        Raises:
            psycopg.OperationalError, psycopg_pool.PoolTimeout: the database is away.
        """
        conn, now = self._begun()
        try:
            tx = Transaction(conn, now, correlation_id)
            yield tx
            said.keep(conn, tx.said)
            if tx.said:
                failpoint.reach("said_before_commit")
            conn.commit()
        except BaseException:
            _roll_back(conn)
            raise
        finally:
            self.pool.putconn(conn)
        if tx.said:
            failpoint.reach("said_committed")
            self.on_commit(tx.said)

    def _begun(self) -> tuple[psycopg.Connection[Any], datetime.datetime]:
        """A connection that has told the time; those a restart left dead are discarded."""
        for dead in range(self.size + 1):
            conn = self.pool.getconn()
            try:
                return conn, _now(conn)
            except psycopg.OperationalError:
                conn.close()
                self.pool.putconn(conn)
                if dead == self.size:
                    raise
            except BaseException:
                _roll_back(conn)
                self.pool.putconn(conn)
                raise
        raise AssertionError("unreachable: the last dead connection raises")


def _now(conn: psycopg.Connection[Any]) -> datetime.datetime:
    row = conn.execute("select now() + ahead from clock").fetchone()
    assert row is not None, "the clock has one row"
    now: datetime.datetime = row[0]
    return now


def _roll_back(conn: psycopg.Connection[Any]) -> None:
    try:
        conn.rollback()
    except psycopg.Error:
        conn.close()  # the pool replaces it
