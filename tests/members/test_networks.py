"""Networks that invite: in their own name, for their host, and as long as the host wants."""

from typing import Any
from uuid import uuid4

import psycopg
import pytest

from services.bus.caller import SERVICE, Caller
from services.bus.errors import NotAllowed
from services.members import errors, handlers, invitation_handlers, network, network_handlers
from tests.members.bank import Bank

ADA, BO = "ada@nhs.net", "bo@nhs.net"
NAME = "Ward Managers’ Network"


@pytest.fixture
def ada(bank: Bank) -> Caller:
    return bank.somebody(ADA)


def host(bank: Bank, who: Caller, name: str = NAME) -> dict[str, Any]:
    made: dict[str, Any] = bank.do(network_handlers.host, who, {"name": name})
    return made


def hosted(bank: Bank, who: Caller) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = bank.do(network_handlers.hosted, who)["items"]
    return found


def find(bank: Bank, token: str) -> Any:
    return bank.do(invitation_handlers.find, SERVICE, token)


def brought_by(bank: Bank, email: str) -> tuple[str | None, str | None]:
    me = bank.do(handlers.me, bank.caller(email))
    return me["invited_by"], me["invited_through"]


def kept(bank: Bank) -> list[Any]:
    """What is left of all networks: name, token, and whether they have ended."""
    rows: list[Any] = bank.sql("select name, token, ended_at is not null from network order by id")
    return rows


def test_a_network_invites_in_its_own_name_and_says_who_hosts_it(bank: Bank, ada: Caller) -> None:
    made = host(bank, ada)
    assert find(bank, made["token"]) == {
        "id": str(ada.id), "name": "Ada Invented", "network": NAME,
    }  # fmt: skip
    own = bank.do(invitation_handlers.own, ada)["token"]
    assert own != made["token"]
    assert find(bank, own)["network"] is None


def test_who_joins_by_a_network_is_kept_as_brought_by_it_and_its_host(
    bank: Bank, ada: Caller
) -> None:
    bank.join(BO, invitation=host(bank, ada)["token"])
    assert brought_by(bank, BO) == (str(ada.id), NAME)
    bank.join("cy@nhs.net", invitation=bank.do(invitation_handlers.own, ada)["token"])
    assert brought_by(bank, "cy@nhs.net") == (str(ada.id), None)


def test_its_host_hears_how_many_it_has_brought_from_eight_on(bank: Bank, ada: Caller) -> None:
    token, other = host(bank, ada)["token"], host(bank, ada, "Another")["token"]
    for number in range(7):
        bank.join(f"n{number}@nhs.net", invitation=token)
    bank.join("waiting@example.org", invitation=token)
    assert [each["brought"] for each in hosted(bank, ada)] == [None, None]
    bank.join("n7@nhs.net", invitation=token)
    bank.join("other@nhs.net", invitation=other)
    assert [each["brought"] for each in hosted(bank, ada)] == [8, None]
    bank.do(handlers.leave, bank.caller("n0@nhs.net"), "fund")
    assert [each["brought"] for each in hosted(bank, ada)] == [None, None]


def test_only_its_host_sees_a_network_listed(bank: Bank, ada: Caller) -> None:
    made = host(bank, ada)
    assert hosted(bank, ada) == [made]
    assert hosted(bank, bank.somebody(BO)) == []
    with pytest.raises(errors.NotAMember):
        hosted(bank, Caller(email="nobody@nhs.net"))


def test_a_sixth_network_is_refused_until_one_has_ended(bank: Bank, ada: Caller) -> None:
    made = [host(bank, ada, f"Network {number}") for number in range(network.MOST)]
    with pytest.raises(errors.NetworksEnough):
        host(bank, ada)
    bank.do(network_handlers.end, ada, made[0]["id"])
    host(bank, ada)
    assert [each["name"] for each in hosted(bank, ada)][-1] == NAME


def test_a_name_is_taken_for_its_host_alone_and_only_until_it_ends(bank: Bank, ada: Caller) -> None:
    made = host(bank, ada)
    with pytest.raises(errors.NetworkYours):
        host(bank, ada, NAME.upper())
    host(bank, bank.somebody(BO))
    bank.do(network_handlers.end, ada, made["id"])
    assert host(bank, ada)["token"] != made["token"]


def test_who_is_not_let_in_hosts_nothing(bank: Bank) -> None:
    bank.join("ada@example.org")
    with pytest.raises(NotAllowed):
        host(bank, bank.caller("ada@example.org"))
    with pytest.raises(errors.NotAMember):
        host(bank, Caller(email=BO))
    assert kept(bank) == []


def test_an_ended_network_names_nobody_and_keeps_nobody_from_joining(
    bank: Bank, ada: Caller
) -> None:
    made = host(bank, ada)
    bank.join(BO, invitation=made["token"])
    assert bank.do(network_handlers.end, ada, made["id"]) == {"id": made["id"]}
    assert find(bank, made["token"]) is None
    bank.join("cy@nhs.net", invitation=made["token"])
    assert brought_by(bank, "cy@nhs.net") == (None, None)
    assert brought_by(bank, BO) == (str(ada.id), NAME)
    assert hosted(bank, ada) == []
    (held,) = bank.do(network_handlers.hosted, ada, True)["items"]
    assert held == {**made, "token": None}, "what is still held is in the download"
    with pytest.raises(errors.NetworkNotFound):
        bank.do(network_handlers.end, ada, made["id"])


def test_nobody_ends_the_network_of_another(bank: Bank, ada: Caller) -> None:
    made = host(bank, ada)
    bo = bank.somebody(BO)
    for unknown in (made["id"], str(uuid4()), "none", None, 5):
        with pytest.raises(errors.NetworkNotFound):
            bank.do(network_handlers.end, bo, unknown)
    assert find(bank, made["token"])["network"] == NAME


def test_a_host_who_leaves_takes_the_networks_along(bank: Bank, ada: Caller) -> None:
    made, ended = host(bank, ada), host(bank, ada, "Ended before")
    bank.do(network_handlers.end, ada, ended["id"])
    bank.join(BO, invitation=made["token"])
    bank.do(handlers.leave, ada, "fund")
    assert kept(bank) == [(None, None, True), (None, None, True)]
    assert find(bank, made["token"]) is None
    assert brought_by(bank, BO) == (str(ada.id), None)


def test_who_came_by_a_network_leaves_nothing_of_it(bank: Bank, ada: Caller) -> None:
    bank.join(BO, invitation=host(bank, ada)["token"])
    bo = bank.caller(BO)
    bank.do(handlers.leave, bo, "fund")
    (found,) = bank.sql("select invited_by, invited_through from member where id = %s", bo.id)
    assert found == (None, None)
    assert find(bank, hosted(bank, ada)[0]["token"])["network"] == NAME


@pytest.mark.parametrize(
    "statement",
    [
        "update network set token = null",
        "update network set ended_at = made_at",
        "update network set name = null",
        "update network set name = 'ab'",
        "update network set name = E'two\\nlines'",
        "insert into network (id, host_id, name, token, made_at) select gen_random_uuid(), host_id,"
        " upper(name), 'another token of its own', made_at from network",
        "insert into network (id, host_id, name, token, made_at) select gen_random_uuid(), host_id,"
        " 'Another', token, made_at from network",
    ],
)
def test_the_database_keeps_what_a_network_is(bank: Bank, ada: Caller, statement: str) -> None:
    host(bank, ada)
    with pytest.raises(psycopg.errors.IntegrityError):
        bank.sql(statement)
