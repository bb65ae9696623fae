"""The rules hand-written SQL cannot break either."""

import psycopg
import pytest

from tests.members.bank import Bank

REFUSED = [
    "update member set name = ''",
    "update member set name = repeat('a', 201)",
    "update member set name = null",
    "update member set email = null",
    "update member set about = repeat('a', 2001)",
    "update member set skills_offered = array_fill('a'::text, array[31])",
    "update member set skills_offered = array['']",
    "update member set skills_wanted = array[repeat('a', 101)]",
    "update member set skills_wanted = array[null::text]",
    "update member set region = 'wales'",
    "update member set status = 'king'",
    "update member set status = 'left'",
    "update member set version = 0",
    "update member set organisation_written = 'both'",
    "update member set organisation_code = null",
    "insert into role_grant (id, member_id, role, granted_at, reason)"
    " select gen_random_uuid(), id, 'king', now(), 'r' from member",
    "insert into role_grant (id, member_id, role, granted_by, granted_at, reason)"
    " select gen_random_uuid(), id, 'senate', id, now(), 'r' from member",
    "insert into audit (id, actor, action, subject, at)"
    " select gen_random_uuid(), id, 'approve', id, now() from member",
]


def test_what_is_not_a_member_or_a_right_cannot_be_written(bank: Bank) -> None:
    bank.join("ada@nhs.net")
    for statement in REFUSED:
        try:
            with pytest.raises((psycopg.errors.IntegrityError,)):
                bank.sql(statement)
        except pytest.fail.Exception:
            pytest.fail(f"the database let through: {statement}")


def test_two_members_cannot_share_an_address_in_other_letters(bank: Bank) -> None:
    bank.join("ada@nhs.net")
    bank.join("bea@nhs.net")
    with pytest.raises(psycopg.errors.UniqueViolation):
        bank.sql("update member set email = 'ADA@nhs.net' where email = 'bea@nhs.net'")
