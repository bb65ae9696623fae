"""Organisations of the NHS: their codes, and where each belonged on which day."""

import csv
import datetime
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

CODE = re.compile(r"[A-Z0-9]{3,10}")
"""What an ODS code may look like; type and region never follow from it."""


@dataclass(frozen=True)
class Region:
    slug: str
    name: str
    ods_code: str
    ons_code: str


@dataclass(frozen=True)
class Organisation:
    """A board (``icb``) or a trust.

    Attributes:
        opened_on: ``None`` where the register gives no day.
        closed_on: the last day it was open; ``None`` while it is.
    """

    code: str
    kind: str
    name: str
    ons_code: str | None
    opened_on: datetime.date | None
    closed_on: datetime.date | None

    def open_on(self, day: datetime.date) -> bool:
        return (self.opened_on is None or self.opened_on <= day) and (
            self.closed_on is None or day <= self.closed_on
        )


@dataclass(frozen=True)
class Belonging:
    """From ``since`` until the next row of the same ``code``, it is part of ``within``."""

    code: str
    since: datetime.date
    within: str


@dataclass(frozen=True)
class Succession:
    predecessor: str
    successor: str
    since: datetime.date


@dataclass(frozen=True)
class Directory:
    """The shipped files as one value: regions, boards, trusts, and who belongs where."""

    regions: tuple[Region, ...]
    organisations: tuple[Organisation, ...]
    icb_regions: tuple[Belonging, ...]
    organisation_icbs: tuple[Belonging, ...]
    successions: tuple[Succession, ...]


def as_code(text: str) -> str | None:
    """``text`` as an ODS code would be written, or ``None`` when it cannot be one."""
    code = text.strip().upper()
    return code if CODE.fullmatch(code) else None


def read(folder: Path) -> Directory:
    """Read the directory's CSV files.

    Raises:
        ValueError: the files contradict each other; the text says how.
    """
    found = Directory(
        tuple(Region(**row) for row in _rows(folder / "regions.csv")),
        tuple(_organisation(row) for row in _rows(folder / "organisations.csv")),
        tuple(
            Belonging(row["icb"], _day(row["since"]), row["region"])
            for row in _rows(folder / "icb_regions.csv")
        ),
        tuple(
            Belonging(row["code"], _day(row["since"]), row["icb"])
            for row in _rows(folder / "organisation_icbs.csv")
        ),
        tuple(
            Succession(row["predecessor"], row["successor"], _day(row["since"]))
            for row in _rows(folder / "successions.csv")
        ),
    )
    faults = list(contradictions(found))
    if faults:
        raise ValueError("; ".join(faults))
    return found


def contradictions(directory: Directory) -> Iterator[str]:
    """Sentences on what cannot be true: an open trust below a closed board, and the like."""
    boards = {o.code: o for o in directory.organisations if o.kind == "icb"}
    trusts = {o.code: o for o in directory.organisations if o.kind == "trust"}
    slugs = {region.slug for region in directory.regions}
    if len(boards) + len(trusts) != len(directory.organisations):
        yield "an organisation is listed twice, or is neither icb nor trust"
    yield from (f"{code} is not an ODS code" for code in boards | trusts if as_code(code) != code)
    yield from _strays(directory.icb_regions, boards, slugs)
    yield from _strays(directory.organisation_icbs, trusts, boards.keys())
    for code, history in _histories(directory.organisation_icbs).items():
        for belonging, until in _spans(history):
            board = boards.get(belonging.within)
            last = until or (trusts[code].closed_on if code in trusts else None)
            if board and not (board.open_on(belonging.since) and _outlives(board, last)):
                yield f"{code} belongs to {board.code} while that is closed"


def _strays(
    belongings: Iterable[Belonging], owners: Mapping[str, object], targets: Iterable[str]
) -> Iterator[str]:
    """Rows that name what is not there, and owners without any row."""
    belongings, known = tuple(belongings), set(targets)
    for row in belongings:
        if row.code not in owners or row.within not in known:
            yield f"{row.code} cannot belong to {row.within}"
    for code in owners.keys() - {row.code for row in belongings}:
        yield f"{code} belongs nowhere"


def _histories(belongings: Iterable[Belonging]) -> dict[str, list[Belonging]]:
    found: dict[str, list[Belonging]] = {}
    for row in sorted(belongings, key=lambda row: (row.code, row.since)):
        found.setdefault(row.code, []).append(row)
    return found


def _spans(history: list[Belonging]) -> Iterator[tuple[Belonging, datetime.date | None]]:
    """Each row with the last day it holds; ``None`` for the one that still does."""
    for row, following in zip(history, [*history[1:], None], strict=True):
        yield row, following.since - datetime.timedelta(days=1) if following else None


def _outlives(board: Organisation, day: datetime.date | None) -> bool:
    return board.closed_on is None or (day is not None and day <= board.closed_on)


def _organisation(row: Mapping[str, str]) -> Organisation:
    return Organisation(
        row["code"],
        row["kind"],
        row["name"],
        row["ons_code"] or None,
        _day(row["opened_on"]) if row["opened_on"] else None,
        _day(row["closed_on"]) if row["closed_on"] else None,
    )


def _day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
