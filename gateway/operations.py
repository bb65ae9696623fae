"""What operators ask: alive, working, and the metrics; and what integrators can hear."""

from collections.abc import Callable, Mapping

import flask
from marshmallow import fields

from gateway.blueprint import Blueprint
from gateway.schemas import field
from services.telemetry import health

SERVICE = "gateway"
PATHS = ("/_ping", "/_status", "/metrics")
"""Answered however busy the process is: a busy process must not be taken for a dead one."""


class Status(field.Answer):
    status = field.slug(("pass", "fail"), required=True)
    service = fields.String(required=True)
    checks = fields.Dict(keys=fields.String(), values=fields.Boolean())


def blueprint(checks: Callable[[], Mapping[str, bool]]) -> Blueprint:
    """The operators' routes.

    Args:
        checks: what must be true for the gateway to do its work, by name.
    """
    routes = Blueprint("operations", "What operators ask.", secured=False)

    def page(path: str) -> flask.Response:
        status, content_type, body = health.page(SERVICE, checks, path)
        return flask.Response(body, status, content_type=content_type)

    @routes.get("/_ping")
    @routes.response(200, Status)
    def ping() -> flask.Response:
        """Say that the process lives; nobody else is asked."""
        return page("/_ping")

    @routes.get("/_status")
    @routes.response(200, Status)
    @routes.alt_response(503, schema=Status, description="Something it needs is away.")
    def status() -> flask.Response:
        """Say whether the process can do its work."""
        return page("/_status")

    @routes.get("/metrics")
    @routes.response(200, {"type": "string"}, content_type="text/plain")
    def metrics() -> flask.Response:
        """The metrics of this process, as Prometheus reads them."""
        return page("/metrics")

    return routes
