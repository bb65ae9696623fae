"""The service on the real bus: what the gateway and the other services call."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from services.bus.caller import SERVICE, Caller
from services.bus.entrypoints import Bus
from services.bus.idempotency import Key
from services.bus.rpc import RpcError
from services.members.service import Members
from tests.bus import running

BODY = {"name": "Ada", "organisation": "RJ1", "region": "london"}


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch, database_url: str, vhost: str) -> Iterator[Bus]:
    place = {"AMQP_URL": vhost, "DATABASE_URL": database_url}
    with running.running(monkeypatch, Members, **place) as found:
        yield found


def ask(bus: Bus, method: str, caller: Caller = SERVICE, **arguments: Any) -> Any:
    return bus.call("members", method, caller=caller, **arguments)


def told(refused: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises(RpcError) as error:
        refused()
    return error.value.family, error.value.code


def test_a_member_joins_is_known_and_leaves_by_calls(bus: Bus, database_url: str) -> None:
    joiner = Caller(email="ada@nhs.net")
    key = Key("k", "POST /v1/members", "hash")
    joined = ask(bus, "join", joiner, key=key, body=BODY)
    assert ask(bus, "join", joiner, key=key, body=BODY) == joined
    assert told(lambda: ask(bus, "join", joiner, body=BODY)) == ("refused", "already_joined")
    ada = Caller.from_json(ask(bus, "identify", email="ada@nhs.net"))
    assert ask(bus, "me", ada)["id"] == joined["id"]
    assert ask(bus, "get", ada, member_id=joined["id"])["name"] == "Ada"
    twice = {"key": Key("u", "POST /profile/about", "h"), "body": {"about": "Hello"}}
    for _ in range(2):  # a form that was pressed twice is no conflict with itself
        assert ask(bus, "update", ada, expected_version=1, **twice)["version"] == 2
    assert list(ask(bus, "cards", ids=[joined["id"]])) == [joined["id"]]
    assert list(ask(bus, "contacts", ids=[joined["id"]])) == [joined["id"]]
    assert told(lambda: ask(bus, "contacts", ada, ids=[])) == ("not_allowed", "not_allowed")
    assert ask(bus, "leave", ada)["status"] == "left"
    assert told(lambda: ask(bus, "me", ada)) == ("refused", "not_a_member")
    running.eventually(lambda: _outbox(database_url) == 0)


def test_people_are_let_in_and_given_roles_by_calls(bus: Bus) -> None:
    national = Caller.from_json(
        {"id": "01a1ffa2-c120-72df-8773-d71eba916571", "roles": ["national"], "approved": True}
    )
    one = ask(bus, "join", Caller(email="one@example.org"), body=BODY)["id"]
    two = ask(bus, "join", Caller(email="two@example.org"), body=BODY)["id"]
    assert [item["id"] for item in ask(bus, "list", national)["items"]] == [one, two]
    assert ask(bus, "approve", national, member_id=one)["status"] == "approved"
    refusal = {"member_id": two, "reason": "not a colleague"}
    assert ask(bus, "refuse", national, **refusal)["status"] == "refused"
    assert ask(bus, "list", national)["items"] == []
    ask(bus, "join", Caller(email="nat@nhs.net"), body=BODY)
    assert ask(bus, "representatives")["london"] == []


def test_organisations_and_regions_are_told_to_anyone(bus: Bus) -> None:
    stranger = Caller(email="ada@nhs.net")
    assert ask(bus, "organisations", stranger, q="RJ1")["items"][0]["region"] == "london"
    assert len(ask(bus, "regions", stranger)["items"]) == 7


def _outbox(url: str) -> int:
    with psycopg.connect(url) as conn:
        row = conn.execute("select count(*) from outbox").fetchone()
        return int(row[0]) if row else -1
