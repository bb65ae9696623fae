"""How a batch is taken apart, and what counts as the database's trouble."""

import datetime
from dataclasses import dataclass, replace

import psycopg
import psycopg_pool
import pytest

from services.bus import inbox
from services.bus.envelope import Event
from services.bus.intake import Delivery
from services.bus.item import Item
from services.bus.subscription import Subscription, subscriptions
from tests.bus.echo import Said, Word

NOW = datetime.datetime(2026, 11, 2, tzinfo=datetime.UTC)
DELIVERY = Delivery("london.echo.said", "london", {}, b"{}", False)
EVENT = Event("1", "echo.said", "london", "x", NOW, "c", Word("w"))


class Sung(Said):
    event = "sung"


@dataclass(frozen=True)
class Song:
    word: str


TABLE = subscriptions(
    Subscription(Sung, Song, lambda tx, events: None),
    Subscription(Said, Word, lambda tx, events: None),
)


def item(number, kind):
    event = replace(EVENT, id=str(number), type=f"echo.{kind}")
    return Item(event, DELIVERY, TABLE[event.type])


def test_each_kind_is_handled_in_a_transaction_of_its_own_in_the_table_s_order():
    items = [item(1, "said"), item(2, "sung"), item(3, "said")]

    parts = inbox.by_kind(items, TABLE)

    assert [[each.event.id for each in part] for part in parts] == [["2"], ["1", "3"]]


@pytest.mark.parametrize(
    "error",
    [
        psycopg.OperationalError("connection lost"),
        psycopg.errors.AdminShutdown(),
        psycopg.errors.DiskFull(),
        psycopg.errors.TooManyConnections(),
        psycopg.InterfaceError("the connection is closed"),
        psycopg_pool.PoolTimeout("no connection"),
    ],
)
def test_a_database_in_trouble_is_nobodys_message(error):
    assert inbox.is_away(error)


@pytest.mark.parametrize(
    "error",
    [
        psycopg.errors.QueryCanceled(),
        psycopg.errors.UniqueViolation(),
        psycopg.errors.DeadlockDetected(),
        ValueError("poison"),
    ],
)
def test_what_a_message_causes_is_not_the_databases_trouble(error):
    assert not inbox.is_away(error)


def test_a_deadlock_is_tried_again_as_it_is():
    assert inbox.is_clash(psycopg.errors.DeadlockDetected())
    assert not inbox.is_clash(psycopg.errors.UniqueViolation())
