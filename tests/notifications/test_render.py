"""Notices in plain words: complete, escaped, and safe to put in a header."""

import html.parser
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.contracts import exchanges
from services.notifications import notice, render
from tests.notifications import scene
from tests.notifications.scene import Pair

PAIR = Pair()
URL = "https://timebank.example"
NAMES = render.Names(
    {str(PAIR.giver_id): "Amina Yusuf", str(PAIR.receiver_id): "Tom Reed"},
    "tom.reed@example.org",
    "Reading a budget",
)


def _facts(event: Any) -> dict[str, Any]:
    return notice.facts(event.data)


def _letter(
    event: Any, template: str, names: render.Names = NAMES, reader: UUID = PAIR.giver_id
) -> render.Letter:
    return render.letter(template, _facts(event), reader, names, URL, uuid4())


def _cases() -> list[Any]:
    """Every e-mail there is, for each reader, with and without a time and a deadline."""
    found = []
    schemas = {f"exchanges.{name}": schema for name, schema in exchanges.EVENTS.items()}
    for kind, rules in notice.RULES.items():
        for rule in rules:
            if "email" not in rule.channels:
                continue
            if kind not in schemas or not issubclass(schemas[kind], exchanges.ExchangeEvent):
                own = scene.found if rule.template == "found" else scene.joined
                event = own(PAIR.giver_id)
                found.append(pytest.param(event, rule.template, PAIR.giver_id, id=rule.template))
                continue
            for reader, who in [(PAIR.giver_id, "giver"), (PAIR.receiver_id, "receiver")]:
                if issubclass(schemas[kind], exchanges.ConcernEvent):
                    event = scene.concerned(PAIR.giver_id, PAIR.receiver_id, schemas[kind])
                    found.append(pytest.param(event, rule.template, reader, id=rule.template))
                    continue
                for bare in (False, True):
                    fields = {"starts_at": None, "deadline": None} if bare else {}
                    event = PAIR.says(schemas[kind], PAIR.giver_id, next_actor="national", **fields)
                    name = f"{rule.template}-{who}{'-bare' if bare else ''}"
                    found.append(pytest.param(event, rule.template, reader, id=name))
    return found


@pytest.mark.parametrize(("event", "template", "reader"), _cases())
def test_every_mail_has_subject_text_html_one_button_and_a_reason(
    event: Any, template: str, reader: UUID
) -> None:
    letter = _letter(event, template, NAMES, reader)
    target = {"found": f"{URL}/searches"}.get(
        template,
        f"{URL}/exchanges/{PAIR.exchange_id}" if "exchange" in event.type else f"{URL}/listings",
    )
    if "concern" in event.type:
        target = f"{URL}/concerns/{event.data.concern_id}"
    assert 5 < len(letter.subject) < 100
    assert letter.text.startswith(f"Hello {NAMES.of[str(reader)]},\n\n")
    assert letter.text.count(target) == letter.html.count(target) == 1
    assert "You get this because " in letter.text
    assert "You get this because " in letter.html
    stops = template in notice.KIND_OF
    assert ("/unsubscribe" in letter.text, "/unsubscribe" in letter.html) == (stops, stops)
    for text in (letter.subject, letter.text, letter.html):
        assert not any(
            mistake in text for mistake in ("None", "{{", "  .", " ,", "minutes minutes")
        )
    _WellFormed().check(letter.html)


class _WellFormed(html.parser.HTMLParser):
    """Every element that is opened is closed, in order."""

    void = ("meta",)

    def check(self, page: str) -> None:
        self.open: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("template", sorted(render.TEMPLATES))
def test_every_notice_has_a_sentence_for_the_list(template: str) -> None:
    event = PAIR.says(exchanges.ExchangeUnfunded)
    facts = {**_facts(event), "stated_minutes": 45, "outcome": "settle"}
    for reader in (PAIR.giver_id, PAIR.receiver_id, uuid4()):
        text = render.anonymous(render.sentence(template, facts, reader))
        assert text[0].isupper() or text[0].isdigit()
        assert text.endswith((".", "?"))
        assert "{" not in text


