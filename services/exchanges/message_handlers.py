"""Messages between the two of an exchange, and what else of it is for one of them alone."""

from typing import Any
from uuid import UUID

from services.bus.caller import Caller
from services.bus.transaction import Transaction
from services.contracts import exchanges as contract
from services.exchanges import (
    answers,
    block_store,
    caller_handlers,
    errors,
    exchange_store,
    feedback,
    feedback_store,
    lifecycle,
    message,
    message_store,
    schemas,
)
from services.exchanges.exchange import Exchange
from services.exchanges.message import Message, Standing


def write(tx: Transaction, caller: Caller, exchange_id: Any, body: Any) -> dict[str, Any]:
    """Write to the other of the two. The answer is kept for a repeated call: it has no words.

    The exchange is held meanwhile, so that messages are numbered one after the other.

    Args:
        body: see ``schemas.NewMessage``.

    Raises:
        errors.Invalid, errors.ExchangeNotFound, errors.PrivateToTheTwo,
        errors.MessagesClosed, errors.TooManyMessages
    """
    said = schemas.load(schemas.NewMessage, body)
    found, me = _party(tx, caller, exchange_id, hold=True)
    if not _is_open(tx, found, me):
        raise errors.MessagesClosed
    standing = _standing(tx, found, me)
    new = message.write(found, me, said["text"], standing, tx.now)
    message_store.add(tx.conn, new)
    _say(tx, found, new, first=standing.unseen == 0)
    return _written(new)


def listed(tx: Transaction, caller: Caller, exchange_id: Any, query: Any) -> dict[str, Any]:
    """What the two have written, the newest first.

    Args:
        query: see ``schemas.MessageQuery``; with ``seen``, the other is from now on told
            again of a new message, and what is there counts as looked at.

    Raises:
        errors.Invalid, errors.BadCursor, errors.ExchangeNotFound, errors.PrivateToTheTwo
    """
    wanted = schemas.load(schemas.MessageQuery, query)
    found, me = _party(tx, caller, exchange_id)
    limit = wanted["limit"]
    before = schemas.cursor_offset(wanted["cursor"]) if wanted["cursor"] else None
    newest = message_store.newest(tx.conn, found.id, before, limit + 1)
    if wanted["seen"] and newest:
        message_store.see(tx.conn, found.id, me, newest[0].number)
    items = [{**_written(each), "text": each.text} for each in newest[:limit]]
    following = str(newest[limit - 1].number) if len(newest) > limit else None
    return {**answers.page(items, following), "open": _is_open(tx, found, me)}


def see(tx: Transaction, caller: Caller, exchange_id: Any) -> dict[str, Any]:
    """Say that one has looked at everything the other wrote.

    Raises:
        errors.ExchangeNotFound, errors.PrivateToTheTwo
    """
    found, me = _party(tx, caller, exchange_id)
    last = _standing(tx, found, me).last
    if last:
        message_store.see(tx.conn, found.id, me, last)
    return {"unread_count": 0}


def written(tx: Transaction, caller: Caller, query: Any) -> dict[str, Any]:
    """Everything the caller wrote to others, to take along.

    Raises:
        errors.Invalid, errors.BadCursor, errors.NotAMember
    """
    wanted = schemas.load(schemas.Page, query)
    limit, after = wanted["limit"], _place(wanted["cursor"])
    me = caller_handlers.member(caller)
    found = message_store.written_by(tx.conn, me, after, limit + 1)
    items = [
        {"exchange_id": str(each.exchange_id), **_written(each), "text": each.text}
        for each in found[:limit]
    ]
    last = found[limit - 1] if len(found) > limit else None
    return answers.page(items, f"{last.exchange_id}:{last.number}" if last else None)


def _place(cursor: str | None) -> tuple[UUID, int]:
    """Exchange and number a list stopped at; the beginning where it has not begun.

    Raises:
        errors.BadCursor
    """
    if cursor is None:
        return UUID(int=0), 0
    exchange_id, _, number = cursor.partition(":")
    found = schemas.cursor_id(exchange_id)
    assert found is not None, "a text is an id or refused"
    return found, schemas.cursor_offset(number)


