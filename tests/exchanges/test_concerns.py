"""Concerns: seen by who looks into them and nobody in them, never left lying, kept for good."""

import datetime
from typing import Any
from uuid import UUID

import pytest

from services.bus.caller import SERVICE, Caller
from services.bus.transaction import new_id
from services.exchanges import (
    concern,
    concern_handlers,
    errors,
    message_handlers,
    queue_handlers,
    schemas,
)
from services.exchanges.concern import Handler
from tests.exchanges import people
from tests.exchanges.people import Bank
from tests.exchanges.test_at_the_same_moment import both

GIVER = people.member("london")
RECEIVER = people.member("north-west")
REP = people.rep("north-west")
COLLEAGUE = people.rep("north-west")
NATIONAL = people.national()
NOW = datetime.datetime(2026, 3, 2, 9, 0, tzinfo=datetime.UTC)
WORDS = "He asked me for a patient's notes."


def report(
    bank: Bank, author: Caller = RECEIVER, reps: tuple[Caller, ...] = (REP,), **body: Any
) -> str:
    """Raise a concern; without an exchange it is about the giver."""
    wanted = {"severity": "low", "text": WORDS, **body}
    if "exchange_id" not in wanted:
        wanted.setdefault("member_id", str(GIVER.id))
    said = schemas.load(schemas.NewConcern, wanted)
    ids = [each.id for each in reps]
    return str(bank.do(concern_handlers.raise_one, author, said, ids)["id"])


def act(bank: Bank, who: Caller, concern_id: str, action: str, **body: Any) -> dict[str, Any]:
    found: dict[str, Any] = bank.do(concern_handlers.act, who, concern_id, action, body, None)
    return found


def look(bank: Bank, who: Caller, concern_id: str) -> dict[str, Any]:
    found: dict[str, Any] = bank.do(concern_handlers.one, who, concern_id)
    return found


def listed(bank: Bank, who: Caller) -> list[str]:
    """Concerns in somebody's ranked list."""
    return [each["id"] for each in bank.do(queue_handlers.listed, who, None, None)["concerns"]]


def said(bank: Bank, concern_id: str) -> list[str]:
    return [each["event"] for each in bank.said(concern_id)]


def one(
    author: UUID, about: UUID, reps: tuple[UUID, ...] = (), severity: str = "low"
) -> concern.Concern:
    return concern.raised(
        new_id(), author, "north-west", about, None, severity, WORDS, reps, NOW
    ).concern


def test_it_goes_to_the_representative_of_the_authors_region_in_the_ranked_list(
    bank: Bank,
) -> None:
    raised = report(bank)
    assert listed(bank, REP) == listed(bank, COLLEAGUE) == [raised]
    for other in (people.rep("london"), NATIONAL):
        assert listed(bank, other) == []
    (event,) = bank.said(raised)
    assert (event["event"], event["routed"], event["holder"]) == (
        "concern_raised", "north-west", "rep",
    )  # fmt: skip
    assert WORDS not in str(event)


def test_where_somebody_may_be_at_risk_the_national_team_sees_it_at_once(bank: Bank) -> None:
    raised = report(bank, severity="safeguarding")
    assert listed(bank, REP) == listed(bank, NATIONAL) == [raised]


@pytest.mark.parametrize("who", ["about", "author", "nobody represents the region"])
def test_a_representatives_own_matter_goes_to_the_national_team(bank: Bank, who: str) -> None:
    if who == "about":
        raised = report(bank, member_id=str(REP.id), reps=(REP, COLLEAGUE))
    elif who == "author":
        raised = report(bank, author=REP, reps=(REP, COLLEAGUE))
    else:
        raised = report(bank, reps=())
    assert listed(bank, NATIONAL) == [raised]
    for rep in (REP, COLLEAGUE):
        assert listed(bank, rep) == []
        with pytest.raises(errors.ConcernNotFound):
            act(bank, rep, raised, "close", text="Nothing in it.")


