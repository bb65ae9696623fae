"""Proves that a request on its way to a process that leaves is answered by another."""

import eventlet
from kombu import Connection

from services.bus.caller import Caller
from services.bus.topology import rpc_queue
from services.bus.transaction import new_id
from tests.bus import echo, running
from tests.bus.running import eventually

LONDONER = Caller(id=new_id(), region="london", approved=True)
really_wait = eventlet.patcher.original("time").sleep


def waiting(url):
    with Connection(url) as connection:
        queue = rpc_queue("echo", "london")
        return connection.default_channel.queue_declare(queue, passive=True).message_count


def test_a_request_on_its_way_to_a_process_that_leaves_is_answered_by_another(
    monkeypatch, bus, place
):
    asked = eventlet.spawn(bus.call, "echo", "say", caller=LONDONER, word="hello")
    eventlet.sleep(0)
    really_wait(0.2)  # nobody in this process reads, while the broker hands the request over
    bus.server.stop()

    assert eventually(lambda: waiting(place["AMQP_URL"])) == 1
    with running.running(monkeypatch, echo.Echo, **place):
        assert asked.wait()["caller"] == LONDONER.as_json()
