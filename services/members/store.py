"""Every SQL statement of members."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row, scalar_row

from services.members import organisation
from services.members.member import Member, Profile

Connection = psycopg.Connection[Any]

_PERSON = """
    select id, email, name, about, skills_offered, skills_wanted, organisation_code,
        organisation_name, region, status, version, joined_at, granted
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


@dataclass(frozen=True)
class Place:
    """An organisation as it stood on a day; ``icb_code`` is its own where it is a board."""

    code: str
    kind: str
    name: str
    icb_code: str | None
    icb_name: str | None
    region: str | None


@dataclass(frozen=True)
class Grant:
    """One role of one member, with its history."""

    role: str
    granted_by: UUID | None
    granted_at: datetime.datetime
    reason: str
    revoked_at: datetime.datetime | None


# Members


def add(
    conn: Connection,
    member_id: UUID,
    email: str,
    profile: Profile,
    status: str,
    now: datetime.datetime,
) -> bool:
    """Keep a joiner; false when the address belongs to somebody, also somebody joining now."""
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
    with conn.cursor(row_factory=class_row(Member)) as cursor:
        return cursor.execute(_PERSON + "where lower(email) = lower(%s)", [email]).fetchone()


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
            organisation_code = %s, organisation_written = %s, region = %s, version = version + 1
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
            select m.id, m.name, m.region, m.organisation_code,
                coalesce(o.name, m.organisation_written) as organisation_name
            from member m left join organisation o on o.code = m.organisation_code
            where m.id = any(%s)
            """,
            [list(ids)],
        ).fetchall()


def contacts(conn: Connection, ids: Sequence[UUID]) -> list[Contact]:
    """Those of ``ids`` who can still be written to."""
    with conn.cursor(row_factory=class_row(Contact)) as cursor:
        return cursor.execute(
            "select id, name, email, region from member where id = any(%s) and email is not null",
            [list(ids)],
        ).fetchall()


# Roles


def grant(
    conn: Connection,
    grant_id: UUID,
    member_id: UUID,
    role: str,
    actor: UUID | None,
    reason: str,
    now: datetime.datetime,
) -> None:
    """Give a role; one already held is left as it is."""
    conn.execute(
        """
        insert into role_grant (id, member_id, role, granted_by, granted_at, reason)
        values (%s, %s, %s, %s, %s, %s)
        on conflict (member_id, role) where revoked_at is null do nothing
        """,
        [grant_id, member_id, role, actor, now, reason],
    )


def revoke(
    conn: Connection,
    member_id: UUID,
    roles: Sequence[str],
    actor: UUID | None,
    now: datetime.datetime,
) -> None:
    conn.execute(
        """
        update role_grant set revoked_by = %s, revoked_at = greatest(%s, granted_at)
        where member_id = %s and role = any(%s) and revoked_at is null
        """,
        [actor, now, member_id, list(roles)],
    )


def grants(conn: Connection, member_id: UUID) -> list[Grant]:
    """Every role the member has held, oldest first."""
    with conn.cursor(row_factory=class_row(Grant)) as cursor:
        return cursor.execute(
            """
            select role, granted_by, granted_at, reason, revoked_at
            from role_grant where member_id = %s order by id
            """,
            [member_id],
        ).fetchall()


def holders(conn: Connection, roles: Sequence[str]) -> list[tuple[str, UUID]]:
    """Approved members who hold one of the roles now, longest first, as (role, member)."""
    return conn.execute(
        """
        select g.role, g.member_id
        from role_grant g join member m on m.id = g.member_id
        where g.role = any(%s) and g.revoked_at is null and m.status = 'approved'
        order by g.role, g.id
        """,
        [list(roles)],
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


# Organisations and regions


def code_of(conn: Connection, code: str | None, name: str) -> str | None:
    """The code of a known organisation: by its code, else by its full name."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(
            """
            select code from organisation
            where code = %s or lower(name) = lower(%s)
            order by code = %s desc, closed_on desc nulls first limit 1
            """,
            [code, name, code],
        ).fetchone()


