"""Every SQL statement of members."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from services.members.member import Member, Profile

Connection = psycopg.Connection[Any]

_PERSON = """
    select id, email, name, about, skills_offered, skills_wanted, organisation_code,
        organisation_name, region, status, version, joined_at, granted, shows_employer, shows_email
    from person
"""


@dataclass(frozen=True)
class Card:
    """What a screen needs to name a member."""

    id: UUID
    name: str | None
    region: str
    organisation_code: str | None
    organisation_name: str | None


@dataclass(frozen=True)
class Contact:
    """Where a notice to a member goes."""

    id: UUID
    name: str
    email: str
    region: str
    shows_email: bool = True


@dataclass(frozen=True)
class Skills:
    """What a member can give and would like, as of a version."""

    id: UUID
    version: int
    skills_offered: list[str]
    skills_wanted: list[str]


def add(
    conn: Connection,
    member_id: UUID,
    email: str,
    profile: Profile,
    status: str,
    now: datetime.datetime,
) -> bool:
    """Keep a joiner; false when the address belongs to somebody, also somebody joining now.

    Where it is another address of somebody, a trigger adds no row either.
    """
    added = conn.execute(
        """
        insert into member (id, email, name, about, skills_offered, skills_wanted,
            organisation_code, organisation_written, region, status, joined_at)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        on conflict ((lower(email))) do nothing
        """,
        [
            member_id,
            email,
            profile.name,
            profile.about,
            profile.skills_offered,
            profile.skills_wanted,
            profile.organisation_code,
            profile.organisation_written,
            profile.region,
            status,
            now,
        ],
    )
    return added.rowcount == 1


def find(conn: Connection, member_id: UUID) -> Member | None:
    with conn.cursor(row_factory=class_row(Member)) as cursor:
        return cursor.execute(_PERSON + "where id = %s", [member_id]).fetchone()


def find_by_email(conn: Connection, email: str) -> Member | None:
    """Who has this address, whichever of theirs it is."""
    with conn.cursor(row_factory=class_row(Member)) as cursor:
        return cursor.execute(
            _PERSON
            + """
            where id = (select member_id from member_address where lower(email) = lower(%s))
            """,
            [email],
        ).fetchone()


def lock(conn: Connection, member_id: UUID) -> None:
    """Make changes to one member wait for each other; find it afterwards."""
    conn.execute("select from member where id = %s for update", [member_id])


def listed(
    conn: Connection, status: str, regions: Sequence[str], after: UUID | None, limit: int
) -> list[Member]:
    """Members of a status in some regions, oldest first, behind ``after``."""
    with conn.cursor(row_factory=class_row(Member)) as cursor:
        return cursor.execute(
            _PERSON
            + """
            where status = %s and region = any(%s) and (%s::uuid is null or id > %s)
            order by id limit %s
            """,
            [status, list(regions), after, after, limit],
        ).fetchall()


def change(conn: Connection, member_id: UUID, profile: Profile) -> None:
    """Write a whole profile and count the change."""
    conn.execute(
        """
        update member
        set name = %s, about = %s, skills_offered = %s, skills_wanted = %s,
            organisation_code = %s, organisation_written = %s, region = %s,
            shows_employer = %s, shows_email = %s, version = version + 1
        where id = %s
        """,
        [
            profile.name,
            profile.about,
            profile.skills_offered,
            profile.skills_wanted,
            profile.organisation_code,
            profile.organisation_written,
            profile.region,
            profile.shows_employer,
            profile.shows_email,
            member_id,
        ],
    )


def decide(conn: Connection, member_id: UUID, status: str) -> None:
    conn.execute(
        "update member set status = %s, version = version + 1 where id = %s", [status, member_id]
    )


def touch(conn: Connection, member_id: UUID) -> None:
    """Count a change that lies outside the profile: of roles."""
    conn.execute("update member set version = version + 1 where id = %s", [member_id])


def erase(conn: Connection, member_id: UUID) -> None:
    """Take everything personal off a leaver; the pseudonym, region and code stay."""
    conn.execute(
        """
        update member
        set status = 'left', email = null, name = null, about = null, skills_offered = '{}',
            skills_wanted = '{}', organisation_written = null, version = version + 1
        where id = %s
        """,
        [member_id],
    )


def forget_answers(conn: Connection, member_id: UUID, email: str | None) -> None:
    """Drop a leaver's kept answers: they hold the profile, and must not answer a new joiner."""
    conn.execute(
        "delete from idempotency where caller = %s or lower(caller) = lower(%s)",
        [str(member_id), email],
    )


def cards(conn: Connection, ids: Sequence[UUID]) -> list[Card]:
    with conn.cursor(row_factory=class_row(Card)) as cursor:
        return cursor.execute(
            """
            select m.id, m.name, m.region,
                case when m.shows_employer then m.organisation_code end as organisation_code,
                case when m.shows_employer then coalesce(o.name, m.organisation_written) end
                    as organisation_name
            from member m left join organisation o on o.code = m.organisation_code
            where m.id = any(%s)
            """,
            [list(ids)],
        ).fetchall()


def contacts(conn: Connection, ids: Sequence[UUID]) -> list[Contact]:
    """Those of ``ids`` who can still be written to."""
    with conn.cursor(row_factory=class_row(Contact)) as cursor:
        return cursor.execute(
            """
            select id, name, email, region, shows_email from member
             where id = any(%s) and email is not null
            """,
            [list(ids)],
        ).fetchall()


def skills(conn: Connection, ids: Sequence[UUID]) -> list[Skills]:
    """What those of ``ids`` who have not left can give and would like."""
    with conn.cursor(row_factory=class_row(Skills)) as cursor:
        return cursor.execute(
            """
            select id, version, skills_offered, skills_wanted from member
             where id = any(%s) and email is not null
            """,
            [list(ids)],
        ).fetchall()


def record(
    conn: Connection,
    audit_id: UUID,
    actor: UUID | None,
    action: str,
    subject: UUID,
    detail: str | None,
    reason: str | None,
    now: datetime.datetime,
) -> None:
    """Write one line of the audit, for ever."""
    conn.execute(
        """
        insert into audit (id, actor, action, subject, detail, reason, at)
        values (%s, %s, %s, %s, %s, %s, %s)
        """,
        [audit_id, actor, action, subject, detail, reason, now],
    )
