"""What the database refuses, however the statement was written."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.errors import CheckViolation, InsufficientPrivilege, UniqueViolation

from services.ledger.account import FUND, ISSUE
from tests.ledger.bank import Bank, Deal, joined, left

Sql = Callable[..., Any]

TRANSFER = (
    "insert into transfer (id, kind, exchange_id, hold_id, reverses_transfer_id, from_account_id,"
    " to_account_id, minutes, region, posted_at, correlation_id)"
    " values (%s, %s, %s, %s, %s, %s, %s, %s, 'london', now(), 'by-hand')"
)
HOLD = (
    "insert into hold (id, exchange_id, account_id, minutes, state, available_minutes, region,"
    " asked_at, ended_at, posted_minutes) values (%s, %s, %s, %s, %s, 1000, 'london', now(),"
    " case when %s <> 'held' then now() end, case when %s = 'posted' then 15 end)"
)


@pytest.fixture
def sql(bank: Bank) -> Iterator[Sql]:
    """Runs one hand-written statement in a transaction of its own."""
    with psycopg.connect(bank.url, autocommit=True) as conn:

        def run(statement: str, *values: Any) -> Any:
            found = conn.execute(statement, values or None)
            return found.fetchall() if found.description else found.rowcount

        yield run


def transferred(sql: Sql, kind: str, payer: UUID, payee: UUID, minutes: int, **by: Any) -> None:
    sql(
        TRANSFER, by.get("id") or uuid4(), kind, by.get("exchange_id"), by.get("hold_id"),
        by.get("reverses"), payer, payee, minutes,
    )  # fmt: skip


def held(sql: Sql, account_id: UUID, minutes: int, state: str = "held", **by: Any) -> UUID:
    hold_id = by.get("id") or uuid4()
    sql(HOLD, hold_id, by.get("exchange_id") or uuid4(), account_id, minutes, state, state, state)
    return hold_id


def refused_by(constraint: str, error: pytest.ExceptionInfo[psycopg.Error]) -> bool:
    return error.value.diag.constraint_name == constraint


# Balances follow from transfers alone.


@pytest.mark.parametrize(
    "change",
    [
        "update account set balance_minutes = balance_minutes + 60",
        "update account set held_minutes = 0",
        "update account set version = version + 1",
        "update account set own_floor_minutes = -6000",
        "update account set kind = 'fund' where kind = 'member'",
        "update account set id = gen_random_uuid() where kind = 'member'",
        "insert into account (id, kind, region, opened_at) select id, 'member', 'london', now()"
        " from account on conflict (id) do update set balance_minutes = 6000",
        "merge into account a using account b on a.id = b.id"
        " when matched then update set balance_minutes = 6000",
        "delete from account where kind = 'member'",
        "truncate account cascade",
        "update region set floor_minutes = -6000",
        "insert into entry (account_id, version, transfer_id, minutes, balance_before,"
        " balance_after) select id, version + 1, gen_random_uuid(), 60, 0, 60 from account",
        "update entry set minutes = minutes",
        "delete from entry",
        "truncate entry",
        "update transfer set minutes = minutes + 15",
        "update transfer set reason = 'another'",
        "delete from transfer",
        "truncate transfer cascade",
        "insert into transfer select * from transfer on conflict (id) do update set minutes = 1",
        "delete from hold",
        "truncate hold",
        "update limit_change set reason = 'another'",
        "delete from limit_change",
        "truncate limit_change",
    ],
)
def test_nobody_writes_what_follows_or_what_has_been(bank: Bank, sql: Sql, change: str) -> None:
    giver, receiver = bank.members(2)
    bank.give(giver, receiver)
    bank.set_floor(giver, -60)

    with pytest.raises(InsufficientPrivilege):
        sql(change)

    assert bank.differences() == {}


def test_no_account_opens_with_minutes(sql: Sql) -> None:
    with pytest.raises(CheckViolation) as error:
        sql(
            "insert into account (id, kind, region, balance_minutes, opened_at)"
            " values (gen_random_uuid(), 'member', 'london', 60, now())"
        )
    assert refused_by("account_opens_empty", error)


def test_there_is_one_issue_account(sql: Sql) -> None:
    with pytest.raises(UniqueViolation):
        sql(
            "insert into account (id, kind, region, opened_at)"
            " values (gen_random_uuid(), 'issue', 'national', now())"
        )


def test_a_transfer_by_hand_moves_both_balances(bank: Bank, sql: Sql) -> None:
    (joiner,) = bank.members(1)

    transferred(sql, "grant", ISSUE, joiner, 45)

    assert bank.figures(joiner) == (105, 0)
    assert bank.differences() == {}


def test_two_inserts_in_one_statement_are_posted_together(bank: Bank, sql: Sql) -> None:
    one, other = bank.members(2)
    values = "'london', now(), 'by-hand'"
    columns = (
        "(id, kind, from_account_id, to_account_id, minutes, region, posted_at, correlation_id)"
    )

    sql(
        f"with a as (insert into transfer {columns} values (%s, 'grant', %s, %s, 15, {values}))"
        f" insert into transfer {columns} values (%s, 'grant', %s, %s, 30, {values})",
        uuid4(), ISSUE, one, uuid4(), ISSUE, other,
    )  # fmt: skip

    assert (bank.figures(one), bank.figures(other)) == ((75, 0), (90, 0))
    assert bank.differences() == {}


def test_many_transfers_in_one_statement_leave_running_balances(bank: Bank, sql: Sql) -> None:
    (joiner,) = bank.members(1)

    sql(
        "insert into transfer (id, kind, from_account_id, to_account_id, minutes, region,"
        " posted_at, correlation_id) select gen_random_uuid(), kind, payer, payee, 15, 'london',"
        " now(), 'by-hand' from generate_series(1, 4),"
        " (values ('grant', %s::uuid, %s::uuid), ('donation', %s, %s)) v (kind, payer, payee)",
        ISSUE, joiner, joiner, FUND,
    )  # fmt: skip

    lowest = sql("select min(balance_after) from entry where account_id = %s", joiner)
    assert lowest == [(60,)]
    assert bank.figures(joiner) == (60, 0)
    assert bank.differences() == {}


# A transfer says what it is.


def test_minutes_are_above_zero_and_between_two_accounts(bank: Bank, sql: Sql) -> None:
    (joiner,) = bank.members(1)

    for minutes, payee in ((0, joiner), (-60, joiner), (60, ISSUE)):
        with pytest.raises(CheckViolation):
            transferred(sql, "grant", ISSUE, payee, minutes)


def test_a_transfers_id_is_its_key_for_ever(bank: Bank, sql: Sql) -> None:
    (joiner,), key = bank.members(1), uuid4()
    transferred(sql, "grant", ISSUE, joiner, 60, id=key)

    with pytest.raises(UniqueViolation):
        transferred(sql, "grant", ISSUE, joiner, 60, id=key)

    assert bank.figures(joiner) == (120, 0)


@pytest.mark.parametrize(
    ("kind", "payer", "payee"),
    [
        ("grant", "one", "other"),
        ("grant", "fund", "one"),
        ("grant", "issue", "fund"),
        ("donation", "one", "other"),
        ("donation", "issue", "fund"),
        ("leaving", "one", "fund"),
        ("leaving", "fund", "one"),
        ("leaving", "issue", "one"),
        ("donation", "nobody", "fund"),
        ("grant", "issue", "nobody"),
    ],
)
def test_each_kind_runs_between_its_own_accounts(
    bank: Bank, sql: Sql, kind: str, payer: str, payee: str
) -> None:
    one, other = bank.members(2)
    who = {"one": one, "other": other, "fund": FUND, "issue": ISSUE, "nobody": uuid4()}

    with pytest.raises(CheckViolation) as error:
        transferred(sql, kind, who[payer], who[payee], 15)

    assert refused_by("transfer_between_right_accounts", error)
    assert bank.differences() == {}


def test_a_fund_helps_members_and_nobody_else(bank: Bank, sql: Sql) -> None:
    one, other = bank.members(2)

    with pytest.raises(CheckViolation) as error:
        transferred(sql, "fund", one, other, 15, hold_id=uuid4())

    assert refused_by("transfer_between_right_accounts", error)


def test_an_exchange_names_its_hold_and_a_reversal_its_transfer(bank: Bank, sql: Sql) -> None:
    one, other = bank.members(2)

    for kind in ("exchange", "reversal", "fund"):
        with pytest.raises(CheckViolation) as error:
            transferred(sql, kind, one, other, 15, exchange_id=uuid4())
        assert refused_by("transfer_names_its_cause", error)


# Posting against a hold.


def test_an_exchange_is_posted_once_against_its_own_hold(bank: Bank, sql: Sql) -> None:
    giver, receiver = bank.members(2)
    exchange = uuid4()
    hold = held(sql, receiver, 60, exchange_id=exchange)

    transferred(sql, "exchange", receiver, giver, 45, exchange_id=exchange, hold_id=hold)

    assert (bank.figures(giver), bank.figures(receiver)) == ((105, 0), (15, 0))
    with pytest.raises(UniqueViolation):
        transferred(sql, "exchange", receiver, giver, 15, exchange_id=exchange, hold_id=hold)
    with pytest.raises(CheckViolation) as error:
        transferred(sql, "exchange", receiver, giver, 15, exchange_id=uuid4(), hold_id=hold)
    assert refused_by("transfer_against_hold", error)
    assert bank.differences() == {}


def test_no_more_is_posted_than_held(bank: Bank, sql: Sql) -> None:
    giver, receiver = bank.members(2)
    exchange = uuid4()
    hold = held(sql, receiver, 60, exchange_id=exchange)

    with pytest.raises(CheckViolation) as error:
        transferred(sql, "exchange", receiver, giver, 75, exchange_id=exchange, hold_id=hold)

    assert refused_by("transfer_against_hold", error)
    assert bank.figures(receiver) == (60, 60)


@pytest.mark.parametrize("ending", ["released", "refused"])
def test_an_ended_hold_is_not_posted(bank: Bank, sql: Sql, ending: str) -> None:
    giver, receiver = bank.members(2)
    deal = Deal(giver, receiver, 60 if ending == "released" else 255)
    bank.hear(deal.accepted())
    if ending == "released":
        bank.hear(deal.ended())

    with pytest.raises(CheckViolation) as error:
        transferred(sql, "exchange", receiver, giver, 60, exchange_id=deal.id, hold_id=deal.hold_id)

    assert refused_by("transfer_against_hold", error)


def test_nobody_elses_hold_is_posted(bank: Bank, sql: Sql) -> None:
    giver, receiver, stranger = bank.members(3)
    exchange = uuid4()
    hold = held(sql, receiver, 60, exchange_id=exchange)

    with pytest.raises(CheckViolation) as error:
        transferred(sql, "exchange", stranger, giver, 60, exchange_id=exchange, hold_id=hold)

    assert refused_by("transfer_against_hold", error)


def test_posting_a_hold_is_never_refused_for_a_limit_changed_since(bank: Bank, sql: Sql) -> None:
    giver, receiver = bank.members(2)
    exchange = uuid4()
    hold = held(sql, receiver, 240, exchange_id=exchange)
    bank.set_floor(receiver, 0)

    transferred(sql, "exchange", receiver, giver, 240, exchange_id=exchange, hold_id=hold)

    assert bank.figures(receiver) == (-180, 0)
    assert bank.differences() == {}


# Limits bind spending.


def test_a_donation_below_the_limit_is_refused(bank: Bank, sql: Sql) -> None:
    (donor,) = bank.members(1)

    transferred(sql, "donation", donor, FUND, 240)
    with pytest.raises(CheckViolation) as error:
        transferred(sql, "donation", donor, FUND, 15)

    assert refused_by("transfer_within_limit", error)
    assert bank.figures(donor) == (-180, 0)


def test_what_is_held_cannot_be_donated(bank: Bank, sql: Sql) -> None:
    (donor,) = bank.members(1)
    held(sql, donor, 225)

    with pytest.raises(CheckViolation):
        transferred(sql, "donation", donor, FUND, 30)

    transferred(sql, "donation", donor, FUND, 15)


def test_the_fund_gives_only_what_it_has(bank: Bank, sql: Sql) -> None:
    donor, poor = bank.members(2)
    transferred(sql, "donation", donor, FUND, 60)

    transferred(sql, "fund", FUND, poor, bank.account(FUND).balance_minutes, hold_id=uuid4())
    with pytest.raises(CheckViolation) as error:
        transferred(sql, "fund", FUND, poor, 15, hold_id=uuid4())

    assert refused_by("transfer_within_limit", error)


def test_a_reversal_may_go_below_the_limit(bank: Bank, sql: Sql) -> None:
    giver, receiver = bank.members(2)
    deal = bank.give(giver, receiver, 60)
    transferred(sql, "donation", giver, FUND, 300)

    transferred(
        sql, "reversal", giver, receiver, 60, exchange_id=deal.id, reverses=deal.transfer_id
    )

    assert bank.figures(giver) == (-240, 0)
    assert bank.differences() == {}


def test_only_the_whole_of_an_exchange_is_reversed_and_once(bank: Bank, sql: Sql) -> None:
    giver, receiver, stranger = bank.members(3)
    deal = bank.give(giver, receiver, 60)
    back = {"exchange_id": deal.id, "reverses": deal.transfer_id}

    for payer, payee, minutes in (
        (giver, receiver, 45),
        (giver, stranger, 60),
        (receiver, giver, 60),
    ):
        with pytest.raises(CheckViolation) as error:
            transferred(sql, "reversal", payer, payee, minutes, **back)
        assert refused_by("transfer_reverses_another", error)
    transferred(sql, "reversal", giver, receiver, 60, **back)
    with pytest.raises(UniqueViolation):
        transferred(sql, "reversal", giver, receiver, 60, **back)
    assert bank.differences() == {}


# Holds.


def test_holding_more_than_is_available_is_refused(bank: Bank, sql: Sql) -> None:
    (payer,) = bank.members(1)

    held(sql, payer, 225)
    with pytest.raises(CheckViolation) as error:
        held(sql, payer, 30)

    assert refused_by("hold_within_limit", error)
    assert bank.figures(payer) == (60, 225)


def test_several_holds_in_one_statement_count_together(bank: Bank, sql: Sql) -> None:
    (payer,) = bank.members(1)

    with pytest.raises(CheckViolation):
        sql(
            "insert into hold (id, exchange_id, account_id, minutes, state, available_minutes,"
            " region, asked_at) select gen_random_uuid(), gen_random_uuid(), %s, 150, 'held',"
            " 1000, 'london', now() from generate_series(1, 2)",
            payer,
        )

    assert bank.figures(payer) == (60, 0)


@pytest.mark.parametrize("minutes", [0, -15, 10, 61, 1455])
def test_a_hold_is_of_the_minutes_of_one_exchange(bank: Bank, sql: Sql, minutes: int) -> None:
    (payer,) = bank.members(1)
    bank.set_floor(payer, -6000)

    with pytest.raises(CheckViolation):
        held(sql, payer, minutes)


@pytest.mark.parametrize("account_id", [FUND, ISSUE, uuid4()])
def test_only_members_minutes_are_held(sql: Sql, account_id: UUID) -> None:
    with pytest.raises(CheckViolation) as error:
        held(sql, account_id, 15)
    assert refused_by("hold_begins_unposted", error)


def test_no_hold_is_born_posted(bank: Bank, sql: Sql) -> None:
    (payer,) = bank.members(1)

    with pytest.raises(CheckViolation) as error:
        held(sql, payer, 15, "posted")

    assert refused_by("hold_begins_unposted", error)


def test_releasing_a_hold_by_hand_frees_its_minutes(bank: Bank, sql: Sql) -> None:
    (payer,) = bank.members(1)
    hold = held(sql, payer, 60)

    sql("update hold set state = 'released', ended_at = now() where id = %s", hold)

    assert bank.figures(payer) == (60, 0)
    assert bank.differences() == {}


@pytest.mark.parametrize(
    "change",
    [
        "state = 'posted', posted_minutes = minutes, ended_at = now()",
        "state = 'refused', shortfall_minutes = 15, ended_at = now()",
        "state = 'released', ended_at = now(), minutes = 15",
        "account_id = gen_random_uuid()",
        "exchange_id = gen_random_uuid()",
        "id = gen_random_uuid()",
        "fund_minutes = 15",
    ],
)
def test_a_hold_changes_only_in_size_or_by_release(bank: Bank, sql: Sql, change: str) -> None:
    (payer,) = bank.members(1)
    hold = held(sql, payer, 60)

    with pytest.raises(CheckViolation) as error:
        sql(f"update hold set {change} where id = %s", hold)

    assert refused_by("hold_ends_once", error)
    assert bank.differences() == {}


def test_a_released_hold_stays_released(bank: Bank, sql: Sql) -> None:
    (payer,) = bank.members(1)
    hold = held(sql, payer, 60)
    sql("update hold set state = 'released', ended_at = now() where id = %s", hold)

    with pytest.raises(CheckViolation) as error:
        sql("update hold set state = 'held', ended_at = null where id = %s", hold)

    assert refused_by("hold_ends_once", error)


def test_a_hold_grows_within_the_limit(bank: Bank, sql: Sql) -> None:
    (payer,) = bank.members(1)
    hold = held(sql, payer, 60)

    sql("update hold set minutes = 240 where id = %s", hold)
    assert bank.figures(payer) == (60, 240)
    with pytest.raises(CheckViolation) as error:
        sql("update hold set minutes = 255 where id = %s", hold)

    assert refused_by("hold_within_limit", error)


# Limits and their history.


def test_a_limit_changes_only_through_its_history(bank: Bank, sql: Sql) -> None:
    (payer,) = bank.members(1)

    sql(
        "insert into limit_change (id, account_id, floor_minutes, reason, valid_from)"
        " values (gen_random_uuid(), %s, -600, 'pilot', now())",
        payer,
    )

    assert bank.account(payer).floor_minutes == -600


def test_a_limit_change_needs_a_reason_and_a_limited_account(bank: Bank, sql: Sql) -> None:
    (payer,) = bank.members(1)
    insert = (
        "insert into limit_change (id, account_id, floor_minutes, reason, valid_from)"
        " values (gen_random_uuid(), %s, -600, %s, now())"
    )

    for account_id, reason in ((payer, "  "), (ISSUE, "more"), (uuid4(), "nobody")):
        with pytest.raises(CheckViolation):
            sql(insert, account_id, reason)


def test_a_region_follows_its_newest_limit(bank: Bank, sql: Sql) -> None:
    (payer,) = bank.members(1, "south-west")

    sql(
        "insert into limit_change (id, region, floor_minutes, starter_grant_minutes, reason,"
        " valid_from) values (gen_random_uuid(), 'south-west', -300, 120, 'pilot', now())"
    )

    assert bank.account(payer).floor_minutes == -300
    assert bank.account(bank.members(1, "south-west")[0]).balance_minutes == 120
    assert bank.account(bank.members(1, "midlands")[0]).floor_minutes == -180


def test_a_leaver_can_be_emptied_by_hand_too(bank: Bank, sql: Sql) -> None:
    (gone,) = bank.members(1)
    bank.hear(left(gone))
    transferred(sql, "grant", ISSUE, gone, 30)

    transferred(sql, "leaving", gone, FUND, 30)

    assert bank.figures(gone) == (0, 0)
    assert bank.differences() == {}


def test_the_first_event_leaves_one_grant(bank: Bank, sql: Sql) -> None:
    someone = uuid4()
    bank.hear(joined(someone), joined(someone))
    bank.hear(joined(someone, version=2))

    assert sql("select kind, minutes from transfer where to_account_id = %s", someone) == [
        ("grant", 60)
    ]


def test_what_works_on_batches_is_planned_for_tables_as_they_are(sql: Sql) -> None:
    """A plan kept from when the tables were small is sixty times slower once they have grown."""
    planned = sql(
        "select proname from pg_proc where 'plan_cache_mode=force_custom_plan' = any(proconfig)"
    )

    with_transition_tables = sql(
        "select distinct p.proname from pg_trigger t join pg_proc p on p.oid = t.tgfoid"
        " where t.tgnewtable is not null"
    )
    assert sorted(planned) == sorted(with_transition_tables)
    assert len(planned) == 3
