"""Sends one signed signal to a receiver, at an address that was checked, within a set time."""

import contextlib
import datetime
import errno
import functools
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from standardwebhooks import Webhook

from services.notifications import address
from services.notifications.subscription import Attempt

CONTENT_TYPE = "application/cloudevents+json"
USER_AGENT = "Talent-Timebank-Webhooks/1"

GONE = 410
MOST_ADDRESSES = 3
"""Of one name; each that is tried takes its share of the time."""
_REDIRECTS = range(300, 400)
_WELL = range(200, 300)
_ASKS_FOR_TIME = (429, 502, 503, 504)
"""Statuses beside which Retry-After is heeded."""
_BROKEN = (OSError, http.client.HTTPException, ValueError)
"""How a connection fails: a socket closed by our own alarm raises ``ValueError`` under TLS."""

_UNREACHED = (errno.ECONNREFUSED, errno.ENETUNREACH, errno.EHOSTUNREACH)
"""Nobody has heard us: the next address may be tried."""


class _NotPublic(Exception):
    """The name leads to an address that nothing may be sent to."""


class _Connection(http.client.HTTPConnection):
    """A connection to the address that was checked, whatever the name may lead to by now."""

    def __init__(self, host: str, port: int, checked: str, encrypted: bool, seconds: float) -> None:
        super().__init__(host, port, timeout=seconds)
        self.checked, self.encrypted = checked, encrypted

    def connect(self) -> None:
        self.sock = socket.create_connection((self.checked, self.port), self.timeout)
        # Head and body are two writes; the second would wait for a late answer to the first.
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.encrypted:
            # In two steps, so that a handshake that fails or lasts leaves a socket to be closed.
            self.sock = _trust().wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            self.sock.do_handshake()

    def cut(self) -> None:
        """End it, whoever waits on it: one that sends a byte now and then never times out."""
        with contextlib.suppress(*_BROKEN, AttributeError):
            self.sock.shutdown(socket.SHUT_RDWR)


@functools.cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


def send(
    url: str,
    event_id: str,
    attributes: Mapping[str, Any],
    secrets: Sequence[str],
    now: datetime.datetime,
    *,
    loopback: bool = False,
    seconds: float = 15,
) -> Attempt:
    """Send a signal once, to one of the addresses its receiver's name leads to.

    Nothing is followed, and of the answer only the head is read.

    Args:
        event_id: the same at every try, so that a receiver knows what it has.
        attributes: of the CloudEvent; there is nothing else in it.
        secrets: each gives a signature; the newest first.
        now: the real time, which a signature carries.
        loopback: whether this machine itself may be reached.
        seconds: for all of it but the resolver's time.
    """
    body = json.dumps(attributes, separators=(",", ":"), ensure_ascii=False)
    parts = urlsplit(url)
    head = {**signed(event_id, body, secrets, now), "Host": parts.netloc}
    try:
        found = _addresses(parts.hostname or "", _port(url), loopback)
    except _NotPublic:
        return Attempt(reason="not_a_public_address")
    except (OSError, UnicodeError):
        return Attempt(reason="name_unknown")
    try:
        status, headers = _posted(url, found, body.encode(), head, seconds)
    except TimeoutError:
        return Attempt(reason="timed_out")
    except ssl.SSLError:
        return Attempt(reason="certificate_refused")
    except _BROKEN:
        return Attempt(reason="no_connection")
    return judged(status, headers.get("Retry-After", ""))


def signed(
    event_id: str, body: str, secrets: Sequence[str], now: datetime.datetime
) -> dict[str, str]:
    """The headers of a webhook: who it is, when it was sent, and its signatures."""
    at = now.astimezone(datetime.UTC)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(each).sign(event_id, at, body) for each in secrets),
        "Content-Type": CONTENT_TYPE,
        "User-Agent": USER_AGENT,
        "Connection": "close",
    }


def judged(status: int, retry_after: str) -> Attempt:
    """What an answer means: 2xx is a success, 410 the end, everything else a failure."""
    if status in _WELL:
        return Attempt(status)
    if status == GONE:
        return Attempt(status, "gone", gone=True)
    wait = None
    if status in _ASKS_FOR_TIME and retry_after.isdigit():
        wait = float(retry_after[:9])
    return Attempt(status, "redirected" if status in _REDIRECTS else "refused", wait)


def _port(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)


def _addresses(host: str, port: int, loopback: bool) -> list[str]:
    """Where a name leads; all of it must be public, or a name with two faces would get through.

    Raises:
        _NotPublic: it leads to an address that is not.
        OSError: it leads nowhere.
        UnicodeError: it is no name: a part of it is empty or too long.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    places = list(dict.fromkeys(str(each[4][0]) for each in found))
    if not places:
        raise OSError("no address")
    if not all(address.permitted(each, loopback) for each in places):
        raise _NotPublic(host)
    return places[:MOST_ADDRESSES]


def _posted(
    url: str, places: Sequence[str], body: bytes, head: Mapping[str, str], seconds: float
) -> tuple[int, http.client.HTTPMessage]:
    """Status and headers of the answer; another address only where one is dead.

    Raises:
        TimeoutError, OSError, http.client.HTTPException, ValueError.
    """
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    share = seconds / len(places)
    for place in places:
        connection = _Connection(
            parts.hostname or "", _port(url), place, parts.scheme == "https", share
        )
        try:
            return _asked(connection, target, body, head, share)
        except OSError as error:
            if place == places[-1] or error.errno not in _UNREACHED:
                raise
    raise AssertionError("unreachable: the last address answers or raises")


def _asked(
    connection: _Connection, target: str, body: bytes, head: Mapping[str, str], seconds: float
) -> tuple[int, http.client.HTTPMessage]:
    alarmed = threading.Event()

    def end() -> None:
        alarmed.set()
        connection.cut()

    alarm = threading.Timer(seconds, end)
    alarm.start()
    try:
        connection.request("POST", target, body, dict(head))
        answer = connection.getresponse()
    except _BROKEN:
        if alarmed.is_set():
            raise TimeoutError from None
        raise
    else:
        if alarmed.is_set():  # a head that was cut off reads like one that has ended
            raise TimeoutError
        return answer.status, answer.headers
    finally:
        alarm.cancel()
        connection.close()
