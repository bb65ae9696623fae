"""The audit: who did what about whom, and when, to be searched and taken along."""

from __future__ import annotations

import datetime
from typing import Any

import flask
from werkzeug import wrappers

from gateway import asking, audit
from gateway.pages import fields, links, render
from gateway.pages.area import Area
from gateway.pages.forms import Form
from gateway.pages.national import ROLES

routes = Area("national-audit")

SHOWN = 50
ACTIONS = {
    "approve": "Let somebody in",
    "refuse": "Did not let somebody in",
    "leave": "Left",
    "import": "Brought a member over",
    "import_people": "Brought a table of members",
    "invite_people": "Invited a table of people",
    "grant": "Gave a role",
    "revoke": "Took a role",
    "name_cover": "Named a cover",
    "end_cover": "Ended a cover",
    "add_address": "Added an e-mail address",
    "remove_address": "Removed an e-mail address",
    "change_main_address": "Chose another e-mail address",
    "register": "Let a system in",
    "replace_keys": "Changed a system’s keys",
    "withdraw": "Shut a system out",
    "consent": "Let a system act for them",
    "end_consent": "Ended what a system may do",
    "export_audit": "Took the audit along",
}
DAYS = {"7": "7 days", "30": "30 days", "90": "90 days", "365": "Year"}


class Search(Form):
    """What is looked for; everything may be left open."""

    who = fields.Text("Who did it?", fields.at_most(200, "Who"), hint="E-mail or name")
    about = fields.Text("About whom?", fields.at_most(200, "About whom"), hint="E-mail or name")
    action = fields.Pick("What was done?", choices={"": "Anything", **ACTIONS})
    days = fields.Pick("When?", choices={"": "At any time", **DAYS})

    def wanted(self) -> dict[str, Any]:
        """What the service is asked for."""
        known = {name: self.data[name] for name in ("who", "about", "action") if self.data[name]}
        if self.days.data:
            today = datetime.datetime.now(datetime.UTC).date()
            since = today - datetime.timedelta(days=int(self.days.data) - 1)
            known["from_"] = since.isoformat()
        return known


@routes.get(links.NATIONAL_AUDIT)
def search() -> wrappers.Response:
    """What was done, the newest first."""
    given = flask.request.args
    form = Search(given)
    if not form.validate():
        return _page(form, {"items": [], "next": None})
    cursor = given.get("cursor")
    page = {**form.wanted(), "limit": SHOWN, **({"cursor": cursor} if cursor else {})}
    return _page(form, audit.found_page(page))


def _page(form: Search, found: dict[str, Any]) -> wrappers.Response:
    query = {name: value for name, value in form.data.items() if value}
    first = links.with_query(links.NATIONAL_AUDIT, **query)
    following = links.with_query(links.NATIONAL_AUDIT, **query, cursor=found["next"])
    return render.page(
        "national/audit.html",
        "Audit",
        form=form,
        query=query,
        lines=[_line(each) for each in found["items"]],
        first=first if flask.request.args.get("cursor") else None,
        next=following if found["next"] else None,
        may_export=asking.caller().is_national,
        width="full",
    )


def _line(found: dict[str, Any]) -> dict[str, Any]:
    """A line in words."""
    done, detail = ACTIONS.get(found["action"], found["action"]), found["detail"]
    return {**found, "done": f"{done}: {ROLES.get(detail, detail)}" if detail else done}


@routes.post(links.NATIONAL_AUDIT_EXPORT)
def export() -> wrappers.Response:
    """The lines looked for, as a file; what was looked for came along with the button."""
    form = Search(flask.request.form)
    found: list[wrappers.Response] = []
    if form.send(lambda: found.append(audit.exported(form.wanted()))):
        return found[0]
    return _page(form, {"items": [], "next": None})
