"""Proves that the local mailbox keeps every mail as it came and shows it in a browser."""

from __future__ import annotations

import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path

import pytest
import requests

from deploy.local import ports, probe
from deploy.local.mailbox import NO_SUCH, Maildir
from deploy.local.places import REPOSITORY

PATIENCE_SECONDS = 20.0


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[tuple[int, str]]:
    """Its SMTP port and the address of its pages."""
    chosen = ports.choose(tmp_path / "ports.json", ["smtp", "http"], {})
    numbers = [str(chosen["smtp"]), str(chosen["http"])]
    address = f"http://127.0.0.1:{chosen['http']}"
    command = [sys.executable, "-m", "deploy.local.mailbox", str(tmp_path / "mail"), *numbers]
    with subprocess.Popen(command, cwd=REPOSITORY) as process:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not probe.is_ready(f"{address}/_status"):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield chosen["smtp"], address
        process.terminate()
        assert process.wait(PATIENCE_SECONDS) == 0


def a_mail() -> EmailMessage:
    mail = EmailMessage()
    mail["Message-ID"] = "<0192f-notice@timebank>"
    mail["X-Timebank-Notice"] = "exchange-booked"
    mail["From"], mail["To"] = "timebank@nhs.net", "asha@nhs.net"
    mail["Subject"] = "Agreed: an hour on Thursday – see you there"
    mail.set_content("Hello Asha\n.\nA line that starts with a dot stays.\n")
    mail.add_alternative("<p>Hello <b>Asha</b></p>", subtype="html")
    return mail


def test_an_address_without_a_mailbox_is_refused_for_good(
    mailbox: tuple[int, str], tmp_path: Path
) -> None:
    mail = a_mail()
    del mail["To"]
    mail["To"] = f"{NO_SUCH}.of.asha@nhs.net"

    with (
        smtplib.SMTP("127.0.0.1", mailbox[0]) as connection,
        pytest.raises(smtplib.SMTPRecipientsRefused, match=r"550, b'5\.1\.1"),
    ):
        connection.send_message(mail)

    assert not list((tmp_path / "mail" / "new").iterdir())


def test_a_mail_is_kept_as_it_came(mailbox: tuple[int, str], tmp_path: Path) -> None:
    with smtplib.SMTP("127.0.0.1", mailbox[0]) as connection:
        connection.send_message(a_mail())
    (file,) = (tmp_path / "mail" / "new").iterdir()
    kept = message_from_bytes(file.read_bytes())
    assert kept["Message-ID"] == "<0192f-notice@timebank>"
    assert kept["X-Timebank-Notice"] == "exchange-booked"
    assert kept["X-Envelope-To"] == "asha@nhs.net"
    assert "\n.\nA line" in file.read_text()


def test_a_mail_can_be_read_in_a_browser(mailbox: tuple[int, str]) -> None:
    with smtplib.SMTP("127.0.0.1", mailbox[0]) as connection:
        connection.send_message(a_mail())
    page = requests.get(mailbox[1], timeout=5)
    assert "Agreed: an hour on Thursday" in page.text
    link = page.text.split('href="')[1].split('"')[0]
    text = requests.get(mailbox[1] + link, timeout=5)
    assert text.headers["Content-Type"].startswith("text/plain")
    assert "Hello Asha" in text.text


def test_no_file_outside_the_mailbox_is_shown(tmp_path: Path) -> None:
    maildir = Maildir(tmp_path / "mail")
    name = maildir.add(b"Subject: one\r\n\r\n")
    (tmp_path / "mail" / "secret").write_text("no")
    assert maildir.read(name) == b"Subject: one\r\n\r\n"
    for outside in ("../secret", "..", "", "/etc/hostname", name + "/../../secret"):
        assert maildir.read(outside) is None
