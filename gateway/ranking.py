"""In which order a representative looks at what waits, why, and what fits into their time."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Kind:
    """One sort of thing in the list.

    Attributes:
        weight: points for being of this kind; the reason stands beside each.
        minutes: a representative needs for one, about.
        title: what it is called.
        why: what it is in the list for.
    """

    weight: int
    minutes: int
    title: str
    why: str


KINDS: Mapping[str, Kind] = {
    # Nothing here matters more than that nobody comes to harm.
    "safeguarding": Kind(200, 20, "Safeguarding concern", "Somebody may be at risk of harm."),
    # Somebody was hurt by how they were treated, and trusts us with it.
    "serious": Kind(110, 20, "Serious concern", "Somebody says that they were treated badly."),
    # Hours are held, two people are at odds, and nobody else can end it.
    "dispute": Kind(100, 15, "Disagreement", "Two people differ, and only you can decide."),
    # Somebody else has judged it already; it only lacks the second signature.
    "reversal": Kind(80, 5, "To be undone", "It takes a second person to undo this exchange."),
    # It can wait for the day the representative is there, and not for the week after.
    "concern": Kind(75, 10, "Concern", "Somebody says that something is not right."),
    # Somebody new can do nothing until let in, and two working days are promised.
    "joiner": Kind(70, 2, "Wants to join", "They wait to be let in."),
    # A first attempt that comes to nothing is seldom followed by a second.
    "unanswered": Kind(60, 1, "Not answered", "Nobody has answered this request."),
    # Help was given, and the giver waits for the credit.
    "unconfirmed": Kind(50, 1, "Not confirmed", "It is not confirmed that this took place."),
    # Both want it; it lacks only credits, for which there are ways out.
    "unfunded": Kind(45, 1, "Not enough credits", "It lacks credits, and nobody has done more."),
    # The two may have met and forgotten to say so; hours are held meanwhile.
    "overdue": Kind(40, 1, "Booked, then nothing", "It is booked, and nothing was said since."),
    # Nothing is broken; but who has not begun after two months seldom does.
    "newcomer": Kind(20, 1, "No exchange yet", "They joined and have had no exchange yet."),
}

CONCERNS = ("safeguarding", "serious", "concern")

A_DAY = 4
"""Points for each day of waiting, so that nothing waits for ever behind what is weightier:
after eight days a joiner outranks a dispute of today."""
MOST_DAYS = 15
"""Days that count; what is older than this is not more urgent for it."""
LATE = 40
"""Points when what was promised is broken: a joiner beyond two working days, a dispute that
went to the national team."""
OWN_MATTER = 0
"""Points when the region's representative takes part in it: said, and no more urgent for it."""
SOON = datetime.timedelta(days=2)
ENDS_SOON = 30
"""Points when it ends by itself within two days: later there is nothing left to save."""
NO_ANSWER = 10
"""Points when reminders have not helped: somebody has to ring up."""


@dataclass(frozen=True)
class Item:
    """One thing that waits for a representative.

    Attributes:
        kind: a key of ``KINDS``.
        id: of the member or the exchange.
        since: when the waiting began.
        due: when it ends by itself, or when somebody was promised an answer.
        late: whether a promise is broken.
        handed_on: whether it is the own matter of all who answer for the region.
        exhausted: whether as many reminders went out as may.
        act: what its one button does: ``approve``, ``nudge``, ``remind``, ``resolve``,
            ``reverse`` or ``look``.
        about: what a screen shows of it.
    """

    kind: str
    id: str
    region: str
    since: datetime.datetime
    act: str
    due: datetime.datetime | None = None
    late: bool = False
    handed_on: bool = False
    exhausted: bool = False
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ranked:
    """An item with its place in the list.

    Attributes:
        score: points; more come first.
        reason: for the rank, in words.
        age: how long it has waited, in words.
    """

    item: Item
    score: int
    reason: str
    age: str

    @property
    def minutes(self) -> int:
        return KINDS[self.item.kind].minutes


def ranked(items: Iterable[Item], now: datetime.datetime) -> list[Ranked]:
    """The items in the order they are to be looked at; the same items always in the same."""
    found = [_rank(item, now) for item in items]
    return sorted(found, key=lambda each: (-each.score, each.item.since, each.item.id))


def _rank(item: Item, now: datetime.datetime) -> Ranked:
    days = max(0, (now - item.since) // DAY)
    kind = KINDS[item.kind]
    told = [
        (kind.weight + A_DAY * min(days, MOST_DAYS), kind.why),
        (LATE, _broken(item)) if item.late else None,
        (OWN_MATTER, "Their representative takes part in it.") if item.handed_on else None,
        (ENDS_SOON, _ending(item, now)) if _ends_soon(item, now) else None,
        (NO_ANSWER, "Reminders have not helped: ring them up.") if item.exhausted else None,
    ]
    counted = [each for each in told if each is not None]
    reason = " ".join(text for _, text in counted)
    return Ranked(item, sum(points for points, _ in counted), reason, _age(days))


def _broken(item: Item) -> str:
    if item.kind in CONCERNS:
        return "It was promised that somebody looks into it by now."
    if item.kind == "joiner":
        return "Two working days were promised, and are over."
    return "It was not decided in time and is with the national team."


def _ends_soon(item: Item, now: datetime.datetime) -> bool:
    promised = (*CONCERNS, "joiner")  # for these somebody was promised an answer by then
    return item.kind not in promised and item.due is not None and item.due - now <= SOON


def _ending(item: Item, now: datetime.datetime) -> str:
    if item.kind == "dispute" and not item.late:
        return f"It goes to the national team {_until(item, now)}."
    return f"It ends by itself {_until(item, now)}."


def _until(item: Item, now: datetime.datetime) -> str:
    days = max(0, ((item.due or now) - now) // DAY)
    return {0: "within a day", 1: "tomorrow"}.get(days, f"in {days} days")


def _age(days: int) -> str:
    return {0: "since today", 1: "for 1 day"}.get(days, f"for {days} days")


def within(found: Sequence[Ranked], minutes: int | None) -> list[Ranked]:
    """The items that fit into some minutes: from the top, passing over what is too long.

    Args:
        minutes: to spend; ``None`` for as long as it takes.
    """
    if minutes is None:
        return list(found)
    chosen, left = [], minutes
    for each in found:
        if each.minutes <= left:
            chosen.append(each)
            left -= each.minutes
    return chosen