def test_nobody_in_it_looks_into_it_even_of_the_national_team(bank: Bank) -> None:
    raised = report(bank, member_id=str(NATIONAL.id), reps=())
    another = people.national()
    assert listed(bank, NATIONAL) == []
    assert listed(bank, another) == [raised]
    for attempt in (
        lambda: look(bank, NATIONAL, raised),
        lambda: act(bank, NATIONAL, raised, "close", text="Nothing in it."),
    ):
        with pytest.raises(errors.ConcernNotFound):
            attempt()


@pytest.mark.parametrize(
    "stranger",
    [
        GIVER,
        people.member("north-west"),
        people.rep("london"),
        people.member("north-west", roles=("senate",)),
        SERVICE,
    ],
    ids=["whom it is about", "a member", "a rep elsewhere", "the Senate", "a service"],
)
def test_it_is_not_there_for_anybody_else(bank: Bank, stranger: Caller) -> None:
    raised = report(bank)
    for attempt in (
        lambda: look(bank, stranger, raised),
        lambda: act(bank, stranger, raised, "acknowledge"),
        lambda: look(bank, stranger, str(new_id())),
    ):
        with pytest.raises(errors.ConcernNotFound):
            attempt()


def test_its_author_follows_it_without_the_record_and_takes_no_step(bank: Bank) -> None:
    raised = report(bank)
    act(bank, REP, raised, "note", text="Rang both.")
    act(bank, REP, raised, "close", text="A misunderstanding.", answer="We spoke to him.")
    seen = look(bank, RECEIVER, raised)
    assert (seen["state"], seen["text"], seen["answer"]) == ("closed", WORDS, "We spoke to him.")
    assert not {"steps", "raised_by", "holder", "allowed"} & seen.keys()
    assert [each["id"] for each in bank.do(concern_handlers.listed, RECEIVER, {})["items"]] == [
        raised
    ]
    with pytest.raises(errors.ConcernNotFound):
        act(bank, RECEIVER, raised, "note", text="One more thing.")


def test_the_first_step_acknowledges_it_and_everything_done_stays_in_the_record(
    bank: Bank,
) -> None:
    raised = report(bank)
    act(bank, REP, raised, "note", text="Rang both.")
    act(bank, COLLEAGUE, raised, "refer", text="Told the trust's safeguarding lead.")
    act(bank, REP, raised, "close", text="With the trust now.")
    act(bank, REP, raised, "note", text="They rang back.")
    seen = look(bank, COLLEAGUE, raised)
    done = [(each["action"], each["text"]) for each in seen["steps"]]
    assert done == [
        ("raise", None), ("note", "Rang both."),
        ("refer", "Told the trust's safeguarding lead."), ("close", "With the trust now."),
        ("note", "They rang back."),
    ]  # fmt: skip
    assert said(bank, raised) == ["concern_raised", "concern_acknowledged", "concern_closed"]
    assert seen["state"] == "closed"
    with pytest.raises(errors.ConcernClosed):
        act(bank, REP, raised, "hand_on", text="After all")
    with pytest.raises(Exception, match="only added to"):
        bank.execute("delete from concern_step")


def test_handed_to_the_national_team_it_is_theirs_alone(bank: Bank) -> None:
    raised = report(bank)
    act(bank, REP, raised, "hand_on", text="I know him well.")
    assert said(bank, raised)[-1] == "concern_handed_on"
    with pytest.raises(errors.ConcernNotFound):
        act(bank, REP, raised, "note", text="x")
    seen = look(bank, NATIONAL, raised)
    assert (seen["holder"], seen["allowed"]) == ("national", ["note", "refer", "close"])
    with pytest.raises(errors.StepNotAllowed):
        act(bank, NATIONAL, raised, "hand_on", text="x")


