"""Finds who could help a person, and whom they could help: load, weigh, answer."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from services.bus.caller import Caller
from services.bus.transaction import Transaction
from services.exchanges import (
    answers,
    block_store,
    caller_handlers,
    listing_store,
    match,
    match_store,
    newest_store,
    schemas,
    slot_handlers,
)
from services.exchanges.match import Candidate, Found, Reason
from services.exchanges.match_store import Row, Search, Sought

SKILLS = 8
"""Of a person's skills that are looked for, the first: a question to the index each."""
ENOUGH = 12
"""Listings that fit in words; with fewer, others are looked at too."""
WEIGHED = 80
"""Candidates whose owners are looked at, at most: those that fit best in words."""
LATELY = datetime.timedelta(days=30)
"""For how long somebody who was asked comes later."""
OTHER_KIND = {"offer": "request", "request": "offer"}


@dataclass(frozen=True)
class Asker:
    """Who looks for a match: what they look for, and what they have in return."""

    id: UUID
    region: str
    week: int
    sought: tuple[Sought, ...]
    in_return: tuple[Sought, ...]


def matches(tx: Transaction, caller: Caller, query: dict[str, Any]) -> dict[str, Any]:
    """The listings that fit a person best, each of another owner, with the reasons.

    Somebody who waits to be let in is shown them too, since they may ask.

    Args:
        query: see ``schemas.MatchQuery``.

    Raises:
        errors.Invalid, errors.NotAMember
    """
    wanted = schemas.load(schemas.MatchQuery, query)
    asker = _asker(tx, caller, wanted)
    lot = match.turn(asker.id, asker.id, asker.week)
    begin = newest_store.milestone(tx.conn, lot)
    search = Search(asker.id, wanted["kind"], tx.now, newest_store.windows(tx.conn, begin))
    candidates = _candidates(tx, search, asker, begin)
    weighed = _weighed(tx, search.kind, asker, candidates)
    best = match.best(weighed, asker.region, wanted["limit"])
    listings = listing_store.by_ids(tx.conn, [each.listing_id for each in best])
    told = slot_handlers.shown(tx, caller, [listings[each.listing_id] for each in best])
    return answers.page(
        [
            {"listing": listing, "reasons": [_reason(reason) for reason in each.reasons]}
            for each, listing in zip(best, told, strict=True)
        ],
        None,
    )


def _asker(tx: Transaction, caller: Caller, wanted: dict[str, Any]) -> Asker:
    helped = wanted["kind"] == "offer"
    sought, in_return = ("wanted", "offered") if helped else ("offered", "wanted")
    here, there = _some(wanted[sought]), _some(wanted[in_return])
    told = {skill: match.telling(skill) for skill in (*here, *there)}
    known = {each.skill: each for each in match_store.understood(tx.conn, told)}
    return Asker(
        caller_handlers.member(caller),
        caller.region,
        tx.now.toordinal() // 7,
        tuple(known[skill] for skill in here if skill in known),
        tuple(known[skill] for skill in there if skill in known),
    )


def _some(skills: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, skills)))[:SKILLS]


def _candidates(
    tx: Transaction, search: Search, asker: Asker, begin: UUID | None
) -> list[Candidate]:
    """What fits in words; where that is little, also what is near."""
    rows: dict[UUID, Row] = {}
    fits: dict[UUID, tuple[match.Fit, ...]] = {}
    for sought in asker.sought:
        found = match_store.with_all(tx.conn, search, sought)
        if len(sought.words) > 1 and len(found) < ENOUGH:
            found += match_store.with_any(tx.conn, search, sought)
        rows |= {row.id: row for row in found}
        for listing_id, fit in _fits(sought, found).items():
            fits[listing_id] = (*fits.get(listing_id, ()), fit)
    if len(fits) < ENOUGH:
        near = match_store.nearby(tx.conn, search, asker.region, begin)
        rows |= {row.id: row for row in near if row.id not in fits}
        fits |= {row.id: () for row in near if row.id not in fits}
    return [_candidate(asker, rows[listing_id], fit) for listing_id, fit in fits.items()]


def _fits(sought: Sought, rows: Sequence[Row]) -> dict[UUID, match.Fit]:
    found = {row.id: Found(row.id, tuple(row.hits), row.named) for row in rows}
    return match.fits(sought.skill, len(sought.words), sought.alike, list(found.values()))


def _candidate(asker: Asker, row: Row, fits: tuple[match.Fit, ...]) -> Candidate:
    turn = match.turn(asker.id, row.id, asker.week)
    return Candidate(row.id, row.owner_id, row.region, row.online, fits, turn=turn)


def _weighed(
    tx: Transaction, kind: str, asker: Asker, candidates: Sequence[Candidate]
) -> list[Candidate]:
    """The candidates that fit best, with what is known of their owners.

    People with whom something is open already are left out, and so are those who are hidden
    from the asker.
    """
    known = {each.other_id: each.pending for each in match_store.acquaintances(tx.conn, asker.id)}
    hidden = set(block_store.hidden_from(tx.conn, asker.id))
    free = [
        each for each in candidates if not known.get(each.owner_id) and each.owner_id not in hidden
    ]
    free.sort(key=lambda each: match.score(each, asker.region), reverse=True)
    some = free[:WEIGHED]
    owners = list({each.owner_id for each in some})
    returns = match_store.interested(tx.conn, owners, asker.in_return, OTHER_KIND[kind])
    if kind == "offer":
        asked = match_store.asked_since(tx.conn, owners, tx.now - LATELY)
    else:
        asked = match_store.offered_on(tx.conn, [each.listing_id for each in some])
    return [
        replace(
            each,
            returns=tuple(returns.get(each.owner_id, ())),
            met=each.owner_id in known,
            asked=asked.get(each.owner_id if kind == "offer" else each.listing_id, 0),
        )
        for each in some
    ]


def _reason(reason: Reason) -> dict[str, Any]:
    return {"code": reason.code, "skill": reason.skill}
