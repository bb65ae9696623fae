"""What the ledger does about what it hears, in any order and however often."""

import itertools
from uuid import UUID, uuid4, uuid5

import psycopg
import pytest

from services.bus.errors import Broken, TryLater
from services.bus.transaction import new_id
from services.contracts import readers
from services.ledger import errors, handlers
from services.ledger.account import FUND
from tests.ledger.bank import IMPORTER, Bank, Deal, brought, hear, joined, left, named, names


def test_hears_what_the_readers_table_says() -> None:
    assert set(handlers.SUBSCRIPTIONS) == set(readers.READERS["ledger"])
    assert all(found.natural_key for found in handlers.SUBSCRIPTIONS.values())


# Accounts.


def test_a_new_member_gets_an_account_with_one_grant(bank: Bank) -> None:
    member = new_id()

    (granted,) = bank.hear(joined(member, "midlands"))

    assert (granted.event, granted.region) == ("minutes_granted", "midlands")
    assert granted.data["transfer_id"] == str(uuid5(member, "starter-grant"))
    assert granted.correlation_id == "of-members.member_joined"
    found = bank.account(member)
    assert (found.balance_minutes, found.floor_minutes, found.available_minutes) == (60, -180, 240)


def test_a_member_heard_of_again_gets_no_second_grant(bank: Bank) -> None:
    member = new_id()
    bank.hear(joined(member))

    assert bank.hear(joined(member), joined(member, version=2)) == []
    assert bank.figures(member) == (60, 0)


def test_the_newest_event_says_where_a_member_lives(bank: Bank) -> None:
    member = new_id()

    bank.hear(joined(member, "midlands", version=3))
    bank.hear(joined(member, "london", version=2))
    assert bank.account(member).region == "midlands"
    bank.hear(joined(member, "south-east", version=5), joined(member, "london", version=4))

    assert bank.account(member).region == "south-east"


def test_an_acceptance_opens_the_accounts_of_strangers(bank: Bank) -> None:
    deal = Deal(new_id(), new_id(), 60, region="north-west")

    said = bank.hear(deal.accepted())

    assert sorted(names(said)) == ["minutes_granted", "minutes_granted", "minutes_held"]
    assert bank.figures(deal.receiver) == (60, 60)
    assert bank.figures(deal.giver) == (60, 0)
    assert bank.hear(joined(deal.giver, "north-west")) == []


# Coming from an earlier bank.


def test_an_account_opens_at_the_balance_brought_over_with_the_grant_counted_in(
    bank: Bank,
) -> None:
    member = new_id()
    bank.hear(joined(member))

    (granted,) = bank.hear(brought(member, 390))

    assert granted.event == "minutes_granted"
    assert (granted.data["kind"], granted.data["minutes"]) == ("grant", 330)
    assert granted.data["transfer_id"] == str(uuid5(member, "opening-balance"))
    assert bank.figures(member) == (390, 0)
    with bank.transaction() as tx:
        posted = tx.conn.execute(
            "select reason, author_id from transfer where id = %s",
            [uuid5(member, "opening-balance")],
        ).fetchone()
    assert posted == ("opening_balance", IMPORTER)


def test_a_balance_is_brought_over_once_whatever_is_heard_first(bank: Bank) -> None:
    member = new_id()

    bank.hear(brought(member, 390), brought(member, 390))
    bank.hear(joined(member))
    again = bank.hear(brought(member, 390))

    assert bank.figures(member) == (390, 0)
    assert again == []


def test_nobody_begins_with_less_than_a_newcomer(bank: Bank) -> None:
    less, same = new_id(), new_id()

    said = bank.hear(brought(less, 15), brought(same, 60))

    assert names(said) == ["minutes_granted", "minutes_granted"]
    assert bank.figures(less) == bank.figures(same) == (60, 0)


def test_a_balance_of_somebody_who_has_left_goes_to_the_fund(fresh_bank: Bank) -> None:
    (gone,) = fresh_bank.members(1)
    fresh_bank.hear(left(gone))

    fresh_bank.hear(brought(gone, 390))

    assert fresh_bank.figures(gone) == (0, 0)
    assert fresh_bank.figures(FUND) == (390, 0)
    assert fresh_bank.differences() == {}


# Holding.


