"""Routes about what it adds up to: totals, an overview, and how each figure is defined."""

from typing import Any

import flask

from gateway import asking, spreadsheet
from gateway.blueprint import Blueprint
from gateway.schemas import insight as shapes

routes = Blueprint("insight", "What it adds up to.")

_COLUMNS = ("key", "exchanges", "minutes", "hours")


@routes.get("/v1/insight/totals")
@routes.arguments(shapes.TotalsQuery, location="query")
@routes.response(200, shapes.Totals)
@routes.alt_response(200, schema={"type": "string"}, content_type="text/csv")
def totals(wanted: dict[str, Any]) -> Any:
    """Exchanges and hours, grouped; as CSV with ``Accept: text/csv`` or ``format=csv``."""
    found = asking.ask(
        "reporting",
        "totals",
        by=wanted["by"],
        date_from=wanted.get("from_"),
        date_to=wanted.get("to"),
        region=wanted.get("region"),
    )
    if _wants_csv(wanted.get("format")):
        return _csv(wanted["by"], found)
    return found


def _wants_csv(asked: str | None) -> bool:
    if asked:
        return asked == "csv"
    accepted = flask.request.accept_mimetypes
    return accepted.best_match(["application/json", "text/csv"]) == "text/csv"


def _csv(by: str, found: dict[str, Any]) -> flask.Response:
    rows = [*found["items"], {**found["total"], "key": "total"}]
    response = spreadsheet.answer(
        f"totals-by-{by}",
        [by, *_COLUMNS[1:]],
        ([row.get(column) for column in _COLUMNS] for row in rows),
    )
    response.headers["Vary"] = "Accept"
    return response


@routes.get("/v1/insight/overview")
@routes.response(200, shapes.Overview)
def overview() -> Any:
    """The figures that show whether the bank is alive."""
    return asking.ask("reporting", "overview")


@routes.get("/v1/insight/definitions")
@routes.response(200, shapes.Definitions)
def definitions() -> Any:
    """How each figure is defined, the same wherever it is shown."""
    return asking.ask("reporting", "definitions")
