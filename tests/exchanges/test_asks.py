"""One ask to several givers: all are asked, the first yes helps, the others are let go kindly."""

from typing import Any
from uuid import UUID

import psycopg
import pytest

from services.bus.caller import Caller
from services.exchanges import ask_handlers, block_handlers, errors, queue_handlers
from tests.exchanges import people
from tests.exchanges.people import Bank


class Ask:
    """An asker, three givers with an offer each, and the exchanges of one ask to them."""

    def __init__(self, bank: Bank, asker: Caller | None = None, **wanted: Any) -> None:
        self.asker = asker or people.member()
        self.givers = [people.member("midlands") for _ in range(3)]
        self.offers = [bank.publish(giver) for giver in self.givers]
        self.ids = [each["id"] for each in bank.ask_several(self.asker, *self.offers, **wanted)]


@pytest.fixture
def asked(bank: Bank) -> Ask:
    return Ask(bank)


def states(bank: Bank, ids: list[str]) -> list[str]:
    return [bank.state(each) for each in ids]


def test_each_giver_is_asked_for_their_own_offer(bank: Bank, asked: Ask) -> None:
    seen = [bank.look(asked.asker, each) for each in asked.ids]

    assert [each["giver"]["id"] for each in seen] == [str(each.id) for each in asked.givers]
    assert [each["listing_id"] for each in seen] == [each["id"] for each in asked.offers]
    assert len({each["ask_id"] for each in seen}) == 1
    assert [bank.events(each) for each in asked.ids] == [["requested"]] * 3
    assert [each["allowed"] for each in seen] == [["withdraw"]] * 3


def test_the_first_yes_helps_and_the_others_need_not_answer(bank: Bank, asked: Ask) -> None:
    bank.act(asked.givers[1], asked.ids[1], "accept")

    assert states(bank, asked.ids) == ["withdrawn", "accepted", "withdrawn"]
    assert bank.events(asked.ids[1]) == ["requested", "accepted"]
    for number in (0, 2):
        assert bank.events(asked.ids[number]) == ["requested", "superseded"]
        told = bank.said(asked.ids[number])[-1]
        assert (told["actor_id"], told["next_actor"], told["deadline"]) == (None, None, None)


def test_lists_tell_who_was_not_first_from_who_was_asked_no_more(bank: Bank, asked: Ask) -> None:
    bank.act(asked.asker, asked.ids[1], "withdraw")
    bank.act(asked.givers[0], asked.ids[0], "accept")
    ask_id = bank.look(asked.asker, asked.ids[0])["ask_id"]
    told = [False, False, True]

    found = bank.do(ask_handlers.one, asked.asker, ask_id)["exchanges"]
    assert [each["superseded"] for each in found] == told
    listed = {each["id"]: each["superseded"] for each in bank.mine(asked.asker)["items"]}
    assert [listed[each] for each in asked.ids] == told
    assert [bank.look(asked.asker, each)["superseded"] for each in asked.ids] == told
    for giver, superseded in zip(asked.givers, told, strict=True):
        (own,) = bank.mine(giver)["items"]
        assert own["superseded"] is superseded


def test_an_asker_who_leaves_makes_nobody_the_quicker(bank: Bank, asked: Ask) -> None:
    bank.left(asked.asker)

    assert states(bank, asked.ids) == ["withdrawn"] * 3
    for giver in asked.givers:
        assert [each["superseded"] for each in bank.mine(giver)["items"]] == [False]


@pytest.mark.parametrize("action", ["accept", "decline", "amend"])
def test_who_was_not_first_can_answer_no_more(bank: Bank, asked: Ask, action: str) -> None:
    bank.act(asked.givers[0], asked.ids[0], "accept")
    body = {"minutes": 30} if action == "amend" else {}

    with pytest.raises(errors.StepNotAllowed) as refusal:
        bank.act(asked.givers[2], asked.ids[2], action, **body)

    assert refusal.value.detail == {"state": "withdrawn", "allowed": []}


def test_a_no_ends_it_with_one_giver_only(bank: Bank, asked: Ask) -> None:
    bank.act(asked.givers[0], asked.ids[0], "decline")
    bank.act(asked.asker, asked.ids[1], "withdraw")

    assert states(bank, asked.ids) == ["declined", "withdrawn", "requested"]
    bank.act(asked.givers[2], asked.ids[2], "accept")
    assert bank.events(asked.ids[0]) == ["requested", "declined"]
    assert bank.events(asked.ids[1]) == ["requested", "withdrawn"]


def test_the_askers_yes_to_another_time_lets_the_others_go(bank: Bank, asked: Ask) -> None:
    bank.act(asked.givers[0], asked.ids[0], "amend", minutes=30)
    bank.act(asked.givers[1], asked.ids[1], "amend", minutes=45)
    bank.act(asked.asker, asked.ids[0], "accept")

    assert states(bank, asked.ids) == ["accepted", "withdrawn", "withdrawn"]


def test_a_representatives_yes_for_a_giver_lets_the_others_go(bank: Bank, asked: Ask) -> None:
    rep, giver = people.rep("midlands"), asked.givers[0]

    bank.do(queue_handlers.act_for, rep, asked.ids[0], str(giver.id), "accept", {}, None)

    assert states(bank, asked.ids) == ["accepted", "withdrawn", "withdrawn"]
    (row,) = bank.execute("select exchange_id, version from step_for_member")
    assert row == (UUID(asked.ids[0]), 2)


