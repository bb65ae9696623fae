"""What representatives find in their list, remind of, and do for a member."""

from typing import Any

import pytest

from services.bus.caller import Caller
from services.contracts import words
from services.exchanges import errors, queue_handlers
from tests.exchanges import people
from tests.exchanges.people import Bank

GIVER = people.member("london")
RECEIVER = people.member("north-west")
REP = people.rep("north-west")
OF_THE_GIVER = people.rep("london")


def listed(bank: Bank, caller: Caller = REP, conflicts: Any = None) -> list[tuple[str, str]]:
    found = bank.do(queue_handlers.listed, caller, conflicts, None)
    return [(each["kind"], each["exchange"]["id"]) for each in found["items"]]


def act_for(
    bank: Bank, rep: Caller, exchange_id: str, member: Caller, action: str, **body: Any
) -> dict[str, Any]:
    found: dict[str, Any] = bank.do(
        queue_handlers.act_for, rep, exchange_id, str(member.id), action, body, None
    )
    return found


def asked(bank: Bank) -> str:
    return str(bank.ask(RECEIVER, bank.publish(GIVER))["id"])


def test_what_goes_its_way_is_not_listed_and_what_waits_too_long_is(bank: Bank) -> None:
    request = asked(bank)
    undated = bank.booked(GIVER, RECEIVER)
    assert listed(bank) == []
    bank.advance(days=2)
    assert listed(bank) == [("unanswered", request)]
    bank.advance(days=5)
    assert ("overdue", undated) in listed(bank)


def test_a_booking_is_listed_two_days_after_it_was_to_be_over(bank: Bank) -> None:
    booked = bank.booked(GIVER, RECEIVER, starts_at=bank.soon(days=9))
    bank.advance(days=10)
    assert listed(bank) == []
    bank.advance(days=1, hours=2)
    assert listed(bank) == [("overdue", booked)]


def test_a_dispute_is_listed_at_once_and_what_is_not_confirmed_after_five_days(
    bank: Bank,
) -> None:
    disputed, unconfirmed = (bank.booked(GIVER, RECEIVER) for _ in range(2))
    for each in (disputed, unconfirmed):
        bank.act(GIVER, each, "done", minutes=60)
    bank.act(RECEIVER, disputed, "dispute", reason="Half an hour")
    assert listed(bank) == [("dispute", disputed)]
    bank.advance(days=5)
    assert ("unconfirmed", unconfirmed) in listed(bank)


def test_a_representative_sees_the_list_of_their_region_only_and_members_none(bank: Bank) -> None:
    asked(bank)
    bank.advance(days=3)
    assert listed(bank, people.rep("midlands")) == []
    with pytest.raises(errors.NotAllowed):
        listed(bank, RECEIVER)


def test_ones_own_exchange_is_left_to_a_colleague_and_to_the_national_team(bank: Bank) -> None:
    own = str(bank.ask(REP, bank.publish(GIVER))["id"])
    bank.advance(days=3)
    assert listed(bank) == []
    assert bank.do(queue_handlers.listed, REP, None, None)["own"] == 1
    assert listed(bank, people.rep("north-west")) == [("unanswered", own)]
    assert listed(bank, people.national()) == []
    only = {"north-west": [str(REP.id)]}
    assert listed(bank, people.national(), only) == [("unanswered", own)]
    with_a_colleague = {"north-west": [str(REP.id), str(OF_THE_GIVER.id)]}
    assert listed(bank, people.national(), with_a_colleague) == []


def test_what_all_who_answer_for_a_region_take_part_in_is_the_national_teams(bank: Bank) -> None:
    both = str(bank.ask(REP, bank.publish(GIVER))["id"])
    bank.advance(days=3)
    parties = {"north-west": [str(REP.id), str(GIVER.id)]}
    assert listed(bank, people.national(), parties) == [("unanswered", both)]
    national_and_party = people.national()
    theirs = str(bank.ask(national_and_party, bank.publish(GIVER))["id"])
    bank.advance(days=3)
    found = listed(bank, national_and_party, {region: [] for region in words.ROUTES})
    assert ("unanswered", theirs) not in found
    assert ("unanswered", both) in found


def test_a_region_nobody_answers_for_is_the_national_teams(bank: Bank) -> None:
    request = asked(bank)
    bank.advance(days=3)
    assert listed(bank, people.national(), {"midlands": []}) == []
    assert listed(bank, people.national(), {"north-west": []}) == [("unanswered", request)]


def test_the_national_team_and_the_senate_find_what_went_to_them(bank: Bank) -> None:
    disputed = bank.booked(GIVER, RECEIVER)
    bank.act(GIVER, disputed, "done", minutes=60)
    bank.act(RECEIVER, disputed, "dispute", reason="No")
    senate = people.member("midlands", roles=("senate",))
    assert listed(bank, senate) == []
    bank.wait(days=14, seconds=1)
    assert listed(bank, people.national()) == listed(bank, senate) == [("dispute", disputed)]


def test_a_large_reversal_is_listed_for_everybody_but_who_asked_for_it(bank: Bank) -> None:
    large = bank.settled(GIVER, RECEIVER, 180)
    bank.act(REP, large, "reverse", reason="It never took place")
    assert listed(bank) == []
    assert listed(bank, people.rep("north-west")) == [("reversal", large)]
    alone = {"north-west": [str(REP.id)]}
    assert listed(bank, people.national(), alone) == [("reversal", large)]


