"""One answer per caller and key, kept in the transaction that earned it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from services.bus.caller import Caller
from services.bus.errors import Refused
from services.bus.transaction import Transaction


class KeyReused(Refused):
    """This idempotency key was used before with another request."""

    code = "idempotency_key_reused"


class StillRunning(Refused):
    """A request with this idempotency key is still running."""

    code = "idempotency_still_running"


@dataclass(frozen=True)
class Key:
    """What identifies a repeated request.

    Attributes:
        key: the caller's ``Idempotency-Key``.
        route: method and path template, for example ``POST /v1/exchanges``.
        payload_hash: hex digest of path and body as received.
    """

    key: str
    route: str
    payload_hash: str


def once(
    tx: Transaction, caller: Caller, key: Key | None, act: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """Run ``act`` unless this caller's key already has an answer.

    Args:
        caller: whose key it is (their id, or their e-mail before they have one; a system's
            keys for a member are its own).
        key: ``None`` runs ``act`` unconditionally.
        act: does the work in ``tx`` and returns a JSON-ready answer.

    Returns:
        The answer, new or kept.

    Raises:
        KeyReused: the key came with another route or payload before.
        StillRunning: another transaction holds the key right now.
    """
    if key is None:
        return act()
    who = caller.owner_of_keys
    if not _claimed(tx, who, key.key):
        raise StillRunning
    kept = tx.conn.execute(
        "select route, payload_hash, answer from idempotency where caller = %s and key = %s",
        [who, key.key],
    ).fetchone()
    if kept:
        if (kept[0], kept[1]) != (key.route, key.payload_hash):
            raise KeyReused
        answer: dict[str, Any] = kept[2]
        return answer
    answer = act()
    tx.conn.execute(
        "insert into idempotency (caller, key, route, payload_hash, answer)"
        " values (%s, %s, %s, %s, %s)",
        [who, key.key, key.route, key.payload_hash, Jsonb(answer)],
    )
    return answer


def _claimed(tx: Transaction, who: str, key: str) -> bool:
    """Hold the key until the transaction ends; false when another has it."""
    row = tx.conn.execute(
        "select pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"{who} {key}"]
    ).fetchone()
    return bool(row and row[0])
