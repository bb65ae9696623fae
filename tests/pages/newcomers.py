"""People who join by the pages, without a browser: quicker where the browser is not tested."""

import re
import uuid

import requests

from tests.pages.visiting import TIMEOUT, csrf_of, session_of

_FIELD = re.compile(r'<input type="hidden" name="([a-z]+)" value="([^"]*)">')


class Visitor:
    """Somebody signed in who reads pages and sends their forms.

    Args:
        gateway: its address.
        email: proved by signing in.
    """

    def __init__(self, gateway: str, email: str) -> None:
        self.gateway, self.email = gateway, email
        self.http: requests.Session = session_of(gateway, email)

    def open(self, path: str) -> requests.Response:
        return self.http.get(self.gateway + path, timeout=TIMEOUT)

    def send(self, path: str, **answers: str) -> requests.Response:
        """Open a page and send its form with the answers; follows where it leads."""
        page = self.open(path)
        hidden = dict(_FIELD.findall(page.text.partition("<main")[2]))
        return self.post(path, {**hidden, **answers})

    def post(self, path: str, fields: dict[str, str]) -> requests.Response:
        return self.http.post(self.gateway + path, data=fields, timeout=TIMEOUT)

    def press(self, page: str, path: str) -> requests.Response:
        """Press a button of a page that is a form by itself."""
        return self.post(path, {"csrf": csrf_of(self.open(page).text)})

    def join(self, **answers: str) -> requests.Response:
        """All four pages; what ``answers`` does not name is invented."""
        given = {
            "name": named(self.email),
            "organisation": "RJ1",
            "offers": "Minutes of meetings",
            "wants": "",
            "e_mails": "all",
            "agree": "yes",
            **answers,
        }
        at = self.open(given.pop("link", "/join")).url.removeprefix(self.gateway)
        who = {name: given[name] for name in ("name", "organisation", "region") if name in given}
        self.send(at, **who)
        offers = {name: given[name] for name in ("offers", "publish") if name in given}
        self.send("/join/give", **offers)
        self.send("/join/like", wants=given["wants"])
        return self.send("/join/check", e_mails=given["e_mails"], agree=given["agree"])


def named(email: str) -> str:
    """A name that nobody else has, so that no two links read the same."""
    return f"Nia {email[1:7]} Invented"


def somebody_new(domain: str = "dev.nhs.uk") -> str:
    """An address nobody has joined with."""
    return f"n{uuid.uuid4().hex[:12]}@{domain}"
