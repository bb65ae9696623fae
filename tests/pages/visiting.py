"""Signs in as a browser would, without one: quicker where signing in is not what is tested."""

import re
import time
from collections.abc import Callable
from typing import Any

import requests

TIMEOUT = 20
POLL = 0.05
_CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')


def csrf_of(page: str) -> str:
    """The proof a page's forms carry."""
    found = _CSRF.search(page)
    assert found, "the page has no form"
    return found[1]


def session_of(gateway: str, email: str) -> requests.Session:
    """Somebody signed in with the development issuer, by the whole code flow."""
    visitor = requests.Session()
    choice = visitor.get(f"{gateway}/sign-in/with/development", timeout=TIMEOUT)
    form = {"csrf": csrf_of(choice.text), "email": email}
    answer = visitor.post(choice.url, data=form, timeout=TIMEOUT)
    assert "timebank" in visitor.cookies, answer.text
    return visitor


def signed_in_cookies(gateway: str, email: str) -> list[Any]:
    """The cookies of somebody signed in, for a browser."""
    kept = session_of(gateway, email).cookies
    return [{"name": each.name, "value": each.value, "url": gateway} for each in kept]


def eventually(look: Callable[[], Any]) -> Any:
    """The first true thing seen, looking for as long as ``TIMEOUT``."""
    began = time.monotonic()
    while not (found := look()):
        waited = time.monotonic() - began
        assert waited < TIMEOUT, "it did not happen in time"
        time.sleep(max(POLL, waited / 8))  # ever longer: who looks keeps busy whom it waits for
    return found
