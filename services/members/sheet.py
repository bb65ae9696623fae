"""A table of people somebody brings along: its rows, and what is to become of each."""

import csv
import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from services.members import errors, member, role

INVITATIONS, MEMBERS = "invitations", "members"
COLUMNS: dict[str, tuple[str, ...]] = {
    INVITATIONS: ("email", "name", "region"),
    MEMBERS: (
        "email", "name", "organisation", "region", "about", "can_help_with", "would_like",
        "hours", "offers", "requests",
    ),
}  # fmt: skip
NEEDED: dict[str, tuple[str, ...]] = {
    INVITATIONS: ("email",),
    MEMBERS: ("email", "name", "organisation"),
}
MOST_ROWS = 1_000
"""Of one table: each is looked up, kept and told of in one transaction of a few seconds."""

READY, DONE, NOTHING, WRONG = "ready", "done", "nothing", "wrong"
OUTCOMES = (WRONG, READY, DONE, NOTHING)

MOST_HOURS = 200
"""A balance above it is minutes in the column of hours."""
STEP = 15
"""Minutes."""
MOST_LISTINGS = 10
"""Offers, and requests, of one member."""
LONGEST_TITLE = 200
LISTING_MINUTES = 60

TEXTS = {
    "ready": "Ready.",
    "done": "Done.",
    "organisation_unknown": "Ready. We do not know this organisation: it is kept as written.",
    "debt_left_behind": "Ready. What is owed in the earlier bank is not brought over.",
    "already_member": "Already a member: nothing to do.",
    "already_waiting": "Has joined and waits to be let in: decide in your list.",
    "refused_before": "Was not let in before: nothing is done.",
    "invited_lately": "Was written to lately, or often enough.",
    "too_many_cells": "Has more cells than the table has columns.",
    "bad_address": "This is no e-mail address.",
    "repeated": "The same address stands further up.",
    "region_missing": "Say which region.",
    "region_unknown": "This is none of the seven regions.",
    "other_region": "You do not represent this region.",
    "hours_not_valid": f"Hours are quarters of an hour, up to {MOST_HOURS}.",
    "listings_not_valid": f"At most {MOST_LISTINGS}, each of {LONGEST_TITLE} characters at most.",
}
"""What is said of a row, by its code."""

_OF_STATUS = {
    member.APPROVED: "already_member",
    member.WAITING: "already_waiting",
    member.REFUSED: "refused_before",
}
LONGEST_NAME = 50
"""Characters shown of a column nobody knows."""
_HOURS = re.compile(r"(-?)([0-9]{1,4})(?:\.([0-9]{1,2}))?")
_TOO_MANY = ""
"""Under this name, which no column has, stand the cells beyond the last column."""


@dataclass(frozen=True)
class Row:
    """One person of a table.

    Attributes:
        number: as spreadsheets count, the heading being 1.
        cells: what was written, by column; empty cells are left out.
    """

    number: int
    cells: Mapping[str, str]

    def cell(self, column: str) -> str:
        return self.cells.get(column, "")

    @property
    def address(self) -> str:
        """As addresses are compared."""
        return self.cell("email").lower()


@dataclass(frozen=True)
class Verdict:
    """What is to become of a row, or became of it.

    Attributes:
        outcome: of ``OUTCOMES``.
        code: of ``TEXTS``, or ``invalid``.
        text: for a person.
    """

    outcome: str
    code: str
    text: str


@dataclass(frozen=True)
class Known:
    """What is known when a table is looked at.

    Attributes:
        statuses: of those who have joined, by address in lower case.
        organisations: those of the names and codes written that we know, in lower case.
        invited: addresses that are not to be written to now, in lower case.
        regions: slugs of those the caller answers for.
    """

    regions: Sequence[str]
    statuses: Mapping[str, str] = field(default_factory=dict)
    organisations: Collection[str] = ()
    invited: Collection[str] = ()


def read(kind: str, text: str) -> list[Row]:
    """The rows of a table, with what separates its cells found out by its heading.

    Raises:
        errors.SheetNotReadable: it is none, or has columns we do not know, or too many rows.
    """
    text = text.lstrip("\ufeff")
    heading = text.partition("\n")[0]
    separator = max(",;\t", key=heading.count)
    try:
        text.encode()
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except (csv.Error, UnicodeError):
        raise _unreadable() from None
    if not table or any("\0" in cell for line in table for cell in line):
        raise _unreadable()
    columns = _columns(kind, table[0])
    rows = [_row(number, columns, line) for number, line in enumerate(table[1:], 2)]
    rows = [row for row in rows if row.cells]
    if not rows:
        raise _unreadable("There is nobody in this table.")
    if len(rows) > MOST_ROWS:
        raise _unreadable(f"A table has {MOST_ROWS:,} rows at most; this one has more.")
    return rows


