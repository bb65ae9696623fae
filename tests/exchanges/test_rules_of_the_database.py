"""What hand-written SQL cannot break either."""

import psycopg
import pytest

from tests.exchanges import people
from tests.exchanges.people import Bank


@pytest.fixture
def exchange_id(bank: Bank) -> str:
    return bank.booked(people.member(), people.member())


@pytest.mark.parametrize(
    "change",
    [
        "state = 'settled', settled_at = now(), completed_at = now(), next_actor = null,"
        " deadline = null",
        "state = 'lost'",
        "state = 'accepted', next_actor = 'ledger'",
        "next_actor = null, deadline = null",
        "deadline = null",
        "held_minutes = null",
        "state = 'awaiting_confirmation'",
        "state = 'completed', completed_at = now(), minutes = 75",
        "state = 'completed', next_actor = 'ledger'",
        "minutes = 20",
        "minutes = 0",
        "minutes = 1455",
        "giver_id = receiver_id",
        "region = 'midlands'",
        "asker_id = gen_random_uuid()",
        "version = 0",
    ],
)
def test_an_exchange_cannot_be_brought_out_of_its_rules(
    bank: Bank, exchange_id: str, change: str
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        bank.execute(f"update exchange set {change} where id = %s", exchange_id)


@pytest.mark.parametrize(
    "statement", ["update exchange_step set reason = ''", "delete from exchange_step"]
)
def test_history_is_only_added_to(bank: Bank, exchange_id: str, statement: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        bank.execute(statement)


def test_two_steps_from_one_version_cannot_both_be_kept(bank: Bank, exchange_id: str) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation):
        bank.execute(
            "insert into exchange_step"
            " select exchange_id, version, 'cancel', actor_id, 'cancelled', minutes, reason, at"
            " from exchange_step where version = 3"
        )


@pytest.mark.parametrize(
    "change",
    ["minutes = 50", "state = 'lost'", "kind = 'gift'", "capacity = 0", "title = ''",
     "category = 'cooking'", "pathway = 'x'", "region = 'atlantis'", "version = 0"],
)  # fmt: skip
def test_a_listing_cannot_be_brought_out_of_its_rules(
    bank: Bank, exchange_id: str, change: str
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        bank.execute(f"update listing set {change}")
