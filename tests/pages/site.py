"""The pages there are: every address the pages answer, in the form the code gives it."""

from __future__ import annotations

import flask
from joserfc import jwk
from werkzeug.routing import Map

from gateway.pages import development, whole
from gateway.settings import Settings

AREAS = frozenset(area.name for area in (*whole.AREAS, development.pages))

NO_PAGES = {
    "/console/sheets/<any(invitations, members):kind>.csv": "a file to begin with",
    "/exchanges/<uuid:exchange_id>/calendar.ics": "a file for a calendar",
    "/listings/<uuid:listing_id>/times/<uuid:slot_id>/ask": "leads on to the offer",
    "/profile/download": "a file",
    "/profile/invite/code.svg": "a picture",
    "/profile/invite/networks/<uuid:network_id>/code.svg": "a picture",
    "/sign-in/jwks.json": "our keys, for the services one signs in with",
    "/sign-in/with/<name>": "leads on to the service one signs in with",
    "/sign-in/with/<name>/back": "leads back to where one came from",
}
"""Addresses that show nothing to look at."""

NEVER_WRONG = {
    "/console": "what was not possible stands beside what was, in a banner",
    "/listings/<uuid:listing_id>/close": "one button",
    "/members/<uuid:member_id>/block": "one button",
    "/profile/blocked": "buttons",
    "/profile/e-mails": "boxes to tick",
    "/profile/privacy": "boxes to tick",
    "/profile/systems/<uuid:client_id>": "boxes to tick",
}
"""Addresses of forms in which nobody can write or choose anything wrong."""


class Site:
    """All addresses of an installation on one machine."""

    def __init__(self) -> None:
        app = flask.Flask("pages", static_folder=None)
        key = jwk.ECKey.generate_key("P-256")
        whole.register(app, Settings("local", "http://timebank.test", development_key=key))
        self.map: Map = app.url_map

    def rules(self, method: str) -> set[str]:
        """The forms of all addresses of pages that take a method."""
        return {
            str(rule)
            for rule in self.map.iter_rules()
            if method in (rule.methods or ()) and rule.endpoint.rpartition(".")[0] in AREAS
        }

    def rule(self, path: str, method: str = "GET") -> str:
        """The form of an address, such as ``/listings/<uuid:listing_id>``."""
        return str(self.map.bind("").match(path, method, return_rule=True)[0])
