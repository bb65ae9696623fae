"""Questions and commands that need an answer now: both ends of a call.

A request goes to the queue of the service and the caller's region on the default
exchange, not persistent, expiring when its caller has given up; the answer comes
back by RabbitMQ's direct reply-to, without a queue of its own. Nobody waits for
confirms: a call that got lost is told by its time-out, and repeated under the same
idempotency key. While the broker is away or takes nothing, calls go by the second road
(``detour``), where it is set up.
"""

import inspect
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import structlog
from eventlet import sleep
from eventlet.event import Event
from eventlet.timeout import Timeout
from kombu.connection import Connection

from services.bus import topology as names
from services.bus.caller import Caller
from services.bus.detour import Detour, Unreachable
from services.bus.errors import NotAllowed, Refused, ServiceError, TryLater
from services.bus.idempotency import Key, StillRunning
from services.bus.link import LOST, Link, send
from services.telemetry import metrics

log = structlog.get_logger(__name__)

REPLY_TO = "amq.rabbitmq.reply-to"
CONTENT_TYPE = "application/json"
QUEUE_ARGUMENTS = {"x-expires": 3_600_000}
"""Milliseconds: an hour without anybody answering, and the queue goes; its callers then
hear at once that nobody is there."""
RUNNING_PAUSE = 0.05
"""Seconds between two looks whether a command that was asked before has ended."""
LINK_PATIENCE = 2.0
"""Seconds a call waits for a broken link; longer only piles up callers."""