def test_an_accepted_exchange_holds_the_receivers_minutes(bank: Bank) -> None:
    giver, receiver = bank.members(2)
    deal = Deal(giver, receiver, 60, region="midlands")

    (held,) = bank.hear(deal.accepted())

    assert (held.event, held.region) == ("minutes_held", "midlands")
    assert held.id == uuid5(deal.hold_id, "minutes_held")
    assert held.data == {
        "hold_id": str(deal.hold_id), "exchange_id": str(deal.id),
        "account_id": str(receiver), "minutes": 60,
    }  # fmt: skip
    assert bank.figures(receiver) == (60, 60)


def test_too_few_credits_are_refused_with_what_is_lacking(bank: Bank) -> None:
    giver, receiver = bank.members(2)

    (refused,) = bank.hear(Deal(giver, receiver, 300).accepted())

    assert refused.event == "hold_refused"
    assert (refused.data["available_minutes"], refused.data["shortfall_minutes"]) == (240, 60)
    assert bank.figures(receiver) == (60, 0)


def test_a_repeated_question_hears_the_recorded_answer(bank: Bank) -> None:
    giver, receiver = bank.members(2)
    booked, beyond = Deal(giver, receiver, 60), Deal(giver, receiver, 300)
    first = bank.hear(booked.accepted(), beyond.accepted())
    bank.give(receiver, giver, 240)

    again = bank.hear(booked.accepted(), beyond.accepted(), booked.accepted())

    assert {(one.id, str(one.data)) for one in again} == {(one.id, str(one.data)) for one in first}
    assert bank.figures(receiver) == (300, 60)


def test_a_batch_spends_no_credit_twice(bank: Bank) -> None:
    giver, receiver = bank.members(2)
    bank.set_floor(receiver, 0)

    said = bank.hear(*(Deal(giver, receiver, 45).accepted() for _ in range(3)))

    assert names(said).count("minutes_held") == 1
    assert names(said).count("hold_refused") == 2
    assert bank.figures(receiver) == (60, 45)


def test_the_fund_makes_up_the_shortfall_when_asked(fresh_bank: Bank) -> None:
    fresh_bank.fill_fund(90)
    giver, receiver = fresh_bank.members(2)
    deal = Deal(giver, receiver, 300)

    refused = fresh_bank.hear(deal.accepted())
    said = fresh_bank.hear(deal.again().accepted(from_fund=True))

    assert names(refused) == ["hold_refused"]
    assert names(said) == ["minutes_transferred", "minutes_held", "limit_neared"]
    assert (said[0].data["kind"], said[0].data["minutes"]) == ("fund", 60)
    assert said[0].data["exchange_id"] is None
    assert fresh_bank.figures(receiver) == (120, 300)
    assert fresh_bank.figures(FUND) == (30, 0)


def test_a_fund_without_enough_leaves_it_refused(fresh_bank: Bank) -> None:
    fresh_bank.fill_fund(45)
    giver, receiver = fresh_bank.members(2)

    said = fresh_bank.hear(Deal(giver, receiver, 300).accepted(from_fund=True))

    assert names(said) == ["hold_refused"]
    assert fresh_bank.figures(FUND) == (45, 0)


def test_what_the_fund_gave_returns_when_the_exchange_comes_to_nothing(fresh_bank: Bank) -> None:
    fresh_bank.fill_fund(60)
    giver, receiver = fresh_bank.members(2)
    deal = Deal(giver, receiver, 300)
    fresh_bank.hear(deal.accepted(from_fund=True))

    said = fresh_bank.hear(deal.ended())
    again = fresh_bank.hear(deal.ended())

    assert names(said) == ["minutes_transferred", "hold_released"]
    assert again == []
    assert (fresh_bank.figures(receiver), fresh_bank.figures(FUND)) == ((60, 0), (60, 0))


def test_what_the_fund_gave_and_was_not_needed_returns(fresh_bank: Bank) -> None:
    fresh_bank.fill_fund(60)
    giver, receiver = fresh_bank.members(2)
    deal = Deal(giver, receiver, 300)
    fresh_bank.hear(deal.accepted(from_fund=True))

    fresh_bank.hear(deal.completed(270))

    assert fresh_bank.figures(receiver) == (-180, 0)
    assert fresh_bank.figures(FUND) == (30, 0)
    assert fresh_bank.differences() == {}


# Ending a hold.


def test_a_completed_exchange_pays_the_giver(bank: Bank) -> None:
    giver, receiver = bank.members(2)
    deal = Deal(giver, receiver, 60, region="south-east")
    bank.hear(deal.accepted())

    (paid,) = bank.hear(deal.completed())

    assert (paid.event, paid.region) == ("minutes_transferred", "south-east")
    assert paid.id == uuid5(deal.transfer_id, "minutes_transferred")
    assert UUID(paid.data["transfer_id"]) == deal.transfer_id
    assert UUID(paid.data["from_account_id"]) == receiver
    assert (bank.figures(giver), bank.figures(receiver)) == ((120, 0), (0, 0))


