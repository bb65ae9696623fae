"""Every statement about answers that are kept because counting them takes long."""

import datetime
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import msgspec
import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb


@dataclass(frozen=True)
class Kept:
    """What was counted, when, and when somebody last wanted to know."""

    question: str
    answer: list[dict[str, Any]]
    counted_at: datetime.datetime
    asked_at: datetime.datetime


def transfers(conn: psycopg.Connection[Any]) -> int:
    """About how many there are to count, as the planner knows it."""
    row = conn.execute(
        "select reltuples::bigint from pg_class where oid = 'transfer_fact'::regclass"
    ).fetchone()
    return int(row[0]) if row else 0


def find(conn: psycopg.Connection[Any], question: str) -> Kept | None:
    with conn.cursor(row_factory=class_row(Kept)) as cursor:
        return cursor.execute("select * from kept_total where question = %s", [question]).fetchone()


def keep(
    conn: psycopg.Connection[Any],
    question: str,
    answer: Sequence[Any],
    now: datetime.datetime,
    asked_at: datetime.datetime,
) -> None:
    """Keep what was counted at ``now``.

    Args:
        answer: instances of one dataclass.
        asked_at: kept with a new question; of one that is known it stays as it was.
    """
    kept = Jsonb([asdict(each) for each in answer], dumps=msgspec.json.encode)
    conn.execute(
        "insert into kept_total (question, answer, counted_at, asked_at) values (%s, %s, %s, %s)"
        " on conflict (question) do update"
        " set answer = excluded.answer, counted_at = excluded.counted_at",
        [question, kept, now, asked_at],
    )


def ask(conn: psycopg.Connection[Any], question: str, now: datetime.datetime) -> None:
    """Note that somebody wants to know."""
    conn.execute("update kept_total set asked_at = %s where question = %s", [now, question])


def take_due(conn: psycopg.Connection[Any], counted_before: datetime.datetime) -> Kept | None:
    """Lock what was counted longest ago; other processes take others."""
    with conn.cursor(row_factory=class_row(Kept)) as cursor:
        return cursor.execute(
            "select * from kept_total where counted_at <= %s order by counted_at limit 1"
            " for update skip locked",
            [counted_before],
        ).fetchone()


def forget(conn: psycopg.Connection[Any], question: str) -> None:
    conn.execute("delete from kept_total where question = %s", [question])
