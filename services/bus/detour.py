"""The second road for calls: straight from process to process while the broker is away.

The broker's queues choose who answers and hold a request until somebody is free; this
road does neither, so it is only taken while the first one is closed. What travels on it
is the same: the request's body, its name, the answer.
"""

import hmac
import http.client
import json
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog
from eventlet.event import Event
from eventlet.semaphore import Semaphore
from eventlet.timeout import Timeout

from services.bus import settings

log = structlog.get_logger(__name__)

PATH = "/rpc/"
"""Before the method's name; on the address that also answers for health and metrics."""
LONGEST = 2_000_000
"""Bytes of a request at most: more than any call carries, little enough to read whole."""
PATIENCE = 120.0
"""Seconds the answering side waits for its own worker: the longest a caller may wait."""

ADDRESS_FILE = settings.Setting(
    "TIMEBANK_RPC_ADDRESS_FILE",
    "a file with such addresses instead, read anew at every call, where processes come and go;"
    " or 'none'.",
    str,
    "none",
    "holds what TIMEBANK_RPC_ADDRESSES would",
)

Answer = dict[str, Any]
Application = Callable[..., Iterable[bytes]]
Begin = Callable[[str, bytes, Callable[[Answer], None]], None]
"""Starts a method (name, body of the request) and hands its answer on."""


class Unreachable(Exception):
    """Nobody took the request: no address, no connection, or too many asked at once."""


class AddressFile(Mapping[str, Sequence[str]]):
    """Addresses by service in a file that may change while processes run.

    Raises:
        SettingError: when made, there is no such file, or something else in it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._read()
        except (OSError, ValueError) as error:
            raise settings.SettingError(f"{ADDRESS_FILE.name} cannot be used: {error}") from None

    def _read(self) -> Mapping[str, Sequence[str]]:
        return settings.addresses(self.path.read_text())

    def __getitem__(self, service: str) -> Sequence[str]:
        return self._read()[service]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())


class Detour:
    """Asks over HTTP, at any of the addresses a service has.

    Args:
        addresses: base URLs by service. Any process of a service may answer for every
            region, because data is national.
        secret: shared by all processes of the installation.
    """

    def __init__(self, addresses: Mapping[str, Sequence[str]], secret: str) -> None:
        self.addresses, self.secret = addresses, secret

    @classmethod
    def from_settings(cls) -> "Detour | None":
        """
        Returns:
            ``None`` when no addresses are set: then calls wait for the broker.

        Raises:
            SettingError: there are addresses, but no secret to prove oneself with.
        """
        addresses, secret = settings.RPC_ADDRESSES.read(), settings.RPC_SECRET.read()
        file = ADDRESS_FILE.read()
        if file != "none":
            addresses = AddressFile(Path(file))
        if not addresses:
            return None
        if secret is None:
            raise settings.SettingError(
                f"{settings.RPC_ADDRESSES.name} is set, but {settings.RPC_SECRET.name} is not."
            )
        return cls(addresses, secret)

    def ask(self, service: str, method: str, body: bytes, timeout: float) -> Answer:
        """The service's answer, as the broker would have brought it.

        Args:
            timeout: seconds for all of it.

        Raises:
            Unreachable: nobody took the request; asking again does it no harm.
            Timeout: it was taken, and no answer came; nothing is known.
        """
        known = list(self.addresses.get(service, ()))
        random.shuffle(known)
        with Timeout(timeout):
            for address in known:
                try:
                    return self._post(address, method, body)
                except (OSError, http.client.HTTPException, ValueError) as error:
                    log.info("no answer on the second road", reason=type(error).__name__)
        raise Unreachable(service)

    def _post(self, address: str, method: str, body: bytes) -> Answer:
        connection = http.client.HTTPConnection(urlsplit(address).netloc)
        try:
            headers = {"Authorization": f"Bearer {self.secret}"}
            connection.request("POST", f"{PATH}{method}", body, headers)
            response = connection.getresponse()
            text = response.read()
            if response.status != 200:
                raise http.client.HTTPException(f"status {response.status}")
            answer: Answer = json.loads(text)
            return answer
        finally:
            connection.close()


class Entrance:
    """Lets requests in that come by the second road; all others go to ``otherwise``.

    Args:
        begin: of the server that answers what comes by the broker.
        secret: what a caller must know.
        concurrency: requests at work at the same time; more are turned away.
        otherwise: the application for every other path.
    """

    def __init__(self, begin: Begin, secret: str, concurrency: int, otherwise: Application) -> None:
        self.begin, self.secret, self.otherwise = begin, secret, otherwise
        self._free = Semaphore(concurrency)

    def __call__(self, environ: Mapping[str, Any], start_response: Any) -> Iterable[bytes]:
        path = str(environ.get("PATH_INFO", ""))
        if not path.startswith(PATH):
            return self.otherwise(environ, start_response)
        status, answer = self._answer(environ, path.removeprefix(PATH))
        body = json.dumps(answer).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response(status, headers)
        return [body]

    def _answer(self, environ: Mapping[str, Any], method: str) -> tuple[str, Answer]:
        shown = str(environ.get("HTTP_AUTHORIZATION", "")).removeprefix("Bearer ")
        if not hmac.compare_digest(shown.encode(), self.secret.encode()):
            return "403 Forbidden", {}
        length = str(environ.get("CONTENT_LENGTH") or "")
        if environ.get("REQUEST_METHOD") != "POST" or not length.isdigit():
            return "400 Bad Request", {}
        if int(length) > LONGEST:
            return "413 Content Too Large", {}
        body = environ["wsgi.input"].read(int(length))
        if not self._free.acquire(blocking=False):
            return "503 Service Unavailable", {}
        answered = Event()
        try:
            with Timeout(PATIENCE):
                self.begin(method, body, answered.send)
                return "200 OK", answered.wait()
        except Timeout:
            return "504 Gateway Timeout", {}
        finally:
            self._free.release()
