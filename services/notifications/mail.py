"""The mail channel: builds the message and hands it to an SMTP server."""

import contextlib
import datetime
import re
import smtplib
import ssl
from collections.abc import Iterator
from email import policy
from email.charset import QP, Charset
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr, parseaddr
from typing import cast
from urllib.parse import unquote, urlsplit
from uuid import UUID

from services.notifications import calendar, render

# The older of the library's two ways: the newer takes three times as long for a mail.
# Some mail programs do not find an address in a header that is broken before it.
_POLICY = policy.compat32.clone(linesep="\r\n", max_line_length=998)
_READABLE = Charset("utf-8")
_READABLE.body_encoding = QP  # seven bits for every server, and still legible in a file
# What browsers take for an address: no quotes, blanks, comments or control characters.
_ADDRESS = re.compile(
    r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*",
    re.IGNORECASE | re.ASCII,
)
NOTICE_HEADER = "X-Timebank-Notice"


class BadAddress(Exception):
    """The address cannot be written in a mail."""


class ServerAway(Exception):
    """The mail server cannot be reached or ends the connection; no message is to blame."""


class Dropped(ServerAway):
    """The server ended a connection that stood, over this message: it may be to blame."""


class Refused(Exception):
    """The server does not take this message, now or ever.

    Attributes:
        for_ever: another try is useless.
        code: of the server's answer.
    """

    def __init__(self, code: int, for_ever: bool) -> None:
        super().__init__(str(code))
        self.code, self.for_ever = code, for_ever


def message(
    *,
    notice_id: UUID,
    exchange_id: UUID | None,
    name: str,
    email: str,
    letter: render.Letter,
    entry: calendar.Entry | None,
    unsubscribe: str | None,
    mail_from: str,
    now: datetime.datetime,
) -> bytes:
    """Build one e-mail.

    Args:
        notice_id: makes the message's id: the same however often it is sent.
        exchange_id: keeps the mails of one exchange together in a reader's inbox.
        name, email: the recipient's; the address is one, see ``is_address``.
        unsubscribe: where one press stops this kind (RFC 8058).
    """
    words = MIMEMultipart("alternative", policy=_POLICY)
    words.attach(_text(letter.text, "plain"))
    words.attach(_text(letter.html, "html"))
    mail = _with(words, entry) if entry else words
    headers = _headers(notice_id, exchange_id, mail_from, unsubscribe, now)
    headers |= {"To": formataddr((render.clean(name), email)), "Subject": letter.subject}
    for header, value in headers.items():
        # All of them are clean by now; a mistake of ours must not become somebody's header.
        assert value.isprintable(), f"{header} is not one line"
        mail[header] = value if value.isascii() else Header(value, "utf-8", 76, header).encode()
    return mail.as_bytes()


def _headers(
    notice_id: UUID,
    exchange_id: UUID | None,
    mail_from: str,
    unsubscribe: str | None,
    now: datetime.datetime,
) -> dict[str, str]:
    domain = parseaddr(mail_from)[1].rpartition("@")[2]
    headers = {
        "From": mail_from,
        "Date": format_datetime(now),
        "Message-ID": f"<{notice_id}@{domain}>",
        NOTICE_HEADER: str(notice_id),
        "Auto-Submitted": "auto-generated",
    }
    if exchange_id:
        headers["References"] = f"<{exchange_id}@{domain}>"
    if unsubscribe:
        headers["List-Unsubscribe"] = f"<{unsubscribe}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def _text(text: str, subtype: str) -> MIMEText:
    # The library takes a Charset, whatever its annotation says.
    return MIMEText(text, subtype, cast(str, _READABLE), policy=_POLICY)


def _with(words: MIMEMultipart, entry: calendar.Entry) -> MIMEMultipart:
    mail = MIMEMultipart("mixed", policy=_POLICY)
    attached = _text(entry.content.decode(), "calendar")
    attached.set_param("method", entry.method)
    attached.add_header("Content-Disposition", "attachment", filename="exchange.ics")
    mail.attach(words)
    mail.attach(attached)
    return mail


