"""What the ledger answers, to whom, and what bad input gets."""

import datetime
from uuid import uuid4

import pytest

from services.bus.caller import SERVICE, Caller
from services.bus.errors import NotAllowed
from services.bus.transaction import new_id
from services.ledger import errors, handlers
from services.ledger.account import FUND, ISSUE
from tests.ledger.bank import Bank, Deal, member, names, said

NATIONAL = Caller(id=uuid4(), roles=frozenset({"national"}), approved=True)
SENATE = Caller(id=uuid4(), roles=frozenset({"senate"}), approved=True)
REP = Caller(id=uuid4(), region="london", roles=frozenset({"rep:london"}), approved=True)


def asked(bank: Bank, question, *arguments, **named):
    with bank.transaction() as tx:
        return question(tx, *arguments, **named)


# Accounts.


def test_a_member_sees_the_own_account(bank: Bank) -> None:
    giver, receiver = bank.members(2)
    bank.hear(Deal(giver, receiver, 45).accepted())

    assert asked(bank, handlers.account, member(receiver)) == {
        "id": str(receiver), "balance_minutes": 60, "held_minutes": 45,
        "available_minutes": 195, "floor_minutes": -180, "version": 1,
    }  # fmt: skip


def test_asking_for_the_own_account_opens_it(bank: Bank) -> None:
    newcomer = new_id()

    found = asked(bank, handlers.account, member(newcomer, "midlands"))

    assert found["balance_minutes"] == 60
    assert bank.account(newcomer).region == "midlands"
    assert asked(bank, handlers.account, member(newcomer), str(newcomer)) == found


def test_somebody_who_has_not_joined_has_no_account(bank: Bank) -> None:
    with pytest.raises(errors.AccountUnknown):
        asked(bank, handlers.account, Caller(email="someone@nhs.net"))


@pytest.mark.parametrize("caller", [REP, member(uuid4())])
def test_anothers_account_is_not_shown(bank: Bank, caller: Caller) -> None:
    (owner,) = bank.members(1)

    for question in (handlers.account, handlers.limits):
        with pytest.raises(errors.NotYourAccount):
            asked(bank, question, caller, str(owner))
    with pytest.raises(errors.NotYourAccount):
        asked(bank, handlers.statement, caller, 20, None, str(owner))
    with pytest.raises(errors.NotYourAccount):
        asked(bank, handlers.balance_at, caller, "2026-01-01T00:00:00Z", str(owner))


@pytest.mark.parametrize("caller", [NATIONAL, SENATE, SERVICE])
def test_the_national_team_senate_and_services_see_every_account(
    bank: Bank, caller: Caller
) -> None:
    (owner,) = bank.members(1)

    assert asked(bank, handlers.account, caller, str(owner))["id"] == str(owner)


def test_the_issue_account_has_no_limit(bank: Bank) -> None:
    found = asked(bank, handlers.account, NATIONAL, str(ISSUE))

    assert (found["floor_minutes"], found["available_minutes"]) == (None, None)


@pytest.mark.parametrize("member_id", ["", "nobody", 7, "018f0000-0000-7000-8000-000000000000"])
def test_an_account_nobody_has_is_not_found(bank: Bank, member_id: object) -> None:
    with pytest.raises(errors.AccountUnknown):
        asked(bank, handlers.account, NATIONAL, member_id)


# Statements.


def test_a_statement_tells_each_entry_newest_first(bank: Bank) -> None:
    giver, receiver = bank.members(2)
    deal = bank.give(giver, receiver, 45)

    found = asked(bank, handlers.statement, member(receiver))

    assert [(line["kind"], line["minutes"]) for line in found["items"]] == [
        ("exchange", -45), ("grant", 60),
    ]  # fmt: skip
    newest = found["items"][0]
    assert newest["transfer_id"] == str(deal.transfer_id)
    assert newest["exchange_id"] == str(deal.id)
    assert newest["counterpart_id"] == str(giver)
    assert newest["balance_after_minutes"] == 15
    assert newest["posted_at"].endswith("Z")
    assert found["next"] is None


def test_pages_of_a_statement_meet_without_gap_or_overlap(bank: Bank) -> None:
    giver, receiver = bank.members(2)
    for _ in range(4):
        bank.give(giver, receiver, 15)
    whole = asked(bank, handlers.statement, member(giver))["items"]

    pages, cursor = [], None
    for _ in range(3):
        page = asked(bank, handlers.statement, member(giver), 2, cursor)
        pages += page["items"]
        cursor = page["next"]

    assert cursor is None
    assert pages == whole
    assert len(whole) == 5