class RpcError(Exception):
    """The other service answered with an error.

    Attributes:
        code: public and stable.
        message: a sentence for a person.
        detail: JSON facts to act on.
        family: ``refused``, ``not_allowed``, ``try_later`` or ``broken``.
    """

    def __init__(
        self, code: str, message: str, detail: Mapping[str, Any] | None = None, family: str = ""
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.family = code, message, family or "refused"
        self.detail = dict(detail or {})


@dataclass(frozen=True)
class Call:
    """What a service method is told beside its arguments.

    Attributes:
        caller: on whose behalf.
        key: the caller's idempotency key, if any.
        correlation_id: to be carried on every event this causes.
    """

    caller: Caller
    key: Key | None = None
    correlation_id: str | None = None


class Malformed(Refused):
    """The call does not fit the method."""

    code = "malformed_call"


class ScopeMissing(NotAllowed):
    """The member has not agreed that this system does this."""

    code = "scope_missing"


def admit(caller: Caller, scope: str | None) -> None:
    """Keep a system that acts for a member to what the member agreed to.

    Args:
        scope: that opens the method; ``None`` for a method no system may call.

    Raises:
        ScopeMissing.
    """
    if caller.client and scope not in caller.scopes:
        raise ScopeMissing(scope=scope)


def request(
    caller: Caller, key: Key | None, correlation_id: str | None, arguments: Mapping[str, Any]
) -> bytes:
    """The body of a request."""
    return json.dumps(
        {
            "caller": caller.as_json(),
            "key": vars(key) if key else None,
            "correlation_id": correlation_id,
            "arguments": arguments,
        }
    ).encode()


def parse(body: bytes) -> tuple[Call, dict[str, Any]]:
    """The call and the arguments in a request.

    Raises:
        Malformed: the body is not a request.
    """
    try:
        data = json.loads(body)
        key = Key(**data["key"]) if data.get("key") else None
        call = Call(Caller.from_json(data["caller"]), key, data.get("correlation_id"))
        return call, dict(data["arguments"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Malformed(detail=str(error)[:200]) from None


def fit(method: Callable[..., Any], call: Call, arguments: Mapping[str, Any]) -> None:
    """
    Raises:
        Malformed: the method takes other arguments.
    """
    try:
        inspect.signature(method).bind(None, call, **arguments)
    except TypeError as error:
        raise Malformed(str(error)) from None


def failure(error: BaseException) -> dict[str, Any]:
    """What of an error crosses to the caller: never more than its public part."""
    if isinstance(error, RpcError):
        family, code, detail = error.family, error.code, error.detail
        return {"family": family, "code": code, "message": error.message, "detail": detail}
    if isinstance(error, ServiceError):
        return {
            "family": _family(error),
            "code": error.code,
            "message": str(error),
            "detail": error.detail,
        }
    return {
        "family": "broken", "code": "broken", "message": "Something went wrong on our side.",
        "detail": {},
    }  # fmt: skip


def _family(error: ServiceError) -> str:
    if isinstance(error, NotAllowed):
        return "not_allowed"
    if isinstance(error, TryLater):
        return "try_later"
    return "refused" if isinstance(error, Refused) else "broken"


class Client:
    """Asks other services; lives on the outgoing link.

    Args:
        service: who asks, for metrics.
        timeout: seconds a call may take, unless the call says otherwise.
        detour: the second road, if there is one.
    """

    def __init__(
        self, link: Link, service: str, timeout: float, detour: Detour | None = None
    ) -> None:
        self.link, self.service, self.timeout, self.detour = link, service, timeout, detour
        link.when_blocked.append(self._give_up)
        self._channel: Any = None
        self._pending: dict[str, Event] = {}

    def opened(self, connection: Connection) -> None:
        channel = connection.channel()
        channel.events["basic_return"].add(self._on_return)
        channel.basic_consume(REPLY_TO, no_ack=True, callback=self._on_reply)
        self._channel = channel

    def closed(self) -> None:
        self._channel = None
        self._give_up()

    def _give_up(self) -> None:
        for waiting in list(self._pending.values()):
            _give(waiting, LOST_ANSWER)

    def call(
        self,
        service: str,
        method: str,
        *,
        caller: Caller,
        key: Key | None = None,
        correlation_id: str | None = None,
        timeout: float | None = None,
        **arguments: Any,
    ) -> Any:
        """Ask ``service`` and wait; the request goes to the queue of the caller's region.

        Args:
            timeout: seconds; the request expires with it.
            arguments: JSON-ready.

        Raises:
            RpcError: the service refused, is away (family ``try_later``) or broke.
        """
        began = time.monotonic()
        outcome = "broken"
        try:
            body = request(caller, key, correlation_id, arguments)
            queue = names.rpc_queue(service, caller.region)
            deadline = began + (timeout or self.timeout)
            answer = self._ask(service, queue, method, body, deadline)
            if "error" in answer:
                raise RpcError(**answer["error"])
            outcome = "answered"
            return answer["result"]
        except RpcError as error:
            outcome = error.family
            raise
        finally:
            metrics.rpc_asked(
                self.service, f"{service}.{method}", outcome, time.monotonic() - began
            )

    def _ask(
        self, service: str, queue: str, method: str, body: bytes, deadline: float
    ) -> dict[str, Any]:
        if self.detour and not self.link.takes:
            return self._go_round(self.detour, service, method, body, deadline)
        left = deadline - time.monotonic()
        if not self.link.wait_until_it_takes(min(left, LINK_PATIENCE)):
            return {"error": _trouble("broker_away", "The message broker is away.")}
        answer = self._ask_broker(queue, method, body, deadline - time.monotonic())
        if self.detour and answer is LOST_ANSWER:
            answer = self._ask_again(self.detour, service, method, body, deadline)
        return answer

    def _ask_again(
        self, detour: Detour, service: str, method: str, body: bytes, deadline: float
    ) -> dict[str, Any]:
        """Repeat a call that was in flight when the broker went.

        No more than the broker does with a request whose server died: state and keys guard
        commands. The first one may be at work still; then its answer is waited for.
        """
        answer = self._go_round(detour, service, method, body, deadline)
        while _is_running(answer) and time.monotonic() < deadline:
            sleep(RUNNING_PAUSE)
            answer = self._go_round(detour, service, method, body, deadline)
        return answer

    def _go_round(
        self, detour: Detour, service: str, method: str, body: bytes, deadline: float
    ) -> dict[str, Any]:
        try:
            return detour.ask(service, method, body, max(0.0, deadline - time.monotonic()))
        except Unreachable:
            return {"error": _trouble("broker_away", "The message broker is away.")}
        except Timeout:
            return LATE_ANSWER

    def _ask_broker(self, queue: str, method: str, body: bytes, timeout: float) -> dict[str, Any]:
        message_id = str(uuid4())
        waiting = self._pending[message_id] = Event()
        answer = LATE_ANSWER
        try:
            with Timeout(timeout, False):
                self._send(queue, method, message_id, body, timeout)
                answer = waiting.wait()
        except (*LOST, AttributeError):
            return LOST_ANSWER
        finally:
            del self._pending[message_id]
        return answer

    def _send(self, queue: str, method: str, message_id: str, body: bytes, timeout: float) -> None:
        properties = {
            "correlation_id": message_id,
            "message_id": message_id,
            "reply_to": REPLY_TO,
            "type": method,
            "content_type": CONTENT_TYPE,
            "expiration": str(int(timeout * 1000)),  # milliseconds, as text
        }
        send(
            self._channel,
            body,
            exchange="",
            routing_key=queue,
            mandatory=True,
            properties=properties,
        )

    def _on_reply(self, message: Any) -> None:
        waiting = self._pending.get(message.properties.get("correlation_id"))
        if waiting is not None:
            _give(waiting, json.loads(message.body))

    def _on_return(self, _: Any, __: str, ___: str, message: Any) -> None:
        waiting = self._pending.get(message.properties.get("message_id"))
        if waiting is not None:
            _give(waiting, {"error": _trouble("nobody_there", "Nobody answers there now.")})


def _give(waiting: Event, answer: dict[str, Any]) -> None:
    if not waiting.ready():
        waiting.send(answer)


def _trouble(code: str, message: str) -> dict[str, Any]:
    return {"family": "try_later", "code": code, "message": message, "detail": {}}


LOST_ANSWER = {"error": _trouble("connection_lost", "The connection was lost.")}
LATE_ANSWER = {"error": _trouble("timed_out", "The service did not answer in time.")}


def _is_running(answer: Mapping[str, Any]) -> bool:
    return bool(answer.get("error", {}).get("code") == StillRunning.code)


class Replier:
    """Sends answers; lives on the outgoing link."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self._channel: Any = None

    def opened(self, connection: Connection) -> None:
        self._channel = connection.channel()

    def closed(self) -> None:
        self._channel = None

    def reply(self, reply_to: str, correlation_id: str, answer: dict[str, Any]) -> None:
        """Answer, if the link stands; otherwise the caller's time-out tells."""
        body = json.dumps(answer).encode()
        properties = {"correlation_id": correlation_id, "content_type": CONTENT_TYPE}
        try:
            send(
                self._channel, body, exchange="", routing_key=reply_to, mandatory=False,
                properties=properties,
            )  # fmt: skip
        except (*LOST, AttributeError):
            log.info("answer lost", correlation_id=correlation_id)


def as_uuid(text: Any, error: type[Refused]) -> UUID:
    """An id out of a request.

    Raises:
        error: it is not a UUID.
    """
    try:
        return UUID(str(text))
    except ValueError:
        raise error from None
