"""What members adds to a representative's list: who waits, who has not begun, who is who."""

import datetime
from typing import Any

from services.bus.caller import Caller
from services.bus.errors import NotAllowed
from services.bus.transaction import Transaction, new_id
from services.contracts import members as contract
from services.contracts import words
from services.members import (
    answers,
    case,
    errors,
    member,
    newcomer,
    queue_store,
    schemas,
    store,
)
from services.members.member import Member

MOST = 100
"""Joiners of a kind in one answer: more than anybody decides about in half a day."""
MOST_FOUND = 20


def listed(tx: Transaction, caller: Caller) -> Any:
    """Joiners who wait, and newcomers, in a representative's regions.

    For the national team and the Senate: those who have waited for a representative too
    long, wherever they are.

    Raises:
        NotAllowed: the caller answers for no region.
    """
    represented = [region for region in words.REGIONS if caller.represents(region)]
    if not (represented or caller.sees_everything):
        raise NotAllowed("Only representatives and the national team have this list.")
    regions = represented or list(words.REGIONS)
    waiting = store.listed(tx.conn, member.WAITING, regions, None, MOST)
    addresses = bool(represented) or caller.is_national
    joiners = [_joiner(each, tx.now, addresses) for each in waiting]
    return {
        "as_of": _time(tx.now),
        "regions": represented,
        "joiners": [each for each in joiners if represented or each["escalated"]],
        "newcomers": _newcomers(tx, represented),
    }


def _joiner(found: Member, now: datetime.datetime, with_address: bool) -> dict[str, Any]:
    late = member.escalated(found, now)
    due = _time(member.escalates_at(found.joined_at))
    return {**answers.queued(found, escalated=late, with_address=with_address), "due": due}


def _newcomers(tx: Transaction, regions: list[str]) -> list[dict[str, Any]]:
    joined = (tx.now - newcomer.WINDOW, tx.now - newcomer.QUIET)
    again = tx.now - newcomer.AGAIN_AFTER
    found = queue_store.newcomers(tx.conn, regions, joined, again, newcomer.MOST, MOST)
    return [
        {
            "id": str(each.id),
            "name": each.name,
            "region": each.region,
            "joined_at": _time(each.joined_at),
            "nudges": each.nudges,
        }
        for each in found
    ]


def nudge(tx: Transaction, caller: Caller, member_id: Any) -> Any:
    """Encourage somebody to a first exchange.

    Raises:
        errors.MemberNotFound, errors.OwnMatter, errors.NotYourRegion, errors.NudgedEnough.
    """
    found = case.locked(tx, case.parsed(member_id))
    if caller.id is None or caller.id == found.id:
        raise errors.OwnMatter
    if not (caller.represents(found.region) or caller.is_national):
        raise errors.NotYourRegion
    if not found.approved:
        raise errors.MemberNotFound
    newcomer.require_room(found.joined_at, queue_store.nudged(tx.conn, found.id), tx.now)
    queue_store.nudge(tx.conn, new_id(), found.id, caller.id, tx.now)
    case.say(tx, contract.MemberNudged, found, nudged_by=caller.id)
    return answers.whole(found)


def find(tx: Transaction, caller: Caller, q: Any) -> Any:
    """Members by the beginning of their name, or by their whole address.

    Raises:
        NotAllowed: only representatives and the national team look people up.
        errors.Invalid: nothing to look for.
    """
    represents = any(caller.represents(region) for region in words.REGIONS)
    if not (represents or caller.is_national):
        raise NotAllowed("Only representatives and the national team look people up.")
    wanted = schemas.load(schemas.Finding, {"q": q})["q"]
    found = queue_store.named(tx.conn, wanted, MOST_FOUND)
    return {
        "items": [
            {
                "id": str(each.id),
                "name": each.name,
                "region": each.region,
                "organisation_name": each.organisation_name,
            }
            for each in found
        ],
        "next": None,
    }


def role_holders(tx: Transaction, caller: Caller) -> Any:
    """Who holds which role, since when, given by whom and why.

    Raises:
        NotAllowed: for the national team and the Senate only.
    """
    if not caller.sees_everything:
        raise NotAllowed
    return {
        "items": [
            {
                "role": each.role,
                "member_id": str(each.member_id),
                "granted_by": str(each.granted_by) if each.granted_by else None,
                "granted_at": _time(each.granted_at),
                "reason": each.reason,
            }
            for each in queue_store.holders(tx.conn)
        ],
        "next": None,
    }


def _time(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")
