"""What the service answers: JSON-ready, and to each only what is theirs to see."""

import datetime
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.exchanges import steps
from services.exchanges.exchange import Exchange
from services.exchanges.listing import Listing
from services.exchanges.search import SavedSearch
from services.exchanges.slot import Slot
from services.exchanges.wish import Actor

WAYS_OUT = ("amend", "ask_fund", "withdraw")


def moment(at: datetime.datetime | None) -> str | None:
    """A time as ISO 8601 in UTC."""
    return at.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z") if at else None


def listing(found: Listing) -> dict[str, Any]:
    return {
        "id": str(found.id),
        "kind": found.kind,
        "title": found.title,
        "description": found.description,
        "category": found.category,
        "pathway": found.pathway,
        "minutes": found.minutes,
        "online": found.online,
        "place": found.place,
        "skills": found.skills,
        "capacity": found.capacity,
        "open_exchanges": found.open_exchanges,
        "state": found.state,
        "region": found.region,
        "owner": {"id": str(found.owner_id), "region": found.region},
        "expires_at": moment(found.expires_at),
        "published_at": moment(found.published_at),
        "version": found.version,
    }


def title(found: Listing) -> dict[str, Any]:
    """What a mail says of a listing."""
    return {"id": str(found.id), "kind": found.kind, "title": found.title}


def saved_search(found: SavedSearch) -> dict[str, Any]:
    return {
        "id": str(found.id),
        "q": found.words,
        "kind": found.kind,
        "category": found.category,
        "region": found.within,
        "saved_at": moment(found.saved_at),
    }


def slot(found: Slot) -> dict[str, Any]:
    return {
        "id": str(found.id),
        "starts_at": moment(found.starts_at),
        "minutes": found.minutes,
        "taken": found.taken,
    }


def exchange(found: Exchange, actor: Actor, now: datetime.datetime) -> dict[str, Any]:
    """An exchange as one person sees it: the message is private to its two parties."""
    unfunded = found.state == "unfunded"
    return {
        "id": str(found.id),
        "listing_id": str(found.listing_id),
        "title": found.title,
        "category": found.category,
        "pathway": found.pathway,
        "giver": {"id": str(found.giver_id), "region": found.giver_region},
        "receiver": {"id": str(found.receiver_id), "region": found.receiver_region},
        "asker_id": str(found.asker_id),
        "region": found.region,
        "minutes": found.minutes,
        "stated_minutes": found.stated_minutes,
        "held_minutes": found.held_minutes,
        "shortfall_minutes": found.shortfall_minutes if unfunded else None,
        "ways_out": list(WAYS_OUT) if unfunded and actor.side == "receiver" else [],
        "state": found.state,
        "next_actor": found.next_actor,
        "allowed": list(steps.allowed(found, actor, now)),
        "deadline": moment(found.deadline),
        "starts_at": moment(found.starts_at),
        "message": found.message if actor.side else None,
        "ask_id": str(found.ask_id) if found.ask_id else None,
        "sent": found.sent_at is not None,
        "from_fund": found.from_fund,
        "recorded": found.recorded,
        "took_place_before": found.recorded_after_the_fact,
        "reversal_pending": found.state == "settled" and found.reversal_asked_by is not None,
        "version": found.version,
        "sequence": found.sequence,
        "requested_at": moment(found.requested_at),
        "booked_at": moment(found.booked_at),
        "completed_at": moment(found.completed_at),
        "settled_at": moment(found.settled_at),
    }


def history_step(
    version: int,
    action: str,
    actor_id: UUID | None,
    state: str,
    minutes: int,
    reason: str | None,
    at: datetime.datetime,
) -> dict[str, Any]:
    return {
        "version": version,
        "action": action,
        "actor_id": str(actor_id) if actor_id else None,
        "state": state,
        "minutes": minutes,
        "reason": reason,
        "at": moment(at),
    }


def thanks(
    author_id: UUID, message: str, publish: bool, thanked_at: datetime.datetime
) -> dict[str, Any]:
    return {
        "author_id": str(author_id),
        "message": message,
        "publish": publish,
        "at": moment(thanked_at),
    }


def summary(found: Exchange) -> dict[str, Any]:
    """What a notice needs to know."""
    return {
        "title": found.title,
        "minutes": found.minutes,
        "starts_at": moment(found.starts_at),
        "state": found.state,
        "giver_id": str(found.giver_id),
        "receiver_id": str(found.receiver_id),
        "sequence": found.sequence,
        "others_asked": found.ask_id is not None,
        "deadline": moment(found.deadline),
    }


def page(items: Sequence[dict[str, Any]], following: str | None) -> dict[str, Any]:
    return {"items": list(items), "next": following}