@pytest.mark.parametrize(
    ("limit", "cursor"),
    [(0, None), (101, None), (True, None), ("20", None), (20, "x"), (20, "-1"), (20, 5),
     (20, "9" * 40), (20, "²")],
)  # fmt: skip
def test_a_page_that_cannot_be_is_refused(bank: Bank, limit: object, cursor: object) -> None:
    (owner,) = bank.members(1)

    with pytest.raises(errors.CursorNotValid):
        asked(bank, handlers.statement, member(owner), limit, cursor)


def test_a_past_balance_is_computed_from_the_entries(bank: Bank) -> None:
    giver, receiver = bank.members(2)
    before = datetime.datetime.now(datetime.UTC).isoformat()
    bank.give(giver, receiver, 45)
    now = datetime.datetime.now(datetime.UTC).isoformat()

    at = [
        asked(bank, handlers.balance_at, member(receiver), time)["balance_minutes"]
        for time in ("2020-01-01T00:00:00Z", before, now)
    ]

    assert at == [0, 60, 15]
    for time in ("yesterday", "2026-01-01T00:00:00", None):
        with pytest.raises(errors.CursorNotValid):
            asked(bank, handlers.balance_at, member(receiver), time)


# Enlarging a hold.


def test_a_hold_is_enlarged_for_a_service(bank: Bank) -> None:
    giver, receiver = bank.members(2)
    deal = Deal(giver, receiver, 60)
    bank.hear(deal.accepted())

    answer = asked(bank, handlers.enlarge_hold, SERVICE, str(deal.hold_id), 90)
    again = asked(bank, handlers.enlarge_hold, SERVICE, str(deal.hold_id), 90)

    assert answer == again == {"held": True, "available_minutes": 150}
    bank.hear(deal.completed(90))
    assert bank.figures(receiver) == (-30, 0)


def test_a_hold_is_not_enlarged_beyond_the_limit(bank: Bank) -> None:
    giver, receiver = bank.members(2)
    deal = Deal(giver, receiver, 60)
    bank.hear(deal.accepted())

    with pytest.raises(errors.HoldNotEnlarged) as refusal:
        asked(bank, handlers.enlarge_hold, SERVICE, str(deal.hold_id), 300)

    assert refusal.value.detail == {"available_minutes": 180, "shortfall_minutes": 60}
    assert bank.figures(receiver) == (60, 60)


def test_only_a_service_enlarges_only_a_known_hold(bank: Bank) -> None:
    giver, receiver = bank.members(2)
    deal = Deal(giver, receiver, 60)

    with pytest.raises(NotAllowed):
        asked(bank, handlers.enlarge_hold, member(receiver), str(deal.hold_id), 90)
    with pytest.raises(errors.HoldUnknown):
        asked(bank, handlers.enlarge_hold, SERVICE, str(deal.hold_id), 90)
    with pytest.raises(errors.MinutesNotValid):
        asked(bank, handlers.enlarge_hold, SERVICE, str(deal.hold_id), 1455)


def test_enlarging_near_the_limit_is_a_reason_for_a_nudge(bank: Bank) -> None:
    giver, receiver = bank.members(2)
    deal = Deal(giver, receiver, 60)
    bank.hear(deal.accepted())

    with bank.transaction() as tx:
        handlers.enlarge_hold(tx, SERVICE, str(deal.hold_id), 195)
        assert names(said(tx)) == ["limit_neared"]


# Donating.


def test_a_donation_moves_credit_to_the_fund(bank: Bank) -> None:
    (donor,) = bank.members(1)
    before = bank.account(FUND).balance_minutes

    with bank.transaction() as tx:
        answer = handlers.donate(tx, member(donor), "fund", 45)
        (moved,) = said(tx)

    assert answer["account"]["balance_minutes"] == 15
    assert (moved.event, moved.data["kind"]) == ("minutes_transferred", "donation")
    assert moved.data["transfer_id"] == answer["transfer_id"]
    assert bank.account(FUND).balance_minutes == before + 45


def test_what_may_be_owed_or_is_held_is_not_given_away(bank: Bank) -> None:
    giver, donor = bank.members(2)
    bank.hear(Deal(giver, donor, 30).accepted())

    with pytest.raises(errors.NotEnoughMinutes) as refusal:
        asked(bank, handlers.donate, member(donor), "fund", 45)

    assert refusal.value.detail == {"available_minutes": 30}
    assert bank.figures(donor) == (60, 30)


