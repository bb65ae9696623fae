"""Speaks to a gateway as one person would: signs in, asks, and keeps the token."""

import uuid
from collections.abc import Callable
from typing import Any

import requests

TIMEOUT = 30
"""Seconds; the gateway itself gives up on a service after ten."""

Watcher = Callable[[str, str, str, int], None]


class Answer(Exception):
    """The gateway answered with a problem document, kept in ``problem``."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('code')}: {problem.get('detail')}")
        self.status, self.problem = status, problem


class Person:
    """Somebody signed in with the development issuer.

    Args:
        gateway: its address.
        email: who they are.
        watch: told of every call: person, method, path, status.
    """

    def __init__(self, gateway: str, email: str, watch: Watcher | None = None) -> None:
        self.gateway, self.email = gateway, email
        self.watch = watch or (lambda *_: None)
        self.http = requests.Session()
        answer = self.http.post(f"{gateway}/dev/sign-in", json={"email": email}, timeout=TIMEOUT)
        answer.raise_for_status()
        self.authorization = f"Bearer {answer.json()['access_token']}"
        self.http.headers["Authorization"] = self.authorization

    def get(self, path: str, **query: Any) -> Any:
        """
        Raises:
            Answer: anything but success.
        """
        return self._ask("GET", path, params=query)

    def post(self, path: str, body: dict[str, Any] | None = None, key: str | None = None) -> Any:
        """Post with an idempotency key, a new one unless given.

        Raises:
            Answer: anything but success.
        """
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        return self._ask("POST", path, json=body or {}, headers=headers)

    def delete(self, path: str) -> None:
        """
        Raises:
            Answer: anything but success.
        """
        self._ask("DELETE", path)

    def act(self, exchange_id: str, action: str, **body: Any) -> Any:
        """Take a step in an exchange; the exchange afterwards."""
        return self.post(f"/v1/exchanges/{exchange_id}/{action}", body)

    def _ask(self, method: str, path: str, **how: Any) -> Any:
        answer = self.http.request(method, self.gateway + path, timeout=TIMEOUT, **how)
        self.watch(self.email, method, path, answer.status_code)
        if not answer.ok:
            try:
                problem = answer.json()
            except ValueError:
                problem = {"code": "not_json", "detail": answer.text[:200]}
            raise Answer(answer.status_code, problem)
        return answer.json() if answer.content else None