def test_fewer_minutes_than_held_release_the_rest(bank: Bank) -> None:
    giver, receiver = bank.members(2)
    deal = Deal(giver, receiver, 90)
    bank.hear(deal.accepted())

    bank.hear(deal.completed(45))

    assert (bank.figures(giver), bank.figures(receiver)) == ((105, 0), (15, 0))


def test_a_repeated_completion_says_the_same_and_moves_nothing(bank: Bank) -> None:
    giver, receiver = bank.members(2)
    deal = Deal(giver, receiver)
    bank.hear(deal.accepted())

    (first,) = bank.hear(deal.completed(), deal.completed())
    again = bank.hear(deal.completed(), deal.completed())

    assert [(one.id, one.data) for one in again] == [(first.id, first.data)]
    assert bank.figures(giver) == (120, 0)


def test_a_completion_before_its_acceptance_is_tried_later(bank: Bank) -> None:
    giver, receiver = bank.members(2)
    deal = Deal(giver, receiver)

    with pytest.raises(errors.HoldUnknown):
        bank.hear(deal.completed())
    assert issubclass(errors.HoldUnknown, TryLater)

    bank.hear(deal.accepted())
    bank.hear(deal.completed())
    assert bank.figures(giver) == (120, 0)


def test_a_completion_of_a_refused_hold_is_broken(bank: Bank) -> None:
    giver, receiver = bank.members(2)
    deal = Deal(giver, receiver, 300)
    bank.hear(deal.accepted())

    with pytest.raises(errors.HoldEnded) as error:
        bank.hear(deal.completed())

    assert isinstance(error.value, Broken)
    assert "refused" in str(error.value)


@pytest.mark.parametrize(
    "event",
    [
        "exchange_amended", "exchange_withdrawn", "exchange_cancelled", "exchange_lapsed",
        "exchange_no_show",
    ],
)  # fmt: skip
def test_what_comes_to_nothing_releases_its_hold(bank: Bank, event: str) -> None:
    giver, receiver = bank.members(2)
    deal = Deal(giver, receiver)
    bank.hear(deal.accepted())

    (released,) = bank.hear(deal.ended(event), deal.ended(event))

    assert released.event == "hold_released"
    assert released.id == uuid5(deal.hold_id, "hold_released")
    assert bank.figures(receiver) == (60, 0)
    assert bank.hear(deal.ended(event)) == []


def test_what_never_had_a_hold_releases_none(bank: Bank) -> None:
    giver, receiver = bank.members(2)
    kind, data = Deal(giver, receiver).ended()

    assert bank.hear((kind, type(data)(**{**vars(data), "hold_id": None}))) == []


def test_a_release_before_its_question_leaves_a_tombstone(bank: Bank) -> None:
    giver, receiver = bank.members(2)
    deal = Deal(giver, receiver)

    assert bank.hear(deal.ended()) == []
    (late,) = bank.hear(deal.accepted())

    assert late.event == "hold_released"
    assert bank.figures(receiver) == (60, 0)
    assert bank.hear(deal.accepted())[0].id == late.id


def test_a_posted_hold_is_not_released(bank: Bank) -> None:
    giver, receiver = bank.members(2)
    deal = bank.give(giver, receiver)

    with pytest.raises(errors.HoldEnded):
        bank.hear(deal.ended())

    assert bank.figures(giver) == (120, 0)


# Reversing.


def test_a_reversal_takes_everything_back_even_into_debt(bank: Bank) -> None:
    giver, receiver, other = bank.members(3)
    deal = bank.give(giver, receiver)
    bank.give(other, giver, 240)
    bank.give(receiver, giver, 60)
    bank.set_floor(giver, 0)

    (back,) = bank.hear(deal.reversed())

    assert back.event == "transfer_reversed"
    assert UUID(back.data["reverses_transfer_id"]) == deal.transfer_id
    assert UUID(back.data["transfer_id"]) == uuid5(deal.id, "reversal")
    assert bank.figures(giver) == (-240, 0)
    again = bank.hear(deal.reversed(), deal.reversed())
    assert [one.id for one in again] == [back.id]
    assert bank.figures(giver) == (-240, 0)
    assert bank.differences() == {}