def judge(tx: Transaction, caller: Caller, exchange_id: Any, body: Any) -> dict[str, Any]:
    """Say whether it helped; nobody else is told, and the count names nobody.

    Args:
        body: see ``schemas.Feedback``.

    Raises:
        errors.Invalid, errors.ExchangeNotFound, errors.PrivateToTheTwo, errors.FeedbackClosed
    """
    said = schemas.load(schemas.Feedback, body)
    found, me = _party(tx, caller, exchange_id, hold=True)
    if not feedback.is_open(found, tx.now):
        raise errors.FeedbackClosed
    before = feedback_store.of(tx.conn, found.id, me)
    feedback_store.keep(tx.conn, found.id, me, said["helped"], tx.now)
    if before != said["helped"]:
        tx.emit(
            contract.FeedbackGiven,
            region=found.region,
            subject=found.region,
            data={
                "side": found.side_of(me),
                "helped": said["helped"],
                "instead_of": before,
                "category": found.category,
                "pathway": found.pathway,
            },
        )
    return {"helped": said["helped"]}


def of_ones_own(tx: Transaction, caller: Caller, found: Exchange) -> dict[str, Any]:
    """What one of the two sees of their exchange beside what others may see of it.

    Other systems see none of it, whoever they act for.

    Returns:
        How many messages there are and how many the other wrote that one has not looked at
        (``message_count``, ``unread_count``), whether one may write (``messages_open``) and
        how to reach the other is open (``contact_open``), what one said of whether it
        ``helped`` and whether one may (``feedback_open``), and whether the other can be asked
        again (``reachable``).
    """
    me = caller.id
    if me is None or caller.client or found.side_of(me) is None:
        return {}
    standing = _standing(tx, found, me)
    apart = block_store.apart(tx.conn, found.giver_id, found.receiver_id)
    return {
        "message_count": standing.last,
        "unread_count": standing.unread,
        "messages_open": message.is_open(found, tx.now, blocked=apart),
        "contact_open": found.state in lifecycle.AGREED and not apart,
        "helped": feedback_store.of(tx.conn, found.id, me),
        "feedback_open": feedback.is_open(found, tx.now),
        "reachable": not apart,
    }


def forget(tx: Transaction, member_id: UUID) -> None:
    """Erase what somebody who has left wrote to others, and what they said to nobody."""
    message_store.erase_of(tx.conn, member_id)
    feedback_store.erase_of(tx.conn, member_id)


def _party(
    tx: Transaction, caller: Caller, exchange_id: Any, *, hold: bool = False
) -> tuple[Exchange, UUID]:
    """An exchange of the caller's own, and who they are.

    Raises:
        errors.ExchangeNotFound: there is none, or it is another's.
        errors.PrivateToTheTwo: the caller may see the exchange, and is neither of the two.
    """
    parsed = schemas.an_id(exchange_id)
    if parsed is None:
        raise errors.ExchangeNotFound
    held = exchange_store.lock(tx.conn, [parsed]) if hold else []
    found = next(iter(held), None) if hold else exchange_store.by_id(tx.conn, parsed)
    if found is None or not caller_handlers.may_see(caller, found):
        raise errors.ExchangeNotFound
    if caller.id is None or found.side_of(caller.id) is None:
        raise errors.PrivateToTheTwo
    return found, caller.id


def _standing(tx: Transaction, found: Exchange, me: UUID) -> Standing:
    return message_store.standing(tx.conn, found.id, me, tx.now - message.DAY)


def _is_open(tx: Transaction, found: Exchange, me: UUID) -> bool:
    apart = block_store.apart(tx.conn, me, message.other(found, me))
    return message.is_open(found, tx.now, blocked=apart)


def _written(each: Message) -> dict[str, Any]:
    return {
        "number": each.number,
        "author_id": str(each.author_id),
        "at": answers.moment(each.written_at),
    }


def _say(tx: Transaction, found: Exchange, new: Message, *, first: bool) -> None:
    """That there is a message; never a word of it."""
    tx.emit(
        contract.MessageSent,
        region=found.region,
        subject=found.id,
        data={
            "exchange_id": found.id,
            "giver_id": found.giver_id,
            "receiver_id": found.receiver_id,
            "actor_id": new.author_id,
            "first_unread": first,
        },
    )
