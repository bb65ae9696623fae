"""Signing in and out: with an organisation's account, or by a link in an e-mail."""

from __future__ import annotations

import secrets
from typing import Any

import flask
from werkzeug import wrappers
from wtforms import validators

from gateway import asking, letters, tokens
from gateway.pages import fields, links, openid, render, visitor
from gateway.pages.area import Area, anyone
from gateway.pages.forms import Form

routes = Area("sign-in")

ON_THIS_DEVICE = "Keep me signed in on this device for 30 days"
ONLY_YOUR_OWN = "Only on a phone or computer that is your own."


class Trust(Form):
    """Whether the device is somebody's own."""

    trusted = fields.Tick(ON_THIS_DEVICE, hint=ONLY_YOUR_OWN)


class Address(Form):
    """Where a link is sent."""

    email = fields.Text(
        "Your e-mail address",
        fields.required("Enter your e-mail address"),
        fields.at_most(254, "E-mail address"),
        hint="Your work address if you have one: it may let you in at once",
        look={"type": "email", "autocomplete": "email", "spellcheck": False},
    )

    def validate_email(self, field: fields.Text) -> None:
        """Refuse what could never get there."""
        if not tokens.looks_like_an_address(str(field.data)):
            raise validators.ValidationError(
                "Enter an e-mail address in the correct format, like name@example.com"
            )


@routes.get(links.SIGN_IN)
@anyone
def choose() -> wrappers.Response:
    """The ways to sign in."""
    back_to = links.local(flask.request.args.get("next"))
    if visitor.current().signed_in:
        return flask.redirect(back_to, 303)
    clients = asking.door().clients.values()
    answer = render.page(
        "sign-in/choose.html",
        "Sign in",
        form=Trust(),
        providers=[each.provider for each in clients],
        back_to=back_to,
    )
    return render.with_forms_to(answer, [each.origin for each in clients])


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


@routes.get(links.SIGN_IN_KEYS)
@anyone
def keys() -> wrappers.Response:
    """The public keys that sign-in services know us by."""
    clients = asking.door().clients.values()
    return flask.jsonify({"keys": [each.public for each in clients if each.public]})


@routes.route(links.SIGN_IN_BY_EMAIL, methods=["GET", "POST"])
@anyone
def by_email() -> wrappers.Response:
    """Have a link sent. Whether anybody has joined with the address changes nothing here."""
    form = Address(flask.request.form)
    back_to = links.local(flask.request.args.get("next"))
    if flask.request.method == "POST" and form.validate():
        _send_link(str(form.email.data).lower(), back_to)
        return flask.redirect(links.SIGN_IN_LINK_SENT, 303)
    return render.page("sign-in/email.html", "Sign in by e-mail", form=form)


@routes.get(links.SIGN_IN_LINK_SENT)
@anyone
def link_sent() -> wrappers.Response:
    """Where the link is now."""
    return render.page("sign-in/sent.html", "Check your e-mail")


@routes.get(f"{links.SIGN_IN_LINK}/<token>")
@anyone
def offer_link(token: str) -> wrappers.Response:
    """One button: mail scanners open links, they do not press buttons."""
    return render.page("sign-in/link.html", "Sign in", form=Trust())


@routes.post(f"{links.SIGN_IN_LINK}/<token>")
@anyone
def use_link(token: str) -> wrappers.Response:
    """Sign in with a link, once."""
    form = Trust(flask.request.form)
    if not form.send(lambda: _used(token)):
        return render.page("sign-in/link.html", "Sign in", form=form, dead=True)
    answer = flask.redirect(links.local(flask.request.args.get("next")), 303)
    return visitor.sign_in(answer, form.answer["email"], trusted=bool(form.trusted.data))


@routes.post(links.SIGN_OUT)
@anyone
def sign_out() -> wrappers.Response:
    """Sign out here, or with ``everywhere`` on every device."""
    everywhere = flask.request.form.get("everywhere") == "yes"
    said = "signed-out-everywhere" if everywhere else "signed-out"
    answer = flask.redirect(links.after(links.SIGN_IN, said), 303)
    return visitor.sign_out(answer, everywhere=everywhere)


def _send_link(email: str, back_to: str) -> None:
    """Send a link, unless the address has had many; who asks sees no difference.

    Raises:
        Problem: from where they are very many were asked for, whatever the addresses.
    """
    asking.count_mail()
    token = secrets.token_urlsafe(visitor.SECRET_BYTES)
    kept = {"token_hash": visitor.hashed(token), "email": email}
    if asking.ask_ourselves("members", "keep_sign_in_link", **kept)["send"]:
        path = f"{links.SIGN_IN_LINK}/{token}"
        path = links.with_query(path, next=back_to if back_to != links.HOME else None)
        link = f"{asking.door().settings.public_url}{path}"
        letters.send(kept["token_hash"], email=email, link=link)


def _used(token: str) -> Any:
    hashed = visitor.hashed(token)
    return asking.ask_ourselves("members", "use_sign_in_link", token_hash=hashed)
