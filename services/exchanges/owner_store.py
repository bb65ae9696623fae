"""Every statement about what is known of the owners of listings: what they give and would like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Due:
    """An owner of whom a newer version was heard than is known."""

    member_id: UUID
    region: str


@dataclass(frozen=True)
class Skills:
    """What a member said of themselves, as of a version."""

    version: int
    offered: list[str]
    wanted: list[str]


def hear_of_owner(conn: Connection, member_id: UUID, region: str) -> None:
    """Take note of somebody who publishes; what is known already stays."""
    conn.execute(
        """
        insert into owner_profile (member_id, region, heard) values (%s, %s, 1)
        on conflict (member_id) do nothing
        """,
        [member_id, region],
    )


def hear_of_changes(conn: Connection, versions: Mapping[UUID, int]) -> None:
    """Take note of newer versions; of people who own nothing, nothing is kept.

    In the order of ids, in which everybody locks them.
    """
    conn.execute(
        """
        with due as (
            select member_id, new.version
              from owner_profile
              join unnest(%s::uuid[], %s::integer[]) as new (id, version) on new.id = member_id
             where heard < new.version
             order by member_id
               for no key update of owner_profile)
        update owner_profile set heard = due.version
          from due
         where owner_profile.member_id = due.member_id
        """,
        [list(versions), list(versions.values())],
    )


def to_ask(conn: Connection, regions: Sequence[str], limit: int) -> list[Due]:
    """Whom to ask members about, of these regions."""
    with conn.cursor(row_factory=class_row(Due)) as cursor:
        return cursor.execute(
            """
            select member_id, region from owner_profile
             where known < heard and region = any(%s)
             order by region
             limit %s
            """,
            [list(regions), limit],
        ).fetchall()


def know(conn: Connection, found: Mapping[UUID, Skills]) -> None:
    """Keep what members answered, unless something newer is kept."""
    for member_id in sorted(found):
        skills = found[member_id]
        conn.execute(
            """
            update owner_profile
               set known = %(version)s, heard = greatest(heard, %(version)s),
                   skills_offered = %(offered)s, skills_wanted = %(wanted)s
             where member_id = %(member)s and known < %(version)s
            """,
            {"member": member_id, **vars(skills)},
        )


def forget(conn: Connection, member_ids: Sequence[UUID]) -> None:
    """Keep nothing more of people who have left."""
    conn.execute("delete from owner_profile where member_id = any(%s)", [list(member_ids)])
