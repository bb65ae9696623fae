"""Fills templates in: the one layout, the design system's components, and our words."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import flask
import jinja2
import markupsafe

from gateway.pages import links, static, tasks, visitor, words
from gateway.pages.visitor import NOBODY, Visitor

_environment = jinja2.Environment(
    loader=jinja2.ChoiceLoader(
        [
            jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
            jinja2.PackageLoader("nhsuk_frontend_jinja"),
        ]
    ),
    undefined=jinja2.ChainableUndefined,  # the design system's macros read what was not given
    autoescape=True,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.globals.update(
    asset=static.url, links=links, words=words, new_key=lambda: str(uuid.uuid4())
)
_environment.filters.update(
    duration=words.duration,
    credits=words.credits,
    day=words.day,
    day_and_time=words.day_and_time,
)

_POLICY = "Content-Security-Policy"
NO_SCRIPT_OF_OURS = "The layout's script has moved; its hash must stand in the policy."


def page(template: str, title: str, *, status: int = 200, **facts: Any) -> flask.Response:
    """A whole page.

    Args:
        template: in the folder ``templates``.
        title: of the page, without the service's name; the heading is the template's own.
        status: of the answer; 422 by itself when ``form`` was not accepted.
        facts: for the template. ``form`` is shown with its errors summed up on top.
    """
    who = flask.g.get("visitor") or NOBODY
    form = facts.get("form")
    failed = bool(form is not None and form.problems)
    text = _environment.get_template(template).render(
        title=title,
        failed=failed,
        visitor=who,
        navigation=_navigation(who, tasks.count() if who.caller and status == 200 else None),
        csrf=visitor.csrf,
        said=words.SAID.get(flask.request.args.get("said", "")),
        **facts,
    )
    answer = flask.Response(text, 422 if failed and status == 200 else status, mimetype="text/html")
    answer.headers.update(_headers())
    return answer


def with_forms_to(answer: flask.Response, origins: Iterable[str]) -> flask.Response:
    """A page whose forms may end, by a redirect, at other hosts."""
    allowed = " ".join(["form-action 'self'", *sorted(set(origins))])
    headers = answer.headers
    headers[_POLICY] = headers[_POLICY].replace("form-action 'self'", allowed)
    return answer


def component(folder: str, name: str, parameters: dict[str, Any]) -> Any:
    """The markup of one component of the design system."""
    module = _environment.get_template(f"nhsuk/components/{folder}/macro.jinja").module
    return getattr(module, name)(parameters)


def _navigation(who: Visitor, waiting: int | None) -> list[dict[str, Any]]:
    """The header's links; a page that could not be shown counts nothing."""
    if who.caller is None:
        return []
    here = flask.request.path
    return [
        {
            "text": text,
            "html": _counted(text, waiting) if waiting and path == links.WAITING else None,
            "href": path,
            "current": here == path,
            "active": here.startswith(f"{path}/"),
        }
        for text, path in links.navigation_of(who.caller.roles)
        if path in _built(flask.current_app._get_current_object())  # type: ignore[attr-defined]
    ]


def _counted(text: str, number: int) -> markupsafe.Markup:
    pattern = '{} <span class="app-waiting-count">{}</span>'
    return markupsafe.Markup(pattern).format(text, number)


@functools.cache
def _built(app: flask.Flask) -> frozenset[str]:
    """The addresses that lead somewhere."""
    return frozenset(str(rule) for rule in app.url_map.iter_rules())


@functools.cache
def _headers() -> dict[str, str]:
    """What a page may load and do: our own files, and one script known by its content."""
    empty = _environment.get_template("nhsuk/template.jinja").render()
    scripts = re.findall(r"<script>(.*?)</script>", empty, re.DOTALL)
    assert len(scripts) == 1, NO_SCRIPT_OF_OURS
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    policy = {
        "default-src": "'none'",
        "script-src": f"'self' 'sha256-{digest}'",
        "style-src": "'self'",
        "img-src": "'self'",
        "font-src": "'self'",
        "manifest-src": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    return {
        _POLICY: "; ".join(" ".join(each) for each in policy.items()),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }
