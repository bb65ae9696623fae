"""Asking, acting and looking: what people do with exchanges."""

import dataclasses
from typing import Any
from uuid import UUID

from services.bus import idempotency
from services.bus.caller import Caller, service_in
from services.bus.rpc import RpcError
from services.bus.transaction import Transaction, new_id
from services.exchanges import (
    agreement,
    answers,
    ask_handlers,
    block_handlers,
    caller_handlers,
    client_handlers,
    client_store,
    errors,
    exchange_store,
    listing_handlers,
    message_handlers,
    queue_handlers,
    schemas,
    slot_handlers,
    step_handlers,
    steps,
)
from services.exchanges.exchange import Exchange
from services.exchanges.listing import Listing
from services.exchanges.wish import Wish


@dataclasses.dataclass(frozen=True)
class Enlarged:
    """A hold the ledger has just enlarged, to so many minutes."""

    hold_id: UUID
    minutes: int


def ask(tx: Transaction, caller: Caller, body: Any) -> dict[str, Any]:
    """Ask for an exchange on somebody's listing.

    Somebody who waits to be let in may ask: the request is kept back until then.

    Raises:
        errors.Invalid, errors.NotAMember, errors.ListingNotFound, errors.OwnListing,
        errors.ListingClosed, errors.CapacityFull, errors.StartsAtInvalid,
        errors.SlotNotFound, errors.SlotTaken
    """
    wanted = schemas.load(schemas.Ask, body)
    asker = caller_handlers.asker(tx, caller)
    listing = listing_handlers.locked(tx, wanted["listing_id"])
    block_handlers.require_reachable(tx, asker.id, listing)
    if listing.capacity is not None:
        listing = listing_handlers.counted(tx, listing)
    listing.require_askable_by(asker.id, tx.now)
    asked = agreement.ask(
        new_id(), listing, asker, _wished(tx, listing, wanted), wanted["message"], tx.now
    )
    exchange_store.add(tx.conn, asked)
    client_handlers.record(tx, caller, [asked])
    step_handlers.say(tx, [asked])
    actor = caller_handlers.actor(caller, asked.exchange)
    return answers.exchange(asked.exchange, actor, tx.now)


def _wished(tx: Transaction, listing: Listing, wanted: dict[str, Any]) -> Wish:
    """What is asked for: with one of the listing's times, that time."""
    minutes, starts_at = wanted["minutes"], wanted["starts_at"]
    if wanted["slot_id"] is None:
        return Wish(minutes=minutes, starts_at=starts_at)
    chosen = slot_handlers.take(tx, listing, wanted["slot_id"], minutes, starts_at)
    return Wish(minutes=minutes, starts_at=chosen.starts_at, slot_id=chosen.id)


def act_asking_the_ledger(
    bus: Any,
    call: Any,
    exchange_id: Any,
    action: str,
    body: Any,
    expected_version: int | None,
) -> dict[str, Any]:
    """Take a step; when more minutes are said than are held, have the hold enlarged first.

    The ledger is asked between two transactions, never inside one. Until the second
    commits, nothing here has changed; a hold left too large is released with the rest.

    Raises:
        errors.HoldNotEnlarged: the receiver's credits do not cover it.
        errors.Refused: as ``act``.
    """

    def attempt(enlarged: Enlarged | None) -> dict[str, Any]:
        with bus.transaction(call.correlation_id) as tx:
            return idempotency.once(
                tx,
                call.caller,
                call.key,
                lambda: act(tx, call.caller, exchange_id, action, body, expected_version, enlarged),
            )

    try:
        return attempt(None)
    except errors.HoldTooSmall as wanted:
        return attempt(_enlarge(bus, call, wanted))


def _enlarge(bus: Any, call: Any, wanted: errors.HoldTooSmall) -> Enlarged:
    hold_id, minutes = wanted.detail["hold_id"], wanted.detail["minutes"]
    try:
        bus.call(
            "ledger",
            "enlarge_hold",
            caller=service_in(wanted.detail["region"]),
            correlation_id=call.correlation_id,
            hold_id=hold_id,
            minutes=minutes,
        )
    except RpcError as error:
        if error.code != errors.HoldNotEnlarged.code:
            raise
        held = wanted.detail["held_minutes"]
        raise errors.HoldNotEnlarged(
            minutes=minutes, **{"held_minutes": held, **error.detail}
        ) from None
    return Enlarged(UUID(hold_id), minutes)