def test_a_reminder_goes_to_who_is_next_and_takes_it_off_the_list_for_three_days(
    bank: Bank,
) -> None:
    request = asked(bank)
    bank.advance(days=2)
    reminded = bank.act(REP, request, "remind")
    assert (reminded["state"], reminded["next_actor"]) == ("requested", "giver")
    assert bank.events(request)[-1] == "reminded"
    assert listed(bank) == []
    with pytest.raises(errors.RemindedLately):
        bank.act(REP, request, "remind")
    bank.advance(days=3)
    assert listed(bank) == [("unanswered", request)]


def test_three_reminders_are_all_anybody_gets(bank: Bank) -> None:
    booked = bank.booked(GIVER, RECEIVER)
    for _ in range(3):
        bank.advance(days=3)
        bank.act(REP, booked, "remind")
    bank.advance(days=3)
    with pytest.raises(errors.RemindedEnough):
        bank.act(REP, booked, "remind")
    (found,) = bank.do(queue_handlers.listed, REP, None, None)["items"]
    assert (found["reminders"], found["may_remind"]) == (3, False)


@pytest.mark.parametrize(
    ("caller", "refusal"),
    [
        (RECEIVER, errors.NotAllowed),
        (OF_THE_GIVER, errors.NotAllowed),
        (people.rep("midlands"), errors.ExchangeNotFound),
        (people.member("midlands", roles=("senate",)), errors.NotAllowed),
    ],
    ids=["a party", "the giver's rep", "a third region's rep", "the Senate"],
)
def test_nobody_else_reminds(bank: Bank, caller: Caller, refusal: type[Exception]) -> None:
    request = asked(bank)
    with pytest.raises(refusal):
        bank.act(caller, request, "remind")


def test_a_representative_says_yes_for_a_giver_and_the_story_says_who_did(bank: Bank) -> None:
    request = asked(bank)
    assert bank.look(OF_THE_GIVER, request)["allowed_for"] == {
        str(GIVER.id): ["accept", "decline", "amend"]
    }
    accepted = act_for(bank, OF_THE_GIVER, request, GIVER, "accept")
    assert accepted["state"] == "accepted"
    last = bank.look(RECEIVER, request)["history"][-1]
    assert (last["actor_id"], last["for_id"]) == (str(OF_THE_GIVER.id), str(GIVER.id))
    assert bank.said(request)[-1]["actor_id"] == str(OF_THE_GIVER.id)
    with pytest.raises(Exception, match="only added to"):
        bank.execute("delete from step_for_member")


def test_what_a_representative_said_for_the_giver_is_never_confirmed_by_silence(
    bank: Bank,
) -> None:
    booked = bank.booked(GIVER, RECEIVER)
    stated = act_for(bank, OF_THE_GIVER, booked, GIVER, "done", minutes=60)
    assert (stated["state"], stated["next_actor"]) == ("awaiting_confirmation", "receiver")
    bank.wait(days=14, seconds=1)
    assert bank.state(booked) == "lapsed"


def test_the_other_confirms_what_was_said_for_somebody(bank: Bank) -> None:
    booked = bank.booked(GIVER, RECEIVER)
    act_for(bank, OF_THE_GIVER, booked, GIVER, "done", minutes=60)
    assert bank.act(RECEIVER, booked, "confirm")["state"] == "completed"


@pytest.mark.parametrize("action", ["done", "confirm", "dispute", "thank", "resolve"])
def test_nobody_gives_the_word_that_pays_for_somebody_else(bank: Bank, action: str) -> None:
    booked = bank.booked(GIVER, RECEIVER)
    bodies: dict[str, dict[str, Any]] = {
        "done": {"minutes": 60},
        "dispute": {"reason": "x"},
        "thank": {"message": "x"},
        "resolve": {"reason": "x", "outcome": "settle"},
    }
    with pytest.raises(errors.NotAllowed):
        act_for(bank, REP, booked, RECEIVER, action, **bodies.get(action, {}))


def test_a_representative_acts_for_members_of_their_region_and_in_no_matter_of_their_own(
    bank: Bank,
) -> None:
    request = asked(bank)
    with pytest.raises(errors.NotAllowed):
        act_for(bank, REP, request, GIVER, "accept")
    with pytest.raises(errors.ExchangeNotFound):
        act_for(bank, people.rep("midlands"), request, GIVER, "accept")
    with pytest.raises(errors.NotAllowed):
        act_for(bank, people.member("london", roles=("senate",)), request, GIVER, "accept")
    own = str(bank.ask(OF_THE_GIVER, bank.publish(GIVER))["id"])
    with pytest.raises(errors.OwnMatter):
        act_for(bank, OF_THE_GIVER, own, GIVER, "accept")
    assert (bank.state(request), bank.state(own)) == ("requested", "requested")


def test_who_has_taken_part_is_told_of_those_asked_about(bank: Bank) -> None:
    bank.booked(GIVER, RECEIVER)
    asked_about = [str(each.id) for each in (GIVER, RECEIVER, people.member())]
    found = bank.do(queue_handlers.listed, REP, None, asked_about)
    assert sorted(found["taking_part"]) == sorted(asked_about[:2])