@pytest.mark.parametrize(("severity", "days"), [("low", 7), ("serious", 2), ("safeguarding", 1)])
def test_what_nobody_takes_up_in_time_goes_to_the_national_team(
    bank: Bank, severity: str, days: int
) -> None:
    raised = report(bank, severity=severity)
    bank.wait(days=days, seconds=-1)
    assert "concern_handed_on" not in said(bank, raised)
    bank.wait(seconds=2)
    bank.sweep()
    assert said(bank, raised) == ["concern_raised", "concern_handed_on"]
    assert listed(bank, NATIONAL) == [raised]
    assert listed(bank, REP) == []


def test_taken_up_it_leaves_the_list_and_comes_back_when_nothing_is_done_for_a_week(
    bank: Bank,
) -> None:
    raised = report(bank)
    act(bank, REP, raised, "acknowledge")
    assert listed(bank, REP) == []
    handled = bank.do(concern_handlers.listed, REP, {"handled": True})["items"]
    assert [each["id"] for each in handled] == [raised]
    bank.advance(days=7)
    assert listed(bank, REP) == [raised]
    assert listed(bank, NATIONAL) == []
    bank.advance(days=7)
    assert listed(bank, NATIONAL) == [raised]
    act(bank, REP, raised, "close", text="Settled.")
    assert listed(bank, REP) == listed(bank, NATIONAL) == []


def test_two_who_act_at_once_are_told_apart_by_the_version(bank: Bank) -> None:
    raised = report(bank)
    bank.do(concern_handlers.act, REP, raised, "note", {"text": "Mine"}, 1)
    with pytest.raises(errors.VersionConflict):
        bank.do(concern_handlers.act, COLLEAGUE, raised, "close", {"text": "Mine"}, 1)


def test_in_an_exchange_it_is_about_the_other_and_only_what_was_chosen_is_shown(
    bank: Bank,
) -> None:
    booked = bank.booked(GIVER, RECEIVER)
    bank.do(message_handlers.write, GIVER, booked, {"text": "Send me the notes"})
    shown = report(bank, exchange_id=booked, attach_messages=True)
    hidden = report(bank, exchange_id=booked)
    bank.do(message_handlers.write, GIVER, booked, {"text": "Well?"})
    seen = look(bank, REP, shown)
    assert seen["about_id"] == str(GIVER.id)
    assert [each["text"] for each in seen["messages"]] == ["Send me the notes"]
    assert look(bank, REP, hidden)["messages"] == []
    bank.left(GIVER)
    assert look(bank, REP, shown)["messages"][0]["text"] == "Send me the notes"


@pytest.mark.parametrize("stranger", [people.member("london"), REP], ids=["a member", "a rep"])
def test_only_one_of_the_two_raises_one_about_an_exchange(bank: Bank, stranger: Caller) -> None:
    booked = bank.booked(GIVER, RECEIVER)
    with pytest.raises(errors.ExchangeNotFound):
        report(bank, author=stranger, exchange_id=booked)
    with pytest.raises(errors.NotWithOneself):
        report(bank, author=GIVER, member_id=str(GIVER.id))


@pytest.mark.parametrize(
    "body",
    [
        {"severity": "awful"},
        {"text": " "},
        {"text": "x" * 5001},
        {"member_id": None},
        {"member_id": str(new_id()), "exchange_id": str(new_id())},
        {"attach_messages": "yes"},
    ],
    ids=str,
)
def test_what_has_the_wrong_shape_is_refused(bank: Bank, body: dict[str, Any]) -> None:
    wanted = {"member_id": str(GIVER.id), "severity": "low", "text": WORDS, **body}
    with pytest.raises(errors.Invalid):
        schemas.load(schemas.NewConcern, wanted)


def test_five_of_one_person_may_be_open(bank: Bank) -> None:
    raised = [report(bank) for _ in range(5)]
    with pytest.raises(errors.TooManyConcerns):
        report(bank)
    act(bank, REP, raised[0], "close", text="Done.")
    report(bank)


