"""Setting down what took place before: by one of the two, or by a representative for them."""

from typing import Any
from uuid import UUID

from services.bus import idempotency
from services.bus.caller import Caller, service_in
from services.bus.transaction import Transaction, new_id
from services.exchanges import (
    answers,
    block_store,
    caller_handlers,
    errors,
    exchange_store,
    listing_store,
    queue_store,
    recording,
    schemas,
    step_handlers,
)
from services.exchanges.agreement import Party
from services.exchanges.recording import Recorded

GONE = ("left", "refused")


def record_asking_members(bus: Any, call: Any, body: Any) -> dict[str, Any]:
    """Set it down, once members have said where the two belong.

    Members are asked before the transaction, never inside it.

    Args:
        body: see ``schemas.Record``.

    Raises:
        errors.Invalid, errors.NotAMember, errors.NotApproved, errors.NotAllowed,
        errors.NotWithOneself, errors.PartyNotFound, errors.TookPlaceInvalid
    """
    said = schemas.load(schemas.Record, body)
    caller: Caller = call.caller
    recorder_id = said["for_member_id"] or caller_handlers.member(caller)
    cards = bus.call(
        "members",
        "cards",
        caller=service_in(caller.region),
        correlation_id=call.correlation_id,
        ids=[str(recorder_id), str(said["with_member_id"])],
    )
    with bus.transaction(call.correlation_id) as tx:
        return idempotency.once(
            tx, caller, call.key, lambda: record(tx, caller, recorder_id, said, cards)
        )


def record(
    tx: Transaction, caller: Caller, recorder_id: UUID, said: dict[str, Any], cards: Any
) -> dict[str, Any]:
    """Keep it, with the closed listing it stands under, and ask the other.

    Args:
        recorder_id: in whose name; the caller, or a member the caller represents.
        said: as loaded.
        cards: region and organisation of both, by id.
    """
    actor_id = caller_handlers.approved_member(tx, caller)
    recorder = _party(tx, recorder_id, cards)
    other = _party(tx, said["with_member_id"], cards)
    _require_may(caller, recorder, other)
    if actor_id == recorder.id:
        _require_reachable(tx, recorder, other)
    took_place = Recorded(
        said["title"], said["minutes"], said["took_place_at"], said["category"], said["pathway"]
    )
    gives = said["role"] == "giver"
    under = recording.heading(new_id(), took_place, recorder, gives, tx.now)
    taken = recording.record(new_id(), under, took_place, recorder, other, actor_id, tx.now)
    listing_store.add(tx.conn, under)
    exchange_store.add(tx.conn, taken)
    if actor_id != recorder.id:
        queue_store.act_for(tx.conn, taken.exchange.id, [1], recorder.id)
    step_handlers.say(tx, [taken])
    return answers.exchange(taken.exchange, caller_handlers.actor(caller, taken.exchange), tx.now)


def _party(tx: Transaction, member_id: UUID, cards: Any) -> Party:
    """
    Raises:
        errors.PartyNotFound: nobody, or somebody who has left.
    """
    card = cards.get(str(member_id))
    if card is None or listing_store.member_status(tx.conn, member_id) in GONE:
        raise errors.PartyNotFound
    return Party(member_id, card["region"], card["organisation"])


def _require_reachable(tx: Transaction, recorder: Party, other: Party) -> None:
    """Who has been blocked cannot have the other asked; a representative may, for both.

    Raises:
        errors.PartyNotFound: one of the two has blocked the other.
    """
    block_store.hold_pair(tx.conn, recorder.id, other.id)
    if block_store.apart(tx.conn, recorder.id, other.id):
        raise errors.PartyNotFound


def _require_may(caller: Caller, recorder: Party, other: Party) -> None:
    """One records what one took part in; a representative for a member of the region.

    Raises:
        errors.NotWithOneself, errors.OwnMatter, errors.NotAllowed
    """
    if recorder.id == other.id:
        raise errors.NotWithOneself
    if caller.id == recorder.id:
        return
    if caller.id == other.id:
        raise errors.OwnMatter
    if not (caller.is_national or caller.represents(recorder.region)):
        raise errors.NotAllowed("Only a representative of their region records for somebody.")
