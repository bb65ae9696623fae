"""What arrives: headers that hold, both forms of the words, and a calendar file."""

import re
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import icalendar
import pytest

from services.bus.transaction import Database
from services.contracts import exchanges
from services.notifications import calendar, mail, notice
from services.notifications.delivery import Office
from tests.notifications import scene
from tests.notifications.scene import Others, Pair, Postbox

PAIR = Pair()


@pytest.fixture
def arrived(database: Database, office: Office, postbox: Postbox, others: Others) -> Any:
    """Hear an event and give the mail one of the two gets."""

    def send(event: Any, reader: object = PAIR.giver_id) -> EmailMessage:
        scene.hear(database, event)
        office.run()
        return postbox.to(others.address(str(reader)))[-1]

    return send


Arrived = Callable[..., EmailMessage]


def test_a_mail_has_both_forms_and_can_be_traced_to_its_notice(
    arrived: Arrived, database: Database
) -> None:
    found = arrived(PAIR.says(exchanges.ExchangeRequested))
    notice_id = scene.rows(database, "select id from notice where channel = 'email'")[0][0]
    assert found["X-Timebank-Notice"] == str(notice_id)
    assert found["Message-ID"] == f"<{notice_id}@timebank.example>"
    assert found["References"] == f"<{PAIR.exchange_id}@timebank.example>"
    assert found["Auto-Submitted"] == "auto-generated"
    assert str(found["From"]) == "Talent Timebank <no-reply@timebank.example>"
    forms = [part.get_content_type() for part in found.walk() if not part.is_multipart()]
    assert forms == ["text/plain", "text/html"]


