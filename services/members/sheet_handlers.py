"""What members does with a table of people: look at it, show what would be done, do it."""

import datetime
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.bus.caller import Caller
from services.bus.errors import NotAllowed
from services.bus.transaction import Transaction, new_id
from services.contracts import members as contract
from services.contracts import words
from services.members import (
    case,
    errors,
    handlers,
    invitation_store,
    invitee,
    invitee_store,
    member,
    schemas,
    sheet,
    sheet_store,
    store,
)
from services.members.invitation import Invitation
from services.members.invitee import Invitee
from services.members.sheet import Known, Row, Verdict
from services.members.sheet_store import Sheet

KEPT = datetime.timedelta(days=7)
"""A table holds names and addresses of people who may not have joined: long enough to mend it."""


def check(tx: Transaction, caller: Caller, body: Any) -> Any:
    """Keep a table and say what would be done with each row; nothing else is done.

    Args:
        body: see ``schemas.Bringing``.

    Raises:
        NotAllowed: the caller answers for no region.
        errors.Invalid, errors.SheetNotReadable.
    """
    regions = _regions(caller)
    wanted = schemas.load(schemas.Bringing, body)
    rows = sheet.read(wanted["kind"], wanted["table"])
    verdicts = _judged(tx, wanted["kind"], rows, regions)
    assert caller.id is not None, "who answers for a region is a member"
    new = Sheet(new_id(), wanted["kind"], caller.id, tx.now, None)
    sheet_store.add(tx.conn, new, list(zip(rows, verdicts, strict=True)))
    return _answer(tx, new)


def do(tx: Transaction, caller: Caller, sheet_id: Any) -> Any:
    """Do what is ready in a table; done again, there is nothing left to do.

    Each row is looked at once more: somebody may have joined since.

    Returns:
        The table, and under ``listings`` what those who joined by it offer and ask for, which
        exchanges keeps.

    Raises:
        NotAllowed: the caller answers for no region (any more).
        errors.SheetNotFound: there is none, or it is somebody else's.
    """
    regions = _regions(caller)
    found = _own(tx, caller, sheet_id, lock=True)
    ready = [each.row for each in sheet_store.rows(tx.conn, found.id, sheet.READY, 0, None)]
    verdicts = _judged(tx, found.kind, ready, regions)
    act = _invited if found.kind == sheet.INVITATIONS else _brought
    done = []
    for row, verdict in zip(ready, verdicts, strict=True):
        if verdict.outcome == sheet.READY:
            verdict, joined_id = act(tx, caller, row, regions)
            done.append((row.number, verdict, joined_id))
        else:
            done.append((row.number, verdict, None))
    sheet_store.keep(tx.conn, found.id, done)
    sheet_store.end(tx.conn, found.id, tx.now)
    number = sum(verdict.outcome == sheet.DONE for _, verdict, _ in done)
    if number:
        case.record(tx, caller.id, _ACTIONS[found.kind], found.id, detail=str(number))
    after = sheet_store.find(tx.conn, found.id)
    assert after is not None, "it was just done"
    return {**_answer(tx, after), "listings": _listings(tx, after)}


_ACTIONS = {sheet.INVITATIONS: "invite_people", sheet.MEMBERS: "import_people"}


def one(tx: Transaction, caller: Caller, sheet_id: Any) -> Any:
    """A table of the caller's own, in figures.

    Raises:
        errors.SheetNotFound.
    """
    return _answer(tx, _own(tx, caller, sheet_id))


def rows(tx: Transaction, caller: Caller, sheet_id: Any, page: Any) -> Any:
    """The report of a table, row by row.

    Args:
        page: see ``schemas.Reporting``.

    Raises:
        errors.SheetNotFound, errors.Invalid.
    """
    found = _own(tx, caller, sheet_id)
    wanted = schemas.load(schemas.Reporting, page)
    limit = wanted["limit"]
    listed = sheet_store.rows(tx.conn, found.id, wanted["outcome"], wanted["cursor"], limit + 1)
    items = [
        {
            "row": each.number,
            "email": each.cells.get("email"),
            "name": each.cells.get("name"),
            "outcome": each.outcome,
            "code": each.code,
            "text": each.text,
            "member_id": str(each.member_id) if each.member_id else None,
        }
        for each in listed[:limit]
    ]
    return {"items": items, "next": str(items[-1]["row"]) if len(listed) > limit else None}


def _regions(caller: Caller) -> list[str]:
    regions = [each for each in words.REGIONS if caller.is_national or caller.represents(each)]
    if not regions:
        raise NotAllowed("Only representatives and the national team bring many people at once.")
    return regions


def _own(tx: Transaction, caller: Caller, sheet_id: Any, lock: bool = False) -> Sheet:
    try:
        parsed = case.parsed(sheet_id)
    except errors.MemberNotFound:
        raise errors.SheetNotFound from None
    if lock:
        sheet_store.lock(tx.conn, parsed)
    found = sheet_store.find(tx.conn, parsed)
    if found is None or found.made_by != caller.id:
        raise errors.SheetNotFound
    return found


