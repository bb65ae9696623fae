"""The audit: who did what about whom, and when, to be searched and taken along."""

from __future__ import annotations

import datetime
from typing import Any

import flask
from werkzeug import wrappers

from gateway import asking, audit
from gateway.pages import fields, links, render, words
from gateway.pages.area import Area
from gateway.pages.forms import Form
from gateway.pages.national import ROLES
from services.contracts.words import NATIONAL

routes = Area("national-audit")

SHOWN = 50
"""Lines of one page; within its 60 kB."""
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
    "resolve_dispute": "Decided a dispute",
    "escalate_dispute": "Handed on a dispute nobody decided",
    "settle_dispute": "Ended a dispute nobody decided",
    "reverse_exchange": "Undid an exchange",
    "step_for_member": "Took a step for a member",
    "step_by_system": "Took a step in a member’s name",
    "acknowledge_concern": "Took up a concern",
    "note_concern": "Wrote a note on a concern",
    "refer_concern": "Told a safeguarding lead of a concern",
    "hand_on_concern": "Handed on a concern",
    "escalate_concern": "Handed on a concern nobody took up",
    "close_concern": "Closed a concern",
    "change_limit": "Changed a limit",
    "donate": "Gave hours to the community fund",
    "from_fund": "Had hours from the community fund",
    "back_to_fund": "Gave hours back to the community fund",
    "opening_balance": "Brought a balance over",
    "grant_minutes": "Gave hours to begin with",
    "leave_balance": "Hours of somebody who left",
    "register": "Let a system in",
    "replace_keys": "Changed a system’s keys",
    "withdraw": "Shut a system out",
    "consent": "Let a system act for them",
    "end_consent": "Ended what a system may do",
    "ask_subscription": "Asked to hear of events",
    "approve_subscription": "Let a subscription in",
    "end_subscription": "Ended a subscription",
    "put_back": "Put a message back",
    "discard": "Discarded a message",
    "export_audit": "Took the audit along",
}
STEPS = {
    "ask": "asked",
    "accept": "said yes",
    "decline": "said no",
    "amend": "suggested a change",
    "withdraw": "took it back",
    "reschedule": "changed the time",
    "cancel": "cancelled",
    "done": "said that it took place",
    "no_show": "said that they did not meet",
    "record": "wrote down what took place",
}
DETAILS = {**ROLES, **words.SEVERITIES}
DAYS = {"7": "7 days", "30": "30 days", "90": "90 days", "365": "Year"}
PLACES = {**words.REGIONS, NATIONAL: "No region"}
PARTS = {
    "exchanges": "Exchanges",
    "ledger": "Hours",
    "notifications": "Notices and subscriptions",
    "reporting": "Figures",
}
"""What the services are called here."""
NAMELESS = {"operator": "An operator", "rule": "Nobody, by itself", "system": "A system"}
THINGS = {"system": "a system", "subscription": "a subscription", "message": "a message"}
GONE = "Somebody who has left"
SHORT = 6
"""Letters at the end of an id, which tell two links on a page apart."""


class Search(Form):
    """What is looked for; everything may be left open."""

    who = fields.Text("Who did it?", fields.at_most(200, "Who"), hint="E-mail or name")
    about = fields.Text("About whom?", fields.at_most(200, "About whom"), hint="E-mail or name")
    action = fields.Pick("What was done?", choices={"": "Anything", **ACTIONS})
    region = fields.Pick("Where?", choices={"": "Anywhere", **PLACES})
    days = fields.Pick("When?", choices={"": "At any time", **DAYS})

    def wanted(self) -> dict[str, Any]:
        """What the services are asked for."""
        asked = ("who", "about", "action", "region")
        known = {name: self.data[name] for name in asked if self.data[name]}
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
        return _page(form, {})
    cursor = given.get("cursor")
    page = {**form.wanted(), "limit": SHOWN, **({"cursor": cursor} if cursor else {})}
    return _page(form, audit.found_page(page))


def _page(form: Search, found: dict[str, Any]) -> wrappers.Response:
    query = {name: value for name, value in form.data.items() if value}
    first = links.with_query(links.NATIONAL_AUDIT, **query)
    following = links.with_query(links.NATIONAL_AUDIT, **query, cursor=found.get("next"))
    may_export = asking.caller().is_national
    return render.page(
        "national/audit.html",
        "Audit",
        form=form,
        query=query,
        lines=[_line(each, may_open=may_export) for each in found.get("items", ())],
        silent=[PARTS[each] for each in found.get("silent", ())],
        first=first if flask.request.args.get("cursor") else None,
        next=following if found.get("next") else None,
        may_export=may_export,
        width="full",
    )


def _line(found: dict[str, Any], *, may_open: bool) -> dict[str, Any]:
    """A line in words.

    Args:
        may_open: whether the reader may look into concerns.
    """
    thing, path = _thing(found, may_open=may_open)
    people = " and ".join(person["name"] or GONE for person in found["people"])
    return {
        "at": words.date_and_time(found["at"]),
        "who": _who(found),
        "done": _done(found),
        "people": people,
        "thing": thing if people else thing[:1].upper() + thing[1:],
        "path": path,
        "where": words.REGIONS.get(found["region"]),
        "reason": found["reason"],
    }


def _who(found: dict[str, Any]) -> str:
    if found["by"] == "member":
        return (found["actor"]["name"] or GONE) if found["actor"] else "Not written down"
    return NAMELESS[found["by"]]


def _done(found: dict[str, Any]) -> str:
    done, detail = ACTIONS.get(found["action"], found["action"]), found["detail"]
    if found["action"].startswith("step_"):
        detail = STEPS.get(detail, detail)
    if found["about"] == "message":
        detail = f"{PARTS[found['service']]}, {str(detail).replace('_', ' ')}"
    return f"{done}: {DETAILS.get(detail, detail)}" if detail else done


def _thing(found: dict[str, Any], *, may_open: bool) -> tuple[str, str | None]:
    """What a line is about beside people, and where that is shown."""
    about, subject = found["about"], found["subject"]["id"]
    if about == "exchange":
        return f"exchange {subject[-SHORT:]}", links.exchange(subject)
    if about == "concern":
        return f"concern {subject[-SHORT:]}", links.handled(subject) if may_open else None
    return THINGS.get(about, ""), None


@routes.post(links.NATIONAL_AUDIT_EXPORT)
def export() -> wrappers.Response:
    """The lines looked for, as a file; what was looked for came along with the button."""
    form = Search(flask.request.form)
    found: list[wrappers.Response] = []
    if form.send(lambda: found.append(audit.exported(form.wanted()))):
        return found[0]
    return _page(form, {})
