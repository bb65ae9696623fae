"""Raising a concern, and what representatives and the national team do about it."""

import datetime
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from services.bus import idempotency
from services.bus.caller import Caller, service_in
from services.bus.transaction import Transaction, new_id
from services.contracts import exchanges as contract
from services.contracts import words
from services.exchanges import (
    answers,
    caller_handlers,
    concern,
    concern_store,
    errors,
    exchange_store,
    schemas,
)
from services.exchanges.concern import Concern, Handler, Step

MOST = 200
"""Concerns in one list: more than anybody looks into in half a day."""


def raise_asking_members(bus: Any, call: Any, body: Any) -> dict[str, Any]:
    """Raise a concern, once members have said who represents the author's region.

    Members are asked before the transaction, never inside it.

    Args:
        body: see ``schemas.NewConcern``.

    Raises:
        errors.Invalid, errors.NotAMember, errors.ExchangeNotFound, errors.PartyNotFound,
        errors.NotWithOneself, errors.TooManyConcerns
    """
    said = schemas.load(schemas.NewConcern, body)
    caller: Caller = call.caller
    caller_handlers.member(caller)
    us, correlation_id = service_in(caller.region), call.correlation_id
    held = bus.call("members", "representatives", caller=us, correlation_id=correlation_id)
    if said["member_id"]:
        ids = [str(said["member_id"])]
        if not bus.call("members", "cards", caller=us, correlation_id=correlation_id, ids=ids):
            raise errors.PartyNotFound
    representatives = [UUID(each) for each in held.get(caller.region, ())]
    if caller.region == words.NATIONAL:
        representatives = []
    with bus.transaction(call.correlation_id) as tx:
        return idempotency.once(
            tx, caller, call.key, lambda: raise_one(tx, caller, said, representatives)
        )


def raise_one(
    tx: Transaction, caller: Caller, said: dict[str, Any], representatives: Collection[UUID]
) -> dict[str, Any]:
    """Keep a concern with what its author chose to show, and stop the exchange's clocks.

    Args:
        said: as loaded.
        representatives: of the author's region.
    """
    me = caller_handlers.member(caller)
    about_id, exchange_id = _about(tx, caller, me, said)
    concern.require_room(concern_store.open_of(tx.conn, me))
    step = concern.raised(
        new_id(), me, caller.region, about_id, exchange_id, said["severity"], said["text"],
        representatives, tx.now,
    )  # fmt: skip
    concern_store.add(tx.conn, step)
    if exchange_id:
        concern_store.stop_clocks(tx.conn, exchange_id, tx.now)
        if said["attach_messages"]:
            concern_store.attach(tx.conn, step.concern.id, exchange_id)
    _say(tx, contract.ConcernRaised, step.concern)
    return _short(step.concern)


def _about(
    tx: Transaction, caller: Caller, me: UUID, said: dict[str, Any]
) -> tuple[UUID, UUID | None]:
    """Whom it is about, and in which exchange: there, the other of the two.

    Raises:
        errors.ExchangeNotFound: there is none, or it is another's.
    """
    if said["member_id"]:
        return said["member_id"], None
    found = next(iter(exchange_store.lock(tx.conn, [said["exchange_id"]])), None)
    if found is None or found.side_of(me) is None or not caller_handlers.may_see(caller, found):
        raise errors.ExchangeNotFound
    return (found.receiver_id if found.giver_id == me else found.giver_id), found.id


def act(
    tx: Transaction,
    caller: Caller,
    concern_id: Any,
    action: Any,
    body: Any,
    expected_version: int | None,
) -> dict[str, Any]:
    """Do something about a concern.

    Args:
        action: of ``concern.ACTIONS``.
        body: see ``schemas.ConcernStep``.

    Raises:
        errors.UnknownAction, errors.Invalid, errors.ConcernNotFound,
        errors.VersionConflict, errors.NotAllowed, errors.ConcernClosed, errors.StepNotAllowed
    """
    if action not in schemas.CONCERN_ACTIONS:
        raise errors.UnknownAction(action=str(action))
    said = schemas.load(schemas.CONCERN_ACTIONS[action], body or {})
    parsed = schemas.an_id(concern_id)
    found = concern_store.lock(tx.conn, parsed) if parsed else None
    handler = _handler(caller, found) if found else None
    if found is None or handler is None or not concern.may_see(found, handler):
        raise errors.ConcernNotFound
    caller_handlers.check_version(found.version, expected_version)
    text, answer = said.get("text"), said.get("answer")
    step = concern.act(found, handler, action, text, answer, tx.now)
    _keep(tx, found, step)
    return {**_listed(step.concern), "allowed": list(concern.allowed(step.concern, handler))}


def _keep(tx: Transaction, before: Concern, step: Step) -> None:
    """Save a step and say what others are to hear of."""
    after = step.concern
    concern_store.save(tx.conn, step)
    if before.state == "raised" and after.state == "acknowledged":
        _say(tx, contract.ConcernAcknowledged, after)
    if before.holder != after.holder:
        _say(tx, contract.ConcernHandedOn, after)
    if before.state != "closed" and after.state == "closed":
        if after.exchange_id:
            # Of two concerns closed at once, the second looks only after the first has committed.
            exchange_store.lock(tx.conn, [after.exchange_id])
            concern_store.resume_clocks(tx.conn, after.exchange_id, tx.now)
        _say(tx, contract.ConcernClosed, after)