def test_a_reversal_gives_the_fund_back_what_it_had_made_up(fresh_bank: Bank) -> None:
    fresh_bank.fill_fund(60)
    giver, receiver = fresh_bank.members(2)
    deal = Deal(giver, receiver, 300)
    fresh_bank.hear(deal.accepted(from_fund=True))
    fresh_bank.hear(deal.completed(270))
    assert (fresh_bank.figures(receiver), fresh_bank.figures(FUND)) == ((-180, 0), (30, 0))

    told = fresh_bank.hear(deal.reversed())
    again = fresh_bank.hear(deal.reversed())

    assert names(told) == ["transfer_reversed", "minutes_transferred"]
    assert names(again) == ["transfer_reversed"]
    assert fresh_bank.figures(giver) == (60, 0)
    assert (fresh_bank.figures(receiver), fresh_bank.figures(FUND)) == ((60, 0), (60, 0))
    assert fresh_bank.differences() == {}


def test_a_reversal_of_an_unknown_transfer_is_tried_later(bank: Bank) -> None:
    giver, receiver = bank.members(2)

    with pytest.raises(errors.TransferUnknown):
        bank.hear(Deal(giver, receiver).reversed())


def test_a_reversal_between_others_is_a_contradiction(bank: Bank) -> None:
    giver, receiver, stranger = bank.members(3)
    deal = bank.give(giver, receiver)
    kind, data = deal.reversed()

    with pytest.raises(errors.Contradiction):
        bank.hear((kind, type(data)(**{**vars(data), "giver_id": stranger})))


# Leaving.


def test_a_leavers_credit_goes_to_the_fund(fresh_bank: Bank) -> None:
    (gone,) = fresh_bank.members(1)

    (moved,) = fresh_bank.hear(left(gone))

    assert (moved.data["kind"], moved.data["minutes"]) == ("leaving", 60)
    assert fresh_bank.figures(gone) == (0, 0)
    assert fresh_bank.figures(FUND) == (60, 0)
    assert fresh_bank.hear(left(gone), left(gone)) == []


def test_the_fund_absorbs_a_leavers_debt_though_it_has_nothing(fresh_bank: Bank) -> None:
    giver, gone = fresh_bank.members(2)
    fresh_bank.give(giver, gone, 240)

    fresh_bank.hear(left(gone))

    assert fresh_bank.figures(gone) == (0, 0)
    assert fresh_bank.figures(FUND) == (-180, 0)
    assert fresh_bank.differences() == {}


def test_a_leavers_booked_exchange_still_ends_as_the_exchange_says(fresh_bank: Bank) -> None:
    giver, gone = fresh_bank.members(2)
    kept, dropped = Deal(giver, gone, 45), Deal(giver, gone, 30)
    fresh_bank.hear(kept.accepted(), dropped.accepted())

    fresh_bank.hear(left(gone))
    assert fresh_bank.figures(gone) == (60, 75)
    fresh_bank.hear(dropped.ended())
    fresh_bank.hear(kept.completed())

    assert fresh_bank.figures(gone) == (0, 0)
    assert fresh_bank.figures(giver) == (105, 0)
    assert fresh_bank.figures(FUND) == (15, 0)
    assert fresh_bank.differences() == {}


def test_nothing_more_is_held_of_a_leaver(fresh_bank: Bank) -> None:
    giver, gone = fresh_bank.members(2)
    fresh_bank.hear(left(gone))

    said = fresh_bank.hear(Deal(giver, gone, 15).accepted())

    assert names(said) == ["hold_refused"]


def test_what_reaches_a_leaver_later_goes_to_the_fund_too(fresh_bank: Bank) -> None:
    gone, receiver = fresh_bank.members(2)
    deal = Deal(gone, receiver, 60)
    fresh_bank.hear(deal.accepted())
    fresh_bank.hear(left(gone))

    fresh_bank.hear(deal.completed())
    assert (fresh_bank.figures(gone), fresh_bank.figures(FUND)) == ((0, 0), (120, 0))
    fresh_bank.hear(deal.reversed())

    assert (fresh_bank.figures(gone), fresh_bank.figures(FUND)) == ((0, 0), (60, 0))
    assert fresh_bank.figures(receiver) == (60, 0)


def test_somebody_who_left_before_being_heard_of_leaves_the_same(fresh_bank: Bank) -> None:
    gone = new_id()

    fresh_bank.hear(left(gone))
    fresh_bank.hear(joined(gone))

    assert (fresh_bank.figures(gone), fresh_bank.figures(FUND)) == ((0, 0), (60, 0))


