"""What people decide about parked messages: listed, put back, or discarded, never without a reason.

A service answers for its own messages by inheriting ``Parking``.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from services.bus import envelope, idempotency, retries
from services.bus.caller import Caller
from services.bus.entrypoints import Bus, rpc
from services.bus.errors import NotAllowed, Refused
from services.bus.transaction import Transaction

MOST = 200
"""Messages in one answer, and in one decision: more is a fault to mend first, then for the
command line."""
LONGEST_REASON = 1_000
PUT_BACK, DISCARD = "put_back", "discard"
BY_COMMAND = "by an operator's command"
"""The reason kept where the command line was given none."""


class MessageNotParked(Refused):
    """This message is not parked any more."""

    code = "message_not_parked"


class MessageKills(Refused):
    """This message ended the process that handled it: only an operator may send it again."""

    code = "message_kills"


class DecisionInvalid(Refused):
    """Say which messages, what is to become of them, and why."""

    code = "decision_invalid"


def listed(tx: Transaction, caller: Caller) -> dict[str, Any]:
    """Parked messages, the oldest failure first, without their bodies.

    Raises:
        NotAllowed: for the national team and the Senate only.
    """
    if not caller.sees_everything:
        raise NotAllowed
    found = retries.listed(tx, limit=MOST)
    return {"items": [_message(each) for each in found], "total": retries.counts(tx)[1]}


def _message(found: retries.Kept) -> dict[str, Any]:
    return {
        "event_id": found.event_id,
        "routing_key": found.routing_key,
        "region": found.region,
        "subject": found.headers.get(f"{envelope.CE}subject"),
        "failure": found.reason,
        "kills": retries.kills(found.reason),
        "attempts": found.attempts,
        "first_failed_at": _moment(found.first_failed_at),
    }


def decide(
    tx: Transaction, caller: Caller, event_ids: Any, decision: Any, reason: Any
) -> dict[str, Any]:
    """Put messages back into the hands of the service, or discard them.

    Args:
        event_ids: of parked messages, at most ``MOST``.
        decision: ``put_back`` or ``discard``.
        reason: kept with the decision, for the audit.

    Raises:
        NotAllowed: for the national team only.
        DecisionInvalid: what was asked is no decision.
        MessageNotParked: one of them is not, or not any more; nothing happens.
        MessageKills: one of them ended its process, and is to be put back.
    """
    if not caller.is_national or caller.id is None:
        raise NotAllowed
    ids = _ids(event_ids)
    why = reason.strip() if isinstance(reason, str) else ""
    if decision not in (PUT_BACK, DISCARD) or not 0 < len(why) <= LONGEST_REASON:
        raise DecisionInvalid
    locked = _lock(tx, ids)
    if locked.keys() != set(ids):
        raise MessageNotParked
    if decision == PUT_BACK and any(map(retries.kills, locked.values())):
        raise MessageKills
    return {"event_ids": carry_out(tx, ids, decision, caller.id, why)}


def _ids(event_ids: Any) -> list[str]:
    """
    Raises:
        DecisionInvalid
    """
    known = isinstance(event_ids, list) and all(isinstance(each, str) for each in event_ids)
    if not known or not 0 < len(event_ids) <= MOST:
        raise DecisionInvalid
    return sorted(set(event_ids))


def carry_out(
    tx: Transaction, event_ids: Sequence[str] | None, decision: str, by: UUID | None, why: str
) -> list[str]:
    """Do what was decided, and write it down; the ids of those that were parked.

    Args:
        event_ids: ``None`` for all that are parked.
        by: who decided; ``None`` for an operator's command.
    """
    ids = sorted(_lock(tx, event_ids))
    _write_down(tx, ids, decision, by, why)
    if decision == PUT_BACK:
        tx.conn.execute(
            "update retry set next_at = %s, parked_at = null, attempts = 0"
            " where event_id = any(%s)",
            [tx.now, ids],
        )
    else:
        tx.conn.execute("delete from retry where event_id = any(%s)", [ids])
    return ids


def _lock(tx: Transaction, event_ids: Sequence[str] | None) -> dict[str, str]:
    """What each of them failed for; two who decide about the same wait for each other."""
    ids = None if event_ids is None else list(event_ids)
    rows = tx.conn.execute(
        "select event_id, reason from retry where parked_at is not null"
        " and (%(ids)s::text[] is null or event_id = any(%(ids)s)) order by event_id for update",
        {"ids": ids},
    ).fetchall()
    return dict(rows)


def _write_down(
    tx: Transaction, ids: Sequence[str], decision: str, by: UUID | None, why: str
) -> None:
    tx.conn.execute(
        """
        insert into parked_decision (event_id, at, decision, actor, reason, routing_key, region,
            headers, body, failure, attempts, first_failed_at)
        select event_id, %(now)s, %(decision)s, %(actor)s, %(why)s, routing_key, region, headers,
            case when %(decision)s = 'discard' then body end, reason, attempts, first_failed_at
          from retry where event_id = any(%(ids)s)
        """,
        {"now": tx.now, "decision": decision, "actor": by, "why": why, "ids": list(ids)},
    )


def decisions(tx: Transaction, caller: Caller, before: Any = None) -> dict[str, Any]:
    """What was decided about parked messages, the newest first.

    Args:
        before: only what was decided earlier, ISO 8601 with its offset.

    Raises:
        NotAllowed: for the national team and the Senate only.
        DecisionInvalid: ``before`` is no moment.
    """
    if not caller.sees_everything:
        raise NotAllowed
    try:
        moment = datetime.datetime.fromisoformat(before) if before is not None else None
    except (TypeError, ValueError):
        raise DecisionInvalid("Say before which moment.") from None
    with tx.conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            "select event_id, at, decision, actor, reason, routing_key, region, failure"
            " from parked_decision where %(before)s::timestamptz is null or at < %(before)s"
            " order by at desc, event_id limit %(most)s",
            {"before": moment, "most": MOST},
        ).fetchall()
    return {"items": [_decided(row) for row in rows]}


def _decided(row: dict[str, Any]) -> dict[str, Any]:
    actor = row["actor"]
    return {**row, "at": _moment(row["at"]), "actor": str(actor) if actor else None}


def _moment(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")


class Parking:
    """The calls by which a service shows its parked messages and takes decisions about them."""

    bus: Bus

    @rpc
    def parked(self, call: Any) -> dict[str, Any]:
        with self.bus.transaction(call.correlation_id) as tx:
            return listed(tx, call.caller)

    @rpc
    def decide_parked(
        self, call: Any, event_ids: Any, decision: Any, reason: Any
    ) -> dict[str, Any]:
        with self.bus.transaction(call.correlation_id) as tx:
            return idempotency.once(
                tx, call.caller, call.key,
                lambda: decide(tx, call.caller, event_ids, decision, reason),
            )  # fmt: skip

    @rpc
    def parked_decisions(self, call: Any, before: Any = None) -> dict[str, Any]:
        with self.bus.transaction(call.correlation_id) as tx:
            return decisions(tx, call.caller, before)
