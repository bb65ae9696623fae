"""Makes the Flask application out of the bus, the settings and one file of routes per noun."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Mapping

import flask
import structlog
import werkzeug
from werkzeug.middleware.proxy_fix import ProxyFix

from gateway import (
    account,
    addresses,
    asking,
    asks,
    audit,
    body,
    client_access,
    client_sign_in,
    clients,
    concerns,
    etags,
    events,
    exchanges,
    insight,
    issuer,
    limits,
    listings,
    matches,
    members,
    names,
    notices,
    openapi,
    operations,
    paging,
    parked,
    problems,
    representatives,
    searches,
    sheets,
    subscriptions,
    talk,
    tokens,
    unsubscribe,
)
from gateway.admission import Admission
from gateway.identity import Identities
from gateway.limits import Limits
from gateway.pages import failures, visitor
from gateway.pages import whole as pages
from gateway.problems import Problem
from gateway.remembered import Remembered
from gateway.settings import Issuer, Settings
from services.telemetry import metrics

_CORRELATION_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")

_METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})

log = structlog.get_logger(__name__)

Checks = Callable[[], Mapping[str, bool]]


def create(
    bus: asking.Bus,
    settings: Settings,
    *,
    checks: Checks = dict,
    fetch: tokens.Fetch = tokens.fetch,
    clock: Callable[[], float] = time.monotonic,
) -> flask.Flask:
    """Make an application; several may live in one process.

    Args:
        bus: puts calls to the services.
        settings: read at start.
        checks: what must be true for the gateway to do its work, by name.
        fetch: reads an issuer's keys from their address.
        clock: seconds that only grow, for limits and what is remembered.
    """
    app = flask.Flask("gateway", static_folder=None)
    # Otherwise /v1//account is answered by a redirect to whatever the Host header says, without
    # TLS: an address of ours has one form.
    app.url_map.merge_slashes = False
    app.config["PUBLIC_URL"] = settings.public_url
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions[asking.EXTENSION] = door(bus, settings, fetch=fetch, clock=clock)
    if settings.trusted_proxies:
        # Who asks too often is counted by address; behind a proxy that is its visitor's.
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.trusted_proxies, x_proto=0, x_host=0
        )
    problems.register(app, failures.show)
    app.before_request(_begin)
    app.after_request(_finish)
    app.teardown_request(_leave)
    _routes(app, settings, checks)
    return app


def door(
    bus: asking.Bus,
    settings: Settings,
    *,
    fetch: tokens.Fetch = tokens.fetch,
    clock: Callable[[], float] = time.monotonic,
) -> asking.Door:
    """What the requests of one application share; arguments as of ``create``."""
    published: list[tuple[Issuer, tokens.Keys]] = [
        (each, tokens.Published(each.jwks_url, fetch, clock)) for each in settings.issuers
    ]
    return asking.Door(
        bus=bus,
        settings=settings,
        tokens=tokens.Tokens([*published, *issuer.trusted(settings)]),
        limits=Limits(settings.rate_limit, clock),
        mails=Limits(limits.MAILS, clock, limits.MAILS_WINDOW),
        identities=Identities(bus.call, clock),
        cards=Remembered(names.REMEMBERED, names.MOST_REMEMBERED, clock),
        admission=Admission(settings.concurrency),
        sessions=Remembered(visitor.REMEMBERED, visitor.MOST_REMEMBERED, clock),
        clients=pages.clients(settings, fetch, clock),
    )


def _routes(app: flask.Flask, settings: Settings, checks: Checks) -> None:
    blueprints = [
        members.routes,
        addresses.routes,
        clients.routes,
        client_sign_in.routes,
        listings.routes,
        matches.routes,
        searches.routes,
        exchanges.routes,
        asks.routes,
        talk.routes,
        concerns.routes,
        representatives.routes,
        sheets.routes,
        account.routes,
        notices.routes,
        insight.routes,
        audit.routes,
        events.routes,
        subscriptions.routes,
        parked.routes,
        operations.blueprint(checks),
    ]
    if settings.development_key is not None:
        blueprints.append(issuer.blueprint(settings))
    openapi.describe(app, settings, blueprints)
    app.register_blueprint(unsubscribe.routes)
    app.register_blueprint(events.description)
    pages.register(app, settings)
    secured = {each.name for each in blueprints if each.secured}

    @app.before_request
    def admit() -> None:
        if flask.request.blueprint in secured:
            _admit(asking.door())


def _begin() -> None:
    flask.g.began = time.perf_counter()
    given = flask.request.headers.get("X-Correlation-ID", "")
    flask.g.correlation_id = given if _CORRELATION_ID.fullmatch(given) else str(uuid.uuid4())
    if flask.request.path not in operations.PATHS:
        _enter(asking.door())
    if flask.request.environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
        flask.request.environ["wsgi.input_terminated"] = True  # eventlet ends it, but does not say
    # One more than is taken: a body of unknown length is cut off there, and then told from
    # one that fits.
    flask.request.max_content_length = body.largest() + 1
    if (flask.request.content_length or 0) > body.largest():
        raise body.too_large()


def _enter(door: asking.Door) -> None:
    if not door.admission.enter():
        raise Problem("overloaded", "Too many requests are being worked on; try again shortly.")
    flask.g.entered = True


def _leave(_: BaseException | None) -> None:
    if flask.g.pop("entered", False):
        asking.door().admission.leave()


def _admit(door: asking.Door) -> None:
    """Let in who has a good token and has not asked too often."""
    request = flask.request
    if client_access.is_asked(request.headers.get("Authorization")):
        client_access.admit()
        return
    try:
        flask.g.email = door.tokens.email(request.headers.get("Authorization"))
    except Problem as problem:
        if problem.status == 401:  # guessing tokens is limited too
            asking.count(f"address {request.remote_addr}")
        raise
    asking.count(flask.g.email)


def _finish(response: flask.Response) -> flask.Response:
    response = paging.link(etags.tag(response))
    headers = response.headers
    headers["X-Correlation-ID"] = flask.g.get("correlation_id", "")
    headers.update(flask.g.get("limit_headers", {}))
    if "location" in flask.g and response.status_code == 201:
        headers["Location"] = flask.g.location
    _secure(headers)
    route = str(flask.request.url_rule) if flask.request.url_rule else "none"
    # A method is whatever a client writes there; a label must not be.
    method = flask.request.method if flask.request.method in _METHODS else "other"
    seconds = time.perf_counter() - flask.g.get("began", time.perf_counter())
    metrics.http_answered(route, method, response.status_code, seconds)
    if flask.request.path not in operations.PATHS:  # probes would drown everything else
        log.info(
            "request", method=flask.request.method, route=route, status=response.status_code,
            ms=round(1000 * seconds, 1), correlation_id=flask.g.get("correlation_id"),
        )  # fmt: skip
    return response


def _secure(headers: werkzeug.datastructures.Headers) -> None:
    headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
    headers.setdefault("Cache-Control", "no-store")
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if asking.door().settings.public_url.startswith("https://"):
        headers["Strict-Transport-Security"] = "max-age=31536000"
