"""The settings of notifications beside those every process has."""

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parseaddr
from urllib.parse import unquote, urlsplit

from services.bus import settings as process
from services.bus.settings import (
    Setting,
    SettingError,
    one_of,
    schedule,
    seconds,
    url,
    whole_number,
)

STEPS_OF_A_MAIL = 6
"""Answers one message can wait for: sender, recipient, data, end, and a reset or a new
connection's greeting on either side."""


def _server(text: str) -> str:
    parts = urlsplit(url("smtp", "smtp+starttls", "smtps")(text))
    if parts.username and parts.scheme == "smtp":
        raise ValueError(
            "a password would cross the network in the clear; use smtps:// or smtp+starttls://."
        )
    return text


def _address(text: str) -> str:
    _, email = parseaddr(text)
    local, _, domain = email.rpartition("@")
    if not (local and domain and text.isprintable() and email.isascii()):
        raise ValueError(f"{text!r} is not an e-mail address, with or without a name before it.")
    return text


SMTP_URL = Setting(
    "TIMEBANK_SMTP_URL",
    "the mail server, smtp://host:port, smtp+starttls:// or smtps://, with user and password"
    " where it wants them.",
    _server,
)
PUBLIC_URL = Setting(
    "TIMEBANK_PUBLIC_URL", "the gateway's address as members see it; links begin with it.",
    url("http", "https"),
)  # fmt: skip
MAIL_FROM = Setting(
    "TIMEBANK_MAIL_FROM", "the sender of all mail.",
    _address, "Talent Timebank <no-reply@timebank.invalid>",
)  # fmt: skip
MAIL_BATCH = Setting(
    "TIMEBANK_MAIL_BATCH", "e-mails taken in hand at once, at most.",
    # Members tells at most 500 addresses at once, and a mail may speak of three people.
    whole_number(1, 150), "100", "1 to 150",
)  # fmt: skip
MAIL_LEASE = Setting(
    "TIMEBANK_MAIL_LEASE",
    "seconds after which e-mails in the hands of a sender that died are taken over.",
    seconds(6, 3600), "60", "6 to 3600 s, at least six times TIMEBANK_SMTP_TIMEOUT",
)  # fmt: skip
SMTP_TIMEOUT = Setting(
    "TIMEBANK_SMTP_TIMEOUT", "seconds to wait for each answer of the mail server.",
    seconds(1, 600), "10", "1 to 600 s",
)  # fmt: skip
MAIL_RETRY_SCHEDULE = Setting(
    "TIMEBANK_MAIL_RETRY_SCHEDULE",
    "seconds until each further try of an e-mail that was turned away for the moment;"
    " after the last it has failed.",
    schedule, "60,300,1800,7200,21600", "each 0 to 86400 s",
)  # fmt: skip


def _unless_none(*schemes: str) -> Callable[[str], str | None]:
    check = url(*schemes)
    return lambda text: None if text == "none" else check(text)


BROKER_MANAGEMENT_URL = Setting(
    "TIMEBANK_BROKER_MANAGEMENT_URL",
    "the broker's management API, https://user:password@host:port, where the user is an"
    " administrator, or 'none': then nobody can subscribe by AMQP.",
    _unless_none("http", "https"), "none", "http only in a local installation",
)  # fmt: skip
FEED_URL = Setting(
    "TIMEBANK_FEED_URL",
    "the broker's address as subscribers reach it, amqps://host:port/vhost, or 'none' for our own.",
    _unless_none("amqp", "amqps"), "none",
)  # fmt: skip
WEBHOOK_TARGETS = Setting(
    "TIMEBANK_WEBHOOK_TARGETS",
    "where webhooks may go: to public addresses, or also to this machine itself.",
    one_of("public", "loopback"), "public", "loopback only in a local installation",
)  # fmt: skip
WEBHOOK_TIMEOUT = Setting(
    "TIMEBANK_WEBHOOK_TIMEOUT",
    "seconds a receiver of webhooks has for each signal, from its name to its status.",
    seconds(1, 30), "15", "1 to 30 s",
)  # fmt: skip


@dataclass(frozen=True)
class Mail:
    """All that sending needs to know of an installation."""

    smtp_url: str
    public_url: str
    mail_from: str
    batch: int = 100
    lease: float = 60
    timeout: float = 10
    schedule: tuple[float, ...] = (60, 300, 1800, 7200, 21600)


def read() -> Mail:
    """
    Raises:
        SettingError: one is missing, empty or wrong, or two contradict each other.
    """
    found = Mail(
        SMTP_URL.read(), PUBLIC_URL.read().rstrip("/"), MAIL_FROM.read(), MAIL_BATCH.read(),
        MAIL_LEASE.read(), SMTP_TIMEOUT.read(), MAIL_RETRY_SCHEDULE.read(),
    )  # fmt: skip
    if found.lease < STEPS_OF_A_MAIL * found.timeout:
        raise SettingError(
            f"{MAIL_LEASE.name} must be at least {STEPS_OF_A_MAIL} times {SMTP_TIMEOUT.name}:"
            " another sender would take over a mail that is still on its way."
        )
    return found


@dataclass(frozen=True)
class Subscribing:
    """All that subscriptions need to know of an installation.

    Attributes:
        management_url: of the broker, with user and password.
        feed_url: of the broker, as subscribers reach it, without a user.
        vhost: where the feed is.
        loopback: whether webhooks may go to this machine itself.
        timeout: seconds a receiver has.
        ca: a file of who may vouch for the broker; ``None`` for whom the machine trusts.
    """

    management_url: str | None
    feed_url: str
    vhost: str
    loopback: bool = False
    timeout: float = 15
    ca: str | None = None


def read_subscribing() -> Subscribing:
    """
    Raises:
        SettingError: one is wrong, or would be dangerous in this kind of installation.
    """
    local = process.ENVIRONMENT.read() == "local"
    management, targets = BROKER_MANAGEMENT_URL.read(), WEBHOOK_TARGETS.read()
    if management and not local and not management.startswith("https://"):
        raise SettingError(
            f"{BROKER_MANAGEMENT_URL.name} is not https although"
            f" {process.ENVIRONMENT.name} is not 'local':"
            " an administrator's password would cross the network in the clear."
        )
    if targets == "loopback" and not local:
        raise SettingError(
            f"{WEBHOOK_TARGETS.name} is 'loopback' although"
            f" {process.ENVIRONMENT.name} is not 'local':"
            " subscribers could reach into the machine."
        )
    ours = process.AMQP_URL.read().partition(";")[0]
    parts = urlsplit(ours)
    vhost = unquote(parts.path.removeprefix("/")) or "/"
    address = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()
    return Subscribing(
        management, FEED_URL.read() or address, vhost, targets == "loopback",
        WEBHOOK_TIMEOUT.read(), process.AMQP_CA.read(),
    )  # fmt: skip
