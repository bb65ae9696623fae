"""Speaks to the broker's management API: makes a subscriber's user and queue, and removes them."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import requests

from services.notifications import errors, feed_rights
from services.notifications.feed_rights import Rights

TIMEOUT = (2.0, 3.0)
"""Seconds to connect, and for an answer; the whole is to fit into a call's ten."""
_GONE = 404
_WELL = range(200, 300)

Step = tuple[str, tuple[str, ...], Any]
"""Method, parts of the path, body."""


class Broker:
    """The broker as its administrator.

    Args:
        url: of the management API, with user and password.
        vhost: where the feed is.
        ca: a file of who may vouch for it; ``None`` for whom the machine trusts.
    """

    def __init__(self, url: str, vhost: str, ca: str | None = None) -> None:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        self._base = parts._replace(netloc=host, path=parts.path.rstrip("/")).geturl()
        self._login = (unquote(parts.username or ""), unquote(parts.password or ""))
        self._vhost, self._trusted = vhost, ca or True

    def admit(self, rights: Rights, password: str) -> None:
        """Make a subscriber's user anew, with its queue and its limits; connections it had end.

        Safe to repeat, whatever was done before.

        Raises:
            errors.BrokerAway
        """
        for step in self._admission(rights, password):
            self._do(*step)

    def _admission(self, rights: Rights, password: str) -> Iterator[Step]:
        vhost, user = self._vhost, rights.user
        queue = {"durable": True, "auto_delete": False, "arguments": dict(feed_rights.ARGUMENTS)}
        yield "PUT", ("queues", vhost, rights.queue), queue
        for key in rights.bindings:
            place = ("bindings", vhost, "e", rights.exchange, "q", rights.queue)
            yield "POST", place, {"routing_key": key, "arguments": {}}
        # Another password would leave the connections that the one before it opened.
        yield "DELETE", ("users", user), None
        yield "PUT", ("users", user), {"password": password, "tags": ""}
        limits = {
            "connections": feed_rights.MOST_CONNECTIONS,
            "channels": feed_rights.MOST_CHANNELS,
        }
        for name, most in limits.items():
            yield "PUT", ("user-limits", user, f"max-{name}"), {"value": most}
        # Before the permissions: a user with permissions but without topic permissions may
        # hear everything.
        topics = {
            "exchange": rights.exchange, "write": feed_rights.NOTHING, "read": rights.hears,
        }  # fmt: skip
        yield "PUT", ("topic-permissions", vhost, user), topics
        patterns = {"configure": rights.configure, "write": rights.write, "read": rights.read}
        yield "PUT", ("permissions", vhost, user), patterns

    def dismiss(self, user: str, queue: str) -> None:
        """Remove a subscriber's user, which closes its connections, and its queue.

        Safe to repeat.

        Raises:
            errors.BrokerAway
        """
        self._do("DELETE", ("users", user), None)
        self._do("DELETE", ("queues", self._vhost, queue), None)

    def _do(self, method: str, path: tuple[str, ...], body: Any) -> None:
        where = "/".join(quote(part, safe="") for part in ("api", *path))
        try:
            answer = requests.request(
                method, f"{self._base}/{where}", json=body, auth=self._login,
                timeout=TIMEOUT, allow_redirects=False, verify=self._trusted,
            )  # fmt: skip
        except requests.RequestException as error:
            raise errors.BrokerAway(reason=type(error).__name__) from None
        if method == "DELETE" and answer.status_code == _GONE:
            return
        if answer.status_code not in _WELL:
            raise errors.BrokerAway(reason=f"{method} {path[0]}: {answer.status_code}")