# Nudges.


def test_nearing_the_limit_is_told_once(bank: Bank) -> None:
    giver, receiver = bank.members(2)

    assert names(bank.hear(Deal(giver, receiver, 180).accepted())) == ["minutes_held"]
    (_, neared) = bank.hear(Deal(giver, receiver, 15).accepted())
    assert neared.event == "limit_neared"
    assert neared.data == {
        "account_id": str(receiver), "side": "floor", "balance_minutes": 60,
        "available_minutes": 45,
    }  # fmt: skip
    assert names(bank.hear(Deal(giver, receiver, 15).accepted())) == ["minutes_held"]


def test_forty_hours_are_told_once(bank: Bank) -> None:
    giver, receiver, other = bank.members(3)
    bank.set_floor(receiver, -6000)
    for _ in range(2):
        bank.give(giver, receiver, 1140)
    deals = [Deal(giver, receiver, 60), Deal(giver, other, 60)]
    bank.hear(*(deal.accepted() for deal in deals))

    told = [named(bank.hear(deal.completed()), "limit_neared") for deal in deals]

    assert [[one.data["side"] for one in some] for some in told] == [["ceiling"], []]


# Order.


def test_any_order_gives_the_same_balances(bank: Bank) -> None:
    outcomes = set()
    for order in itertools.permutations(range(5)):
        giver, receiver = new_id(), new_id()
        helped, dropped = Deal(giver, receiver, 60), Deal(giver, receiver, 45)
        events = [
            helped.accepted(), helped.completed(45), dropped.accepted(), dropped.ended(),
            joined(receiver),
        ]  # fmt: skip
        _until_quiet(bank, [events[place] for place in order])
        outcomes.add((bank.figures(giver), bank.figures(receiver)))

    assert outcomes == {((105, 0), (15, 0))}
    assert bank.differences() == {}


def test_any_order_of_a_reversal_and_a_second_attempt_gives_the_same(bank: Bank) -> None:
    outcomes = set()
    for order in itertools.permutations(range(5)):
        giver, receiver = new_id(), new_id()
        first = Deal(giver, receiver, 90)
        second = first.again()
        events = [
            first.accepted(), first.ended("exchange_amended"), second.accepted(),
            second.completed(60), second.reversed(),
        ]  # fmt: skip
        _until_quiet(bank, [events[place] for place in order])
        outcomes.add((bank.figures(giver), bank.figures(receiver)))

    assert outcomes == {((60, 0), (60, 0))}
    assert bank.differences() == {}


def _until_quiet(bank: Bank, events: list) -> None:
    """Tell each event; what is to be tried later comes again after the others."""
    while events:
        waiting = []
        for event in events:
            try:
                bank.hear(event)
            except TryLater:
                waiting.append(event)
        assert len(waiting) < len(events), "nothing goes forward"
        events = waiting


# Size.


def test_a_batch_of_five_hundred_takes_a_handful_of_statements(bank: Bank) -> None:
    members = bank.members(100)
    deals = [Deal(members[n % 100], members[(n + 1) % 100], 15) for n in range(500)]

    held = _statements(bank, [deal.accepted() for deal in deals])
    posted = _statements(bank, [deal.completed() for deal in deals])

    assert (held, posted) == (4, 3)  # who is known, lock, holds, insert; the last three
    assert {bank.figures(member) for member in members} == {(60, 0)}
    assert bank.differences() == {}


def _statements(bank: Bank, told: list) -> int:
    """How many statements are sent for what a batch does, the outbox's own left out."""
    count = 0

    class Counting(psycopg.Cursor):
        def execute(self, *args, **kwargs):
            nonlocal count
            count += 1
            return super().execute(*args, **kwargs)

    with bank.transaction() as tx:
        tx.conn.cursor_factory = Counting
        hear(tx, *told)
        tx.conn.cursor_factory = psycopg.Cursor
    return count


def test_one_bad_event_takes_the_whole_batch_back(bank: Bank) -> None:
    giver, receiver = bank.members(2)
    good, unknown = Deal(giver, receiver, 15), Deal(giver, receiver, 15)
    bank.hear(good.accepted())

    with pytest.raises(errors.HoldUnknown):
        bank.hear(good.completed(), unknown.completed())

    assert bank.figures(receiver) == (60, 15)


def test_minutes_of_nobody_known_are_never_reversed(bank: Bank) -> None:
    with pytest.raises(TryLater):
        bank.hear(Deal(uuid4(), uuid4()).reversed())
