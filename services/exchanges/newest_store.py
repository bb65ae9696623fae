"""Reads the newest of many matching listings: window by window back in time, until enough.

An index of words knows no order: asked for the newest 200 of 13,000 listings with a common
word, PostgreSQL reads 13,000. So the newest thousand or so listings are asked first, then those
behind them, in windows four times as wide each; as soon as enough were found, the windows
further back are not looked into. What is rare is found in the last of them, which is cheap
because it is rare.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

import psycopg

Connection = psycopg.Connection[Any]

BACK = (4, 16, 64, 256, 1024)
"""Windows end so many milestones back: one open listing in 256 is one, so the first window has
about 1,000 listings and the fifth ends 262,000 back."""
MOST_MILESTONES = 4096
"""Counted at most: a million open listings have as many."""

_MILESTONE: LiteralString = "state = 'open' and get_byte(uuid_send(id), 15) = 0"
_BEHIND: LiteralString = "id < coalesce(%(before)s::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')"


@dataclass(frozen=True)
class Window:
    """Listings from one id, inclusive, to another, exclusive; ``None`` is no bound."""

    low: UUID | None
    high: UUID | None


def windows(conn: Connection, before: UUID | None = None) -> list[Window]:
    """Windows over all listings, going back from the newest, or from one of them and then round.

    Args:
        before: where to begin; those newer than it come last.
    """
    sought: LiteralString = ", ".join(
        f"(select id from listing where {_MILESTONE} and {_BEHIND}"
        f" order by id desc offset {number - 1} limit 1)"
        for number in BACK
    )
    found = conn.execute(f"select {sought}", {"before": before}).fetchone() or ()
    bounds = [before, *(each for each in found if each is not None), None]
    made = [Window(low, high) for high, low in itertools.pairwise(bounds)]
    return [*made, Window(before, None)] if before else made


def milestone(conn: Connection, lot: float) -> UUID | None:
    """The milestone at a share of the way back from the newest to the oldest.

    Args:
        lot: from 0 to 1.

    Returns:
        ``None`` while there are too few listings for it to matter.
    """
    row = conn.execute(
        f"""
        with counted as materialized (
            select count(*) as all_of_them
              from (select from listing where {_MILESTONE} limit %(most)s) first)
        select id, all_of_them
          from listing, counted
         where {_MILESTONE}
         order by id desc
        offset (select floor(%(lot)s * all_of_them)::integer from counted)
         limit 1
        """,
        {"most": MOST_MILESTONES, "lot": lot},
    ).fetchone()
    return row[0] if row and row[1] > BACK[0] else None


def across(
    wanted: Sequence[Window], columns: LiteralString, matching: LiteralString
) -> tuple[LiteralString, dict[str, Any]]:
    """A statement that reads matching listings window by window; end it with a ``limit``.

    Args:
        columns: of ``listing``.
        matching: a condition on ``listing``.

    Returns:
        The statement and the values of its bounds. Its parts are read one after the other,
        so that a ``limit`` behind it leaves the rest unread.
    """
    parts: list[LiteralString] = []
    values: dict[str, Any] = {}
    for number, window in enumerate(wanted):
        bounds: LiteralString = ""
        if window.low:
            bounds += f" and id >= %(low{number})s::uuid"
            values[f"low{number}"] = window.low
        if window.high:
            bounds += f" and id < %(high{number})s::uuid"
            values[f"high{number}"] = window.high
        parts.append(f"(select {columns} from listing where {matching}{bounds} order by id desc)")
    return " union all ".join(parts), values
