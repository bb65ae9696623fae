"""Cursor pages: the same shape everywhere, with a ``Link`` to the next."""

import urllib.parse
from typing import Any

import flask


def page(found: dict[str, Any], items: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """A list's answer; remembers the address of the page that follows.

    Args:
        found: a service's answer with ``items`` and ``next``.
        items: in place of the service's, where names were added.
    """
    following = found.get("next")
    if following:
        wanted = flask.request.args.to_dict() | {"cursor": following}
        flask.g.next_page = f"{flask.request.path}?{urllib.parse.urlencode(wanted)}"
    return {"items": found["items"] if items is None else items, "next": following}


def link(response: flask.Response) -> flask.Response:
    """Write the ``Link`` header of the page at hand, if one follows."""
    following = flask.g.get("next_page")
    if following and response.status_code == 200:
        response.headers["Link"] = f'<{following}>; rel="next"'
    return response
