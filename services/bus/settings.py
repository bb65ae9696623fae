"""Every setting of a process: its unit, default and limits, and a refusal to start.

A setting is read once, at start. What is missing, empty or contradictory ends the
process with exit code 2 and one sentence.
"""

import contextlib
import json
import os
import ssl
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")


class SettingError(Exception):
    """A setting cannot be used; the message is the sentence for the operator."""


@dataclass(frozen=True)
class Setting(Generic[T]):
    """One environment variable.

    Attributes:
        name: of the variable.
        meaning: what it does, with its unit.
        parse: text to value; raises ``ValueError`` with the rest of a sentence.
        default: text used when the variable is absent; ``None`` makes it required.
    """

    name: str
    meaning: str
    parse: Callable[[str], T]
    default: str | None = None
    limits: str = ""

    def read(self) -> T:
        text = os.environ.get(self.name, self.default)
        if text is None:
            raise SettingError(f"{self.name} is not set: {self.meaning}")
        if not text.strip():
            raise SettingError(f"{self.name} is set but empty: {self.meaning}")
        try:
            return self.parse(text.strip())
        except ValueError as error:
            raise SettingError(f"{self.name} cannot be used: {error}") from None


@contextlib.contextmanager
def refusing_to_start() -> Iterator[None]:
    """Turn a bad setting into one sentence on standard error and exit code 2."""
    try:
        yield
    except SettingError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None