def test_an_invitation_names_who_invites_and_leads_to_joining() -> None:
    event = scene.invited(uuid4(), PAIR.giver_id)
    letter = _letter(event, "invited", NAMES, event.data.invitation_id)
    target = f"{URL}/join?by={event.data.invitation_id}"
    assert letter.subject.startswith(f"{NAMES.of[str(PAIR.giver_id)]} invites you")
    assert letter.text.startswith("Hello,\n\n")
    assert letter.text.count(target) == letter.html.count(target) == 1
    assert "/unsubscribe" in letter.text


@pytest.mark.parametrize("purpose", sorted(render.LINK_LETTERS))
def test_a_letter_around_a_link_names_nobody_and_says_why_it_came(purpose: str) -> None:
    letter = render.link_letter(purpose, f"{URL}/a/link")
    assert letter.text.startswith("Hello,\n\n")
    assert letter.text.count(f"{URL}/a/link") == letter.html.count(f"{URL}/a/link") == 1
    assert "ignore this e-mail" in letter.text
    assert "You get this because" in letter.text
    _WellFormed().check(letter.html)


def test_a_script_in_a_name_or_a_title_is_harmless_in_html() -> None:
    nasty = "<script>alert(1)</script>"
    names = render.Names(dict.fromkeys(NAMES.of, nasty), f'"><img src=x>{nasty}', f'"{nasty}')
    letter = _letter(PAIR.says(exchanges.ExchangeBooked), "booked", names)
    assert "<script" not in letter.html
    assert "<img" not in letter.html
    assert "&lt;script&gt;" in letter.html
    _WellFormed().check(letter.html)


def test_words_of_a_person_stay_on_one_line_and_within_bounds() -> None:
    names = render.Names(
        dict.fromkeys(NAMES.of, "Eve\r\nBcc: all@example.org"),
        None,
        "a\n\n- b\u202e\x00" + "x" * 500,
    )
    letter = _letter(PAIR.says(exchanges.ExchangeBooked), "booked", names)
    assert "\n" not in letter.subject
    assert "\r" not in letter.subject
    assert len(letter.subject) <= 240
    assert "a - b xx" in letter.text
    assert "<li>" not in letter.html


def test_a_list_in_the_words_is_a_list_in_html() -> None:
    letter = _letter(PAIR.says(exchanges.ExchangeUnfunded), "unfunded", reader=PAIR.receiver_id)
    assert letter.html.count("<li>") == 4
    assert "\n- ask the community fund" in letter.text


def test_somebody_without_a_name_is_a_colleague() -> None:
    letter = _letter(PAIR.says(exchanges.ExchangeBooked), "booked", render.Names({}))
    assert letter.text.startswith("Hello,\n")
    assert "A colleague" in letter.subject


def test_contact_details_appear_on_acceptance_and_not_before() -> None:
    booked = _letter(PAIR.says(exchanges.ExchangeBooked), "booked")
    asked = _letter(PAIR.says(exchanges.ExchangeRequested), "requested")
    assert "tom.reed@example.org" in booked.text
    assert "tom.reed@example.org" not in asked.text


@pytest.mark.parametrize(
    ("minutes", "time", "credits"),
    [
        (15, "15 minutes", "0.25 credits"),
        (60, "1 hour", "1 credit"),
        (90, "1 hour 30 minutes", "1.5 credits"),
        (1440, "24 hours", "24 credits"),
        (0, "0 minutes", "0 credits"),
    ],
)
def test_minutes_are_hours_and_credits_on_screens(minutes: int, time: str, credits: str) -> None:
    assert (render.duration(minutes), render.credits(minutes)) == (time, credits)


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        ("2026-05-05T13:00:00Z", "Tuesday 5 May 2026 at 14:00"),
        ("2026-12-31T23:30:00Z", "Thursday 31 December 2026 at 23:30"),
        ("2026-06-30T23:30:00Z", "Wednesday 1 July 2026 at 00:30"),
    ],
)
def test_times_are_those_of_clocks_in_england(moment: str, shown: str) -> None:
    assert render.day_and_time(moment) == shown
