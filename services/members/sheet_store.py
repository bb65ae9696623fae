"""Every SQL statement about tables of people, and about what is known of those in them."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from services.members.sheet import Row, Verdict

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Sheet:
    """A table as it was brought; ``done_at`` is ``None`` until it is done."""

    id: UUID
    kind: str
    made_by: UUID
    made_at: datetime.datetime
    done_at: datetime.datetime | None


@dataclass(frozen=True)
class Judged:
    """One row, and what is to become of it or became of it."""

    number: int
    cells: Mapping[str, str]
    outcome: str
    code: str
    text: str
    member_id: UUID | None

    @property
    def row(self) -> Row:
        return Row(self.number, self.cells)


def add(conn: Connection, new: Sheet, rows: Sequence[tuple[Row, Verdict]]) -> None:
    conn.execute(
        "insert into sheet (id, kind, made_by, made_at) values (%s, %s, %s, %s)",
        [new.id, new.kind, new.made_by, new.made_at],
    )
    conn.execute(
        """
        insert into sheet_row (sheet_id, number, cells, outcome, code, text)
        select %s, * from unnest(%s::integer[], %s::jsonb[], %s::text[], %s::text[], %s::text[])
        """,
        [
            new.id,
            [row.number for row, _ in rows],
            [Jsonb(dict(row.cells)) for row, _ in rows],
            [verdict.outcome for _, verdict in rows],
            [verdict.code for _, verdict in rows],
            [verdict.text for _, verdict in rows],
        ],
    )


def find(conn: Connection, sheet_id: UUID) -> Sheet | None:
    with conn.cursor(row_factory=class_row(Sheet)) as cursor:
        return cursor.execute("select * from sheet where id = %s", [sheet_id]).fetchone()


def lock(conn: Connection, sheet_id: UUID) -> None:
    """Make others who would do the same table wait for the end of ours."""
    conn.execute("select from sheet where id = %s for update", [sheet_id])


def counts(conn: Connection, sheet_id: UUID) -> dict[str, int]:
    """How many rows came to which outcome."""
    rows = conn.execute(
        "select outcome, count(*)::integer from sheet_row where sheet_id = %s group by outcome",
        [sheet_id],
    ).fetchall()
    return dict(rows)


def rows(
    conn: Connection, sheet_id: UUID, outcome: str | None, after: int, limit: int | None
) -> list[Judged]:
    """Rows behind a number, in their order; ``limit`` ``None`` is all of them."""
    with conn.cursor(row_factory=class_row(Judged)) as cursor:
        return cursor.execute(
            """
            select number, cells, outcome, code, text, member_id from sheet_row
            where sheet_id = %s and (%s::text is null or outcome = %s) and number > %s
            order by number limit %s
            """,
            [sheet_id, outcome, outcome, after, limit],
        ).fetchall()


def keep(
    conn: Connection, sheet_id: UUID, done: Sequence[tuple[int, Verdict, UUID | None]]
) -> None:
    """Write down what became of rows."""
    conn.execute(
        """
        update sheet_row r set outcome = d.outcome, code = d.code, text = d.text,
            member_id = d.member_id
        from unnest(%s::integer[], %s::text[], %s::text[], %s::text[], %s::uuid[])
            d (number, outcome, code, text, member_id)
        where r.sheet_id = %s and r.number = d.number
        """,
        [
            [number for number, _, _ in done],
            [verdict.outcome for _, verdict, _ in done],
            [verdict.code for _, verdict, _ in done],
            [verdict.text for _, verdict, _ in done],
            [member_id for _, _, member_id in done],
            sheet_id,
        ],
    )


def end(conn: Connection, sheet_id: UUID, now: datetime.datetime) -> None:
    conn.execute(
        "update sheet set done_at = greatest(%s, made_at) where id = %s and done_at is null",
        [now, sheet_id],
    )


def forget(conn: Connection, before: datetime.datetime) -> None:
    """Remove tables brought before a moment, with all that stands in them."""
    conn.execute("delete from sheet where made_at < %s", [before])


def forget_maker(conn: Connection, member_id: UUID) -> None:
    """Remove what a leaver brought."""
    conn.execute("delete from sheet where made_by = %s", [member_id])


def statuses(conn: Connection, addresses: Sequence[str]) -> dict[str, str]:
    """The status of those of the addresses (in lower case) that belong to somebody."""
    rows = conn.execute(
        """
        select lower(a.email), m.status
        from member_address a join member m on m.id = a.member_id
        where lower(a.email) = any(%s)
        """,
        [list(addresses)],
    ).fetchall()
    return dict(rows)


def organisations(conn: Connection, written: Sequence[str]) -> set[str]:
    """Those names and codes (in lower case) that are an organisation's."""
    found = conn.execute(
        """
        select lower(code), lower(name) from organisation
        where code = any(%s) or lower(name) = any(%s)
        """,
        [[each.upper() for each in written], list(written)],
    ).fetchall()
    return {each for row in found for each in row}