def is_address(email: str | None) -> bool:
    """Whether every mail server can be told this address."""
    return bool(email and _ADDRESS.fullmatch(email))


class Channel:
    """One connection to the mail server, opened when needed and kept.

    Args:
        url: ``smtp://``, ``smtp+starttls://`` or ``smtps://``.
        timeout: seconds for each answer.
    """

    def __init__(self, url: str, timeout: float) -> None:
        self.url, self.timeout = urlsplit(url), timeout
        self._smtp: smtplib.SMTP | None = None

    def wake(self) -> None:
        """Make sure that the connection stands, before messages are entrusted to it.

        Raises:
            ServerAway
        """
        if self._smtp is not None:
            try:
                if self._smtp.noop()[0] == 250:
                    return
            except (OSError, smtplib.SMTPException):
                pass
            self.close()
        with _away_on_trouble(self, ServerAway):
            self._smtp = self._connected()

    def send(self, sender: str, recipient: str, content: bytes) -> None:
        """Hand over one message; it is the server's when this returns.

        Args:
            sender, recipient: plain addresses.
            content: the whole message.

        Raises:
            Refused: the message, or its recipient, is turned away.
            ServerAway: before the server was told anything of it.
            Dropped: before the server took it; where the end was cut off nobody
                can know, and it counts as not taken.
        """
        if self._smtp is None:
            self.wake()
        smtp = self._smtp
        assert smtp is not None, "wake leaves a connection or raises"
        # The sender is the same for all: who hangs up here, tired of us, means no message.
        with _away_on_trouble(self, ServerAway):
            self._accept(smtp.mail(sender, self._options(smtp, content)), permanent=False)
        with _away_on_trouble(self, Dropped):
            self._accept(smtp.rcpt(recipient), permanent=True)
            self._accept(smtp.data(content), permanent=True)

    def close(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()

    def _connected(self) -> smtplib.SMTP:
        host = self.url.hostname or ""
        smtp: smtplib.SMTP
        if self.url.scheme == "smtps":
            context = ssl.create_default_context()
            smtp = smtplib.SMTP_SSL(
                host, self.url.port or 465, timeout=self.timeout, context=context
            )
        else:
            smtp = smtplib.SMTP(host, self.url.port or 25, timeout=self.timeout)
        try:
            if self.url.scheme == "smtp+starttls":
                smtp.starttls(context=ssl.create_default_context())
            smtp.ehlo_or_helo_if_needed()
            if self.url.username:
                smtp.login(unquote(self.url.username), unquote(self.url.password or ""))
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _options(self, smtp: smtplib.SMTP, content: bytes) -> list[str]:
        return [f"size={len(content)}"] if smtp.has_extn("size") else []

    def _accept(self, answer: tuple[int, bytes], permanent: bool) -> None:
        """Pass over a good answer; a refused sender is our set-up's fault, so it may mend."""
        code = answer[0]
        if 200 <= code < 300:
            return
        if code in (-1, 421):
            raise smtplib.SMTPServerDisconnected(f"answered {code}")
        self._reset()
        raise Refused(code, for_ever=permanent and code >= 500)

    def _reset(self) -> None:
        """Make the connection fit for the next message, or end it; what was answered stands."""
        assert self._smtp is not None
        with contextlib.suppress(OSError, smtplib.SMTPException):
            if self._smtp.rset()[0] == 250:
                return
        self.close()


@contextlib.contextmanager
def _away_on_trouble(channel: Channel, trouble: type[ServerAway]) -> Iterator[None]:
    try:
        yield
    except smtplib.SMTPDataError as error:  # the answer to DATA itself
        channel.close()
        if error.smtp_code == 421:
            raise trouble("421") from None
        raise Refused(error.smtp_code, for_ever=error.smtp_code >= 500) from None
    except (OSError, smtplib.SMTPException) as error:
        channel.close()
        raise trouble(f"{type(error).__name__}"[:100]) from None
