"""Signing in and out: with an organisation's account, or by a link in an e-mail."""

from __future__ import annotations

import flask
from werkzeug import wrappers

from gateway import asking
from gateway.pages import fields, links, openid, render, visitor
from gateway.pages.area import Area, anyone
from gateway.pages.forms import Form

routes = Area("sign-in")

ON_THIS_DEVICE = "Keep me signed in on this device for 30 days"
ONLY_YOUR_OWN = "Only on a phone or computer that is your own."


class Trust(Form):
    """Whether the device is somebody's own."""

    trusted = fields.Tick(ON_THIS_DEVICE, hint=ONLY_YOUR_OWN)


@routes.get(links.SIGN_IN)
@anyone
def choose() -> wrappers.Response:
    """The ways to sign in."""
    back_to = links.local(flask.request.args.get("next"))
    if visitor.current().signed_in:
        return flask.redirect(back_to, 303)
    return render.page(
        "sign-in/choose.html",
        "Sign in",
        providers=[each.provider for each in asking.door().clients.values()],
        back_to=back_to,
    )


@routes.get(f"{links.SIGN_IN}/with/<name>")
@anyone
def leave_for(name: str) -> wrappers.Response:
    """On to an issuer."""
    given = flask.request.args
    return openid.leave(name, links.local(given.get("next")), given.get("trusted") == "yes")


@routes.get(f"{links.SIGN_IN}/with/<name>/back")
@anyone
def come_back(name: str) -> wrappers.Response:
    """Back from an issuer, with a code that is worth an address."""
    who = openid.come_back(name)
    answer = visitor.sign_in(flask.redirect(who.back_to, 303), who.email, trusted=who.trusted)
    visitor.keep(answer, openid.ATTEMPT, "", 0)
    return answer


@routes.post(links.SIGN_OUT)
@anyone
def sign_out() -> wrappers.Response:
    """Sign out here, or with ``everywhere`` on every device."""
    everywhere = flask.request.form.get("everywhere") == "yes"
    said = "signed-out-everywhere" if everywhere else "signed-out"
    answer = flask.redirect(links.after(links.SIGN_IN, said), 303)
    return visitor.sign_out(answer, everywhere=everywhere)