def test_one_hold_is_asked_for_and_too_few_credits_go_as_for_any_exchange(
    bank: Bank, asked: Ask
) -> None:
    bank.act(asked.givers[0], asked.ids[0], "accept")
    bank.refused(asked.ids[0], shortfall=15)
    bank.act(asked.asker, asked.ids[0], "ask_fund")
    bank.held(asked.ids[0], attempt=2)

    assert states(bank, asked.ids) == ["booked", "withdrawn", "withdrawn"]
    holds = [said["hold_id"] for each in asked.ids for said in bank.said(each) if "attempt" in said]
    assert len(holds) == len(set(holds)) == 2


def test_asked_again_for_other_minutes_the_others_stay_let_go(bank: Bank, asked: Ask) -> None:
    bank.act(asked.givers[0], asked.ids[0], "accept")
    bank.held(asked.ids[0])
    bank.act(asked.asker, asked.ids[0], "amend", minutes=30)
    bank.act(asked.givers[0], asked.ids[0], "accept")

    assert states(bank, asked.ids) == ["accepted", "withdrawn", "withdrawn"]
    assert bank.events(asked.ids[1]) == ["requested", "superseded"]


def test_what_somebody_asks_who_waits_is_sent_to_all_when_they_are_let_in(bank: Bank) -> None:
    asked = Ask(bank, people.member(approved=False))
    assert [bank.events(each) for each in asked.ids] == [[], [], []]

    bank.approved(asked.asker)

    assert [bank.events(each) for each in asked.ids] == [["requested"]] * 3
    bank.act(asked.givers[2], asked.ids[2], "accept")
    assert states(bank, asked.ids) == ["withdrawn", "withdrawn", "accepted"]


def test_without_an_answer_each_expires_by_itself(bank: Bank, asked: Ask) -> None:
    bank.wait(days=8)

    assert states(bank, asked.ids) == ["expired"] * 3


def test_an_ask_is_shown_to_whoever_asked_and_to_nobody_else(bank: Bank, asked: Ask) -> None:
    ask_id = bank.look(asked.asker, asked.ids[0])["ask_id"]

    found = bank.do(ask_handlers.one, asked.asker, ask_id)

    assert [each["id"] for each in found["exchanges"]] == asked.ids
    for other in (asked.givers[0], people.member(), people.national()):
        with pytest.raises(errors.AskNotFound):
            bank.do(ask_handlers.one, other, ask_id)
    for nothing in ("x", None, asked.ids[0]):
        with pytest.raises(errors.AskNotFound):
            bank.do(ask_handlers.one, asked.asker, nothing)


def test_one_that_cannot_be_asked_is_named_and_nobody_is_asked(bank: Bank) -> None:
    asker, owner = people.member(), people.member()
    good, own, full = bank.publish(owner), bank.publish(asker), bank.publish(owner, capacity=1)
    closed = bank.publish(people.member())
    bank.act_on_listing(Caller(UUID(closed["owner"]["id"]), approved=True), closed, "close")
    bank.ask(people.member(), full)
    before = bank.execute("select count(*) from exchange")

    for wrong, refusal in (
        (own, errors.OwnListing),
        (closed, errors.ListingClosed),
        (full, errors.CapacityFull),
        (bank.publish(people.member(), kind="request"), errors.OnlyOffers),
    ):
        with pytest.raises(refusal) as refused:
            bank.ask_several(asker, good, wrong)
        assert refused.value.detail["listing_id"] == wrong["id"]

    assert bank.execute("select count(*) from exchange") == before


def test_somebody_who_is_blocked_is_not_asked_and_nobody_else_is(bank: Bank) -> None:
    asker, apart = people.member(), people.member()
    good, hidden = bank.publish(people.member()), bank.publish(apart)
    bank.do(block_handlers.block, apart, str(asker.id))

    with pytest.raises(errors.ListingNotFound) as refused:
        bank.ask_several(asker, good, hidden)

    assert refused.value.detail["listing_id"] == hidden["id"]
    assert bank.execute("select count(*) from exchange") == [(0,)]


def test_one_ask_goes_to_different_people(bank: Bank) -> None:
    asker, owner = people.member(), people.member()
    one, other = bank.publish(owner), bank.publish(owner)

    for listings in ((one, other), (one, one)):
        with pytest.raises(errors.SameGiver):
            bank.ask_several(asker, *listings)

    assert bank.execute("select count(*) from exchange") == [(0,)]


def test_one_ask_goes_to_two_or_three(bank: Bank) -> None:
    offers = [bank.publish(people.member()) for _ in range(4)]

    for listings in (offers[:1], offers):
        with pytest.raises(errors.Invalid) as refusal:
            bank.ask_several(people.member(), *listings)
        assert refusal.value.detail["errors"][0]["pointer"] == "/listing_ids"


def test_who_has_not_joined_asks_nobody(bank: Bank) -> None:
    offers = [bank.publish(people.member()) for _ in range(2)]

    with pytest.raises(errors.NotAMember):
        bank.ask_several(Caller(email="someone@example.org"), *offers)


def test_the_database_lets_one_exchange_of_an_ask_come_about(bank: Bank, asked: Ask) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation):
        bank.execute("update exchange set state = 'accepted', next_actor = 'ledger'")

    assert states(bank, asked.ids) == ["requested"] * 3
