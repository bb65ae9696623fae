"""Every SQL statement about systems that act for members, their tokens and consents."""

import datetime
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row, scalar_row
from psycopg.types.json import Jsonb

from services.members.client import Access, Client, Consent

Connection = psycopg.Connection[Any]

_CLIENT = """
    select id, name, organisation, keys, scopes, regions, registered_at, withdrawn_at from client
"""


def add(conn: Connection, new: Client) -> bool:
    """Keep a new system; false when its id is taken."""
    added = conn.execute(
        """
        insert into client (id, name, organisation, keys, scopes, regions, registered_at)
        values (%s, %s, %s, %s, %s, %s, %s) on conflict (id) do nothing
        """,
        [
            new.id, new.name, new.organisation, Jsonb(new.keys), new.scopes, new.regions,
            new.registered_at,
        ],
    )  # fmt: skip
    return added.rowcount == 1


def find(conn: Connection, client_id: UUID) -> Client | None:
    with conn.cursor(row_factory=class_row(Client)) as cursor:
        return cursor.execute(_CLIENT + "where id = %s", [client_id]).fetchone()


def lock(conn: Connection, client_id: UUID) -> Client | None:
    """The same, with every other change to this system waiting for the end of ours."""
    with conn.cursor(row_factory=class_row(Client)) as cursor:
        return cursor.execute(_CLIENT + "where id = %s for update", [client_id]).fetchone()


def listed(conn: Connection, withdrawn_too: bool, after: UUID | None, limit: int) -> list[Client]:
    """Systems in the order they were registered, behind ``after``."""
    with conn.cursor(row_factory=class_row(Client)) as cursor:
        return cursor.execute(
            _CLIENT
            + """
            where (withdrawn_at is null or %s) and (%s::uuid is null or id > %s)
            order by id limit %s
            """,
            [withdrawn_too, after, after, limit],
        ).fetchall()


def replace_keys(conn: Connection, client_id: UUID, keys: list[dict[str, Any]]) -> None:
    conn.execute("update client set keys = %s where id = %s", [Jsonb(keys), client_id])


def withdraw(conn: Connection, client_id: UUID, now: datetime.datetime) -> None:
    conn.execute("update client set withdrawn_at = %s where id = %s", [now, client_id])


def use_assertion(
    conn: Connection, client_id: UUID, jti_hash: bytes, until: datetime.datetime
) -> bool:
    """Keep that an assertion was used; false when it was used before."""
    added = conn.execute(
        """
        insert into client_assertion (client_id, jti_hash, expires_at) values (%s, %s, %s)
        on conflict do nothing
        """,
        [client_id, jti_hash, until],
    )
    return added.rowcount == 1


def add_token(
    conn: Connection,
    token_hash: bytes,
    client_id: UUID,
    scopes: Sequence[str],
    until: datetime.datetime,
) -> None:
    conn.execute(
        """
        insert into client_token (token_hash, client_id, scopes, expires_at)
        values (%s, %s, %s, %s)
        """,
        [token_hash, client_id, list(scopes), until],
    )


def clear(conn: Connection, client_id: UUID, now: datetime.datetime) -> None:
    """Forget a system's assertions and tokens that have expired."""
    for table in ("client_assertion", "client_token"):
        conn.execute(
            f"delete from {table} where client_id = %s and expires_at < %s",
            [client_id, now],
        )


def forget_tokens(conn: Connection, client_id: UUID) -> None:
    """End all tokens of a system at once."""
    conn.execute("delete from client_token where client_id = %s", [client_id])


def access(conn: Connection, token_hash: bytes, now: datetime.datetime) -> Access | None:
    """What a token is good for now."""
    with conn.cursor(row_factory=class_row(Access)) as cursor:
        return cursor.execute(
            """
            select c.id as client_id, c.regions,
                array(select unnest(t.scopes) intersect select unnest(c.scopes)) as scopes
            from client_token t join client c on c.id = t.client_id
            where t.token_hash = %s and t.expires_at > %s and c.withdrawn_at is null
            """,
            [token_hash, now],
        ).fetchone()


def agreed(conn: Connection, member_id: UUID, client_id: UUID) -> list[str]:
    """The scopes a member lets a system have now."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(
            """
            select scope from consent
            where member_id = %s and client_id = %s and ended_at is null order by scope
            """,
            [member_id, client_id],
        ).fetchall()


def agree(
    conn: Connection,
    consent_id: UUID,
    member_id: UUID,
    client_id: UUID,
    scope: str,
    now: datetime.datetime,
) -> bool:
    """Keep that a member gave a scope; false when it is given already."""
    added = conn.execute(
        """
        insert into consent (id, member_id, client_id, scope, given_at)
        values (%s, %s, %s, %s, %s)
        on conflict (member_id, client_id, scope) where ended_at is null do nothing
        """,
        [consent_id, member_id, client_id, scope, now],
    )
    return added.rowcount == 1


def end(
    conn: Connection,
    now: datetime.datetime,
    *,
    member_id: UUID | None = None,
    client_id: UUID | None = None,
    scope: str | None = None,
) -> list[tuple[UUID, UUID, str]]:
    """End what is held of a member, of a system, or of both; (member, system, scope) of each."""
    assert member_id or client_id, "nobody ends everybody's"
    return conn.execute(
        """
        update consent set ended_at = greatest(%s, given_at)
        where ended_at is null and (%s::uuid is null or member_id = %s)
            and (%s::uuid is null or client_id = %s) and (%s::text is null or scope = %s)
        returning member_id, client_id, scope
        """,
        [now, member_id, member_id, client_id, client_id, scope, scope],
    ).fetchall()


def consents(conn: Connection, member_id: UUID) -> list[Consent]:
    """What a member lets systems do now, by the system's name."""
    with conn.cursor(row_factory=class_row(Consent)) as cursor:
        return cursor.execute(
            """
            select c.id as client_id, c.name as client_name, c.organisation,
                array_agg(a.scope order by a.scope) as scopes, min(a.given_at) as since
            from consent a join client c on c.id = a.client_id
            where a.member_id = %s and a.ended_at is null
            group by c.id order by c.name, c.id
            """,
            [member_id],
        ).fetchall()


def record(
    conn: Connection,
    audit_id: UUID,
    client_id: UUID,
    actor: UUID | None,
    action: str,
    detail: str | None,
    reason: str | None,
    now: datetime.datetime,
) -> None:
    """Write one line of the audit of systems, for ever."""
    conn.execute(
        """
        insert into client_audit (id, client_id, actor, action, detail, reason, at)
        values (%s, %s, %s, %s, %s, %s, %s)
        """,
        [audit_id, client_id, actor, action, detail, reason, now],
    )
