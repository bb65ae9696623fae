"""Turns facts and names into the words of a notice: subject, text, HTML, one sentence."""

import datetime
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import jinja2

from services.notifications import notice

LONDON = ZoneInfo("Europe/London")
LONGEST = 120
"""Characters of a name or a title in a notice; longer ones are cut."""
NAMELESS = "A colleague"

_PLACEHOLDERS = {"{0}": "someone", "{1}": "someone else"}


@dataclass(frozen=True)
class Letter:
    """An e-mail's words."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Names:
    """What members and exchanges tell about the people and the help, at sending.

    Attributes:
        of: names by member id; those who left have none.
        other_email: the other party's address, where it may be shown.
        title: of the listing.
        found: titles of listings that fit what the reader looks for.
        others_asked: whether the asker has asked other givers as well.
    """

    of: Mapping[str, str]
    other_email: str | None = None
    title: str | None = None
    others_asked: bool = False
    found: tuple[str, ...] = ()


_environment = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=jinja2.select_autoescape(("html",), default=False),
    undefined=jinja2.StrictUndefined,
    auto_reload=False,
)
_templates = {
    name.removesuffix(".txt"): _environment.get_template(name)
    for name in _environment.list_templates(extensions=["txt"])
    if not name.startswith("layout")
}
_text = _environment.get_template("layout.txt")
_html = _environment.get_template("layout.html")

TEMPLATES = frozenset(_templates)
IN_EMAIL = frozenset(name for name, found in _templates.items() if "body" in found.blocks)
"""Notices that have an e-mail's words besides the sentence of the list."""


def letter(
    template: str,
    facts: Mapping[str, Any],
    reader: UUID,
    names: Names,
    public_url: str,
    notice_id: UUID,
) -> Letter:
    """The words of one e-mail.

    Args:
        facts: of the notice.
        reader: the member it goes to.
        public_url: of the gateway, without a slash at the end.
        notice_id: names the notice in the link that stops its kind.
    """
    spoken_of = {str(reader), *(facts.get(key) for key in notice.SPOKEN_OF)}
    of = {key: clean(names.of.get(key, "")) for key in spoken_of if key}
    context = _context(facts, reader, of)
    context["title"] = clean(names.title or "") or "your exchange"
    context["other_email"] = names.other_email
    context["others_asked"] = names.others_asked
    context["found"] = [clean(title) for title in names.found]
    parts: dict[str, str | None] = {
        part: _block(template, part, context) for part in ("subject", "body", "button", "why")
    }
    subject = parts["subject"] = clean(parts["subject"] or "", longest=2 * LONGEST)
    parts["name"] = of[str(reader)]
    parts["link"] = link(facts, public_url)
    parts["unsubscribe"] = unsubscribe_link(template, public_url, notice_id)
    return Letter(subject, _text.render(parts) + "\n", _html.render(parts))


LINK_LETTERS = {
    "sign_in": {
        "subject": "Your link to sign in",
        "body": "Press the button on the page that opens, and you are signed in.\n\n"
        "The link works once, for 15 minutes. If you did not ask for it, ignore this e-mail: "
        "nobody can sign in without it.",
        "button": "Sign in",
        "why": "somebody asked to sign in with your address",
    },
    "address": {
        "subject": "Confirm your e-mail address",
        "body": "Press the button on the page that opens, signed in as before, and you can sign "
        "in with this address, too.\n\n"
        "The link works once, for an hour. If you did not ask for it, ignore this e-mail: "
        "nothing changes without it.",
        "button": "Confirm this address",
        "why": "a member asked to add your address to their own",
    },
}
"""What is said around a link that proves an address, by what it is for."""


def link_letter(purpose: str, link: str) -> Letter:
    """The words around a link that proves an address; they name nobody, whoever gets them."""
    words = LINK_LETTERS[purpose]
    parts = {**words, "name": "", "link": link, "unsubscribe": None}
    return Letter(words["subject"], _text.render(parts) + "\n", _html.render(parts))


def sentence(template: str, facts: Mapping[str, Any], reader: UUID) -> str:
    """One plain sentence; ``{0}`` and ``{1}`` stand for the people it speaks of."""
    found = notice.people(facts, reader)
    names = {str(person): f"{{{place}}}" for place, person in enumerate(found)}
    return _block(template, "sentence", _context(facts, reader, names))


