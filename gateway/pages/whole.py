"""All areas of pages together, as the application takes them in."""

from __future__ import annotations

from collections.abc import Callable

import flask

from gateway import tokens
from gateway.pages import (
    addresses,
    asks,
    concerns,
    console,
    console_acting,
    console_concerns,
    console_cover,
    console_joiners,
    console_sheets,
    development,
    exchanges,
    first,
    hours,
    inviting,
    joining,
    links,
    listings,
    matches,
    national,
    national_audit,
    national_parked,
    own_listings,
    people,
    profile,
    recording,
    requests,
    searches,
    sign_in,
    start,
    static,
    systems,
    talk,
    times,
    waiting,
)
from gateway.pages.openid import Client
from gateway.settings import Settings

AREAS = (
    start.routes,
    sign_in.routes,
    joining.routes,
    first.routes,
    matches.routes,
    searches.routes,
    listings.routes,
    own_listings.routes,
    times.routes,
    people.routes,
    profile.routes,
    inviting.routes,
    addresses.routes,
    systems.routes,
    hours.routes,
    requests.routes,
    asks.routes,
    exchanges.routes,
    talk.routes,
    concerns.routes,
    waiting.routes,
    recording.routes,
    console.routes,
    console_joiners.routes,
    console_acting.routes,
    console_concerns.routes,
    console_cover.routes,
    console_sheets.routes,
    national.routes,
    national_audit.routes,
    national_parked.routes,
)
"""A new area is one line here."""


def register(app: flask.Flask, settings: Settings) -> None:
    """Add the pages to an application."""
    app.register_blueprint(static.routes)
    for area in AREAS:
        app.register_blueprint(area)
    if settings.development_key is not None:
        app.register_blueprint(development.pages)
        app.register_blueprint(development.endpoint)


def clients(
    settings: Settings, fetch: tokens.Fetch, clock: Callable[[], float]
) -> dict[str, Client]:
    """Us as a client of each sign-in service, by the service's name."""
    return {
        each.name: Client(
            each, f"{settings.public_url}{links.sign_in_with(each.name)}/back", fetch, clock
        )
        for each in settings.providers
    }
