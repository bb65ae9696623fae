"""What the audit finds of subscriptions: who asked, who let in and why, who ended them and why."""

from __future__ import annotations

from typing import Any

import pytest

from services.bus.transaction import Database, new_id
from services.notifications import audit_handlers, errors, subscription_handlers
from tests import audited
from tests.notifications import subscribing
from tests.notifications.subscribing import INTEGRATOR, NATIONAL

ALL = audit_handlers.DECIDED


def lines(database: Database, **question: Any) -> list[dict[str, Any]]:
    return audited.lines(database, ALL, **question)


def ended(database: Database, caller: Any, why: str | None) -> str:
    """A subscription that was let in, then ended by somebody."""
    wanted: str = subscribing.subscribe(database)["id"]
    with database.transaction() as tx:
        subscription_handlers.approve(tx, NATIONAL, wanted, "Their agreement is signed.")
    with database.transaction() as tx:
        subscription_handlers.end(tx, caller, wanted, why)
    return wanted


def test_who_asked_let_in_and_ended_a_subscription_and_why_is_told(database: Database) -> None:
    wanted = ended(database, NATIONAL, "The agreement has run out.")
    found = [(each["action"], each["actor_id"], each["reason"]) for each in lines(database)]
    assert found == [
        ("end_subscription", str(NATIONAL.id), "The agreement has run out."),
        ("approve_subscription", str(NATIONAL.id), "Their agreement is signed."),
        ("ask_subscription", str(INTEGRATOR.id), None),
    ]
    for each in lines(database):
        assert (each["about"], each["subject_id"]) == ("subscription", wanted)
        assert (each["detail"], each["people"]) == ("Rota", [str(INTEGRATOR.id)])


def test_what_nobody_decided_has_no_author(database: Database) -> None:
    subscribing.subscribe(database)
    assert INTEGRATOR.id
    with database.transaction() as tx:
        subscription_handlers.owners_left(tx, [INTEGRATOR.id])
    line = lines(database)[0]
    assert (line["actor_id"], line["by"], line["reason"]) == (None, "rule", "Its owner left.")


def test_each_line_is_found_by_each_filter(database: Database) -> None:
    ended(database, NATIONAL, None)
    whole = lines(database)
    assert len(whole) == 3
    for line in whole:
        day = line["at"][:10]
        for question in (
            {"who": [line["actor_id"]]}, {"about": line["people"]}, {"action": line["action"]},
            {"region": "national"}, {"from": day, "to": day},
        ):  # fmt: skip
            assert line in lines(database, **question), question
        for question in (
            {"who": [str(new_id())]}, {"about": [str(new_id())]}, {"action": "grant"},
            {"region": "london"}, {"to": "2020-01-01"},
        ):  # fmt: skip
            assert lines(database, **question) == [], question


def test_pages_lose_and_repeat_nothing(database: Database) -> None:
    for _ in range(2):
        ended(database, INTEGRATOR, None)
    whole = [each["id"] for each in lines(database)]
    assert len(set(whole)) == 6
    assert audited.page_by_page(database, ALL, 2) == whole


@pytest.mark.parametrize("why", ["", " ", "x" * 1_001, 7])
def test_a_reason_nobody_can_read_is_refused(database: Database, why: Any) -> None:
    wanted = subscribing.subscribe(database)["id"]
    for step in (subscription_handlers.approve, subscription_handlers.end):
        with database.transaction() as tx, pytest.raises(errors.BadReason):
            step(tx, NATIONAL, wanted, why)


def test_the_newest_lines_are_found_by_index(database: Database) -> None:
    audited.found_by_index(database, ALL)