def one(tx: Transaction, caller: Caller, concern_id: Any) -> dict[str, Any]:
    """A concern: all of it for who looks into it, what they said and heard for who raised it.

    Raises:
        errors.ConcernNotFound: there is none for this caller.
    """
    parsed = schemas.an_id(concern_id)
    found = concern_store.by_id(tx.conn, parsed) if parsed else None
    if found is not None and caller.id == found.raised_by:
        return _of_its_author(found)
    handler = _handler(caller, found) if found else None
    if found is None or handler is None or not concern.may_see(found, handler):
        raise errors.ConcernNotFound
    return _whole(tx, found, handler)


def listed(tx: Transaction, caller: Caller, query: Any) -> dict[str, Any]:
    """What one raised; with ``handled``, what one looks into and is open.

    Raises:
        errors.Invalid, errors.BadCursor, errors.NotAMember
        errors.NotAllowed: ``handled``, of somebody who looks into none.
    """
    wanted = schemas.load(schemas.ConcernQuery, query)
    if wanted["handled"]:
        return answers.page([_listed(each) for each in _waiting(tx, caller, None)], None)
    limit, before = wanted["limit"], schemas.cursor_id(wanted["cursor"])
    me = caller_handlers.member(caller)
    found = concern_store.raised_by(tx.conn, me, before, limit + 1)
    following = str(found[limit - 1].id) if len(found) > limit else None
    return answers.page([_of_its_author(each) for each in found[:limit]], following)


def waiting(tx: Transaction, caller: Caller) -> list[dict[str, Any]]:
    """What is due to be looked into: not taken up yet, or nothing done about it for a week."""
    if not (caller.is_national or _represented(caller)):
        return []  # the Senate reads figures, not what people confided
    return [_listed(each) for each in _waiting(tx, caller, tx.now - concern.QUIET)]


def escalate(tx: Transaction, regions: Sequence[str], batch: int) -> int:
    """Hand on to the national team what no representative took up in time.

    Returns:
        How many there were.
    """
    overdue = concern_store.lock_overdue(tx.conn, regions, tx.now, batch)
    for found in overdue:
        _keep(tx, found, concern.escalated(found, tx.now))
    return len(overdue)


def _waiting(tx: Transaction, caller: Caller, quiet: datetime.datetime | None) -> list[Concern]:
    regions = _represented(caller)
    if not (regions or caller.is_national):
        raise errors.NotAllowed("Only representatives and the national team have this list.")
    reader = concern_store.Reader(
        caller.id or caller_handlers.NOBODY,
        regions,
        caller.is_national,
        tx.now - concern.FORGOTTEN,
    )
    return concern_store.waiting(tx.conn, reader, quiet, MOST)


def _represented(caller: Caller) -> list[str]:
    return [region for region in words.REGIONS if caller.represents(region)]


def _handler(caller: Caller, found: Concern) -> Handler | None:
    if caller.id is None:
        return None
    return Handler(caller.id, caller.represents(found.region), caller.is_national)


def _short(found: Concern) -> dict[str, Any]:
    """What everybody who may know of it sees, without a word of anybody's."""
    return {
        "id": str(found.id),
        "exchange_id": str(found.exchange_id) if found.exchange_id else None,
        "about_id": str(found.about_id),
        "severity": found.severity,
        "state": found.state,
        "raised_at": answers.moment(found.raised_at),
        "acknowledge_by": answers.moment(found.acknowledge_by),
        "acknowledged_at": answers.moment(found.acknowledged_at),
        "closed_at": answers.moment(found.closed_at),
        "version": found.version,
    }


def _of_its_author(found: Concern) -> dict[str, Any]:
    return {**_short(found), "text": found.text, "answer": found.answer}


def _listed(found: Concern) -> dict[str, Any]:
    return {
        **_short(found),
        "region": found.region,
        "holder": found.holder,
        "acted_at": answers.moment(found.acted_at),
        "raised_by": str(found.raised_by),
    }


def _whole(tx: Transaction, found: Concern, handler: Handler) -> dict[str, Any]:
    """Everything a handler needs: what was said, shown and done."""
    return {
        **_listed(found),
        "text": found.text,
        "answer": found.answer,
        "allowed": list(concern.allowed(found, handler)),
        "steps": [
            {
                "action": each.action,
                "actor_id": str(each.actor_id) if each.actor_id else None,
                "text": each.text,
                "at": answers.moment(each.at),
            }
            for each in concern_store.done(tx.conn, found.id)
        ],
        "messages": [
            {
                "number": each.number,
                "author_id": str(each.author_id),
                "text": each.text,
                "at": answers.moment(each.written_at),
            }
            for each in concern_store.attached(tx.conn, found)
        ],
    }


def _say(tx: Transaction, schema: Any, about: Concern) -> None:
    """Say what became of a concern: to whom it matters, never what it is."""
    tx.emit(
        schema,
        region=about.region,
        subject=about.id,
        data={
            "concern_id": about.id,
            "exchange_id": about.exchange_id,
            "severity": about.severity,
            "holder": about.holder,
            "raised_by_id": about.raised_by,
            "concerned_id": about.about_id,
            "acknowledge_by": about.acknowledge_by,
        },
    )
