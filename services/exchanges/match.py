"""How well a listing fits a person, and why: scores, and their reasons, of what was found."""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

FIT = 10.0
"""Of a skill named in full. The measure of all others: what fits in words comes first."""
TOLD = 0.7
"""Of a fit, where only the description speaks of it: it may be about something else."""
PART = 0.85
"""Of a fit, where some of the words are there and not all, times their share."""
ALIKE = 0.8
"""Of a fit, where a word is only spelled alike: most are slips, some are other words."""
FAR = 0.3
"""Of a fit, where the two would have to travel between regions: hardly anybody does for an hour."""
LEAST_FIT = 0.3
"""Of a fit; below it the words in common are those that everything has in common."""
UNSEEN = 5
"""Listings with a word that are taken as given, and as many without: of two or three listings
found nobody can tell which word is rare."""
MANNERS = frozenset((
    "advice", "basic", "basics", "beginner", "beginners", "better", "bit", "confidence",
    "confident", "get", "getting", "good", "help", "helping", "improve", "improving",
    "introduction", "learn", "learning", "need", "please", "skill", "skills", "some", "support",
    "tips", "understand", "understanding", "want",
))  # fmt: skip
"""Words that say how much of a skill somebody has or wants, and not which."""
ALSO = 1.0
"""For each further skill that fits as well, in full: it is the better hour, not another one."""
MOST_ALSO = 2
RETURN = 3.0
"""Where the other would like what the asker can give: a second exchange is in sight. Less than
the step from a fit in the title to half a fit, so that it does not replace one."""
NEW = 1.0
"""Where the two have never met: the bank is to connect people who are not."""
REACH = 2.0
"""Where it can take place at all: online, or in the same region; see ``FAR``."""
NEAR = 0.5
"""Where it is the same region."""
ASKED = 1.0
"""Off, for each time the other was asked lately, up to ``MOST_ASKED``: after three the next best
comes first, and nobody who fits in full falls behind somebody who fits by half."""
MOST_ASKED = 4
TURN = 1.0
"""At most, by lot for each asker and week: those who fit alike take turns at being first."""


@dataclass(frozen=True)
class Fit:
    """One skill of the asker's that a listing is about.

    Attributes:
        strength: from 0 to 1, where 1 is all its words in the title or among the skills.
        whole: whether all its words are there, as they were spelled.
    """

    skill: str
    strength: float
    whole: bool = True


@dataclass(frozen=True)
class Found:
    """One skill's words in one listing, as they were found.

    Attributes:
        hits: positions of the skill's words that are there.
        named: whether in the title or among the skills.
    """

    listing_id: UUID
    hits: tuple[int, ...]
    named: bool


@dataclass(frozen=True)
class Candidate:
    """A listing that may fit, with all that is weighed about it.

    Attributes:
        returns: skills of the asker's that its owner is interested in.
        met: whether the two have had an exchange.
        asked: times its owner was asked lately; of a request, offers that stand.
        turn: a lot from 0 to 1.
    """

    listing_id: UUID
    owner_id: UUID
    region: str
    online: bool
    fits: tuple[Fit, ...] = ()
    returns: tuple[str, ...] = ()
    met: bool = False
    asked: int = 0
    turn: float = 0.0


@dataclass(frozen=True)
class Reason:
    """Why something is shown.

    Attributes:
        code: ``skill``, ``close``, ``in_return``, ``region``, ``new_connection``,
            ``not_asked`` or ``online``.
        skill: of the asker's own, where it is about one.
    """

    code: str
    skill: str | None = None


@dataclass(frozen=True)
class Match:
    listing_id: UUID
    owner_id: UUID
    score: float
    reasons: tuple[Reason, ...]


def fits(skill: str, words: int, alike: bool, found: Sequence[Found]) -> dict[UUID, Fit]:
    """How strongly each listing is about a skill.

    Rare words tell more than common ones: the word two listings in three have in common says
    little about either.

    Args:
        words: how many the skill has that tell anything.
        alike: whether some were replaced by words spelled alike.
        found: what has any of them.

    Returns:
        By listing; those below ``LEAST_FIT`` are left out.
    """
    seen = Counter(hit for each in found for hit in each.hits)
    weights = [1 + _rarity(seen[n], len(found)) for n in range(words)]
    judged = {}
    for each in found:
        complete = len(each.hits) == words
        share = sum(weights[n] for n in each.hits) / sum(weights)
        strength = 1.0 if complete else PART * share
        strength *= (1.0 if each.named else TOLD) * (ALIKE if alike else 1.0)
        if strength >= LEAST_FIT:
            judged[each.listing_id] = Fit(skill, strength, complete and not alike)
    return judged


def _rarity(seen: int, found: int) -> float:
    """From 0, for a word that all have; nobody knows of one that none has."""
    return math.log((found + 2 * UNSEEN) / (seen + UNSEEN)) if seen else 0.0


def telling(skill: str) -> str:
    """A skill without the words that say how much of it; all of them where there is no other."""
    words = [each for each in skill.split() if each.casefold().strip(".,!?") not in MANNERS]
    return " ".join(words) or skill


def best(candidates: Iterable[Candidate], region: str, limit: int) -> list[Match]:
    """The best listings, of different people, each with its reasons; the best first.

    Args:
        region: the asker's.
    """
    ranked = sorted(candidates, key=lambda each: (-score(each, region), each.listing_id.int))
    chosen: dict[UUID, Candidate] = {}
    for each in ranked:
        chosen.setdefault(each.owner_id, each)
    return [
        Match(each.listing_id, each.owner_id, score(each, region), reasons(each, region))
        for each in list(chosen.values())[:limit]
    ]


def score(candidate: Candidate, region: str) -> float:
    """What a candidate weighs for an asker of a region; only the order means anything."""
    near = candidate.region == region
    return (
        _of_skills(candidate.fits) * (1.0 if candidate.online or near else FAR)
        + (RETURN if candidate.returns else 0.0)
        + (0.0 if candidate.met else NEW)
        + (REACH if candidate.online or near else 0.0)
        + (NEAR if near else 0.0)
        - ASKED * min(candidate.asked, MOST_ASKED)
        + TURN * candidate.turn
    )


def _of_skills(found: Sequence[Fit]) -> float:
    strengths = sorted((each.strength for each in found), reverse=True)
    if not strengths:
        return 0.0
    return FIT * strengths[0] + ALSO * sum(strengths[1 : 1 + MOST_ALSO])


def reasons(candidate: Candidate, region: str) -> tuple[Reason, ...]:
    """Why somebody is shown this, the weightiest first; at least one."""
    found: list[Reason] = []
    if candidate.fits:
        strongest = max(candidate.fits, key=lambda each: each.strength)
        found.append(Reason("skill" if strongest.whole else "close", strongest.skill))
    if candidate.returns:
        found.append(Reason("in_return", candidate.returns[0]))
    if candidate.region == region:
        found.append(Reason("region"))
    elif candidate.online:
        found.append(Reason("online"))
    if candidate.asked == 0:
        found.append(Reason("not_asked"))
    if not candidate.met:
        found.append(Reason("new_connection"))
    return tuple(found) or (Reason("known"),)


def turn(asker_id: UUID, listing_id: UUID, week: int) -> float:
    """The lot of a listing for an asker in a week: from 0 to 1, and the same all week."""
    drawn = hashlib.blake2b(
        asker_id.bytes + listing_id.bytes + week.to_bytes(4, "big"), digest_size=4
    )
    return int.from_bytes(drawn.digest(), "big") / 2**32