def anonymous(pattern: str) -> str:
    """A sentence for readers who cannot look up names."""
    for placeholder, word in _PLACEHOLDERS.items():
        pattern = pattern.replace(placeholder, word)
    return pattern[:1].upper() + pattern[1:]


def link(facts: Mapping[str, Any], public_url: str) -> str:
    """Where the button leads: the concern, the exchange, joining, or what others offer."""
    if "concern_id" in facts:
        return f"{public_url}/concerns/{facts['concern_id']}"
    if "digest_id" in facts:
        return f"{public_url}/searches"
    if "exchange_id" in facts:
        return f"{public_url}/exchanges/{facts['exchange_id']}"
    if "invitation_id" in facts:
        return f"{public_url}/join?by={facts['invitation_id']}"
    return f"{public_url}/listings"


def unsubscribe_link(template: str, public_url: str, notice_id: UUID) -> str | None:
    """Where e-mails of this kind can be stopped; ``None`` for essential ones."""
    return f"{public_url}/notices/{notice_id}/unsubscribe" if template in notice.KIND_OF else None


def clean(text: str, longest: int = LONGEST) -> str:
    """Somebody's words on one line: no control or direction characters, not too long."""
    if not text.isprintable():
        text = _printable(text)
    line = re.sub(r"\s+", " ", text).strip()
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _printable(text: str) -> str:
    return "".join(
        " " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter
        for letter in text
        if unicodedata.category(letter) not in ("Cf", "Cs")
    )


def duration(minutes: int) -> str:
    """``1 hour 30 minutes``."""
    hours, rest = divmod(minutes, 60)
    parts = [_counted(hours, "hour")] if hours else []
    return " ".join([*parts, _counted(rest, "minute")] if rest or not hours else parts)


def credits(minutes: int) -> str:
    """``1.5 credits``: 60 minutes are one."""
    return f"{minutes / 60:g} credit{'' if minutes == 60 else 's'}"


def day(moment: str | None) -> str | None:
    """``Tuesday 5 May 2026``, as people in England count the days."""
    if moment is None:
        return None
    local = datetime.datetime.fromisoformat(moment).astimezone(LONDON)
    return f"{local:%A} {local.day} {local:%B %Y}"


def day_and_time(moment: str | None) -> str | None:
    """``Tuesday 5 May 2026 at 14:00``, by the clocks of England."""
    if moment is None:
        return None
    local = datetime.datetime.fromisoformat(moment).astimezone(LONDON)
    return f"{day(moment)} at {local:%H:%M}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _block(template: str, name: str, context: dict[str, Any]) -> str:
    found = _templates[template]
    return "".join(found.blocks[name](found.new_context(context))).strip()


def _context(facts: Mapping[str, Any], reader: UUID, names: Mapping[str, str]) -> dict[str, Any]:
    """What the wordings may use; whatever an event did not say is ``None``."""
    giver, receiver = facts.get("giver_id"), facts.get("receiver_id")
    giving = giver == str(reader)
    minutes = facts.get("minutes", 0)
    stated = facts.get("stated_minutes")
    return {
        "giver": names.get(str(giver)) or NAMELESS,
        "receiver": names.get(str(receiver)) or NAMELESS,
        "inviter": names.get(str(facts.get("invited_by"))) or NAMELESS,
        "other": names.get(str(receiver if giving else giver)) or NAMELESS,
        "giving": giving,
        "asking": facts.get("asker_id") == str(reader),
        "your_turn": facts.get("next_actor") == ("giver" if giving else "receiver"),
        "national": "national" in (facts.get("next_actor"), facts.get("holder")),
        "severity": facts.get("severity"),
        "outcome": facts.get("outcome"),
        "time": duration(minutes),
        "credits": credits(minutes),
        "stated": duration(stated) if stated else None,
        "stated_credits": credits(stated) if stated else None,
        "shortfall": credits(facts.get("shortfall_minutes", 0)),
        "balance": credits(facts.get("balance_minutes", 0)),
        "available": credits(facts.get("available_minutes", 0)),
        "when": day_and_time(facts.get("starts_at")),
        "until": day(facts.get("deadline") or facts.get("acknowledge_by")),
        "listings": facts.get("listings", 0),
    }
