"""One exchange as the databases remember it, sound in every figure, to plant faults in."""

import datetime
import json
from uuid import UUID

from psycopg.types.json import Jsonb

from services.contracts import exchanges as contract
from services.notifications import handlers, notice
from tests.architecture import house

NOW = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)
"""Long enough ago not to be in flight."""
GIVER, RECEIVER = UUID(int=0xA1), UUID(int=0xB2)
LISTING, EXCHANGE, HOLD, TRANSFER, GRANT = (UUID(int=number) for number in range(1, 6))
MINUTES = 60
TOLD = ("exchange_requested", "exchange_booked", "exchange_done", "exchange_settled")
"""The steps of an undisturbed exchange of which people are told."""


def tell(at):
    """Write the exchange into every database, as the services would have.

    Args:
        at: a connection to each service's database, in a transaction.
    """
    _in_ledger(at["ledger"])
    _in_exchanges(at["exchanges"])
    _in_reporting(at["reporting"])
    _in_notifications(at["notifications"])


def event_id(step):
    return str(UUID(int=0x100 + TOLD.index(step)))


def data(step):
    """The body of a step's event: the contract's own sample, about our two people."""
    sample = house.ROOT / "services" / "contracts" / "samples" / f"exchanges.{step}.json"
    ids = {
        "exchange_id": str(EXCHANGE),
        "giver_id": str(GIVER),
        "receiver_id": str(RECEIVER),
        "asker_id": str(RECEIVER),
        "transfer_id": str(TRANSFER),
    }
    body = json.loads(sample.read_text())
    return {**body, **{name: value for name, value in ids.items() if name in body}}


def _in_ledger(conn):
    for account in (GIVER, RECEIVER):
        conn.execute(
            "insert into account (id, kind, region, opened_at) values (%s, 'member', 'london', %s)",
            [account, NOW],
        )
    post(conn, GRANT, "grant", UUID("ffffffff-ffff-8fff-bfff-fffffffffffe"), RECEIVER)
    conn.execute(
        "insert into hold (id, exchange_id, account_id, minutes, state, available_minutes, region,"
        " asked_at) values (%s, %s, %s, %s, 'held', 60, 'london', %s)",
        [HOLD, EXCHANGE, RECEIVER, MINUTES, NOW],
    )
    post(conn, TRANSFER, "exchange", RECEIVER, GIVER, EXCHANGE, HOLD)


def post(conn, transfer, kind, payer, payee, exchange=None, hold=None):
    conn.execute(
        "insert into transfer (id, kind, exchange_id, hold_id, from_account_id, to_account_id,"
        " minutes, region, posted_at, correlation_id)"
        " values (%s, %s, %s, %s, %s, %s, %s, 'london', %s, 'c')",
        [transfer, kind, exchange, hold, payer, payee, MINUTES, NOW],
    )


def _in_exchanges(conn):
    conn.execute(
        "insert into listing (id, version, owner_id, kind, title, description, minutes, online,"
        " skills, state, region, published_at, expires_at)"
        " values (%s, 1, %s, 'offer', 'Rotas', 'Help', 60, true, '{}', 'open', 'london', %s, %s)",
        [LISTING, GIVER, NOW, NOW + datetime.timedelta(days=90)],
    )
    complete(conn, EXCHANGE)


def complete(conn, exchange):
    conn.execute(
        "insert into exchange (id, version, listing_id, title, giver_id, receiver_id, asker_id,"
        " region, giver_region, receiver_region, recorded, requested_at, sent_at, state, minutes,"
        " attempt, from_fund, ruled, sequence, entered_at, completed_at, settled_at)"
        " values (%s, 7, %s, 'Rotas', %s, %s, %s, 'london', 'london', 'london', false, %s, %s,"
        " 'settled', 60, 1, false, false, 0, %s, %s, %s)",
        [exchange, LISTING, GIVER, RECEIVER, RECEIVER, *[NOW] * 5],
    )


def _in_reporting(conn):
    for step in TOLD:
        conn.execute(
            "insert into heard (event_id, type, region, subject, time, data, heard_at)"
            " values (%s, %s, 'london', %s, %s, %s, %s)",
            [event_id(step), f"exchanges.{step}", str(EXCHANGE), NOW, Jsonb(data(step)), NOW],
        )
    for transfer, kind in ((GRANT, "grant"), (TRANSFER, "exchange")):
        conn.execute(
            "insert into transfer_fact (transfer_id, kind, minutes, posted_at, region)"
            " values (%s, %s, %s, %s, 'london')",
            [transfer, kind, MINUTES, NOW],
        )


def _in_notifications(conn):
    number = 0x200
    for step in TOLD:
        told = _told(step)
        for wanted in notice.notices(f"exchanges.{step}", event_id(step), "london", "c", told):
            number += 1
            write_notice(conn, UUID(int=number), wanted.event_id, wanted.to, wanted.channel)


def _told(step):
    """The event as notifications reads it, through the contract."""
    subscription = handlers.SUBSCRIPTIONS[f"exchanges.{step}"]
    loaded = contract.EVENTS[step]().load(data(step))
    return subscription.reads(**{name: loaded[name] for name in _names(subscription.reads)})


def _names(reads):
    return reads.__dataclass_fields__


def write_notice(conn, notice_id, about, to, channel):
    conn.execute(
        "insert into notice (id, event_id, member_id, channel, template, region, facts,"
        " correlation_id, state, created_at, sent_at)"
        " values (%s, %s, %s, %s, 'booked', 'london', '{}', 'c', 'sent', %s, %s)",
        [notice_id, about, to, channel, NOW, NOW],
    )


def disarmed(conn):
    """Let a superuser write what the database refuses: no trigger looks."""
    conn.execute("set session_replication_role = replica")
