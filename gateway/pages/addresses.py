"""One's own e-mail addresses: add one by its link, choose where e-mails go, remove one."""

from __future__ import annotations

import flask
from werkzeug import wrappers
from wtforms import validators

from gateway import addresses, asking, tokens
from gateway.pages import fields, links, render
from gateway.pages.area import Area
from gateway.pages.forms import Form

routes = Area("addresses")


class Another(Form):
    """An address to add."""

    email = fields.Text(
        "Another e-mail address of yours",
        fields.required("Enter an e-mail address"),
        fields.at_most(254, "E-mail address"),
        hint="For example that of your next employer. We send a link there",
        look={"type": "email", "autocomplete": "email", "spellcheck": False},
    )

    def validate_email(self, field: fields.Text) -> None:
        """Refuse what could never get there."""
        if not tokens.looks_like_an_address(str(field.data)):
            raise validators.ValidationError(
                "Enter an e-mail address in the correct format, like name@example.com"
            )


class Chosen(Form):
    """One of the addresses there are."""

    email = fields.Text("E-mail address", fields.required("Choose an e-mail address"))


class Confirm(Form):
    """Nothing is asked but whether."""


@routes.route(links.PROFILE_ADDRESSES, methods=["GET", "POST"])
def listed() -> wrappers.Response:
    """The addresses there are, and a form for another."""
    form = Another(flask.request.form)
    if flask.request.method == "POST" and form.send(
        lambda: addresses.send_link(str(form.email.data).lower())
    ):
        return flask.redirect(links.after(links.PROFILE_ADDRESSES, "address-asked"), 303)
    return _page(form)


def _page(form: Form) -> wrappers.Response:
    me = asking.ask("members", "me")
    asked = form if isinstance(form, Another) else Another()
    return render.page("profile/addresses.html", "E-mail addresses", form=form, asked=asked, me=me)


@routes.post(f"{links.PROFILE_ADDRESSES}/<any(main, remove):what>")
def change(what: str) -> wrappers.Response:
    """Have e-mails go to an address, or remove it."""
    form = Chosen(flask.request.form)
    method = "make_main_address" if what == "main" else "remove_address"
    if not form.send(lambda: addresses.change(method, str(form.email.data))):
        return _page(form)
    said = "address-main" if what == "main" else "address-removed"
    return flask.redirect(links.after(links.PROFILE_ADDRESSES, said), 303)


@routes.route(links.confirm_address("<token>"), methods=["GET", "POST"])
def confirm(token: str) -> wrappers.Response:
    """One button, for who asked for the link: mail scanners open links, they press nothing."""
    form = Confirm(flask.request.form)
    if flask.request.method == "POST" and form.send(lambda: addresses.confirm(token)):
        return flask.redirect(links.after(links.PROFILE_ADDRESSES, "address-added"), 303)
    return render.page("profile/confirm-address.html", "Confirm your e-mail address", form=form)
