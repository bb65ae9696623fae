"""The rules about one member, without a database."""

import datetime
import uuid

import pytest

from services.members import errors, member
from services.members.member import Member

KNOWN = ("nhs.net", "nhs.uk")
MONDAY = datetime.datetime(2026, 11, 23, 9, 30, tzinfo=datetime.UTC)


def somebody(status: str = "waiting", joined_at: datetime.datetime = MONDAY) -> Member:
    return Member(
        uuid.uuid4(), "a@b.org", "A", None, [], [], "RJ1", "Guy's", "london", status, 1, joined_at,
        ["rep:london"],
    )  # fmt: skip


@pytest.mark.parametrize("email", ["a@nhs.net", "A@NHS.NET", "a@gstt.nhs.uk", "a@x.y.nhs.uk"])
def test_a_known_domain_and_its_sub_domains_are_let_in(email: str) -> None:
    assert member.status_on_joining(email, KNOWN) == "approved"


@pytest.mark.parametrize(
    "email", ["a@nhs.uk.example.org", "a@notnhs.uk", "a@xnhs.net", "nhs.uk@example.org"]
)
def test_a_domain_that_only_looks_known_waits(email: str) -> None:
    assert member.status_on_joining(email, KNOWN) == "waiting"


@pytest.mark.parametrize(
    "email",
    [None, "", "ada", "@nhs.net", "ada@", "ada@nhs", "a@b@nhs.net", "a da@nhs.net", "a\0@nhs.net",
     "ada@nhѕ.net", f"{'a' * 247}@nhs.net", "ada@nhs.net;", "<ada@nhs.net>", "ada,bo@nhs.net",
     '"ada"@nhs.net', "ada@nhs..net", "ada@.nhs.net", "ada@nhs.net."],
)  # fmt: skip
def test_an_address_no_letter_could_reach_is_refused(email: str | None) -> None:
    with pytest.raises(errors.NoAddress):
        member.address(email)


def test_an_address_is_kept_as_it_came() -> None:
    assert member.address(" Ada@nhs.net ") == "Ada@nhs.net"


def test_roles_hold_only_while_one_is_let_in() -> None:
    assert somebody("approved").roles == ["member", "rep:london"]
    for status in ("waiting", "refused", "left"):
        assert somebody(status).roles == []


@pytest.mark.parametrize(
    ("joined", "due"),
    [
        (MONDAY, "2026-11-25T09:30"),
        (MONDAY + datetime.timedelta(days=2), "2026-11-27T09:30"),
        (MONDAY + datetime.timedelta(days=3), "2026-11-30T09:30"),
        (MONDAY + datetime.timedelta(days=4), "2026-12-01T09:30"),
        (MONDAY + datetime.timedelta(days=5), "2026-12-01T09:30"),
    ],
    ids=["Monday", "Wednesday", "Thursday", "Friday", "Saturday"],
)
def test_waiting_is_counted_in_working_days(joined: datetime.datetime, due: str) -> None:
    moment = datetime.datetime.fromisoformat(f"{due}+00:00")
    waiting = somebody(joined_at=joined)
    assert member.escalated(waiting, moment)
    assert not member.escalated(waiting, moment - datetime.timedelta(seconds=1))
    assert not member.escalated(somebody("approved", joined), moment)
