"""Plants a fault in each of the eleven ways and sees that figure found, and no other."""

import datetime
import secrets
import shutil
from contextlib import ExitStack
from uuid import UUID

import amqp
import kombu
import psycopg
import pytest
from psycopg import sql

from deploy import audit, audit_messages, audit_sources
from deploy.local import databases as preparing
from deploy.local import installation as launched
from deploy.local import plan
from deploy.local.places import Problem, places
from services.bus.declarer import Declarer
from services.bus.topology import Topology, parked_queue
from services.contracts import readers
from tests.faults import story

OTHER = UUID(int=0xF)
QUIET, BUSY = 0, audit.IN_FLIGHT


@pytest.fixture(scope="module")
def urls(databases):
    """A database of every service, as the administrator reaches it."""
    made = {service: databases.fresh(f"services.{service}") for service in audit_sources.SERVICES}
    yield {
        service: preparing.other_database(databases.administrator_url, preparing.database_of(url))
        for service, url in made.items()
    }
    for url in made.values():
        databases.drop(url)


@pytest.fixture
def at(urls):
    """A superuser's connections to databases that remember one sound exchange; all is undone."""
    with ExitStack() as stack:
        conns = {}
        for service, url in urls.items():
            conns[service] = stack.enter_context(psycopg.connect(url))
        story.tell(conns)
        yield conns
        for conn in conns.values():
            conn.rollback()


def found(at, leave_out=QUIET):
    """The figures that are not zero."""
    return {code: count for code, count in audit.measure(at, leave_out).items() if count}


def test_a_sound_exchange_leaves_every_figure_at_zero(at):
    assert found(at) == {}
    assert found(at, BUSY) == {}


def test_a1_a_completed_exchange_without_a_transfer_is_lost(at):
    story.complete(at["exchanges"], OTHER)

    assert found(at) == {"A1": 1}


def test_a1_what_was_completed_a_moment_ago_may_still_be_on_its_way(at):
    story.complete(at["exchanges"], OTHER)
    at["exchanges"].execute("update exchange set completed_at = now() where id = %s", [OTHER])

    assert found(at, BUSY) == {}
    assert found(at, QUIET) == {"A1": 1}


def another_transfer(at, exchange):
    """Posted by the ledger's own triggers, and reported."""
    hold, transfer = UUID(int=0x30), UUID(int=0x31)
    at["ledger"].execute(
        "insert into hold (id, exchange_id, account_id, minutes, state, available_minutes, region,"
        " asked_at) values (%s, %s, %s, 60, 'held', 60, 'london', %s)",
        [hold, exchange, story.RECEIVER, story.NOW],
    )
    story.post(at["ledger"], transfer, "exchange", story.RECEIVER, story.GIVER, exchange, hold)
    at["reporting"].execute(
        "insert into transfer_fact (transfer_id, kind, minutes, posted_at, region)"
        " values (%s, 'exchange', 60, %s, 'london')",
        [transfer, story.NOW],
    )


def test_a2_a_second_transfer_of_an_exchange_is_doubled(at):
    at["ledger"].execute("drop index transfer_once_per_exchange")
    another_transfer(at, story.EXCHANGE)

    assert found(at) == {"A2": 1}


def test_a3_a_transfer_of_an_exchange_nobody_completed_is_a_ghost(at):
    another_transfer(at, OTHER)

    assert found(at) == {"A3": 1}


def test_a3_other_transfers_need_no_exchange(at):
    fund = UUID("ffffffff-ffff-8fff-bfff-ffffffffffff")
    story.post(at["ledger"], OTHER, "donation", story.GIVER, fund)
    at["reporting"].execute(
        "insert into transfer_fact (transfer_id, kind, minutes, posted_at, region)"
        " values (%s, 'donation', 60, %s, 'london')",
        [OTHER, story.NOW],
    )

    assert found(at) == {}


def test_a4_two_transfers_that_exchanged_their_entries_are_both_found(at):
    story.disarmed(at["ledger"])
    at["ledger"].execute(
        "update entry set transfer_id = case version when 1 then %s::uuid else %s end"
        " where account_id = %s",
        [story.TRANSFER, story.GRANT, story.RECEIVER],
    )

    assert found(at) == {"A4": 2}


def test_a5_balances_that_are_not_the_sum_of_their_entries_are_found(at):
    story.disarmed(at["ledger"])
    for account, minutes in ((story.GIVER, 15), (story.RECEIVER, -15)):
        at["ledger"].execute(
            "update account set balance_minutes = balance_minutes + %s where id = %s",
            [minutes, account],
        )

    assert found(at) == {"A5": 2}


