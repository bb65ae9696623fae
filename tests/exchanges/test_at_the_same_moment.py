"""Two people, or two processes, at the same moment: one wins, and nothing happens twice."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import eventlet
import pytest

from services.bus.caller import SERVICE
from services.bus.transaction import Transaction
from services.exchanges import (
    ask_handlers,
    errors,
    exchange_handlers,
    handlers,
    import_handlers,
    listing_handlers,
    listing_store,
    search_handlers,
    sweep_handlers,
)
from tests.bus.running import eventually
from tests.exchanges import people
from tests.exchanges.people import Bank


def both(
    bank: Bank, first: Callable[[Transaction], Any], second: Callable[[Transaction], Any]
) -> Any:
    """Take the second step while the first is decided and not yet committed.

    Returns:
        What became of the second.
    """
    with ExitStack() as open_:
        first(open_.enter_context(bank.database.transaction()))
        waiting = eventlet.spawn(bank.do, second)
        eventually(lambda: _somebody_waits_for_a_lock(bank))
    return waiting.wait()


def _somebody_waits_for_a_lock(bank: Bank) -> bool:
    [(waiting,)] = bank.execute(
        "select count(*) from pg_stat_activity"
        " where datname = current_database() and wait_event_type = 'Lock'"
    )
    return bool(waiting)


def test_of_two_accepts_one_wins(bank: Bank) -> None:
    giver = people.member()
    exchange_id = bank.ask(people.member(), bank.publish(giver))["id"]

    def accept(tx: Transaction) -> Any:
        return exchange_handlers.act(tx, giver, exchange_id, "accept", {})

    with pytest.raises(errors.StepNotAllowed) as refusal:
        both(bank, accept, accept)

    assert refusal.value.detail == {"state": "accepted", "allowed": []}
    assert bank.events(exchange_id) == ["requested", "accepted"]


@pytest.mark.parametrize(("first", "second"), [(0, 1), (1, 0), (2, 0)])
def test_of_two_givers_who_say_yes_to_one_ask_at_once_one_helps(
    bank: Bank, first: int, second: int
) -> None:
    givers = [people.member() for _ in range(3)]
    asked = bank.ask_several(people.member(), *(bank.publish(each) for each in givers))

    def accept(number: int) -> Callable[[Transaction], Any]:
        giver, exchange_id = givers[number], asked[number]["id"]
        return lambda tx: exchange_handlers.act(tx, giver, exchange_id, "accept", {})

    with pytest.raises(errors.StepNotAllowed) as refusal:
        both(bank, accept(first), accept(second))

    assert refusal.value.detail == {"state": "withdrawn", "allowed": []}
    states = [bank.state(each["id"]) for each in asked]
    assert states[first] == "accepted"
    assert sorted(states) == ["accepted", "withdrawn", "withdrawn"]
    questions = [event for each in asked for event in bank.events(each["id"])]
    assert questions.count("accepted") == 1


def test_a_yes_and_the_askers_withdrawal_from_another_giver_both_happen_once(bank: Bank) -> None:
    givers, asker = [people.member() for _ in range(2)], people.member()
    one, other = bank.ask_several(asker, *(bank.publish(each) for each in givers))

    both(
        bank,
        lambda tx: exchange_handlers.act(tx, asker, one["id"], "withdraw", {}),
        lambda tx: exchange_handlers.act(tx, givers[1], other["id"], "accept", {}),
    )

    assert bank.events(one["id"]) == ["requested", "withdrawn"]
    assert bank.events(other["id"]) == ["requested", "accepted"]


def test_of_two_askers_for_one_time_one_gets_it(bank: Bank) -> None:
    listing = bank.publish(people.member(), slots=[{"starts_at": bank.soon(), "minutes": 60}])
    (slot,) = listing["slots"]
    body = {"listing_id": listing["id"], "slot_id": slot["id"], "minutes": 60}

    def ask(tx: Transaction) -> Any:
        return exchange_handlers.ask(tx, people.member(), body)

    with pytest.raises(errors.SlotTaken):
        both(bank, ask, ask)

    assert bank.execute("select count(*) from exchange") == [(1,)]


def test_two_asks_of_the_same_givers_in_another_order_do_not_wait_in_a_circle(bank: Bank) -> None:
    listings = [bank.publish(people.member(), capacity=2) for _ in range(3)]

    def ask(wanted: list[dict[str, Any]]) -> Callable[[Transaction], Any]:
        body = {"listing_ids": [each["id"] for each in wanted], "minutes": 60}
        return lambda tx: ask_handlers.ask(tx, people.member(), body)

    both(bank, ask(listings), ask(listings[::-1]))

    assert bank.execute("select count(*), count(distinct ask_id) from exchange") == [(6, 2)]


def test_an_accept_and_a_withdrawal_do_not_both_happen(bank: Bank) -> None:
    giver, receiver = people.member(), people.member()
    exchange_id = bank.ask(receiver, bank.publish(giver))["id"]

    with pytest.raises(errors.StepNotAllowed):
        both(
            bank,
            lambda tx: exchange_handlers.act(tx, receiver, exchange_id, "withdraw", {}),
            lambda tx: exchange_handlers.act(tx, giver, exchange_id, "accept", {}),
        )

    assert bank.state(exchange_id) == "withdrawn"


def test_of_two_askers_for_one_place_one_wins(bank: Bank) -> None:
    listing = bank.publish(people.member(), capacity=1)

    def ask(tx: Transaction) -> Any:
        body = {"listing_id": listing["id"], "minutes": 60}
        return exchange_handlers.ask(tx, people.member(), body)

    with pytest.raises(errors.CapacityFull):
        both(bank, ask, ask)

    assert bank.execute("select count(*) from exchange") == [(1,)]


def test_two_sweepers_share_the_work(bank: Bank) -> None:
    listing = bank.publish(people.member())
    asked = [bank.ask(people.member(), listing)["id"] for _ in range(2)]
    bank.advance(days=8)

    with bank.database.transaction() as first, bank.database.transaction() as second:
        assert sweep_handlers.sweep(first, people.REGIONS, 1)
        assert sweep_handlers.sweep(second, people.REGIONS, 1)
        assert not sweep_handlers.sweep(second, people.REGIONS, 2)

    assert [bank.events(one) for one in asked] == [["requested", "expired"]] * 2


def test_two_sweepers_expire_a_listing_once(bank: Bank) -> None:
    listing = bank.publish(people.member())
    bank.advance(days=91)

    with bank.database.transaction() as first, bank.database.transaction() as second:
        sweep_handlers.sweep(first, people.REGIONS)
        sweep_handlers.sweep(second, people.REGIONS)

    assert bank.events(listing["id"]) == ["listing_published", "listing_expired"]


def test_the_sweeper_leaves_alone_what_somebody_is_answering(bank: Bank) -> None:
    giver = people.member()
    exchange_id = bank.ask(people.member(), bank.publish(giver))["id"]
    bank.advance(days=8)

    with bank.database.transaction() as tx:
        exchange_handlers.act(tx, giver, exchange_id, "accept", {})
        bank.sweep()

    assert bank.state(exchange_id) == "accepted"


@pytest.mark.parametrize("request_first", [True, False])
def test_an_approval_and_a_request_at_the_same_moment_find_each_other(
    bank: Bank, request_first: bool
) -> None:
    asker, listing = people.member(approved=False), bank.publish(people.member())
    body = {"listing_id": listing["id"], "minutes": 60}
    asked: list[str] = []

    def ask(tx: Transaction) -> None:
        asked.append(exchange_handlers.ask(tx, asker, body)["id"])

    def approve(tx: Transaction) -> None:
        handlers.let_in(tx, people.about(tx, "members.member_approved", asker, 2))

    both(bank, *((ask, approve) if request_first else (approve, ask)))

    assert bank.events(asked[0]) == ["requested"]


def test_somebody_leaving_takes_along_what_is_being_asked_of_them(bank: Bank) -> None:
    owner, asker = people.member(), people.member()
    listing = bank.publish(owner)
    body = {"listing_id": listing["id"], "minutes": 60}
    asked: list[str] = []

    def ask(tx: Transaction) -> None:
        asked.append(exchange_handlers.ask(tx, asker, body)["id"])

    def leave(tx: Transaction) -> None:
        handlers.left(tx, [people.about(tx, "members.member_left", owner, 9)])

    both(bank, ask, leave)

    assert bank.state(asked[0]) == "withdrawn"


def test_somebody_leaving_takes_along_what_they_are_asking_publishing_and_looking_for(
    bank: Bank,
) -> None:
    leaver, listing = people.member(), bank.publish(people.member())
    body = {"listing_id": listing["id"], "minutes": 60}
    made: list[str] = []

    def do_all(tx: Transaction) -> None:
        made.append(exchange_handlers.ask(tx, leaver, body)["id"])
        made.append(listing_handlers.publish(tx, leaver, people.OFFER)["id"])
        search_handlers.save(tx, leaver, {"q": "pivot"})

    def leave(tx: Transaction) -> None:
        handlers.left(tx, [people.about(tx, "members.member_left", leaver, 9)])

    both(bank, do_all, leave)

    assert bank.state(made[0]) == "withdrawn"
    assert bank.events(made[1])[-1] == "listing_closed"
    assert bank.execute("select count(*) from saved_search") == [(0,)]


@pytest.mark.parametrize("approved", [True, False])
def test_who_asks_while_their_departure_is_heard_is_refused(bank: Bank, approved: bool) -> None:
    leaver, listing = people.member(approved=approved), bank.publish(people.member())
    body = {"listing_id": listing["id"], "minutes": 60}

    with pytest.raises(errors.NotAMember):
        both(
            bank,
            lambda tx: handlers.left(tx, [people.about(tx, "members.member_left", leaver, 9)]),
            lambda tx: exchange_handlers.ask(tx, leaver, body),
        )

    assert bank.mine(leaver)["items"] == []


def test_two_who_leave_at_once_and_one_who_asks_the_other_do_not_wait_in_a_circle(
    bank: Bank,
) -> None:
    owner, asker = people.member(), people.member()
    body = {"listing_id": bank.publish(owner)["id"], "minutes": 60}
    asked: list[str] = []

    def leave(tx: Transaction) -> None:
        handlers.left(
            tx, [people.about(tx, "members.member_left", each, 9) for each in (owner, asker)]
        )

    assert asker.id
    with bank.database.transaction() as tx:
        listing_store.hold_off_leaving(tx.conn, asker.id)
        leaving = eventlet.spawn(bank.do, leave)
        eventually(lambda: _somebody_waits_for_a_lock(bank))
        asked.append(exchange_handlers.ask(tx, asker, body)["id"])
    leaving.wait()

    assert bank.state(asked[0]) == "withdrawn"


def test_what_is_brought_twice_at_once_is_kept_once(bank: Bank) -> None:
    owner = people.member()
    listing = {**people.OFFER, "online": True}
    item = {"owner_id": str(owner.id), "region": "london", "organisation": None, "listing": listing}

    again = both(bank, *2 * (lambda tx: import_handlers.import_listings(tx, SERVICE, [item]),))

    assert again == {"new": 0, "known": 1}
    assert len(bank.search(owner, mine=True)["items"]) == 1