def test_only_what_is_not_essential_can_be_stopped_with_one_press(arrived: Arrived) -> None:
    thanks = arrived(PAIR.says(exchanges.ExchangeThanked, PAIR.receiver_id))
    link = f"https://timebank.example/notices/{thanks['X-Timebank-Notice']}/unsubscribe"
    assert thanks["List-Unsubscribe"] == f"<{link}>"
    assert thanks["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in thanks.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    booked = arrived(PAIR.says(exchanges.ExchangeBooked))
    assert booked["List-Unsubscribe"] is None


@pytest.mark.parametrize(
    "nasty",
    [
        "Eve\r\nBcc: all@example.org",
        "Eve\nX-Spam: 1\n\nbody",
        'Eve" <all@example.org>, "x',
        "\x00E",
    ],
)
def test_no_name_or_title_can_write_a_header(
    arrived: Arrived, others: Others, postbox: Postbox, nasty: str
) -> None:
    others.names = {str(PAIR.giver_id): nasty, str(PAIR.receiver_id): nasty}
    others.titles = {str(PAIR.exchange_id): nasty}
    found = arrived(PAIR.says(exchanges.ExchangeBooked))
    assert {"Bcc", "X-Spam"}.isdisjoint(found.keys())
    assert [address.addr_spec for address in found["To"].addresses] == [
        others.address(str(PAIR.giver_id))
    ]
    assert len(postbox.mails()) == 2


def test_names_in_any_script_arrive_as_written(arrived: Arrived, others: Others) -> None:
    others.names = {str(PAIR.giver_id): "Zoë Ó Briain", str(PAIR.receiver_id): "Nguyễn Thị 🌱"}
    found = arrived(PAIR.says(exchanges.ExchangeThanked, PAIR.receiver_id))
    assert found["To"].addresses[0].display_name == "Zoë Ó Briain"
    assert found["Subject"] == "Nguyễn Thị 🌱 thanks you"


def test_a_line_with_a_single_dot_does_not_end_a_mail(arrived: Arrived, others: Others) -> None:
    others.titles = {str(PAIR.exchange_id): "."}
    found = arrived(PAIR.says(exchanges.ExchangeRequested))
    assert "You get this because" in found.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def _calendar(found: EmailMessage) -> tuple[str, Any]:
    attached = list(found.iter_attachments())
    assert [part.get_filename() for part in attached] == ["exchange.ics"]
    parsed = icalendar.Calendar.from_ical(attached[0].get_content().encode())
    return attached[0]["Content-Type"].params["method"], parsed


def test_a_booking_with_a_time_brings_a_calendar_file(arrived: Arrived, others: Others) -> None:
    found = arrived(PAIR.says(exchanges.ExchangeBooked, minutes=90))
    method, parsed = _calendar(found)
    event = parsed.events[0]
    assert method == parsed["METHOD"] == "REQUEST"
    assert event["UID"] == str(PAIR.exchange_id)
    assert event["SEQUENCE"] == 0
    assert event.start == scene.STARTS_AT
    assert (event.end - event.start).total_seconds() == 90 * 60
    assert event["SUMMARY"] == "Reading a budget"
    assert event["STATUS"] == "CONFIRMED"
    assert event["ORGANIZER"] == "mailto:no-reply@timebank.example"
    assert {str(guest) for guest in event["ATTENDEE"]} == {
        f"mailto:{others.address(str(person))}" for person in (PAIR.giver_id, PAIR.receiver_id)
    }


def test_an_address_is_told_to_the_other_unless_its_owner_does_not_want_it(
    arrived: Arrived, others: Others
) -> None:
    giver, receiver = (others.address(str(each)) for each in (PAIR.giver_id, PAIR.receiver_id))
    booked = _said_in(arrived(PAIR.says(exchanges.ExchangeBooked), PAIR.receiver_id))
    assert f"at {giver}." in booked
    assert f"mailto:{giver}" in booked
    others.silent = {str(PAIR.giver_id)}
    booked = _said_in(arrived(PAIR.says(exchanges.ExchangeBooked), PAIR.receiver_id))
    assert str(giver) not in booked
    assert f"mailto:{receiver}" in booked


def _said_in(mail: EmailMessage) -> str:
    """Every word of a mail, the lines of its calendar unfolded."""
    parts = [part for part in mail.walk() if part.get_content_maintype() == "text"]
    return "\n".join(re.sub(r"\r?\n ", "", part.get_content()) for part in parts)


def test_a_change_of_time_raises_the_sequence_of_the_same_entry(arrived: Arrived) -> None:
    found = arrived(PAIR.says(exchanges.ExchangeRescheduled, PAIR.receiver_id, sequence=2))
    method, parsed = _calendar(found)
    assert (method, parsed.events[0]["SEQUENCE"]) == ("REQUEST", 2)
    assert parsed.events[0]["UID"] == str(PAIR.exchange_id)


def test_a_cancellation_removes_the_entry(arrived: Arrived) -> None:
    found = arrived(PAIR.says(exchanges.ExchangeCancelled, PAIR.receiver_id, sequence=3))
    method, parsed = _calendar(found)
    assert method == parsed["METHOD"] == "CANCEL"
    assert (parsed.events[0]["STATUS"], parsed.events[0]["SEQUENCE"]) == ("CANCELLED", 3)


@pytest.mark.parametrize(
    "event",
    [
        PAIR.says(exchanges.ExchangeBooked, starts_at=None),
        PAIR.says(exchanges.ExchangeCancelled, starts_at=None),
        PAIR.says(exchanges.ExchangeRequested),
        PAIR.says(exchanges.ExchangeSettled),
    ],
    ids=lambda event: str(event.type),
)
def test_without_an_agreed_time_there_is_no_calendar_file(arrived: Arrived, event: Any) -> None:
    assert list(arrived(event).iter_attachments()) == []


def test_no_title_or_name_can_write_a_line_of_a_calendar_file() -> None:
    facts = notice.facts(PAIR.says(exchanges.ExchangeBooked).data)
    entry = calendar.entry(
        "booked", facts, title="a\r\nEND:VEVENT;b,c", link="https://x.example",
        guests=(calendar.Guest('E"v;e:\\', "eve@example.org"),),
        organiser="Talent Timebank <no-reply@timebank.example>",
    )  # fmt: skip
    assert entry is not None
    assert entry.content.count(b"\r\nEND:VEVENT") == 1
    parsed: Any = icalendar.Calendar.from_ical(entry.content)
    assert len(parsed.events) == 1


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("tom.o'reed+x@nhs.net", True),
        ("a@b", True),
        ("a b@example.org", False),
        ("a@example.org, b@example.org", False),
        ("<a@example.org>", False),
        ("@example.org", False),
        ("a@", False),
        ("a@example.org\n", False),
        ("", False),
        (None, False),
    ],
)
def test_an_address_is_one_plain_address(text: str | None, good: bool) -> None:
    assert mail.is_address(text) is good
