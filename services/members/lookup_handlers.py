"""What others ask members for: people by id or address, organisations, regions."""

from typing import Any
from uuid import UUID

from services.bus.caller import Caller
from services.bus.errors import NotAllowed
from services.bus.transaction import Transaction
from services.members import (
    case,
    cover_handlers,
    errors,
    invitee_store,
    member,
    organisation_store,
    schemas,
    store,
)

MOST_IDS = 500
"""Ids in one question: a page of a list with several people in each line, a batch of notices."""


def identify(tx: Transaction, caller: Caller, email: str) -> Any:
    """Who an address belongs to, as a caller is described; ``None`` for nobody.

    Raises:
        NotAllowed: only services may ask.
    """
    caller.require_service()
    found = store.find_by_email(tx.conn, email) if email.isprintable() else None
    return found and {
        "id": str(found.id),
        "region": found.region,
        "organisation": found.organisation_code,
        "roles": cover_handlers.roles_of(tx, found),
        "approved": found.approved,
        "status": found.status,
    }


def cards(tx: Transaction, caller: Caller, ids: Any) -> Any:
    """Names, regions and organisations for a screen, by id; unknown ids are left out.

    Raises:
        errors.Invalid: more than ``MOST_IDS`` ids, or one that is none.
        NotAllowed: the caller has not joined.
    """
    if not (caller.is_service or caller.id):
        raise NotAllowed
    return {
        str(card.id): {
            "name": card.name or member.FORMER,
            "region": card.region,
            "organisation": card.organisation_code,
            "organisation_name": card.organisation_name,
        }
        for card in store.cards(tx.conn, _ids(ids))
    }


def contacts(tx: Transaction, caller: Caller, ids: Any) -> Any:
    """Where to write to members and to people invited, by id; those who left are left out.

    Raises:
        NotAllowed: only services may ask.
        errors.Invalid: more than ``MOST_IDS`` ids, or one that is none.
    """
    caller.require_service()
    wanted = _ids(ids)
    return {
        str(each.id): {
            "name": each.name,
            "email": each.email,
            "region": each.region,
            "shows_email": each.shows_email,
        }
        for each in (*store.contacts(tx.conn, wanted), *invitee_store.contacts(tx.conn, wanted))
    }


def skills(tx: Transaction, caller: Caller, ids: Any) -> Any:
    """What members can give and would like, by id; those who left are left out.

    Raises:
        NotAllowed: only services may ask.
        errors.Invalid: more than ``MOST_IDS`` ids, or one that is none.
    """
    caller.require_service()
    return {
        str(found.id): {
            "version": found.version,
            "offered": found.skills_offered,
            "wanted": found.skills_wanted,
        }
        for found in store.skills(tx.conn, _ids(ids))
    }


def organisations(tx: Transaction, page: Any) -> Any:
    """Search organisations by name or code, as they stood on a day (today by default).

    Args:
        page: see ``schemas.Searching``.
    """
    wanted = schemas.load(schemas.Searching, page)
    day = wanted["on"] or tx.now.date()
    limit = wanted["limit"]
    found = organisation_store.places(
        tx.conn, day, wanted["q"], wanted["region"], wanted["cursor"], limit + 1
    )
    items = [vars(place) for place in found[:limit]]
    return {"items": items, "next": items[-1]["code"] if len(found) > limit else None}


def regions(tx: Transaction) -> Any:
    """The seven regions with the boards that belong to them today."""
    boards = organisation_store.boards(tx.conn, tx.now.date())
    return {
        "items": [
            {
                **vars(region),
                "icbs": [
                    {"code": board.code, "name": board.name}
                    for board in boards
                    if board.region == region.slug
                ],
            }
            for region in organisation_store.regions(tx.conn)
        ],
        "next": None,
    }


def _ids(texts: Any) -> list[UUID]:
    if not isinstance(texts, list) or len(texts) > MOST_IDS:
        fault = {"pointer": "/ids", "message": f"Must be a list of at most {MOST_IDS} ids."}
        raise errors.Invalid(errors=[fault])
    return [case.parsed(text) for text in texts]
