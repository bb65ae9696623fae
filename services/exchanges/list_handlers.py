"""Exchanges in lists: which one gets, and what the list is asked about all of them at once."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.bus.caller import Caller
from services.bus.transaction import Transaction
from services.contracts import words
from services.exchanges import (
    answers,
    ask_store,
    caller_handlers,
    errors,
    exchange_store,
    message_store,
    schemas,
)
from services.exchanges.exchange import Exchange

Answers = list[dict[str, Any]]


def several(tx: Transaction, caller: Caller, query: dict[str, Any]) -> dict[str, Any]:
    """A person's own exchanges; with ``region``, a rep's view of the region.

    Raises:
        errors.Invalid, errors.BadCursor, errors.NotAMember, errors.NotAllowed,
        errors.PrivateToTheTwo
    """
    wanted = schemas.load(schemas.ExchangeQuery, query)
    limit = wanted["limit"]
    page = exchange_store.Page(schemas.cursor_id(wanted["cursor"]), limit + 1)
    if wanted["region"] and not wanted["mine"]:
        _require_view_of(caller, wanted["region"])
        states = [wanted["state"]] if wanted["state"] else words.EXCHANGE_STATES
        found = exchange_store.of_region(tx.conn, wanted["region"], states, page)
        items = told(tx, caller, found[:limit])
    else:
        member_id = caller_handlers.member(caller)
        found = exchange_store.of_member(tx.conn, member_id, _narrowed(caller, wanted), page)
        items = _with_unread(tx, caller, member_id, told(tx, caller, found[:limit]))
    return answers.page(items, str(found[limit - 1].id) if len(found) > limit else None)


def _require_view_of(caller: Caller, region: str) -> None:
    if not (caller.represents(region) or caller.sees_everything):
        raise errors.NotAllowed


def _narrowed(caller: Caller, wanted: dict[str, Any]) -> exchange_store.Wanted:
    """Which of the caller's own are wanted.

    Raises:
        errors.PrivateToTheTwo: another system wants to know where its member has messages.
    """
    if wanted["unread"] and caller.client:
        raise errors.PrivateToTheTwo
    side = wanted["mine"] if wanted["mine"] in ("giver", "receiver") else None
    return exchange_store.Wanted(
        side, wanted["state"], bool(wanted["waiting_on_me"]), bool(wanted["unread"])
    )


def _with_unread(tx: Transaction, caller: Caller, me: UUID, items: Answers) -> Answers:
    """The same with how many messages the reader has not looked at; other systems see none."""
    if caller.client or not items:
        return items
    unread = message_store.unread_in(tx.conn, [UUID(each["id"]) for each in items], me)
    return [{**each, "unread_count": unread.get(UUID(each["id"]), 0)} for each in items]


def told(tx: Transaction, caller: Caller, found: Sequence[Exchange]) -> Answers:
    """Each as the caller sees it, and whether it ended because somebody else was quicker."""
    perhaps = [each.id for each in found if each.ask_id and each.state == "withdrawn"]
    superseded = ask_store.superseded(tx.conn, perhaps) if perhaps else set()
    return [
        {
            **answers.exchange(each, caller_handlers.actor(caller, each), tx.now),
            "superseded": each.id in superseded,
        }
        for each in found
    ]
