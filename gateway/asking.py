"""How a view asks a service on behalf of whoever sent the request."""

import dataclasses
import time
from collections.abc import Mapping
from typing import Any, Protocol

import flask

from gateway import idempotency
from gateway.admission import Admission
from gateway.identity import Identities
from gateway.limits import Limits
from gateway.problems import Problem
from gateway.remembered import Remembered
from gateway.settings import Settings
from gateway.tokens import Tokens
from services.bus.caller import SERVICE, Caller, service_in
from services.bus.idempotency import Key, StillRunning
from services.bus.rpc import RpcError

EXTENSION = "timebank"
TWIN_PATIENCE = 5.0
"""Seconds a form waits for the same form that was sent a moment before: longer than a command
takes where nothing is away, and shorter than people wait."""
TWIN_PAUSE = 0.05
"""Seconds between two looks whether the first has ended."""


class Bus(Protocol):
    """What the gateway needs of the bus."""

    def call(
        self,
        service: str,
        method: str,
        *,
        caller: Caller,
        key: Key | None = None,
        correlation_id: str | None = None,
        **arguments: Any,
    ) -> Any:
        """The service's answer, or an ``RpcError``."""


@dataclasses.dataclass(frozen=True)
class Door:
    """What every request of one application shares.

    Attributes:
        limits: requests, by caller.
        mails: links by e-mail, by where they are asked for.
        sessions: who is signed in on which browser, for a moment.
        clients: of the pages, one for each sign-in service.
    """

    bus: Bus
    settings: Settings
    tokens: Tokens
    limits: Limits
    mails: Limits
    identities: Identities
    cards: Remembered[dict[str, Any]]
    admission: Admission
    sessions: Remembered[dict[str, Any]]
    clients: Mapping[str, Any]


def door() -> Door:
    found: Door = flask.current_app.extensions[EXTENSION]
    return found


def caller() -> Caller:
    """Who sent the request at hand.

    Raises:
        Problem: ``not_a_member``; the token is good, but nobody has joined with it.
    """
    found = flask.g.get("caller")
    if found is None:
        found = door().identities.of(flask.g.email, flask.g.correlation_id)
        if found.id is None:
            raise Problem("not_a_member", "Join first: POST /v1/members.")
        flask.g.caller = found
    known: Caller = found
    return known


def forget_caller() -> None:
    """After somebody changed themselves: they read their own write."""
    found = flask.g.get("caller")
    door().identities.forget(flask.g.email)
    door().sessions.forget(flask.g.get("session_key", ""))
    if found is not None:
        door().cards.forget(str(found.id))


def count(who: str) -> None:
    """Take note of one more request.

    Raises:
        Problem: ``too_many_requests``.
    """
    verdict = door().limits.take(who)
    flask.g.limit_headers = verdict.headers()
    if not verdict.allowed:
        raise Problem(
            "too_many_requests",
            f"{verdict.limit} requests a minute are allowed; wait {verdict.retry_after} seconds.",
        )


def count_mail() -> None:
    """Take note of one more link by e-mail that is asked for from where the visitor is.

    Raises:
        Problem: ``too_many_requests``; the same whoever the mail would have gone to.
    """
    verdict = door().mails.take(f"address {flask.request.remote_addr}")
    if not verdict.allowed:
        raise Problem(
            "too_many_requests",
            "Very many links were asked for from where you are.",
            headers={"Retry-After": str(verdict.retry_after)},
        )


def ask(service: str, method: str, **arguments: Any) -> Any:
    """Put a question to a service, as the member who asks.

    Args:
        service: for example ``ledger``.
        method: of its RPC.
        arguments: of the method, JSON-ready; those that are ``None`` stay at home.
    """
    return _call(service, method, caller(), None, arguments)


def tell(service: str, method: str, *, as_: Caller | None = None, **arguments: Any) -> Any:
    """Have a service do something, once for each ``Idempotency-Key``.

    A form that was pressed twice is sent twice, and its person sees the second answer only: that
    one waits for the first and tells the same. Programs are told that it is running.

    Args:
        as_: somebody other than the member who asks: one who has not joined yet.
    """
    who, key = as_ or caller(), idempotency.key()
    until = time.monotonic() + (TWIN_PATIENCE if flask.g.get("is_page") else 0)
    while True:
        try:
            return _call(service, method, who, key, arguments)
        except RpcError as refused:
            if refused.code != StillRunning.code or time.monotonic() >= until:
                raise
        time.sleep(TWIN_PAUSE)


def ask_anyone(service: str, method: str, **arguments: Any) -> Any:
    """Put a question that one need not have joined for."""
    return _call(service, method, flask.g.get("caller") or Caller(), None, arguments)


def ask_ourselves(service: str, method: str, **arguments: Any) -> Any:
    """Put a question to a service as the gateway, in the asking member's region."""
    who = flask.g.get("caller")
    ours = service_in(who.region) if who else SERVICE
    return _call(service, method, ours, None, arguments)


def _call(
    service: str,
    method: str,
    who: Caller,
    key: Key | None,
    arguments: dict[str, Any],
) -> Any:
    return door().bus.call(
        service,
        method,
        caller=who,
        key=key,
        correlation_id=flask.g.correlation_id,
        **{name: value for name, value in arguments.items() if value is not None},
    )