def test_a5_held_minutes_that_are_not_the_sum_of_the_holds_are_found(at):
    story.disarmed(at["ledger"])
    at["ledger"].execute("update account set held_minutes = 30 where id = %s", [story.GIVER])

    assert found(at) == {"A5": 1}


def test_a6_minutes_from_nowhere_are_found_with_the_account_that_has_them(at):
    story.disarmed(at["ledger"])
    at["ledger"].execute(
        "update account set balance_minutes = balance_minutes + 15 where id = %s", [story.GIVER]
    )

    assert found(at) == {"A5": 1, "A6": 15}


def test_a7_minutes_held_beyond_the_limit_are_found(at):
    story.disarmed(at["ledger"])
    at["ledger"].execute(
        "insert into hold (id, exchange_id, account_id, minutes, state, available_minutes, region,"
        " asked_at) values (%s, %s, %s, 600, 'held', 600, 'london', now())",
        [OTHER, OTHER, story.RECEIVER],
    )
    at["ledger"].execute("update account set held_minutes = 600 where id = %s", [story.RECEIVER])

    assert found(at) == {"A7": 1}


def test_a7_a_limit_lowered_under_what_was_spent_is_no_fault(at):
    at["ledger"].execute(
        "insert into limit_change (id, account_id, floor_minutes, reason, valid_from)"
        " values (%s, %s, 0, 'smaller', now())",
        [OTHER, story.RECEIVER],
    )

    assert found(at) == {}


@pytest.mark.parametrize("step", story.TOLD)
@pytest.mark.parametrize("channel", ["email", "in_app"])
def test_a8_a_person_who_was_not_told_of_a_step_is_found(at, step, channel):
    gone = at["notifications"].execute(
        "delete from notice where event_id = %s and channel = %s", [story.event_id(step), channel]
    )

    assert gone.rowcount
    assert found(at) == {"A8": gone.rowcount}


def test_a8_a_person_told_twice_is_found(at):
    at["notifications"].execute("alter table notice drop constraint notice_once")
    about = story.event_id("exchange_booked")
    story.write_notice(at["notifications"], OTHER, about, story.GIVER, "email")

    assert found(at) == {"A8": 1}


def test_a8_a_notice_of_something_that_never_happened_is_found(at):
    story.write_notice(at["notifications"], OTHER, str(OTHER), story.GIVER, "email")

    assert found(at) == {"A8": 1}


def test_a8_nobody_who_has_left_is_missed(at):
    at["notifications"].execute("delete from notice where member_id = %s", [story.GIVER])
    at["notifications"].execute(
        "insert into recipient (member_id, left_at) values (%s, now())", [story.GIVER]
    )

    assert found(at) == {}


def test_a9_a_gap_in_the_versions_of_an_account_is_found(at):
    story.disarmed(at["ledger"])
    at["ledger"].execute("update entry set version = 2 where account_id = %s", [story.GIVER])
    at["ledger"].execute("update account set version = 2 where id = %s", [story.GIVER])

    assert found(at) == {"A9": 1}


@pytest.mark.parametrize(
    "change", ["delete from transfer_fact", "update transfer_fact set minutes = 45"]
)
def test_a10_a_transfer_the_report_has_not_or_otherwise_is_found(at, change):
    at["reporting"].execute(f"{change} where transfer_id = %s", [story.TRANSFER])

    assert found(at) == {"A10": 1}


def test_a10_a_transfer_only_the_report_knows_is_found(at):
    at["reporting"].execute(
        "insert into transfer_fact (transfer_id, kind, minutes, posted_at, region)"
        " values (%s, 'grant', 60, now(), 'london')",
        [OTHER],
    )

    assert found(at) == {"A10": 1}


@pytest.mark.parametrize("service", audit_sources.SERVICES)
def test_a11_an_event_that_does_not_leave_is_found(at, service):
    at[service].execute(
        "insert into outbox (id, region, written_at) values (%s, 'london', %s)",
        [OTHER, story.NOW],
    )

    assert found(at, BUSY) == {"A11": 1}


@pytest.mark.parametrize(("parked", "busy"), [(True, {"A11": 1}), (False, {})])
def test_a11_what_is_parked_is_found_and_what_is_tried_again_may_take_a_minute(at, parked, busy):
    now = datetime.datetime.now(datetime.UTC)
    at["ledger"].execute(
        "insert into retry (event_id, routing_key, region, headers, body, reason, attempts,"
        " first_failed_at, next_at, parked_at)"
        " values ('x', 'london.x.y', 'london', '{}', '', 'why', 1, %s, %s, %s)",
        [now, None if parked else now, now if parked else None],
    )

    assert found(at, BUSY) == busy
    assert found(at, QUIET) == {"A11": 1}