def act(
    tx: Transaction,
    caller: Caller,
    exchange_id: Any,
    action: str,
    body: Any,
    expected_version: int | None = None,
    enlarged: Enlarged | None = None,
) -> dict[str, Any]:
    """Take a step in an exchange.

    Raises:
        errors.UnknownAction, errors.Invalid, errors.NotAMember, errors.NotApproved,
        errors.ExchangeNotFound, errors.VersionConflict, errors.StepNotAllowed,
        errors.OwnMatter, errors.OnlyInPerson, errors.NotAllowed, and what the step itself
        refuses.
    """
    if action not in schemas.ACTIONS:
        raise errors.UnknownAction(action=str(action))
    client_handlers.require_open(caller, action)
    said = schemas.load(schemas.ACTIONS[action], body or {})
    _require_standing(tx, caller, action)
    locked, rivals = _locked(tx, caller, exchange_id, action)
    found = _with(enlarged, locked)
    caller_handlers.check_version(found.version, expected_version)
    actor = caller_handlers.actor(caller, found)
    if action == "remind":
        queue_handlers.require_room_for_reminder(tx, found)
    taken = steps.take(found, action, actor, Wish.of(said), tx.now)
    if action == "thank":
        _keep_thanks(tx, found.id, actor.id, said)
    step_handlers.keep(tx, (*taken, *agreement.superseded(rivals, tx.now)))
    client_handlers.record(tx, caller, taken)
    return answers.exchange(step_handlers.latest(taken), actor, tx.now)


def _require_standing(tx: Transaction, caller: Caller, action: str) -> None:
    """Somebody who waits may take back what they asked, and nothing else.

    That an approved caller has not left since need not be looked up: what was open ended
    with their leaving.
    """
    caller_handlers.member(caller)
    if not caller.approved and action != "withdraw":
        caller_handlers.approved_member(tx, caller)


def _locked(
    tx: Transaction, caller: Caller, exchange_id: Any, action: str
) -> tuple[Exchange, tuple[Exchange, ...]]:
    """An exchange the caller may see, and its rivals; held until the transaction ends.

    Raises:
        errors.ExchangeNotFound: there is none, or it is another's.
    """
    found, rivals = ask_handlers.lock(tx, schemas.an_id(exchange_id), action)
    if found is None or not caller_handlers.may_see(caller, found):
        raise errors.ExchangeNotFound
    return found, rivals


def _with(enlarged: Enlarged | None, found: Exchange) -> Exchange:
    """The exchange with what the ledger now holds for it; a later attempt has another hold."""
    if enlarged is None or found.held_minutes is None or found.hold_id != enlarged.hold_id:
        return found
    return dataclasses.replace(found, held_minutes=max(found.held_minutes, enlarged.minutes))


def _keep_thanks(tx: Transaction, exchange_id: UUID, author_id: UUID, said: dict[str, Any]) -> None:
    new = exchange_store.Thanks(author_id, said["message"], said["publish"], tx.now)
    if not exchange_store.add_thanks(tx.conn, exchange_id, new):
        raise errors.AlreadyThanked


def one(tx: Transaction, caller: Caller, exchange_id: Any) -> dict[str, Any]:
    """One exchange with its history and thanks.

    Raises:
        errors.ExchangeNotFound: there is none, or it is another's.
    """
    parsed = schemas.an_id(exchange_id)
    found = exchange_store.by_id(tx.conn, parsed) if parsed else None
    if found is None or not caller_handlers.may_see(caller, found):
        raise errors.ExchangeNotFound
    actor = caller_handlers.actor(caller, found)
    history = exchange_store.history(tx.conn, found.id)
    by_systems = client_store.acts_of(tx.conn, found.id)
    thanks = exchange_store.thanks_of(tx.conn, found.id) if found.completed_at else []
    taken_for = queue_handlers.taken_for(tx, found.id) if found.recorded else {}
    return {
        **answers.exchange(found, actor, tx.now),
        "superseded": any(step.action == "supersede" for step in history),
        "allowed_for": queue_handlers.possible_for(tx, caller, found),
        "history": [
            {
                **answers.history_step(**vars(step)),
                "for_id": taken_for.get(step.version),
                "client_id": by_systems.get(step.version),
            }
            for step in history
        ],
        "thanks": [answers.thanks(**vars(item)) for item in thanks if actor.side or item.publish],
        **message_handlers.of_ones_own(tx, caller, found),
    }


def summaries(tx: Transaction, caller: Caller, ids: Any) -> dict[str, Any]:
    """What notices need to know about exchanges, by id; unknown ids are left out.

    Raises:
        errors.NotAllowed: only services may ask.
    """
    if not caller.is_service:
        raise errors.NotAllowed
    found = exchange_store.by_ids(tx.conn, schemas.ids(ids))
    return {str(item.id): answers.summary(item) for item in found}
