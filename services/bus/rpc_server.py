"""Answers calls: the queues of all served regions, a bounded number of requests of each."""

import functools
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import eventlet
import structlog
from nameko.extensions import Entrypoint

from services.bus import inbox, settings
from services.bus import rpc as calls
from services.bus import topology as names
from services.bus.dependency import Bus
from services.bus.errors import ServiceError, TryLater
from services.bus.intake import LOST_CHANNEL
from services.telemetry import metrics

log = structlog.get_logger(__name__)

LOOK = 0.01
"""Seconds between two looks whether the link answers leave by is up, when a process starts."""


class RpcServer:
    """Takes requests from the queues of all served regions, a bounded number of each at a time.

    The broker holds each consumer of a channel to the number by itself, and each queue is one:
    a process for all eight regions has up to eight times as many in hand. They share its database
    connections, and whoever waits for one longer than the pool does hears ``try_later``.
    """

    def __init__(self, bus: Bus, container: Any) -> None:
        self.bus, self.container = bus, container
        self.methods: dict[str, Entrypoint] = {}
        self.concurrency = settings.RPC_CONCURRENCY.read()
        self._channel: Any = None
        self._stopping = False

    def opened(self, connection: Any) -> None:
        self._await_answers()
        channel = connection.channel()
        channel.basic_qos(0, self.concurrency, False)
        for region in self.bus.regions:
            queue = names.rpc_queue(self.bus.service, region)
            channel.queue_declare(
                queue, durable=True, auto_delete=False, arguments=calls.QUEUE_ARGUMENTS,
                nowait=True,
            )  # fmt: skip
            # Only the last is waited for: one channel's questions are answered in order, and
            # a process is not ready before all of its calls arrive.
            channel.basic_consume(
                queue, callback=self._arrived, consumer_tag=queue,
                nowait=region != self.bus.regions[-1],
            )  # fmt: skip
        self._channel = channel

    def _await_answers(self) -> None:
        """Take no calls before answers can leave: others may take them, and an answer that
        cannot leave costs its caller a whole time-out."""
        deadline = time.monotonic() + calls.LINK_PATIENCE
        while not self.bus.link.up and time.monotonic() < deadline:
            eventlet.sleep(LOOK)

    def closed(self) -> None:
        self._channel = None

    def stop(self) -> None:
        """Take no more requests; those begun are answered, and those on their way go back."""
        self._stopping = True
        channel, self._channel = self._channel, None
        for region in self.bus.regions if channel else ():
            try:
                channel.basic_cancel(names.rpc_queue(self.bus.service, region), nowait=True)
            except LOST_CHANNEL:
                return

    def _arrived(self, message: Any) -> None:
        """Start a worker; whatever is wrong with the request is answered, never fatal."""
        if self._stopping:  # it was on its way when we said that we take none
            with suppress(*LOST_CHANNEL):
                message.channel.basic_reject(message.delivery_info["delivery_tag"], requeue=True)
            return
        properties = message.properties
        finish = functools.partial(
            self._finish, message.channel, message.delivery_info["delivery_tag"],
            str(properties.get("reply_to") or ""), str(properties.get("correlation_id") or ""),
        )  # fmt: skip
        body = message.body if isinstance(message.body, bytes) else str(message.body).encode()
        self.begin(str(properties.get("type")), body, finish)

    def begin(self, name: str, body: bytes, finish: Callable[[dict[str, Any]], None]) -> None:
        """Start the method ``name`` and hand its answer to ``finish``, by whatever road it came."""
        try:
            call, arguments = calls.parse(body)
            entrypoint = self.methods.get(name)
            if entrypoint is None:
                raise calls.Malformed("There is no such method.")
            calls.admit(call.caller, getattr(entrypoint, "scope", None))
            method = getattr(self.container.service_cls, entrypoint.method_name)
            calls.fit(method, call, arguments)
        except ServiceError as error:
            return finish({"error": calls.failure(error)})
        self._begin(entrypoint, call, arguments, finish)

    def _begin(self, entrypoint: Entrypoint, call: calls.Call, arguments: Any, finish: Any) -> None:
        began = time.monotonic()

        def ended(_: Any, result: Any, exc_info: Any) -> tuple[Any, None]:
            answer = {"result": result} if exc_info is None else {"error": _told(exc_info[1])}
            outcome = "answered" if exc_info is None else answer["error"]["family"]
            finish(answer)
            took = time.monotonic() - began
            method = entrypoint.method_name
            metrics.rpc_answered(self.bus.service, method, outcome, took)
            log.info(
                "answered", method=method, outcome=outcome, ms=round(1000 * took, 1),
                correlation_id=call.correlation_id,
            )  # fmt: skip
            return result, None

        self.container.spawn_worker(entrypoint, (call,), arguments, handle_result=ended)

    def _finish(
        self, channel: Any, tag: int, reply_to: str, correlation_id: str, answer: dict[str, Any]
    ) -> None:
        if reply_to:
            self.bus.replier.reply(reply_to, correlation_id, answer)
        with suppress(*LOST_CHANNEL):  # then it comes again; state and key guard commands
            channel.basic_ack(tag)


def _told(error: BaseException) -> dict[str, Any]:
    if inbox.is_away(error) or inbox.is_clash(error):
        return calls.failure(TryLater("The database is away for a moment."))
    if not isinstance(error, ServiceError | calls.RpcError):
        log.error("a call broke", error=type(error).__name__, exc_info=error)
    return calls.failure(error)
