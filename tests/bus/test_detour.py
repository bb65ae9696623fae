"""Calls while the broker is away or takes nothing: the second road."""

import http.client
import json
from contextlib import contextmanager

import eventlet
import pytest
from eventlet import wsgi

from services.bus.caller import Caller
from services.bus.detour import LONGEST, AddressFile, Detour, Entrance, Unreachable
from services.bus.rpc import Client, RpcError, request
from services.bus.settings import SettingError
from services.bus.transaction import new_id
from services.telemetry import health
from tests.bus import echo, running
from tests.bus.running import eventually

SECRET = "a secret of the tests alone"
LONDONER = Caller(id=new_id(), region="london", approved=True)


@contextmanager
def listening(bus, concurrency=4):
    """The address at which a running service answers beside the broker."""
    listener = eventlet.listen(("127.0.0.1", 0))
    status = health.application("echo", bus.checks)
    entrance = Entrance(bus.server.begin, SECRET, concurrency, status)
    serving = eventlet.spawn(wsgi.server, listener, entrance, log_output=False, debug=False)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        serving.kill()
        listener.close()


@pytest.fixture
def road(bus):
    with listening(bus) as address:
        bus.client.detour = Detour({"echo": [address]}, SECRET)
        yield address


def heard(bus):
    with bus.database.pool.connection() as conn:
        return [row[0] for row in conn.execute("select word from heard").fetchall()]


def post(address, path="/rpc/say", body=b"{}", secret=SECRET, method="POST", length=None):
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=5)
    headers = {"Authorization": f"Bearer {secret}", "Content-Length": str(length or len(body))}
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    found = response.status, response.read()
    connection.close()
    return found


def test_a_call_is_answered_while_the_broker_takes_nothing(bus, road):
    bus.link.blocked = True
    try:
        answer = bus.call("echo", "say", caller=LONDONER, word="blocked")
        assert answer["caller"]["region"] == "london"
        assert heard(bus) == []
    finally:
        bus.link.blocked = False

    eventually(lambda: heard(bus) == ["blocked"])  # the outbox held it until now


def test_a_refusal_crosses_the_second_road_as_it_is(bus, road):
    bus.link.blocked = True
    try:
        with pytest.raises(RpcError, match="That word is refused") as refused:
            bus.call("echo", "say", caller=LONDONER, word="rude")
        with pytest.raises(RpcError) as broken:
            bus.call("echo", "crash", caller=LONDONER)
        with pytest.raises(RpcError) as unknown:
            bus.call("echo", "sing", caller=LONDONER)
    finally:
        bus.link.blocked = False

    assert (refused.value.code, refused.value.detail) == ("rude", {"word": "rude"})
    assert (broken.value.family, unknown.value.code) == ("broken", "malformed_call")
    assert "private" not in str(broken.value)


def test_without_a_second_road_a_blocked_broker_is_told_within_two_seconds(bus):
    bus.link.blocked = True
    try:
        with eventlet.Timeout(4), pytest.raises(RpcError) as away:
            bus.call("echo", "say", caller=LONDONER, word="x")
    finally:
        bus.link.blocked = False

    assert (away.value.family, away.value.code) == ("try_later", "broker_away")


def test_a_call_in_flight_when_the_broker_goes_is_asked_again(bus, road):
    asked = eventlet.spawn(bus.call, "echo", "slow", caller=LONDONER, seconds=0.3)
    eventually(lambda: bus.client._pending)

    bus.client.closed()  # as when the connection breaks

    assert asked.wait() == {"slept": 0.3}


def test_a_call_in_flight_without_a_second_road_is_left_to_its_caller(bus):
    asked = eventlet.spawn(bus.call, "echo", "slow", caller=LONDONER, seconds=0.3)
    eventually(lambda: bus.client._pending)

    bus.client.closed()

    with pytest.raises(RpcError) as lost:
        asked.wait()
    assert (lost.value.family, lost.value.code) == ("try_later", "connection_lost")


