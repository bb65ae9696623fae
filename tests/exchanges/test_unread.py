"""Which of one's exchanges have new messages: in lists, for the reader, and for nobody else."""

import dataclasses
from typing import Any

import psycopg
import pytest

from services.bus.caller import Caller
from services.bus.transaction import new_id
from services.exchanges import errors, list_handlers, message_handlers
from tests.exchanges import people
from tests.exchanges.people import Bank

GIVER = people.member("london")
RECEIVER = people.member("north-west")


def asked(bank: Bank, receiver: Caller = RECEIVER) -> str:
    return str(bank.ask(receiver, bank.publish(GIVER))["id"])


def write(bank: Bank, author: Caller, exchange_id: str, times: int = 1) -> None:
    for _ in range(times):
        bank.do(message_handlers.write, author, exchange_id, {"text": "Friday?"})


def unread(bank: Bank, reader: Caller, **query: Any) -> dict[str, int]:
    return {each["id"]: each["unread_count"] for each in bank.mine(reader, **query)["items"]}


def test_a_list_tells_each_how_much_the_other_wrote_since_they_looked(bank: Bank) -> None:
    quiet, busy = asked(bank), asked(bank)
    write(bank, RECEIVER, busy, 3)
    write(bank, GIVER, busy, 1)
    assert unread(bank, GIVER) == {busy: 3, quiet: 0}
    assert unread(bank, RECEIVER, mine="receiver", state="requested") == {busy: 1, quiet: 0}
    assert unread(bank, GIVER, waiting_on_me=True) == {busy: 3, quiet: 0}
    bank.do(message_handlers.see, GIVER, busy)
    assert unread(bank, GIVER) == {busy: 0, quiet: 0}
    write(bank, RECEIVER, busy)
    assert unread(bank, GIVER)[busy] == bank.look(GIVER, busy)["unread_count"] == 1
    assert unread(bank, RECEIVER)[busy] == 1


def test_only_those_with_new_messages_are_listed_when_they_are_wanted(bank: Bank) -> None:
    older, quiet, newer = asked(bank), asked(bank), asked(bank)
    write(bank, RECEIVER, older, 2)
    write(bank, RECEIVER, newer)
    assert unread(bank, GIVER, unread=True) == {newer: 1, older: 2}
    assert unread(bank, RECEIVER, unread=True) == {}
    first = bank.mine(GIVER, unread=True, limit=1)
    assert unread(bank, GIVER, unread=True, limit=1, cursor=first["next"]) == {older: 2}
    bank.do(message_handlers.listed, GIVER, newer, {"seen": True})
    assert unread(bank, GIVER, unread=True) == {older: 2}
    assert quiet in unread(bank, GIVER, unread=False)


@pytest.mark.parametrize("value", ["true", 1])
def test_a_wish_for_the_unread_of_the_wrong_shape_is_refused(bank: Bank, value: Any) -> None:
    with pytest.raises(errors.Invalid):
        bank.mine(GIVER, unread=value)


@pytest.mark.parametrize(
    ("reader", "region"),
    [
        (people.rep("north-west"), "north-west"),
        (people.rep("london"), "london"),
        (people.national(), "north-west"),
        (people.member("london", roles=("senate",)), "north-west"),
    ],
    ids=["rep", "rep of the giver", "national", "Senate"],
)
def test_who_looks_at_a_region_is_told_of_no_message(
    bank: Bank, reader: Caller, region: str
) -> None:
    exchange_id = asked(bank)
    write(bank, RECEIVER, exchange_id)
    for wish in (None, True):
        (found,) = bank.mine(reader, region=region, unread=wish)["items"]
        assert found["id"] == exchange_id
        assert "unread_count" not in found
    assert bank.mine(reader, unread=True)["items"] == []


def test_a_third_person_finds_no_exchange_of_the_two_by_its_messages(bank: Bank) -> None:
    exchange_id = asked(bank)
    write(bank, RECEIVER, exchange_id)
    own = asked(bank, receiver := people.member("midlands"))
    write(bank, GIVER, own)
    assert unread(bank, receiver, unread=True) == unread(bank, receiver) == {own: 1}
    assert unread(bank, people.member("midlands"), unread=True) == {}


def test_another_system_learns_nothing_of_its_members_messages(bank: Bank) -> None:
    exchange_id = asked(bank)
    write(bank, RECEIVER, exchange_id)
    system = dataclasses.replace(GIVER, client=new_id(), scopes=frozenset({"exchanges:read"}))
    (found,) = bank.mine(system)["items"]
    assert found["id"] == exchange_id
    assert "unread_count" not in found
    with pytest.raises(errors.PrivateToTheTwo):
        bank.mine(system, unread=True)


def test_a_list_of_any_length_takes_one_statement_more_for_its_messages(bank: Bank) -> None:
    for number in range(30):
        write(bank, RECEIVER, asked(bank), number % 3)
    assert (_statements(bank, 1), _statements(bank, 30)) == (2, 2)


def _statements(bank: Bank, limit: int) -> int:
    """How many statements a list of the giver's sends."""
    count = 0

    class Counting(psycopg.Cursor[Any]):
        def execute(self, *args: Any, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            return super().execute(*args, **kwargs)

    with bank.database.transaction() as tx:
        tx.conn.cursor_factory = Counting
        found = list_handlers.several(tx, GIVER, {"limit": limit})
        tx.conn.cursor_factory = psycopg.Cursor
    assert len(found["items"]) == limit
    return count
