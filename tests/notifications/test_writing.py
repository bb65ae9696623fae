"""Notices are written once, whatever is redelivered and in whatever order."""

from uuid import uuid4

import psycopg
import pytest

from services.bus.transaction import Database
from services.contracts import exchanges, members
from tests.notifications import scene
from tests.notifications.scene import Pair


def _count(database: Database) -> int:
    return int(scene.rows(database, "select count(*) from notice")[0][0])


def test_the_same_event_three_times_gives_one_notice_each(database: Database) -> None:
    events = Pair().undisturbed()
    scene.hear(database, *events)
    once = _count(database)
    scene.hear(database, *reversed(events))
    scene.hear(database, *events)
    assert _count(database) == once == 6 + 7


def test_the_database_itself_refuses_a_second_notice_of_a_kind(database: Database) -> None:
    scene.hear(database, Pair().says(exchanges.ExchangeBooked))
    with pytest.raises(psycopg.errors.UniqueViolation), database.transaction() as tx:
        tx.conn.execute(
            """
            insert into notice select (json_populate_record(notice, %s)).* from notice limit 1
            """,
            [f'{{"id": "{uuid4()}"}}'],
        )


@pytest.mark.parametrize("order", [1, -1])
def test_somebody_let_in_is_welcomed_once_whatever_is_said_first(
    database: Database, order: int
) -> None:
    member_id = uuid4()
    events = [scene.joined(member_id), scene.joined(member_id, members.MemberApproved)]
    for event in events[::order]:
        scene.hear(database, event)
    found = scene.rows(database, "select channel, template from notice order by channel")
    assert found == [("email", "welcome"), ("in_app", "welcome")]


def test_whoever_left_is_written_nothing_more_whatever_comes_first(database: Database) -> None:
    pair = Pair()
    gone = scene.joined(pair.giver_id, members.MemberLeft, status="left")
    scene.hear(database, pair.says(exchanges.ExchangeBooked), gone)
    scene.hear(database, gone, pair.says(exchanges.ExchangeCancelled))
    found = scene.rows(
        database,
        "select channel, state, reason from notice where member_id = %s order by 1",
        pair.giver_id,
    )
    assert found == [("email", "suppressed", "left"), ("in_app", "sent", None)]
    assert _count(database) == 6


def test_a_refused_joiner_is_told_before_silence(database: Database) -> None:
    member_id = uuid4()
    scene.hear(database, scene.joined(member_id, members.MemberLeft, status="refused"))
    found = scene.rows(database, "select template from notice where channel = 'email'")
    assert found == [("refused",)]


def test_an_in_app_notice_is_there_at_once_and_an_email_waits(database: Database) -> None:
    scene.hear(database, Pair().says(exchanges.ExchangeBooked))
    found = scene.rows(database, "select distinct channel, state from notice order by channel")
    assert found == [("email", "pending"), ("in_app", "sent")]


def test_nothing_personal_is_kept(database: Database) -> None:
    scene.hear(database, *Pair().undisturbed())
    kept = scene.rows(database, "select row_to_json(notice)::text from notice")
    assert not any("@" in text or "Reading" in text or "Person" in text for (text,) in kept)