def test_a_concern_stops_the_clocks_of_its_exchange_until_the_last_is_closed(bank: Bank) -> None:
    request = str(bank.ask(RECEIVER, bank.publish(GIVER))["id"])
    bank.advance(days=5)
    first, second = (report(bank, exchange_id=request) for _ in range(2))
    bank.wait(days=10)
    assert bank.state(request) == "requested"
    act(bank, NATIONAL, first, "close", text="Nothing in it.")
    bank.wait(days=10)
    assert bank.state(request) == "requested"
    act(bank, NATIONAL, second, "close", text="Nothing in it.")
    bank.wait(days=1, hours=23)
    assert bank.state(request) == "requested"
    bank.wait(hours=2)
    assert bank.state(request) == "expired"


def test_of_two_concerns_closed_at_the_same_moment_the_second_lets_the_clocks_go_on(
    bank: Bank,
) -> None:
    request = str(bank.ask(RECEIVER, bank.publish(GIVER))["id"])
    first, second = (report(bank, exchange_id=request) for _ in range(2))

    both(
        bank,
        lambda tx: concern_handlers.act(tx, NATIONAL, first, "close", {"text": "x"}, None),
        lambda tx: concern_handlers.act(tx, NATIONAL, second, "close", {"text": "x"}, None),
    )

    bank.wait(days=8)
    assert bank.state(request) == "expired"


def test_a_deadline_set_meanwhile_moves_only_by_what_was_left_of_the_stop(bank: Bank) -> None:
    booked = bank.booked(GIVER, RECEIVER)
    raised = report(bank, exchange_id=booked)
    bank.advance(days=3)
    bank.act(GIVER, booked, "done", minutes=60)
    bank.advance(days=2)
    act(bank, NATIONAL, raised, "close", text="Nothing in it.")
    bank.wait(days=13, hours=23)
    assert bank.state(booked) == "awaiting_confirmation"
    bank.wait(hours=2)
    assert bank.state(booked) == "completed"


def test_people_go_on_meanwhile_and_so_do_the_questions_to_the_ledger(bank: Bank) -> None:
    request = str(bank.ask(RECEIVER, bank.publish(GIVER))["id"])
    report(bank, exchange_id=request)
    assert bank.act(GIVER, request, "accept")["state"] == "accepted"
    bank.wait(minutes=16)
    assert bank.events(request).count("accepted") == 2


def test_it_outlives_both(bank: Bank) -> None:
    raised = report(bank)
    bank.left(GIVER)
    bank.left(RECEIVER)
    assert look(bank, REP, raised)["text"] == WORDS


def test_members_have_no_list_of_others_concerns(bank: Bank) -> None:
    with pytest.raises(errors.NotAllowed):
        bank.do(concern_handlers.listed, RECEIVER, {"handled": True})
    senate = people.member("london", roles=("senate",))
    report(bank, severity="safeguarding")
    assert listed(bank, senate) == []
    with pytest.raises(errors.NotAllowed):
        bank.do(concern_handlers.listed, senate, {"handled": True})


@pytest.mark.parametrize("action", concern.ACTIONS)
def test_whatever_is_done_first_says_that_somebody_looks_into_it(action: str) -> None:
    rep = Handler(new_id(), represents=True, national=False)
    found = one(new_id(), new_id(), (rep.id,))
    after = concern.act(found, rep, action, "x", None, NOW).concern
    assert after.acknowledged_at == after.acted_at == NOW
    assert after.version == found.version + 1


@pytest.mark.parametrize("place", ["about", "author"])
@pytest.mark.parametrize("national", [False, True])
def test_who_is_in_it_may_do_nothing_whatever_their_role(place: str, national: bool) -> None:
    author, about = new_id(), new_id()
    own = Handler(about if place == "about" else author, represents=True, national=national)
    found = one(author, about, (new_id(),))
    assert concern.allowed(found, own) == ()
    with pytest.raises(errors.NotAllowed):
        concern.act(found, own, "close", "x", None, NOW)