def test_a_slow_answer_is_given_up_at_the_callers_time_out(bus, road):
    bus.link.blocked = True
    try:
        with pytest.raises(RpcError) as late:
            bus.call("echo", "slow", caller=LONDONER, timeout=0.3, seconds=5)
    finally:
        bus.link.blocked = False

    assert late.value.code == "timed_out"


def test_more_than_the_agreed_number_at_once_are_turned_away(bus):
    with listening(bus, concurrency=1) as address:
        detour = Detour({"echo": [address]}, SECRET)
        body = request(LONDONER, None, None, {"seconds": 0.5})
        first = eventlet.spawn(detour.ask, "echo", "slow", body, 5)
        eventlet.sleep(0.2)  # the first one is at work

        with pytest.raises(Unreachable):
            detour.ask("echo", "slow", body, 5)

        assert first.wait() == {"result": {"slept": 0.5}}
        assert detour.ask("echo", "slow", body, 5) == {"result": {"slept": 0.5}}


def test_another_process_of_the_service_is_asked_when_the_first_is_dead(bus, road):
    detour = Detour({"echo": ["http://127.0.0.1:1", road]}, SECRET)
    body = request(LONDONER, None, None, {"word": "alive"})

    for _ in range(6):  # addresses are tried in any order
        assert "result" in detour.ask("echo", "say", body, 5)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"secret": "another secret altogether"}, 403),
        ({"secret": ""}, 403),
        ({"method": "GET"}, 400),
        ({"length": LONGEST + 1}, 413),
        ({"path": "/_ping"}, 200),
        ({"path": "/rpc"}, 404),
    ],
)
def test_the_entrance_lets_in_whoever_knows_the_secret_and_asks_properly(bus, road, asked, status):
    assert post(road, **asked)[0] == status


def test_a_malformed_request_is_answered_and_harms_nobody(bus, road):
    status, answer = post(road, body=b"{")

    assert (status, json.loads(answer)["error"]["code"]) == (200, "malformed_call")


def test_addresses_without_a_secret_are_refused(monkeypatch):
    monkeypatch.setenv("TIMEBANK_RPC_ADDRESSES", '{"echo": ["http://127.0.0.1:1"]}')

    with pytest.raises(SettingError, match="TIMEBANK_RPC_SECRET is not"):
        Detour.from_settings()


def test_addresses_in_a_file_are_those_that_stand_there_now(bus, road, tmp_path):
    file = tmp_path / "addresses.json"
    file.write_text('{"echo": ["http://127.0.0.1:1"]}')
    detour = Detour(AddressFile(file), SECRET)
    body = request(LONDONER, None, None, {"word": "alive"})
    with pytest.raises(Unreachable):
        detour.ask("echo", "say", body, 5)

    file.write_text(json.dumps({"echo": [road]}))

    assert "result" in detour.ask("echo", "say", body, 5)


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "No such file"), ("[]", "not an object of lists")]
)
def test_a_file_of_addresses_that_cannot_be_read_is_refused(monkeypatch, tmp_path, content, reason):
    file = tmp_path / "addresses.json"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("TIMEBANK_RPC_ADDRESS_FILE", str(file))

    with pytest.raises(SettingError, match=f"TIMEBANK_RPC_ADDRESS_FILE cannot be used.*{reason}"):
        Detour.from_settings()


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("RPC_ADDRESSES", "{", "not JSON"),
        ("RPC_ADDRESSES", "[]", "not an object of lists"),
        ("RPC_ADDRESSES", '{"echo": ["ftp://x"]}', "not a http address"),
        ("RPC_SECRET", "short", "fewer than 24"),
    ],
)
def test_a_bad_setting_of_the_second_road_is_refused(monkeypatch, place, name, value, reason):
    with (
        pytest.raises(SettingError, match=reason),
        running.running(monkeypatch, echo.Echo, **place, **{"RPC_SECRET": SECRET, name: value}),
    ):
        pass


def test_the_road_is_closed_where_nothing_is_set(bus):
    assert isinstance(bus.client, Client)
    assert bus.client.detour is None