def _judged(
    tx: Transaction, kind: str, rows: Sequence[Row], regions: Sequence[str]
) -> list[Verdict]:
    """What is to become of each row, by what is known now: three questions for all of them."""
    addresses = [row.address for row in rows]
    asked = invitee_store.by_addresses(tx.conn, addresses) if kind == sheet.INVITATIONS else []
    known = Known(
        regions,
        sheet_store.statuses(tx.conn, addresses),
        sheet_store.organisations(tx.conn, [row.cell("organisation").lower() for row in rows]),
        {each.email.lower() for each in asked if invitee.written_enough(each, tx.now)},
    )
    verdicts = sheet.judged(kind, rows, known)
    return [_as_joiner(kind, *each, regions) for each in zip(rows, verdicts, strict=True)]


def _as_joiner(kind: str, row: Row, verdict: Verdict, regions: Sequence[str]) -> Verdict:
    """Hold a row that is ready against what a joiner may say of themselves."""
    if verdict.outcome != sheet.READY:
        return verdict
    try:
        if kind == sheet.MEMBERS:
            schemas.load(schemas.Joining, sheet.person(row, regions))
        else:
            schemas.load(schemas.Naming, {"name": row.cell("name")})
    except errors.Invalid as invalid:
        first = invalid.detail["errors"][0]
        column = first["pointer"].strip("/").partition("/")[0].replace("_", " ")
        return Verdict(sheet.WRONG, "invalid", f"{column.capitalize()}: {first['message']}")
    return verdict


def _invited(
    tx: Transaction, caller: Caller, row: Row, regions: Sequence[str]
) -> tuple[Verdict, None]:
    """Keep an address and have it written to."""
    assert caller.id is not None, "who answers for a region is a member"
    region, name = sheet.region(row, regions), row.cell("name")
    new = Invitee(new_id(), row.address, name, region, caller.id, tx.now, 1)
    kept = invitee_store.keep(tx.conn, new)
    data = {"invitation_id": kept, "region": region, "invited_by": caller.id}
    tx.emit(contract.PersonInvited, region=region, subject=kept, data=data)
    return sheet.verdict(sheet.DONE), None


def _brought(
    tx: Transaction, caller: Caller, row: Row, regions: Sequence[str]
) -> tuple[Verdict, UUID | None]:
    """Let a member of an earlier bank in, with the balance they had there."""
    wanted = schemas.load(schemas.Joining, sheet.person(row, regions))
    profile, joiner_id = handlers.profile(tx, wanted), new_id()
    if not store.add(tx.conn, joiner_id, row.address, profile, member.APPROVED, tx.now):
        return sheet.verdict("already_member"), None
    invitee_store.take(tx.conn, row.address)
    assert caller.id is not None, "who answers for a region is a member"
    invitation_store.note(tx.conn, joiner_id, Invitation(caller.id))
    case.record(tx, caller.id, "import", joiner_id)
    joined = case.one(tx, joiner_id)
    case.say(tx, contract.MemberJoined, joined)
    case.say(tx, contract.MemberApproved, joined, approved_by=caller.id)
    minutes = sheet.minutes(row)
    if minutes:
        case.say(tx, contract.BalanceImported, joined, minutes=minutes, imported_by=caller.id)
    return sheet.verdict(sheet.DONE), joiner_id


def _listings(tx: Transaction, found: Sheet) -> list[dict[str, Any]]:
    """What those who joined by a table offer and ask for, with whose it is."""
    if found.kind != sheet.MEMBERS:
        return []
    done = sheet_store.rows(tx.conn, found.id, sheet.DONE, 0, None)
    cards = {
        card.id: card for card in store.cards(tx.conn, [r.member_id for r in done if r.member_id])
    }
    return [
        {
            "owner_id": str(each.member_id),
            "region": cards[each.member_id].region,
            "organisation": cards[each.member_id].organisation_code,
            "listing": listing,
        }
        for each in done
        if each.member_id in cards and cards[each.member_id].name
        for listing in sheet.listings(each.row)
    ]


def _answer(tx: Transaction, found: Sheet) -> dict[str, Any]:
    known = sheet_store.counts(tx.conn, found.id)
    return {
        "id": str(found.id),
        "kind": found.kind,
        "made_at": _time(found.made_at),
        "done_at": _time(found.done_at) if found.done_at else None,
        "counts": {outcome: known.get(outcome, 0) for outcome in sheet.OUTCOMES},
    }


def forget(tx: Transaction) -> None:
    """Clear away tables and invitations that are old."""
    sheet_store.forget(tx.conn, tx.now - KEPT)
    invitee_store.forget(tx.conn, tx.now - invitee.KEPT)


def _time(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")