def places(
    conn: Connection,
    day: datetime.date,
    q: str | None,
    region: str | None,
    after: str | None,
    limit: int,
) -> list[Place]:
    """Organisations open on ``day`` behind the code ``after``.

    An exact code comes first, then names that begin with ``q``, then names that
    contain it, each in the order of their names.
    """
    with conn.cursor(row_factory=class_row(Place)) as cursor:
        return cursor.execute(
            """
            with found as (
                select p.*, row_number() over (order by
                    p.code <> upper(%(q)s), not starts_with(lower(p.name), lower(%(q)s)),
                    p.name, p.code) as place
                from organisations_on(%(day)s) p
                where (%(region)s::text is null or p.region = %(region)s)
                    and (p.code = upper(%(q)s) or strpos(lower(p.name), lower(%(q)s)) > 0)
            )
            select code, kind, name, icb_code, icb_name, region from found
            where place > coalesce((select place from found where code = %(after)s), 0)
            order by place limit %(limit)s
            """,
            {"day": day, "q": q or "", "region": region, "after": after, "limit": limit},
        ).fetchall()


def boards(conn: Connection, day: datetime.date) -> list[Place]:
    """Every board open on ``day``, by name."""
    with conn.cursor(row_factory=class_row(Place)) as cursor:
        return cursor.execute(
            """
            select code, kind, name, icb_code, icb_name, region
            from organisations_on(%s) where kind = 'icb' order by name
            """,
            [day],
        ).fetchall()


def regions(conn: Connection) -> list[organisation.Region]:
    with conn.cursor(row_factory=class_row(organisation.Region)) as cursor:
        return cursor.execute(
            "select slug, name, ods_code, ons_code from region order by name"
        ).fetchall()


def keep_regions(conn: Connection, found: Sequence[organisation.Region]) -> None:
    conn.execute(
        """
        insert into region (slug, name, ods_code, ons_code)
        select * from unnest(%s::text[], %s::text[], %s::text[], %s::text[])
        on conflict (slug) do update
        set name = excluded.name, ods_code = excluded.ods_code, ons_code = excluded.ons_code
        """,
        [
            [region.slug for region in found],
            [region.name for region in found],
            [region.ods_code for region in found],
            [region.ons_code for region in found],
        ],
    )


def keep_organisations(conn: Connection, found: Sequence[organisation.Organisation]) -> None:
    conn.execute(
        """
        insert into organisation (code, kind, name, ons_code, opened_on, closed_on)
        select * from unnest(
            %s::text[], %s::text[], %s::text[], %s::text[], %s::date[], %s::date[])
        on conflict (code) do update
        set kind = excluded.kind, name = excluded.name, ons_code = excluded.ons_code,
            opened_on = excluded.opened_on, closed_on = excluded.closed_on
        """,
        [
            [one.code for one in found],
            [one.kind for one in found],
            [one.name for one in found],
            [one.ons_code for one in found],
            [one.opened_on for one in found],
            [one.closed_on for one in found],
        ],
    )


def forget_belongings(conn: Connection) -> None:
    """Make room for the shipped history, which is always given whole."""
    conn.execute(
        """
        with a as (delete from icb_region), b as (delete from organisation_icb)
        delete from succession
        """
    )


def add_icb_regions(conn: Connection, found: Sequence[organisation.Belonging]) -> None:
    conn.execute(
        """
        insert into icb_region (icb, since, region)
        select * from unnest(%s::text[], %s::date[], %s::text[])
        """,
        _columns(found),
    )


def add_organisation_icbs(conn: Connection, found: Sequence[organisation.Belonging]) -> None:
    conn.execute(
        """
        insert into organisation_icb (code, since, icb)
        select * from unnest(%s::text[], %s::date[], %s::text[])
        """,
        _columns(found),
    )


def add_successions(conn: Connection, found: Sequence[organisation.Succession]) -> None:
    conn.execute(
        """
        insert into succession (predecessor, successor, since)
        select * from unnest(%s::text[], %s::text[], %s::date[])
        """,
        [
            [row.predecessor for row in found],
            [row.successor for row in found],
            [row.since for row in found],
        ],
    )


def _columns(found: Sequence[organisation.Belonging]) -> list[list[Any]]:
    return [
        [row.code for row in found],
        [row.since for row in found],
        [row.within for row in found],
    ]
