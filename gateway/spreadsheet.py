"""A list as a file for spreadsheets, harmless to open."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import flask


def answer(name: str, heading: Sequence[str], rows: Iterable[Iterable[Any]]) -> flask.Response:
    """The file, to be downloaded.

    Args:
        name: of the file, without its ending.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(heading)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    response = flask.Response(text.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _harmless(value: Any) -> Any:
    """A spreadsheet runs text that begins like a formula; what people write may."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value
