"""What is measured: one definition each, the same on screen, in CSV, API and metrics."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NOT_STATED = "not-stated"
"""Key of what has no category, pathway or organisation, or whose exchange is not heard of yet."""

GROUPINGS = ("region", "organisation", "category", "pathway", "month")

GAUGED = ("region", "organisation", "category", "month")
"""The groupings told to Prometheus."""

ORGANISATIONS_GAUGED = 500
"""More than there are trusts; social care has tens of thousands of employers, and a
Prometheus server pays for every key for ever. The rest is told as ``others``."""
OTHERS = "others"

ACTIVATION_DAYS = 30
UNMET_AFTER_DAYS = 30


@dataclass(frozen=True)
class Definition:
    """One measure.

    Attributes:
        unit: of ``value``: count, minutes, hours or share (0 to 1).
        rule: how the value follows from ``part`` and ``whole`` and what counts in them.
    """

    name: str
    meaning: str
    unit: str
    rule: str


_SETTLED = (
    "An exchange is settled while the ledger's transfer for it stands, wholly or in part;"
    " a reversed one leaves the figures of its own month."
)

DEFINITIONS = (
    Definition(
        "exchanges_settled", "Pieces of help given and credited.", "count",
        _SETTLED + " It belongs to its receiver's home region and employer when it was requested,"
        " and to the month of its completion in England.",
    ),
    Definition(
        "minutes_given", "Minutes of help given.", "minutes",
        "The minutes of the ledger's exchange transfers less what was reversed.",
    ),
    Definition(
        "hours_given", "Hours of help given.", "hours", "Minutes given, divided by 60.",
    ),
    Definition(
        "members_taking_part", "People who gave or received help.", "count",
        "Givers and receivers of settled exchanges, each counted once. By region and employer"
        " people count where they themselves belong. Below the national level 1 to 7 people are"
        " shown as *, more are rounded to the nearest 5.",
    ),
    Definition(
        "activation", "Joiners who came to a first exchange.", "share",
        "Of the members who joined at least 30 days ago and were not refused (whole), those whose"
        " first settled exchange, given or received, took place within 30 days of joining (part)."
        " It took place when it was completed, or at its agreed start if that was earlier.",
    ),
    Definition(
        "time_to_first_answer", "How long someone who asks waits for an answer.", "hours",
        "The median from the request to the first acceptance, refusal or other proposal by the"
        " one asked, over the exchanges answered (part) of those requested (whole).",
    ),
    Definition(
        "time_to_match", "How long it takes from asking to a booking.", "hours",
        "The median from the request to the first booking, over the exchanges booked (part) of"
        " those requested (whole).",
    ),
    Definition(
        "fill_rate", "Requests that were met.", "share",
        "Of the requests ever published (whole), those with at least one settled exchange (part).",
    ),
    Definition(
        "unmet_demand", "Requests nobody met.", "count",
        "Requests that ended, or were published at least 30 days ago, without any exchange"
        " having been booked on them.",
    ),
    Definition(
        "reciprocity", "People who both gave and received.", "share",
        "Of the members taking part (whole), those with settled exchanges in both directions"
        " (part).",
    ),
    Definition(
        "repeat_rate", "People who came back.", "share",
        "Of the members taking part (whole), those with at least two settled exchanges (part).",
    ),
    Definition(
        "connections", "Pairs of people who found each other.", "count",
        "Pairs of members with at least one settled exchange, in whichever direction.",
    ),
    Definition(
        "cross_region_share", "Help that crossed a regional border.", "share",
        "Of the settled exchanges (whole), those whose giver and receiver have different home"
        " regions (part).",
    ),
    Definition(
        "cross_organisation_share", "Help that crossed from one employer to another.", "share",
        "Of the settled exchanges where both employers are known (whole), those where they differ"
        " (part).",
    ),
    Definition(
        "minutes_in_circulation", "Credit issued and not taken back.", "minutes",
        "The minutes granted by the national issue account less grants reversed: what all other"
        " accounts together hold.",
    ),
    Definition(
        "helped", "Help that helped, in the word of those who received it.", "share",
        "Of the receivers who said privately whether a settled exchange helped (whole), those"
        " whose last word was yes (part). Nobody's answer is kept with their name or exchange.",
    ),
    Definition(
        "notices_sent", "Notices that reached a screen or a mailbox.", "count",
        "Notices said to have been sent, by whatever channel. Counted as they are heard, not"
        " rebuilt.",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """A measure's value now.

    Attributes:
        name: of its definition.
        value: in the definition's unit; ``None`` where there is nothing to measure yet.
        part, whole: what a share or a median was taken of.
    """

    name: str
    value: float | None
    part: int | None = None
    whole: int | None = None


@dataclass(frozen=True)
class Total:
    """What adds up under one key.

    Attributes:
        key: ``None`` for the total of all keys.
        exchanges, minutes: of the receivers who belong to the key.
        given_exchanges, given_minutes: of the givers who belong to it.
        members: people who took part and belong to it.
    """

    key: str | None
    exchanges: int
    minutes: int
    given_exchanges: int
    given_minutes: int
    members: int


@dataclass(frozen=True)
class Gauge:
    """What Prometheus is told under one key of one grouping."""

    by: str
    key: str
    exchanges: int
    minutes: int


def share(name: str, part: int, whole: int) -> Figure:
    return Figure(name, part / whole if whole else None, part, whole)


def median_hours(name: str, wait: datetime.timedelta | None, part: int, whole: int) -> Figure:
    hours = None if wait is None else round(wait.total_seconds() / 3600, 2)
    return Figure(name, hours, part, whole)


def gauges(found: Sequence[Gauge], told: Mapping[tuple[str, str], int]) -> list[Gauge]:
    """What to tell Prometheus, given what was told before.

    A key that was told and is gone (its only exchange was reversed) is told as zero
    once more: a gauge would otherwise show its last value for ever. Of many employers
    the largest keep their own key, so that the sum over keys stays the total.

    Args:
        found: totals of every grouping.
        told: minutes by grouping and key, as told last.
    """
    named = [gauge for gauge in found if gauge.by != "organisation"]
    employers = sorted(
        (gauge for gauge in found if gauge.by == "organisation"),
        key=lambda gauge: (-gauge.minutes, gauge.key),
    )
    rest = employers[ORGANISATIONS_GAUGED:]
    named += employers[:ORGANISATIONS_GAUGED]
    if rest:
        exchanges, minutes = sum(g.exchanges for g in rest), sum(g.minutes for g in rest)
        named.append(Gauge("organisation", OTHERS, exchanges, minutes))
    present = {(gauge.by, gauge.key) for gauge in named}
    return named + [Gauge(by, key, 0, 0) for by, key in told if (by, key) not in present]