def whole_number(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isdigit() or not low <= int(text) <= high:
            raise ValueError(f"{text!r} is not a whole number from {low} to {high}.")
        return int(text)

    return parse


def seconds(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise ValueError(f"{text!r} is not a number of seconds.") from None
        if not low <= value <= high:
            raise ValueError(f"{text} is not between {low:g} and {high:g} seconds.")
        return value

    return parse


def url(*schemes: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        parts = urlsplit(text)
        if parts.scheme not in schemes or not parts.hostname:
            raise ValueError(f"it is not a {' or '.join(schemes)} address with a host.")
        return text

    return parse


def nodes(text: str) -> tuple[str, ...]:
    """The addresses of a broker's nodes, of which any will do; most brokers have one."""
    return tuple(address.strip() for address in text.split(";"))


def broker(text: str) -> str:
    """One address, or those of all nodes of a cluster, separated by semicolons."""
    found = [urlsplit(url("amqp", "amqps")(address)) for address in nodes(text)]
    if len({(parts.scheme, parts.path) for parts in found}) > 1:
        raise ValueError("its nodes differ in more than user, host and port.")
    return text


def one_of(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"{text!r} is none of {', '.join(allowed)}.")
        return text

    return parse


def some_of(text: str) -> tuple[str, ...]:
    """A comma list without doubles; ``all`` stays the word ``all``."""
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if len(set(names)) != len(names):
        raise ValueError(f"{text!r} names something twice.")
    if "all" in names and len(names) > 1:
        raise ValueError("'all' cannot stand beside single regions.")
    return names


def schedule(text: str) -> tuple[float, ...]:
    return tuple(seconds(0, 86_400)(part.strip()) for part in text.split(","))


def addresses(text: str) -> Mapping[str, Sequence[str]]:
    """A JSON object: for each service a list of base URLs."""
    try:
        found = json.loads(text)
    except ValueError:
        raise ValueError("it is not JSON.") from None
    if not isinstance(found, dict) or not all(isinstance(each, list) for each in found.values()):
        raise ValueError("it is not an object of lists.")
    return {service: [url("http")(str(each)) for each in urls] for service, urls in found.items()}


SECRET_LENGTH = 24
"""Characters of a shared secret at least: beyond guessing."""


def secret(text: str) -> str | None:
    """The word ``none`` is none; everything else must be long enough to be one."""
    if text == "none":
        return None
    if len(text) < SECRET_LENGTH:
        raise ValueError(f"it has fewer than {SECRET_LENGTH} characters.")
    return text


def certificates(text: str) -> str | None:
    """The word ``system`` is whatever the machine trusts; everything else a readable file."""
    if text == "system":
        return None
    try:
        ssl.create_default_context(cafile=text)
    except (OSError, ssl.SSLError):
        raise ValueError(f"{text!r} is not a file of certificates.") from None
    return text


AMQP_URL = Setting(
    "TIMEBANK_AMQP_URL",
    "the broker's address, amqp://user:password@host:port/vhost, or amqps:// to encrypt;"
    " of a cluster all its nodes' addresses, separated by semicolons.",
    broker,
)
AMQP_CA = Setting(
    "TIMEBANK_AMQP_CA",
    "who may vouch for the broker where its address is amqps: a file of certificates, or 'system'.",
    certificates,
    "system",
    "a readable PEM file",
)
DATABASE_URL = Setting(
    "TIMEBANK_DATABASE_URL",
    "the address of this service's own database.",
    url("postgresql", "postgres"),
)
REGIONS = Setting(
    "TIMEBANK_REGIONS",
    "the regions this process works for, a comma list of slugs.",
    some_of,
    "all",
    "the seven regions and national",
)
HTTP_HOST = Setting("TIMEBANK_HTTP_HOST", "the address to listen on.", str, "127.0.0.1")
HTTP_PORT = Setting(
    "TIMEBANK_HTTP_PORT",
    "the port for health and metrics (the gateway's: for everything).",
    whole_number(0, 65_535),
    "0",
    "0 to 65535; 0 picks a free one",
)
ENVIRONMENT = Setting(
    "TIMEBANK_ENVIRONMENT",
    "what kind of installation this is.",
    one_of("local", "production"),
    "production",
    "local or production",
)
LOG_LEVEL = Setting(
    "TIMEBANK_LOG_LEVEL",
    "the least severe log line that is written.",
    one_of("DEBUG", "INFO", "WARNING", "ERROR"),
    "INFO",
    "DEBUG, INFO, WARNING or ERROR",
)
DATABASE_POOL = Setting(
    "TIMEBANK_DATABASE_POOL",
    "database connections of this process, at most.",
    whole_number(2, 100),
    "10",
    "2 to 100",
)
STATEMENT_TIMEOUT = Setting(
    "TIMEBANK_STATEMENT_TIMEOUT",
    "seconds after which the database gives up on a statement.",
    seconds(1, 3600),
    "30",
    "1 to 3600 s",
)
BATCH_SIZE = Setting(
    "TIMEBANK_BATCH_SIZE",
    "messages handled in one transaction, at most.",
    whole_number(1, 5000),
    "500",
    "1 to 5000",
)
RELAY_BATCH = Setting(
    "TIMEBANK_RELAY_BATCH",
    "outbox rows published between two waits for confirms, at most.",
    whole_number(1, 5000),
    "500",
    "1 to 5000",
)
RELAY_POLL = Setting(
    "TIMEBANK_RELAY_POLL",
    "seconds between looks for outbox rows nobody announced.",
    seconds(0.05, 60),
    "1",
    "0.05 to 60 s",
)
CONFIRM_TIMEOUT = Setting(
    "TIMEBANK_CONFIRM_TIMEOUT",
    "seconds to wait for the broker's confirms before publishing again.",
    seconds(0.5, 300),
    "10",
    "0.5 to 300 s",
)
RETRY_SCHEDULE = Setting(
    "TIMEBANK_RETRY_SCHEDULE",
    "seconds until each further try of a message that failed; after the last it is parked (what"
    " only waits for another event is first tried at the last interval for a day).",
    schedule,
    "1,5,30,120,600",
    "each 0 to 86400 s",
)
RPC_TIMEOUT = Setting(
    "TIMEBANK_RPC_TIMEOUT",
    "seconds a call to another service may take.",
    seconds(0.1, 120),
    "10",
    "0.1 to 120 s",
)
RPC_CONCURRENCY = Setting(
    "TIMEBANK_RPC_CONCURRENCY",
    "calls a process answers at the same time from each region it serves, eight times as many from"
    " all; on the second road this many in all. They share TIMEBANK_DATABASE_POOL, and are answered"
    " try_later after 5 s without a connection.",
    whole_number(1, 200),
    "16",
    "1 to 200",
)
RPC_SECRET = Setting(
    "TIMEBANK_RPC_SECRET",
    "what processes show each other when they call without the broker, or 'none'.",
    secret,
    "none",
    "24 characters or more",
)
RPC_ADDRESSES = Setting(
    "TIMEBANK_RPC_ADDRESSES",
    "where services answer while the broker is away: a JSON object of lists of base addresses.",
    addresses,
    "{}",
    "without any, calls wait for the broker",
)
SAID_DAYS = Setting(
    "TIMEBANK_SAID_DAYS",
    "days for which events the broker has confirmed are kept, to be said again if it loses them.",
    whole_number(1, 90),
    "7",
    "1 to 90 days",
)
HEARTBEAT = Setting(
    "TIMEBANK_HEARTBEAT",
    "seconds between heartbeats agreed with the broker.",
    whole_number(2, 600),
    "20",
    "2 to 600 s",
)
