"""A representative's list has what touches the region, and reads little more than it shows."""

from collections.abc import Iterator
from typing import Any

import pytest

from services.contracts import words
from services.exchanges import exchange_store
from services.exchanges.exchange_store import Page
from tests.exchanges import people
from tests.exchanges.people import Bank

MANY = 6_000
PAGE = 20
RARE = ("disputed", "reversed", "unfunded", "no_show")

_LISTING = """
insert into listing (id, version, owner_id, kind, title, description, minutes, online, skills,
                     state, region, published_at, expires_at)
values (gen_random_uuid(), 1, gen_random_uuid(), 'offer', 'Rota', '', 60, true, '{}', 'open',
        'london', now(), now() + interval '90 days')
"""
_FILL = """
insert into exchange (id, version, listing_id, title, giver_id, receiver_id, asker_id, region,
                      giver_region, receiver_region, recorded, requested_at, sent_at, state,
                      next_actor, minutes, attempt, from_fund, ruled, sequence, entered_at,
                      deadline, completed_at, settled_at)
select (lpad(to_hex(n), 12, '0') || '70008000' || lpad(to_hex(n * 7919), 12, '0'))::uuid,
       1, (select id from listing), 'Rota ' || n, gen_random_uuid(), asker.id, asker.id,
       home.receiver, home.giver, home.receiver, false, now(), now(), now_in.state,
       case when now_in.state in ('disputed', 'unfunded') then 'rep' end, 60, 1, false, false, 0,
       now(), case when now_in.state in ('disputed', 'unfunded') then now() end, now(), now()
  from generate_series(1, %(many)s) n
  join (select mod, gen_random_uuid() as id from generate_series(0, 4) mod) asker
    on asker.mod = mod(n, 5)
 cross join lateral (select case when mod(n, 5) = 0 then 'midlands' else 'london' end as receiver,
                            case when mod(n, 3) = 0 then 'midlands' else 'london' end as giver
                    ) home
 cross join lateral (select coalesce((%(rare)s::text[])[1 + n / 5], 'settled') as state) now_in
"""


@pytest.fixture(scope="module")
def many(one_bank: Bank) -> Iterator[Bank]:
    """Two regions that help each other; of each rare state five at most, the oldest of all."""
    one_bank.empty()
    one_bank.execute(_LISTING)
    with one_bank.database.transaction() as tx:
        tx.conn.execute(_FILL, {"many": MANY, "rare": list(RARE)})
    with one_bank.database.pool.connection() as conn:
        conn.autocommit = True
        conn.execute("vacuum analyze exchange")
        conn.autocommit = False
    yield one_bank
    one_bank.empty()


def listed(bank: Bank, region: str, state: str | None) -> tuple[list[Any], int]:
    """The first page of a list, and how many exchanges were read for it."""
    with bank.database.transaction() as tx:
        before = _read(tx.conn)
        states = [state] if state else words.EXCHANGE_STATES
        found = exchange_store.of_region(tx.conn, region, states, Page(None, PAGE))
        return [each.id for each in found], _read(tx.conn) - before


def _read(conn: Any) -> int:
    row = conn.execute(
        "select pg_stat_get_xact_tuples_fetched('exchange'::regclass)"
        " + pg_stat_get_xact_tuples_returned('exchange'::regclass)"
    ).fetchone()
    count: int = row[0]
    return count


def touching(bank: Bank, region: str, state: str | None) -> list[Any]:
    return [
        each
        for (each,) in bank.execute(
            "select id from exchange where %s in (region, giver_region)"
            " and coalesce(state = %s, true) order by id desc",
            region,
            state,
        )
    ]


@pytest.mark.parametrize("state", [None, *RARE, "accepted", "settled"])
def test_the_newest_that_touch_a_region_are_listed_and_hardly_more_are_read(
    many: Bank, state: str | None
) -> None:
    for region in ("london", "midlands", "national"):
        found, read = listed(many, region, state)

        assert found == touching(many, region, state)[:PAGE]
        assert read < MANY / 10


def test_page_by_page_each_is_listed_once(bank: Bank) -> None:
    london, midlands = people.member("london"), people.member("midlands")
    pairs = [(london, midlands), (midlands, london), (london, people.member("london"))] * 2
    made = [bank.ask(receiver, bank.publish(giver))["id"] for giver, receiver in pairs]
    for exchange_id, (giver, _) in zip(made[3:], pairs, strict=False):
        bank.act(giver, exchange_id, "decline", reason="Away")
    bank.ask(people.member("midlands"), bank.publish(people.member("midlands")))

    def walked(state: str | None) -> list[str]:
        seen: list[str] = []
        cursor = None
        while True:
            page = bank.mine(
                people.rep("london"), region="london", state=state, limit=2, cursor=cursor
            )
            seen += [each["id"] for each in page["items"]]
            cursor = page["next"]
            if cursor is None:
                return seen

    assert walked(None) == made[::-1]
    assert walked("requested") == made[2::-1]
    assert walked("declined") == made[:2:-1]