def _columns(kind: str, heading: Sequence[str]) -> list[str]:
    columns = [re.sub(r"[\s_-]+", "_", each.strip().lower()) for each in heading]
    known = ", ".join(COLUMNS[kind])
    for each in columns:
        if each not in COLUMNS[kind]:
            said = f"“{each[:LONGEST_NAME]}” is none of the columns: {known}."
            raise _unreadable(said)
    missing = [each for each in NEEDED[kind] if each not in columns]
    if missing or len(set(columns)) != len(columns):
        said = f"Each of these columns is needed once: {', '.join(NEEDED[kind])}."
        raise _unreadable(said)
    return columns


def _unreadable(said: str | None = None) -> errors.SheetNotReadable:
    return errors.SheetNotReadable(said, pointer="/table")


def _row(number: int, columns: Sequence[str], line: Sequence[str]) -> Row:
    cells = {name: cell.strip() for name, cell in zip(columns, line, strict=False) if cell.strip()}
    beyond = "".join(line[len(columns) :]).strip()
    return Row(number, {**cells, _TOO_MANY: beyond} if beyond else cells)


def judged(kind: str, rows: Sequence[Row], known: Known) -> Iterator[Verdict]:
    """What is to become of each row, in their order."""
    seen: set[str] = set()
    for row in rows:
        code = _refused(row, known, seen) or (
            _of_invitation(row, known) if kind == INVITATIONS else _of_member(row, known)
        )
        yield verdict(code)
        seen.add(row.address)


_READY = ("ready", "organisation_unknown", "debt_left_behind")
_NOTHING = ("already_member", "already_waiting", "refused_before", "invited_lately")


def verdict(code: str) -> Verdict:
    """The verdict a code stands for."""
    outcome = READY if code in _READY else NOTHING if code in _NOTHING else WRONG
    return Verdict(DONE if code == DONE else outcome, code, TEXTS[code])


def _refused(row: Row, known: Known, seen: Collection[str]) -> str | None:
    if row.cell(_TOO_MANY):
        return "too_many_cells"
    try:
        member.address(row.address)
    except errors.NoAddress:
        return "bad_address"
    if row.address in seen:
        return "repeated"
    if row.address in known.statuses:
        return _OF_STATUS[known.statuses[row.address]]
    written = _slug(row.cell("region"))
    if not written:
        return None if len(known.regions) == 1 else "region_missing"
    if written not in role.REGIONS:
        return "region_unknown"
    return None if written in known.regions else "other_region"


def _of_invitation(row: Row, known: Known) -> str:
    return "invited_lately" if row.address in known.invited else "ready"


def _of_member(row: Row, known: Known) -> str:
    if row.cell("hours") and minutes(row) is None:
        return "hours_not_valid"
    for column in ("offers", "requests"):
        titles = _several(row.cell(column))
        if len(titles) > MOST_LISTINGS or any(len(each) > LONGEST_TITLE for each in titles):
            return "listings_not_valid"
    if row.cell("hours").startswith("-"):
        return "debt_left_behind"
    known_place = row.cell("organisation").lower() in known.organisations
    return "ready" if known_place else "organisation_unknown"


def region(row: Row, regions: Sequence[str]) -> str:
    """Of a row that is ready: as written, or the one region of who brings it."""
    return _slug(row.cell("region")) or regions[0]


def _slug(text: str) -> str:
    return re.sub(r"[\s_]+", "-", text.strip().lower())


def minutes(row: Row) -> int | None:
    """The balance of a row: 0 where none is written or it is a debt, ``None`` if it is none."""
    found = _HOURS.fullmatch(row.cell("hours") or "0")
    if found is None:
        return None
    below_one = int((found[3] or "0").ljust(2, "0"))
    total = int(found[2]) * 60 + below_one * 60 // 100
    if below_one * 60 % 100 or total % STEP or total > MOST_HOURS * 60:
        return None
    return 0 if found[1] else total


def person(row: Row, regions: Sequence[str]) -> dict[str, object]:
    """What a row of a member says of them, as a joiner would say it."""
    return {
        "name": row.cell("name"),
        "organisation": row.cell("organisation"),
        "region": region(row, regions),
        "about": row.cell("about") or None,
        "skills_offered": _several(row.cell("can_help_with")),
        "skills_wanted": _several(row.cell("would_like")),
    }


def listings(row: Row) -> list[dict[str, object]]:
    """What a row of a member offers and asks for: an hour each, online, in its own words."""
    return [
        {
            "kind": kind, "title": title, "description": title,
            "minutes": LISTING_MINUTES, "online": True,
        }
        for kind, column in (("offer", "offers"), ("request", "requests"))
        for title in _several(row.cell(column))
    ]  # fmt: skip


def _several(text: str) -> list[str]:
    """What stands in one cell, apart by semicolons or lines; the same twice counts once."""
    found = [part.strip() for part in re.split(r"[;\n]", text)]
    return list(dict.fromkeys(part for part in found if part))
