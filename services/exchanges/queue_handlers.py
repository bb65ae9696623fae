"""What representatives find in their list of exchanges, and what they do for a member."""

from typing import Any
from uuid import UUID

from services.bus.caller import Caller
from services.bus.transaction import Transaction
from services.contracts import words
from services.exchanges import (
    acting,
    agreement,
    answers,
    ask_handlers,
    caller_handlers,
    concern_handlers,
    errors,
    queue,
    queue_store,
    reminding,
    schemas,
    step_handlers,
)
from services.exchanges.exchange import Exchange
from services.exchanges.wish import Actor, Wish

MOST = 200
"""Exchanges in one answer: more than anybody clears in half a day."""


def listed(tx: Transaction, caller: Caller, conflicts: Any, newcomers: Any) -> dict[str, Any]:
    """What of a representative's regions needs an eye; for national and Senate, what is theirs.

    One's own exchanges are only counted: a colleague finds them in their list, and where
    there is none, the national team.

    Args:
        conflicts: ids of those who answer for each region now, ``{region: [ids]}``: the
            national team finds what is the own matter of all of them, or of nobody to answer.
        newcomers: ids of members of whom it is asked whether they have taken part.

    Raises:
        errors.NotAllowed: the caller answers for no region.
        errors.Invalid: ``conflicts`` or ``newcomers`` is no such thing.
    """
    wanted = _wanted(caller, conflicts or {})
    due = queue.due(tx.now)
    found = queue_store.waiting(tx.conn, wanted, due, MOST)
    return {
        "as_of": answers.moment(tx.now),
        "items": [_item(each, caller, tx) for each in found],
        "concerns": concern_handlers.waiting(tx, caller),
        "own": queue_store.own(tx.conn, wanted, due),
        "taking_part": [
            str(each) for each in queue_store.taking_part(tx.conn, schemas.ids(newcomers or []))
        ],
    }


def _wanted(caller: Caller, conflicts: Any) -> queue_store.Wanted:
    represented = [region for region in words.REGIONS if caller.represents(region)]
    if not (represented or caller.sees_everything):
        raise errors.NotAllowed("Only representatives and the national team have this list.")
    if not isinstance(conflicts, dict):
        raise errors.Invalid(errors=[{"pointer": "/conflicts", "message": "Not an object."}])
    return queue_store.Wanted(
        regions=represented or words.ROUTES,
        reader_id=caller.id or caller_handlers.NOBODY,
        only_escalated=not represented,
        conflicts={region: schemas.ids(ids) for region, ids in conflicts.items()},
    )


def _item(found: queue_store.Listed, caller: Caller, tx: Transaction) -> dict[str, Any]:
    actor = caller_handlers.actor(caller, found.exchange)
    return {
        "kind": queue.kind(found.exchange),
        "since": answers.moment(queue.since(found.exchange)),
        "reminders": found.reminders,
        "may_remind": found.reminders < reminding.MOST,
        "exchange": answers.exchange(found.exchange, actor, tx.now),
    }


def require_room_for_reminder(tx: Transaction, found: Exchange) -> None:
    """
    Raises:
        errors.RemindedEnough, errors.RemindedLately
    """
    reminded = queue_store.reminders(tx.conn, found.id, found.entered_at)
    reminding.require_room(reminded, tx.now)


def act_for(
    tx: Transaction,
    caller: Caller,
    exchange_id: Any,
    member_id: Any,
    action: Any,
    body: Any,
    expected_version: int | None,
) -> dict[str, Any]:
    """Take a step for one of the two, as the representative of their region.

    Args:
        member_id: of the party it is taken for.
        action: of ``acting.FOR_MEMBERS``.
        body: as for the party's own step.

    Raises:
        errors.ExchangeNotFound, errors.NotAllowed, errors.OwnMatter, errors.Invalid,
        errors.UnknownAction, errors.VersionConflict, errors.StepNotAllowed, and what the
        step itself refuses.
    """
    if action not in schemas.ACTIONS:
        raise errors.UnknownAction(action=str(action))
    said = schemas.load(schemas.ACTIONS[action], body or {})
    found, rivals = ask_handlers.lock(tx, schemas.an_id(exchange_id), action)
    if found is None or not caller_handlers.may_see(caller, found):
        raise errors.ExchangeNotFound
    side = found.side_of(schemas.an_id(member_id))
    if side is None:
        raise errors.NotAllowed("This member is no party to the exchange.")
    caller_handlers.check_version(found.version, expected_version)
    rep = acts_for(caller, found, side)
    taken = acting.take_for(found, rep, side, action, Wish.of(said), tx.now)
    step_handlers.keep(tx, (*taken, *agreement.superseded(rivals, tx.now)))
    member = acting.party(found, side).id
    queue_store.act_for(tx.conn, found.id, [step.exchange.version for step in taken], member)
    seen_as = caller_handlers.actor(caller, found)
    return answers.exchange(step_handlers.latest(taken), seen_as, tx.now)


def acts_for(caller: Caller, found: Exchange, side: str) -> Actor:
    """The caller as the representative of one party's region."""
    region = found.giver_region if side == "giver" else found.receiver_region
    judges = caller.is_national or caller.represents(region)
    return Actor(caller.id or caller_handlers.NOBODY, found.side_of(caller.id), judges)


def possible_for(tx: Transaction, caller: Caller, found: Exchange) -> dict[str, list[str]]:
    """What the caller may do for each party now, by their ids; empty for nearly everybody."""
    possible = {
        side: acting.allowed_for(found, acts_for(caller, found, side), side, tx.now)
        for side in ("giver", "receiver")
    }
    return {
        str(acting.party(found, side).id): list(actions)
        for side, actions in possible.items()
        if actions
    }


def taken_for(tx: Transaction, exchange_id: UUID) -> dict[int, str]:
    """For whom steps were taken, by version."""
    found = queue_store.taken_for(tx.conn, exchange_id)
    return {version: str(member_id) for version, member_id in found.items()}
