"""The national view: seven regions side by side, their limits with history, and the roles."""

from __future__ import annotations

from collections import Counter
from typing import Any

import flask
from werkzeug import wrappers

from gateway import asking, names, queue
from gateway.pages import called, fields, links, render, words
from gateway.pages.area import Area
from gateway.pages.forms import Form
from gateway.problems import Problem

routes = Area("national")

LONGEST_REASON = 500
ROLES = {
    "coordinator": "Coordinator",
    "national": "National team",
    "senate": "Senate",
    "integrator": "Integrator",
    **{f"rep:{slug}": f"Representative, {name}" for slug, name in words.REGIONS.items()},
}
FLOORS = range(0, 601, 60)
"""Minutes a member may owe, as offered."""


@routes.get(links.NATIONAL)
def national() -> wrappers.Response:
    """The seven regions, from what reporting has heard, and what waits for the national team."""
    require_sight()
    totals = asking.ask("reporting", "totals", by="region")
    known = {each["key"]: each for each in totals["items"]}
    waiting = Counter(each.item.region for each in queue.load().ranked)
    return render.page(
        "national/regions.html",
        "The seven regions",
        regions=[
            {"slug": slug, "name": name, "figures": known.get(slug, {}), "waiting": waiting[slug]}
            for slug, name in words.REGIONS.items()
        ],
        total=totals["total"],
        as_of=totals["as_of"],
        waiting=sum(waiting.values()),
        width="full",
    )


def require_sight() -> None:
    """The services answer for their data; this keeps a page without any from being shown.

    Raises:
        Problem: ``not_allowed``.
    """
    if not asking.caller().sees_everything:
        raise Problem("not_allowed", "This page is for the national team and the Senate.")


class Limit(Form):
    """How much a member of a region may owe."""

    floor = fields.Pick(
        "A member may owe",
        fields.required("Choose how much a member may owe"),
        choices={"": "Choose", **{str(n): words.duration(n) if n else "Nothing" for n in FLOORS}},
    )
    reason = fields.Words(
        "Why?",
        fields.required("Say why"),
        fields.at_most(LONGEST_REASON, "What you write"),
        hint="Kept with the limit for everybody to read",
    )


@routes.route(links.limits("<region>"), methods=["GET", "POST"])
def limits(region: str) -> wrappers.Response:
    """The history of a region's limit, the newest first; the national team may change it."""
    require_sight()
    if region not in words.REGIONS:
        flask.abort(404)
    form = Limit(flask.request.form)
    if flask.request.method == "POST" and form.send(lambda: _set_limit(region, form)):
        return flask.redirect(links.after(links.limits(region), "limit-set"), 303)
    history = asking.ask("ledger", "limits", region=region)["items"]
    known = names.cards(each["author_id"] for each in history)
    return render.page(
        "national/limits.html",
        f"What members may owe: {words.REGIONS[region]}",
        form=form,
        region=words.REGIONS[region],
        history=[
            {**each, "author": known.get(each["author_id"] or "", {}).get("name") or "The bank"}
            for each in history
        ],
        may_change=asking.caller().is_national,
    )


def _set_limit(region: str, form: Limit) -> Any:
    return asking.tell(
        "ledger",
        "set_limit",
        region=region,
        floor_minutes=-int(form.floor.data),
        reason=form.reason.data,
    )


class Role(Form):
    """Giving somebody a role, or taking it."""

    who = fields.Text(
        "Who?",
        fields.required("Enter a name or an e-mail address"),
        fields.at_most(200, "Who"),
        hint="E-mail or name",
    )
    role = fields.Pick("Role", fields.required("Choose a role"), choices={"": "Choose", **ROLES})
    change = fields.Choice(
        "What should happen?",
        fields.required("Choose what should happen"),
        choices={"give": "Give them the role", "take": "Take the role from them"},
    )
    reason = fields.Words(
        "Why?",
        fields.required("Say why"),
        fields.at_most(LONGEST_REASON, "What you write"),
        hint="Kept with the role",
    )


@routes.route(links.NATIONAL_ROLES, methods=["GET", "POST"])
def roles() -> wrappers.Response:
    """Who holds which role, given by whom and why; the national team may change it."""
    held = asking.ask("members", "role_holders")["items"]
    form = Role(flask.request.form)
    if flask.request.method == "POST" and form.send(lambda: _set_role(form, held)):
        return flask.redirect(links.after(links.NATIONAL_ROLES, "role-set"), 303)
    known = names.cards(each[who] for each in held for who in ("member_id", "granted_by"))
    return render.page(
        "national/roles.html",
        "Roles",
        form=form,
        holders=[_holder(each, known) for each in held],
        may_change=asking.caller().is_national,
        width="full",
    )


def _holder(found: dict[str, Any], known: names.Cards) -> dict[str, Any]:
    giver = found["granted_by"]
    by = known.get(giver, {}).get("name") or "A colleague" if giver else "An operator"
    return {
        **found,
        "role": ROLES.get(found["role"], found["role"]),
        "name": known.get(found["member_id"], {}).get("name") or "A member",
        "by": by,
    }


def _set_role(form: Role, held: list[dict[str, Any]]) -> Any:
    """
    Raises:
        RpcError: nobody is called so, or several are; or members refuse it.
    """
    person, role = called.one(str(form.who.data), pointer="/who"), str(form.role.data)
    now = {each["role"] for each in held if each["member_id"] == person}
    wanted = now | {role} if form.change.data == "give" else now - {role}
    return asking.tell(
        "members", "set_roles", member_id=person, roles=sorted(wanted), reason=form.reason.data
    )
