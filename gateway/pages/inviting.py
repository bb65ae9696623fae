"""Bringing colleagues in: one's own link, and those of the networks one hosts."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID

import flask
import segno
from werkzeug import wrappers

from gateway import asking
from gateway.pages import fields, links, render
from gateway.pages.area import Area
from gateway.pages.forms import Form
from gateway.problems import Problem

routes = Area("inviting")


class Network(Form):
    """A network to invite for."""

    name = fields.Text(
        "Name of the network or community",
        fields.required("Enter the name of the network"),
        fields.between(3, 80, "Name of the network"),
        hint="For example, Ward Managers’ Network",
        look={"autocomplete": "off"},
    )


@routes.route(links.PROFILE_INVITE, methods=["GET", "POST"])
def invite() -> wrappers.Response:
    """One's own link, one's networks with theirs, and a form for another."""
    form = Network(flask.request.form)
    if flask.request.method == "POST" and form.send(
        lambda: asking.tell("members", "host_network", body={"name": form.name.data})
    ):
        return flask.redirect(links.after(links.PROFILE_INVITE, "network-added"), 303)
    return _page(form)


@routes.post(links.end_network("<uuid:network_id>"))
def end(network_id: UUID) -> wrappers.Response:
    """End a network's invitation."""
    form = Form(flask.request.form)
    if not form.send(lambda: asking.tell("members", "end_network", network_id=str(network_id))):
        return _page(form)
    return flask.redirect(links.after(links.PROFILE_INVITE, "network-ended"), 303)


@routes.get(links.PROFILE_INVITE_CODE)
def code() -> wrappers.Response:
    """One's own link as a picture, for a telephone's camera or a poster."""
    return _drawn(_link(_own()))


@routes.get(links.network_code("<uuid:network_id>"))
def network_code(network_id: UUID) -> wrappers.Response:
    """The same of a network one hosts.

    Raises:
        Problem: ``network_not_found``; it has ended, or somebody else hosts it.
    """
    for each in asking.ask("members", "networks")["items"]:
        if each["id"] == str(network_id):
            return _drawn(_link(each["token"]))
    raise Problem("network_not_found", "You host no such network.")


def _page(form: Form) -> wrappers.Response:
    let_in = asking.caller().approved
    hosted: dict[str, Any] = (
        asking.ask("members", "networks") if let_in else {"items": [], "most": 0}
    )
    return render.page(
        "profile/invite.html",
        "Invite colleagues",
        form=form,
        asked=form if isinstance(form, Network) else Network(),
        link=_link(_own()) if let_in else None,
        networks=[{**each, "link": _link(each["token"])} for each in hosted["items"]],
        most=hosted["most"],
    )


def _own() -> str:
    """The token of the visitor's own invitation.

    Raises:
        RpcError: ``not_allowed``; who waits to be let in invites nobody.
    """
    token: str = asking.ask("members", "own_invitation")["token"]
    return token


def _link(token: str) -> str:
    """The link by which colleagues join."""
    return f"{asking.door().settings.public_url}{links.with_query(links.JOIN, by=token)}"


def _drawn(link: str) -> flask.Response:
    """A link as a QR code, drawn here so that no other host learns who invites."""
    drawing = io.BytesIO()
    segno.make(link, error="m").save(drawing, kind="svg", scale=8, border=4, light="#fff")
    return flask.Response(drawing.getvalue(), mimetype="image/svg+xml")