@pytest.mark.parametrize("minutes", [0, -15, 20, 1.5, True, "60", None, 10**12])
def test_minutes_that_cannot_be_are_refused(bank: Bank, minutes: object) -> None:
    (donor,) = bank.members(1)

    with pytest.raises(errors.MinutesNotValid):
        asked(bank, handlers.donate, member(donor), "fund", minutes)


def test_a_gift_goes_to_a_fund_only(bank: Bank) -> None:
    donor, other = bank.members(2)

    with pytest.raises(errors.AccountUnknown):
        asked(bank, handlers.donate, member(donor), str(other), 15)


# Limits.


def test_the_national_team_sets_a_members_limit_with_its_history(bank: Bank) -> None:
    (owner,) = bank.members(1)

    asked(bank, handlers.set_limit, NATIONAL, str(owner), None, -600, " a pilot ")
    asked(bank, handlers.set_limit, NATIONAL, str(owner), None, None, "it ended")

    newest, first = asked(bank, handlers.limits, member(owner))["items"]
    assert (first["floor_before_minutes"], first["floor_minutes"]) == (None, -600)
    assert (first["reason"], first["author_id"]) == ("a pilot", str(NATIONAL.id))
    assert (newest["floor_before_minutes"], newest["floor_minutes"]) == (-600, None)
    assert bank.account(owner).floor_minutes == -180


def test_a_regions_limit_and_grant_hold_for_who_joins(fresh_bank: Bank) -> None:
    (before,) = fresh_bank.members(1, "north-east-and-yorkshire")
    change = {"region": "north-east-and-yorkshire", "floor_minutes": -240, "reason": "pilot"}

    asked(fresh_bank, handlers.set_limit, NATIONAL, starter_grant_minutes=120, **change)

    (after,) = fresh_bank.members(1, "north-east-and-yorkshire")
    assert fresh_bank.account(before).floor_minutes == -240
    assert fresh_bank.figures(after) == (120, 0)
    found = asked(fresh_bank, handlers.limits, member(after), region="north-east-and-yorkshire")
    assert [line["floor_before_minutes"] for line in found["items"]] == [-180]


@pytest.mark.parametrize("caller", [SENATE, REP, SERVICE, member(uuid4())])
def test_nobody_else_sets_limits(bank: Bank, caller: Caller) -> None:
    (owner,) = bank.members(1)

    with pytest.raises(NotAllowed):
        asked(bank, handlers.set_limit, caller, str(owner), None, -600, "because")


@pytest.mark.parametrize(
    "change",
    [
        {"floor_minutes": -60, "reason": "whose?"},
        {"member_id": "both", "region": "london", "floor_minutes": -60, "reason": "both"},
        {"member_id": "one", "floor_minutes": 15, "reason": "above"},
        {"member_id": "one", "floor_minutes": -20, "reason": "not in steps"},
        {"member_id": "one", "floor_minutes": "-60", "reason": "text"},
        {"member_id": "one", "floor_minutes": -60, "reason": " "},
        {"member_id": "one", "floor_minutes": -60, "reason": None},
        {"member_id": "one", "floor_minutes": -60, "reason": "x" * 501},
        {"member_id": "one", "floor_minutes": -60, "reason": "a", "starter_grant_minutes": 60},
        {"region": "london", "floor_minutes": None, "reason": "none"},
        {"region": "london", "floor_minutes": -60, "reason": "a", "starter_grant_minutes": -15},
    ],
)
def test_a_limit_that_cannot_be_is_refused(bank: Bank, change: dict) -> None:
    (owner,) = bank.members(1)
    wanted = {**change, **({"member_id": str(owner)} if "member_id" in change else {})}

    with pytest.raises(errors.LimitNotValid):
        asked(bank, handlers.set_limit, NATIONAL, **wanted)


@pytest.mark.parametrize("whose", [{"member_id": str(uuid4())}, {"region": "atlantis"}])
def test_a_limit_of_nobody_is_not_found(bank: Bank, whose: dict) -> None:
    with pytest.raises(errors.AccountUnknown):
        asked(bank, handlers.set_limit, NATIONAL, floor_minutes=-60, reason="a", **whose)


def test_the_issue_account_gets_no_limit(bank: Bank) -> None:
    with pytest.raises(errors.AccountUnknown):
        asked(bank, handlers.set_limit, NATIONAL, str(ISSUE), None, -60, "no")
