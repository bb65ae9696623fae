"""An SMTP server that keeps every mail as a file and shows them in a browser.

python -m deploy.local.mailbox FOLDER SMTP_PORT HTTP_PORT
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import os
import re
import signal
import socket
import sys
import threading
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

LOOPBACK = "127.0.0.1"
MESSAGE_BYTES = 10_000_000
"""Largest mail accepted; ours carry a small calendar file at most."""
OUR_NAME = re.compile(r"[0-9]+\.[0-9]+_[0-9]+\.[\w.-]+")
"""Time, process, number and machine, as Maildir has it."""
NO_SUCH = "no-such-mailbox"
"""How an address begins that is refused, so that one can see what becomes of its mails."""
LISTED = 200
"""Newest mails in the list; the folder holds them all."""


class Maildir:
    """Mails as files, one each, in the layout every mail program reads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("new", "cur", "tmp"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self._numbers = count()

    def add(self, content: bytes) -> str:
        """Store a mail; it appears in `new` whole or not at all."""
        name = f"{time.time_ns()}.{os.getpid()}_{next(self._numbers)}.{socket.gethostname()}"
        draft = self.folder / "tmp" / name
        draft.write_bytes(content)
        draft.rename(self.folder / "new" / name)
        return name

    def names(self) -> list[str]:
        """The mails, newest first."""
        return sorted(os.listdir(self.folder / "new"), reverse=True)

    def read(self, name: str) -> bytes | None:
        """A mail's bytes; a name from outside that is none of ours never becomes a path."""
        path = self.folder / "new" / name
        return path.read_bytes() if OUR_NAME.fullmatch(name) and path.is_file() else None


class Keeper:
    """What aiosmtpd calls for every mail received."""

    def __init__(self, maildir: Maildir) -> None:
        self.maildir = maildir

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if address.startswith(NO_SUCH):
            return "550 5.1.1 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        # The recipients of the envelope, because a Bcc stands nowhere else.
        who = ", ".join(envelope.rcpt_tos).encode()
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        self.maildir.add(b"X-Envelope-To: " + who + b"\r\n" + content)
        return "250 OK"


def text_of(content: bytes) -> str:
    """A mail as one reads it: the headers, then every part that is text."""
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    lines = [f"{name}: {value}" for name, value in message.items()]
    for part in message.walk():
        if part.get_content_maintype() == "text":
            lines += ["", f"--- {part.get_content_type()}", str(part.get_content())]
    return "\n".join(lines)


def list_page(maildir: Maildir) -> str:
    names = maildir.names()
    rows = []
    for name in names[:LISTED]:
        message = message_from_bytes(maildir.read(name) or b"", policy=policy.default)
        to, subject = (html.escape(str(message[each] or "")) for each in ("To", "Subject"))
        rows.append(
            f'<li>{to}: <a href="/{html.escape(name)}">{subject or "(no subject)"}</a></li>'
        )
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Mailbox</title>'
    return f"{head}<main><h1>{len(names)} mails</h1><ul>{''.join(rows)}</ul></main></html>\n"


class Reader(BaseHTTPRequestHandler):
    """The mailbox in a browser."""

    maildir: Maildir

    def do_GET(self) -> None:
        name = self.path.strip("/")
        if name in ("_ping", "_status"):
            self._answer(200, "text/plain", "ok\n")
        elif not name:
            self._answer(200, "text/html", list_page(self.maildir))
        elif (content := self.maildir.read(name)) is not None:
            self._answer(200, "text/plain", text_of(content))
        else:
            self._answer(404, "text/plain", "There is no such mail.\n")

    def _answer(self, status: int, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: a path names a mail."""


async def serve(folder: Path, smtp_port: int, http_port: int) -> None:
    """Receive and show mails until SIGTERM."""
    maildir = Maildir(folder)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = await loop.create_server(
        lambda: SMTP(Keeper(maildir), data_size_limit=MESSAGE_BYTES, loop=loop), LOOPBACK, smtp_port
    )
    # Only now, so that an answer to /_status means that mails are accepted too.
    reader = type("MaildirReader", (Reader,), {"maildir": maildir})
    pages = ThreadingHTTPServer((LOOPBACK, http_port), reader)
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    await stop.wait()
    server.close()


def main(arguments: list[str]) -> int:
    try:
        folder, smtp_port, http_port = Path(arguments[0]), int(arguments[1]), int(arguments[2])
    except (IndexError, ValueError):
        print("usage: python -m deploy.local.mailbox FOLDER SMTP_PORT HTTP_PORT", file=sys.stderr)
        return 2
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(folder, smtp_port, http_port))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
