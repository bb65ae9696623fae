"""What members does about covers: name a colleague, end it, say who covers whom."""

import datetime
from typing import Any

from services.bus.caller import Caller
from services.bus.errors import NotAllowed
from services.bus.transaction import Transaction, new_id
from services.contracts import words
from services.members import case, cover, cover_store, errors, role_store, schemas, store
from services.members.cover import Cover
from services.members.member import Member


def roles_of(tx: Transaction, found: Member) -> list[str]:
    """What a member may act as now, with the regions they cover."""
    if not (found.approved and found.granted):
        return found.roles
    return cover.roles(found.roles, cover_store.covered_by(tx.conn, found.id, tx.now))


def name(tx: Transaction, caller: Caller, body: Any) -> Any:
    """Name the colleague who answers for a region while its representative is away.

    Args:
        body: see ``schemas.Covering``.

    Raises:
        NotAllowed: the caller neither represents the region by a role of their own nor is
            of the national team.
        errors.MemberNotFound: nobody has the colleague's address, or nobody is away.
        errors.Invalid, errors.OwnMatter, errors.NoColleague, errors.NotTheirRegion,
        errors.CoverTooLong.
    """
    wanted = schemas.load(schemas.Covering, body)
    region = wanted["region"]
    away = _away(tx, caller, region, wanted["away_email"])
    colleague = store.find_by_email(tx.conn, wanted["colleague_email"])
    if colleague is None or caller.id is None:
        raise errors.MemberNotFound
    cover.may_stand_in(colleague, away, region)
    ends = cover.until(wanted["until"], tx.now)
    new = Cover(new_id(), region, away.id, colleague.id, caller.id, wanted["reason"], tx.now, ends)
    cover_store.add(tx.conn, new)
    case.record(tx, caller.id, "name_cover", colleague.id, detail=region, reason=new.reason)
    return _answer(new)


def _away(tx: Transaction, caller: Caller, region: str, email: str | None) -> Member:
    """Who is away: the caller, or for the national team whom they name."""
    if caller.is_national:
        found = store.find_by_email(tx.conn, email) if email else _only_one(tx, region)
        if found is None:
            raise errors.MemberNotFound
        return found
    if caller.id is None:
        raise NotAllowed
    own = case.one(tx, caller.id)
    if f"rep:{region}" not in own.roles:
        raise NotAllowed("Only a representative of the region names who covers for them.")
    return own


def _only_one(tx: Transaction, region: str) -> Member | None:
    """The region's representative, where there is one."""
    held = role_store.holders(tx.conn, [f"rep:{region}"])
    return store.find(tx.conn, held[0][1]) if len(held) == 1 else None


def end(tx: Transaction, caller: Caller, cover_id: Any) -> Any:
    """End a cover earlier than agreed: the one who is back, the colleague, or national.

    Raises:
        errors.CoverNotFound, NotAllowed.
    """
    found = cover_store.lock(tx.conn, _id(cover_id))
    if found is None:
        raise errors.CoverNotFound
    if not (caller.is_national or caller.id in (found.away_id, found.covering_id)):
        raise NotAllowed
    if found.ended_at is None:
        cover_store.end(tx.conn, found.id, tx.now)
        case.record(tx, caller.id, "end_cover", found.covering_id, detail=found.region)
    return _answer(found)


def _id(text: Any) -> Any:
    try:
        return case.parsed(text)
    except errors.MemberNotFound:
        raise errors.CoverNotFound from None


def listed(tx: Transaction, caller: Caller) -> Any:
    """Who covers whom now in the caller's regions; everywhere for national and Senate.

    Raises:
        NotAllowed: the caller answers for no region.
    """
    regions = [r for r in words.REGIONS if caller.sees_everything or caller.represents(r)]
    if not regions:
        raise NotAllowed
    found = cover_store.standing(tx.conn, regions, tx.now)
    return {"items": [_answer(each) for each in found], "next": None}


def _answer(found: Cover) -> dict[str, Any]:
    return {
        "id": str(found.id),
        "region": found.region,
        "away_id": str(found.away_id),
        "covering_id": str(found.covering_id),
        "named_by": str(found.named_by),
        "reason": found.reason,
        "since": _time(found.since),
        "until": _time(found.until),
    }


def _time(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")
