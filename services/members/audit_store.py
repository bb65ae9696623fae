"""Every SQL statement that reads the audit."""

from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from services.members.audit import Line, Search

Connection = psycopg.Connection[Any]


def lines(conn: Connection, wanted: Search, behind: UUID | None, limit: int) -> list[Line]:
    """Lines that fit, the newest first, from behind the line ``behind`` on."""
    with conn.cursor(row_factory=class_row(Line)) as cursor:
        return cursor.execute(
            """
            select id, at, actor, action, subject, about, detail, reason from audit_line
            where (%(actors)s::uuid[] is null or actor = any(%(actors)s))
                and (%(subjects)s::uuid[] is null or subject = any(%(subjects)s))
                and (%(action)s::text is null or action = %(action)s)
                and (%(since)s::timestamptz is null or at >= %(since)s)
                and (%(before)s::timestamptz is null or at < %(before)s)
                and (%(behind)s::uuid is null or (at, id) < (
                    select l.at, l.id from audit_line l where l.id = %(behind)s))
            order by at desc, id desc limit %(limit)s
            """,
            {
                "actors": None if wanted.actors is None else list(wanted.actors),
                "subjects": None if wanted.subjects is None else list(wanted.subjects),
                "action": wanted.action,
                "since": wanted.since,
                "before": wanted.before,
                "behind": behind,
                "limit": limit,
            },
        ).fetchall()
