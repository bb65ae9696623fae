"""The settings of notifications beside those every process has."""

from dataclasses import dataclass
from email.utils import parseaddr
from urllib.parse import urlsplit

from services.bus.settings import Setting, SettingError, schedule, seconds, url, whole_number

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

    @property
    def domain(self) -> str:
        """Of the sender: makes ids of mails and calendar entries unique in the world."""
        return parseaddr(self.mail_from)[1].rpartition("@")[2]


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
