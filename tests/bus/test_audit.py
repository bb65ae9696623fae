"""What every service answers the audit: its decisions about messages, and what is no question."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from services.bus import audit, parking, retries
from services.bus.caller import Caller
from services.bus.errors import NotAllowed
from services.bus.intake import Delivery
from services.bus.transaction import Database, new_id
from tests import audited
from tests.audited import NATIONAL, SENATE

MESSAGES = (audit.MESSAGES,)


@pytest.fixture(scope="module")
def database(databases: Any) -> Iterator[Database]:
    """A service's database in which two people and a command have decided about messages."""
    url = databases.fresh("services.bus")
    found = Database(url, size=2)
    found.open()
    with found.transaction() as tx:
        for number, region in enumerate(("london", "london", "national", "midlands")):
            headers = {"ce-id": f"e{number}", "ce-subject": "s"}
            key = f"{region}.exchanges.exchange_completed"
            retries.park(tx, Delivery(key, region, headers, b"{}", False), "CheckViolation: no")
        parking.carry_out(tx, ["e0", "e1"], parking.PUT_BACK, NATIONAL.id, "Mended.")
        parking.carry_out(tx, ["e2"], parking.DISCARD, NATIONAL.id, "Never needed.")
    with found.transaction() as tx:
        parking.carry_out(tx, ["e3"], parking.DISCARD, None, "By hand.")
    yield found
    found.close()
    databases.drop(url)


def test_who_decided_what_about_a_message_and_why_is_told(database: Database) -> None:
    (line,) = audited.lines(database, MESSAGES, region="national")
    assert (line["actor_id"], line["by"]) == (str(NATIONAL.id), "member")
    assert (line["action"], line["about"], line["people"]) == ("discard", "message", [])
    assert (line["detail"], line["reason"]) == ("exchange_completed", "Never needed.")


def test_decisions_about_messages_are_found_by_each_filter(database: Database) -> None:
    def found(**question: Any) -> list[str]:
        return audited.actions(database, MESSAGES, **question)

    assert sorted(found()) == ["discard", "discard", "put_back", "put_back"]
    assert sorted(found(who=[str(NATIONAL.id)])) == ["discard", "put_back", "put_back"]
    assert found(about=[str(NATIONAL.id)]) == []
    assert found(who=[]) == []
    assert found(action="put_back") == ["put_back", "put_back"]
    assert found(action="grant") == []
    assert found(region="midlands") == ["discard"]
    assert found(**{"from": "2999-12-31"}) == []
    assert found(to="2020-01-01") == []
    assert len(found(**{"from": "2020-01-01", "to": "2999-12-31"})) == 4


def test_a_command_has_no_author_and_says_so(database: Database) -> None:
    line = audited.lines(database, MESSAGES)[0]
    assert (line["actor_id"], line["by"], line["reason"]) == (None, "operator", "By hand.")


def test_pages_lose_and_repeat_nothing_of_what_was_decided_at_one_moment(
    database: Database,
) -> None:
    whole = [each["id"] for each in audited.lines(database, MESSAGES)]
    assert len(set(whole)) == 4
    for limit in (1, 2, 3):
        assert audited.page_by_page(database, MESSAGES, limit) == whole


def test_the_same_message_in_two_services_is_two_lines(database: Database) -> None:
    with database.transaction() as tx:
        mine, theirs = (
            {each["id"] for each in audit.search(tx, NATIONAL, service, MESSAGES, {})["items"]}
            for service in ("ledger", "reporting")
        )
    assert not mine & theirs


def test_the_senate_reads_and_nobody_else_does(database: Database) -> None:
    assert len(audited.lines(database, MESSAGES, SENATE)) == 4
    for role in ("member", "rep:london", "coordinator", "integrator", "service"):
        somebody = Caller(id=new_id(), roles=frozenset({role}), approved=True)
        with pytest.raises(NotAllowed):
            audited.lines(database, MESSAGES, somebody)


def test_decisions_about_messages_are_found_by_index(database: Database) -> None:
    audited.found_by_index(database, MESSAGES)


@pytest.mark.parametrize(
    "question",
    [
        {"who": "ada@nhs.net"}, {"who": ["x"]}, {"about": [1]}, {"action": 1},
        {"action": "a" * 41}, {"region": "\0"}, {"from": "yesterday"}, {"from": 1},
        {"to": "9999-12-31"}, {"cursor": "x"}, {"cursor": f"2026-11-01T00:00:00/{new_id()}"},
        {"cursor": ["2026-11-01T00:00:00Z/x"]}, {"limit": 0}, {"limit": 5_002}, {"limit": True},
    ],
)  # fmt: skip
def test_what_is_no_question_is_refused(question: dict[str, Any]) -> None:
    with pytest.raises(audit.QuestionInvalid) as refused:
        audit.asked(question)
    assert refused.value.detail["errors"][0]["pointer"] == f"/{next(iter(question))}"


def test_a_source_that_cannot_hold_what_is_asked_for_is_not_read() -> None:
    regional: Any = audit.Source("this is no statement", ("resolve",), audit.OF_REGIONS)
    tx: Any = None
    questions: list[dict[str, Any]] = [
        {"action": "grant"}, {"region": "national"}, {"who": []}, {"about": []},
    ]  # fmt: skip
    for question in questions:
        assert audit.search(tx, NATIONAL, "echo", [regional], question)["items"] == []
