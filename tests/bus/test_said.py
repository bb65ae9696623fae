"""How what was said is forgotten: the old alone is read, a part at a time, and nobody waits."""

import datetime
import json

import psycopg
import pytest

from services.bus import envelope, said
from services.bus.transaction import new_id
from tests.bus.echo import Said

MANY = 4_000


@pytest.fixture
def conn(service_database):
    with psycopg.connect(service_database("services.bus"), autocommit=True) as made:
        yield made


def keep(conn, *events):
    said.keep(conn, events)
    conn.execute("delete from outbox")  # they have left


def event(word="word"):
    return envelope.outgoing(
        event_id=new_id(), schema=Said, region="london", subject="x",
        time=datetime.datetime.now(datetime.UTC), correlation_id="c", data={"word": word},
    )  # fmt: skip


def grow_old(conn, *events):
    conn.execute(
        "update said set said_at = now() - interval '8 days' where id = any (%s)",
        [[each.id for each in events]],
    )


def kept(conn):
    return {row[0] for row in conn.execute("select id from said")}


def pages_read(conn):
    ((plan,),) = conn.execute(
        "explain (analyze, buffers, format json) " + said._FORGET, [7, said.FORGOTTEN_AT_ONCE]
    ).fetchall()
    found = (plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"]
    return found["Shared Hit Blocks"] + found["Shared Read Blocks"]


def test_only_what_is_old_is_read_to_forget_it_however_long_the_service_has_run(conn):
    first = [event() for _ in range(MANY)]
    keep(conn, *first)
    grow_old(conn, *first)
    keep(conn, event())  # behind all, so that the pages before it are emptied and not given back
    conn.execute("vacuum said")
    conn.execute("delete from said where said_at < now() - interval '7 days'")
    conn.execute("vacuum said")
    keep(conn, *(event("a word some bytes longer than before") for _ in range(MANY)))
    conn.execute("vacuum analyze said")
    ((table,),) = conn.execute("select pg_relation_size('said') / 8192").fetchall()

    assert pages_read(conn) < 10 < table / 10


def test_much_that_is_old_is_forgotten_in_parts_the_oldest_first(conn, monkeypatch):
    monkeypatch.setattr(said, "FORGOTTEN_AT_ONCE", 2)
    old, older, oldest, young = events = [event() for _ in range(4)]
    keep(conn, *events)
    for each in (oldest, older, old):
        grow_old(conn, each)

    assert said.forget(conn, 7)
    assert kept(conn) == {old.id, young.id}
    assert not said.forget(conn, 7)
    assert kept(conn) == {young.id}


def test_what_waits_to_be_published_is_not_forgotten(conn):
    waits = event()
    said.keep(conn, [waits])
    grow_old(conn, waits)

    said.forget(conn, 7)

    assert kept(conn) == {waits.id}


def test_what_is_just_said_once_more_is_not_forgotten_and_holds_nobody_up(conn):
    old = event()
    keep(conn, old)
    grow_old(conn, old)
    with psycopg.connect(conn.info.dsn, password=conn.info.password) as other:
        said.keep(other, [old])
        conn.execute("set lock_timeout = 500")

        assert not said.forget(conn, 7)
        other.commit()

    conn.execute("delete from outbox")
    said.forget(conn, 7)
    assert kept(conn) == {old.id}