@pytest.fixture
def broker(vhost):
    """A broker with every queue there is, nobody reading."""
    with kombu.Connection(vhost) as connection:
        Declarer(Topology(*readers.TOPOLOGY)).opened(connection)
    return vhost


def publish(url, queue):
    with kombu.Connection(url) as connection:
        channel = connection.channel()
        channel.confirm_select()
        channel.basic_publish_confirm(amqp.basic_message.Message(b"{}"), routing_key=queue)


def test_a11_messages_in_the_brokers_queues_are_found(broker):
    assert audit_messages.in_broker(broker, QUIET) == 0

    publish(broker, parked_queue("ledger"))
    publish(broker, "ledger.london")

    assert audit_messages.in_broker(broker, BUSY) == 1
    assert audit_messages.in_broker(broker, QUIET) == 2


def test_a11_a_queue_that_is_gone_is_found(broker):
    with kombu.Connection(broker) as connection:
        connection.channel().queue_delete("reporting.midlands")

    assert audit_messages.in_broker(broker, QUIET) == 1


def test_a_broker_that_does_not_answer_is_said_so(broker):
    with pytest.raises(Problem, match="does not answer"):
        audit_messages.in_broker("amqp://nobody:x@127.0.0.1:1/none", QUIET)


@pytest.fixture
def installation(databases):
    """Every service's database, as the service and as a role that may only read reach it."""
    role = f"audit_{secrets.token_hex(4)}"
    owned = {name: databases.fresh(f"services.{name}") for name in audit_sources.SERVICES}
    anywhere = plan.service_url(databases.administrator_url, "any", "p@ss/word", role)
    readable = {
        name: preparing.other_database(anywhere, preparing.database_of(url))
        for name, url in owned.items()
    }
    preparing.prepare(databases.administrator_url, owned, readable)
    yield owned, readable
    for url in owned.values():
        databases.drop(url)
    with psycopg.connect(databases.administrator_url, autocommit=True) as conn:
        conn.execute(sql.SQL("drop role {}").format(sql.Identifier(role)))


def test_the_audits_own_role_reads_everything_and_changes_nothing(installation):
    owned, readable = installation

    assert not any(audit.run(readable, QUIET).values())
    for url in readable.values():
        with psycopg.connect(url) as conn:
            conn.execute("set default_transaction_read_only = off")
            conn.commit()
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute("insert into outbox select * from outbox")
    with psycopg.connect(owned["ledger"]) as conn:
        conn.execute("create table later (id int)")
    with psycopg.connect(readable["ledger"]) as conn:
        assert conn.execute("select count(*) from later").fetchone() == (0,)


@pytest.fixture
def instance(installation, broker):
    """The name of an installation on this machine, as the launcher would have written it down."""
    where = places(f"audit-{secrets.token_hex(4)}")
    _owned, readable = installation
    launched.write(where, launched.Installation(where.instance, broker, "", audit_urls=readable))
    yield where.instance
    shutil.rmtree(where.folder)


@pytest.mark.parametrize(("parked", "code"), [(0, 0), (1, 1)])
def test_the_command_fails_on_anything_but_zero(instance, broker, capsys, parked, code):
    for _ in range(parked):
        publish(broker, parked_queue("ledger"))

    assert audit.main(["--quiet", "--instance", instance]) == code
    said = capsys.readouterr().out
    assert f"A11 {parked:9}" in said
    assert all(f"A{number} " in said for number in range(1, 12))


def test_the_environment_names_an_installation_elsewhere(monkeypatch):
    monkeypatch.setenv("TIMEBANK_AUDIT_DATABASE_URL", "postgresql://a:b@db/timebank_{service}")
    monkeypatch.setenv("TIMEBANK_AMQP_URL", "amqp://c:d@broker/timebank")

    sources = audit_sources.find("demo")

    assert sources.databases["ledger"] == "postgresql://a:b@db/timebank_ledger"
    assert sources.amqp_url == "amqp://c:d@broker/timebank"


def test_an_address_for_one_service_alone_is_refused(monkeypatch):
    monkeypatch.setenv("TIMEBANK_AUDIT_DATABASE_URL", "postgresql://a:b@db/timebank_ledger")

    with pytest.raises(Problem, match="service"):
        audit_sources.find("demo")
