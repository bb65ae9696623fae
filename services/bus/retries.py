"""Messages that failed alone: kept with their reason, tried on a schedule, then parked."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from services.bus import envelope
from services.bus.intake import Delivery
from services.bus.transaction import Transaction

NEVER_ENDED = "begun {} times and never ended"
GIVEN_UP = "the broker delivered it too often without an end"
"""Reasons of messages that may end whichever process tries them again."""
PATIENCE = datetime.timedelta(days=1)
"""How long a message waits for what another has to say first: a region's pools may be stopped for
hours, and nobody should have to send it again by hand when they are back."""
LEAST_WAIT = 1.0
"""Seconds between two tries behind the end of a schedule, which may itself end with none."""


def kills(reason: str) -> bool:
    """Whether a message parked for this reason has ended processes, as far as anybody knows."""
    before, _, after = NEVER_ENDED.partition("{}")
    never_ended = reason.startswith(before) and reason.endswith(after)
    return never_ended or reason == GIVEN_UP


@dataclass(frozen=True)
class Kept:
    """One row of the table ``retry``."""

    event_id: str
    routing_key: str
    region: str
    headers: dict[str, Any]
    body: bytes
    reason: str
    attempts: int
    first_failed_at: datetime.datetime
    next_at: datetime.datetime | None
    parked_at: datetime.datetime | None

    def delivery(self) -> Delivery:
        return Delivery(self.routing_key, self.region, self.headers, bytes(self.body), False)


_COLUMNS = (
    "event_id, routing_key, region, headers, body, reason, attempts,"
    " first_failed_at, next_at, parked_at"
)


def schedule(tx: Transaction, delivery: Delivery, event_id: str, reason: str, wait: float) -> None:
    """Keep a message for another try in ``wait`` seconds."""
    _keep(tx, delivery, event_id, reason, tx.now + datetime.timedelta(seconds=wait), None)


def park(tx: Transaction, delivery: Delivery, reason: str) -> None:
    """Keep a message until an operator sends it again."""
    event_id = envelope.id_of(delivery.headers, delivery.body)
    _keep(tx, delivery, event_id, reason, None, tx.now)


def _keep(
    tx: Transaction,
    delivery: Delivery,
    event_id: str,
    reason: str,
    next_at: datetime.datetime | None,
    parked_at: datetime.datetime | None,
) -> None:
    tx.conn.execute(
        f"insert into retry ({_COLUMNS}) values (%s, %s, %s, %s, %s, %s, 1, %s, %s, %s)"
        " on conflict (event_id) do nothing",
        [
            event_id,
            envelope.kept(delivery.routing_key),
            delivery.region,
            Jsonb(_plain(delivery.headers)),
            delivery.body,
            envelope.kept(reason),
            tx.now,
            next_at,
            parked_at,
        ],
    )


def _plain(headers: Any) -> dict[str, str]:
    """Headers as text: a foreign message may carry anything."""
    return {envelope.kept(str(key)): envelope.kept(str(value)) for key, value in headers.items()}


def take_due(tx: Transaction, regions: Sequence[str]) -> Kept | None:
    """Lock one message whose time has come; others take others."""
    cursor = tx.conn.cursor(row_factory=class_row(Kept))
    return cursor.execute(
        f"select {_COLUMNS} from retry where next_at <= %s and region = any(%s)"
        " order by next_at limit 1 for update skip locked",
        [tx.now, list(regions)],
    ).fetchone()


def failed_again(
    tx: Transaction, kept: Kept, reason: str, waits: Sequence[float], *, expected: bool = False
) -> bool:
    """Set the next try, or park after the last; whether it was parked.

    Args:
        expected: nobody is to blame, what it needs has not been heard yet: then the last wait
            comes again and again, for ``PATIENCE``.
    """
    patient = expected and tx.now - kept.first_failed_at < PATIENCE
    parked = kept.attempts >= len(waits) and not patient
    wait = waits[kept.attempts] if kept.attempts < len(waits) else max(waits[-1], LEAST_WAIT)
    next_at = None if parked else tx.now + datetime.timedelta(seconds=wait)
    tx.conn.execute(
        "update retry set attempts = attempts + 1, reason = %s, next_at = %s, parked_at = %s"
        " where event_id = %s",
        [envelope.kept(reason), next_at, tx.now if parked else None, kept.event_id],
    )
    return parked


def remove(tx: Transaction, event_id: str) -> None:
    tx.conn.execute("delete from retry where event_id = %s", [event_id])


def listed(tx: Transaction, *, waiting: bool = False, limit: int = 1000) -> list[Kept]:
    """Parked messages, oldest first; with ``waiting`` those with a next try instead."""
    cursor = tx.conn.cursor(row_factory=class_row(Kept))
    return cursor.execute(
        f"select {_COLUMNS} from retry where (next_at is null) = %s"
        " order by first_failed_at limit %s",
        [not waiting, limit],
    ).fetchall()


def found(tx: Transaction, event_id: str) -> Kept | None:
    cursor = tx.conn.cursor(row_factory=class_row(Kept))
    return cursor.execute(
        f"select {_COLUMNS} from retry where event_id = %s", [event_id]
    ).fetchone()


def counts(tx: Transaction) -> tuple[int, int]:
    """How many wait for another try, and how many are parked."""
    row = tx.conn.execute(
        "select count(*) filter (where parked_at is null),"
        " count(*) filter (where parked_at is not null) from retry"
    ).fetchone()
    assert row is not None, "an aggregate has one row"
    return row[0], row[1]
