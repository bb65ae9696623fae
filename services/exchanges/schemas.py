"""The shapes of what callers send: every body, filter and page, checked before it is used."""

import datetime
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import marshmallow
from marshmallow import fields, validate

from services.contracts import event, words
from services.exchanges import errors, feedback, slot

LONGEST_TITLE = 200
LONGEST_TEXT = 5000
LONGEST_WORDS = 200
MOST_SKILLS = 20
MOST_IDS = 1000
MOST_ASKED = 3
"""Givers of one ask: more would leave most of them with a thank-you and no exchange."""


class Text(fields.String):
    """Text the database can keep: no NUL and no half of a character; blank is trimmed."""

    def __init__(self, longest: int, shortest: int = 0, **kwargs: Any) -> None:
        super().__init__(validate=validate.Length(min=shortest, max=longest), **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = str(super()._deserialize(value, attr, data, **kwargs)).strip()
        if "\0" in text or not _encodable(text):
            raise marshmallow.ValidationError("Not a valid text.")
        return text


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class Flag(fields.Boolean):
    """``true`` or ``false`` themselves; words and numbers that look like them are refused."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Moment(fields.AwareDateTime):
    """A time with its offset, handed on in UTC."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> datetime.datetime:
        moment = super()._deserialize(value, attr, data, **kwargs)
        assert isinstance(moment, datetime.datetime)
        try:
            return moment.astimezone(datetime.UTC)
        except OverflowError:  # the first or the last hours of the calendar
            raise self.make_error("invalid", input=value, obj_type="datetime") from None


def _one_of(choices: tuple[str, ...]) -> fields.String:
    """A word of a closed list, or nothing."""
    return fields.String(validate=validate.OneOf(choices), allow_none=True, load_default=None)


class SlotTime(marshmallow.Schema):
    starts_at = Moment(required=True)
    minutes = event.Minutes(required=True)


class ListingChange(marshmallow.Schema):
    """What the owner of a listing may change; ``null`` clears what can be empty."""

    title = Text(LONGEST_TITLE, 1)
    description = Text(LONGEST_TEXT)
    category = fields.String(validate=validate.OneOf(words.CATEGORIES), allow_none=True)
    pathway = fields.String(validate=validate.OneOf(words.PATHWAYS), allow_none=True)
    minutes = event.Minutes()
    online = Flag()
    place = Text(LONGEST_TITLE, allow_none=True)
    skills = fields.List(Text(100, 1), validate=validate.Length(max=MOST_SKILLS))
    capacity = event.Count(validate=validate.Range(min=1, max=10_000), allow_none=True)
    expires_at = Moment(allow_none=True)
    slots = fields.List(fields.Nested(SlotTime), validate=validate.Length(max=slot.MOST))


class NewListing(ListingChange):
    kind = fields.String(required=True, validate=validate.OneOf(words.LISTING_KINDS))
    title = Text(LONGEST_TITLE, 1, required=True)
    description = Text(LONGEST_TEXT, required=True)
    category = _one_of(words.CATEGORIES)
    pathway = _one_of(words.PATHWAYS)
    minutes = event.Minutes(required=True)
    online = Flag(load_default=True)
    place = Text(LONGEST_TITLE, allow_none=True, load_default=None)
    skills = fields.List(Text(100, 1), validate=validate.Length(max=MOST_SKILLS), load_default=list)
    capacity = event.Count(
        validate=validate.Range(min=1, max=10_000), allow_none=True, load_default=None
    )
    expires_at = Moment(allow_none=True, load_default=None)


class ImportedListing(marshmallow.Schema):
    """A listing of somebody who comes from an earlier bank, with whose it is."""

    owner_id = fields.UUID(required=True)
    region = fields.String(required=True, validate=validate.OneOf(words.REGIONS))
    organisation = fields.String(required=True, allow_none=True)
    listing = fields.Nested(NewListing, required=True)


class Ask(marshmallow.Schema):
    """With ``slot_id`` one of the listing's times is taken."""

    listing_id = fields.UUID(required=True)
    slot_id = fields.UUID(allow_none=True, load_default=None)
    minutes = event.Minutes(required=True)
    starts_at = Moment(allow_none=True, load_default=None)
    message = Text(2000, allow_none=True, load_default=None)


class AskSeveral(marshmallow.Schema):
    """One ask to two or three givers: see ``ask_handlers.ask``."""

    listing_ids = fields.List(fields.UUID(), required=True, validate=validate.Length(2, MOST_ASKED))
    minutes = event.Minutes(required=True)
    starts_at = Moment(allow_none=True, load_default=None)
    message = Text(2000, allow_none=True, load_default=None)


class Nothing(marshmallow.Schema):
    """An action that says nothing beyond itself."""


class Reason(marshmallow.Schema):
    reason = Text(2000, allow_none=True)


class GoodReason(marshmallow.Schema):
    """Of what a third person will have to judge."""

    reason = Text(2000, 1, required=True)


class Amendment(marshmallow.Schema):
    minutes = event.Minutes(allow_none=True)
    starts_at = Moment(allow_none=True)


class NewTime(marshmallow.Schema):
    starts_at = Moment(required=True)


class Done(marshmallow.Schema):
    minutes = event.Minutes(required=True)


class Confirmation(marshmallow.Schema):
    minutes = event.Minutes(allow_none=True)


class Resolution(GoodReason):
    outcome = fields.String(required=True, validate=validate.OneOf(("settle", "cancel")))
    minutes = event.Minutes(allow_none=True)


class ThankYou(marshmallow.Schema):
    message = Text(2000, 1, required=True)
    publish = Flag(load_default=False)


ACTIONS: dict[str, type[marshmallow.Schema]] = {
    "accept": Nothing,
    "decline": Reason,
    "amend": Amendment,
    "withdraw": Reason,
    "ask_fund": Nothing,
    "reschedule": NewTime,
    "cancel": Reason,
    "done": Done,
    "no_show": Reason,
    "confirm": Confirmation,
    "dispute": GoodReason,
    "resolve": Resolution,
    "reverse": GoodReason,
    "thank": ThankYou,
    "remind": Nothing,
}


class NewMessage(marshmallow.Schema):
    text = Text(2000, 1, required=True)


class Feedback(marshmallow.Schema):
    helped = fields.String(required=True, validate=validate.OneOf(feedback.ANSWERS))


class NewConcern(marshmallow.Schema):
    """About the other of an exchange, or about a member: one of the two is named."""

    exchange_id = fields.UUID(allow_none=True, load_default=None)
    member_id = fields.UUID(allow_none=True, load_default=None)
    severity = fields.String(required=True, validate=validate.OneOf(words.CONCERN_SEVERITIES))
    text = Text(LONGEST_TEXT, 1, required=True)
    attach_messages = Flag(load_default=False)

    @marshmallow.validates_schema
    def _names_one(self, data: dict[str, Any], **_: Any) -> None:
        if bool(data.get("exchange_id")) == bool(data.get("member_id")):
            raise marshmallow.ValidationError("Name an exchange or a member.", "exchange_id")


class ForTheRecord(marshmallow.Schema):
    text = Text(LONGEST_TEXT, 1, required=True)


class Closing(ForTheRecord):
    """``answer`` is for whoever raised it."""

    answer = Text(2000, allow_none=True, load_default=None)


CONCERN_ACTIONS: dict[str, type[marshmallow.Schema]] = {
    "acknowledge": Nothing,
    "note": ForTheRecord,
    "refer": ForTheRecord,
    "hand_on": ForTheRecord,
    "close": Closing,
}


class Record(marshmallow.Schema):
    """What took place; ``role`` is that of the one it is recorded for."""

    title = Text(LONGEST_TITLE, 1, required=True)
    with_member_id = fields.UUID(required=True)
    for_member_id = fields.UUID(allow_none=True, load_default=None)
    role = fields.String(required=True, validate=validate.OneOf(("giver", "receiver")))
    minutes = event.Minutes(required=True)
    took_place_at = Moment(allow_none=True, load_default=None)
    category = _one_of(words.CATEGORIES)
    pathway = _one_of(words.PATHWAYS)


class Page(marshmallow.Schema):
    limit = event.Count(validate=validate.Range(min=1, max=100), load_default=20)
    cursor = Text(100, allow_none=True, load_default=None)


class MessageQuery(Page):
    """``seen`` says that whoever asks looks at what is answered."""

    seen = Flag(load_default=False)


class ConcernQuery(Page):
    """``handled`` asks for what one looks into instead of what one raised."""

    handled = Flag(load_default=False)


class ListingQuery(Page):
    q = Text(LONGEST_WORDS, allow_none=True, load_default=None)
    kind = _one_of(words.LISTING_KINDS)
    category = _one_of(words.CATEGORIES)
    pathway = _one_of(words.PATHWAYS)
    region = _one_of(words.ROUTES)
    state = _one_of(words.LISTING_STATES)
    skill = Text(100, allow_none=True, load_default=None)
    online = Flag(allow_none=True, load_default=None)
    mine = Flag(allow_none=True, load_default=None)
    owner = fields.UUID(allow_none=True, load_default=None)


class NewSearch(marshmallow.Schema):
    """What somebody wants to hear of; of everything, where nothing is said."""

    q = Text(LONGEST_WORDS, allow_none=True, load_default=None)
    kind = _one_of(words.LISTING_KINDS)
    category = _one_of(words.CATEGORIES)
    region = _one_of(words.REGIONS)


class MatchQuery(marshmallow.Schema):
    """Whom somebody looks for, and what they can give and would like, in their own words."""

    kind = fields.String(required=True, validate=validate.OneOf(words.LISTING_KINDS))
    limit = event.Count(validate=validate.Range(min=1, max=20), load_default=3)
    offered = fields.List(Text(100), validate=validate.Length(max=100), load_default=list)
    wanted = fields.List(Text(100), validate=validate.Length(max=100), load_default=list)


class ExchangeQuery(Page):
    """``mine`` is a side, or ``all`` (also ``true``) for both."""

    state = _one_of(words.EXCHANGE_STATES)
    region = _one_of(words.ROUTES)
    mine = fields.Raw(
        validate=validate.OneOf(("giver", "receiver", "all", True, False)),
        allow_none=True,
        load_default=None,
    )
    waiting_on_me = Flag(allow_none=True, load_default=None)
    unread = Flag(allow_none=True, load_default=None)


_made: dict[type[marshmallow.Schema], marshmallow.Schema] = {}


def load(schema: type[marshmallow.Schema], data: Any) -> dict[str, Any]:
    """Check what was sent.

    Raises:
        errors.Invalid: with a pointer to each field that is wrong, missing or unknown.
    """
    if schema not in _made:
        _made[schema] = schema()
    if not isinstance(data, Mapping):
        raise errors.Invalid(errors=[_problem("", "Not an object.")])
    try:
        loaded: dict[str, Any] = _made[schema].load(data)
    except marshmallow.ValidationError as error:
        raise errors.Invalid(errors=_problems("", error.normalized_messages())) from None
    return loaded


def _problems(pointer: str, found: Any) -> list[dict[str, str]]:
    if isinstance(found, Mapping):
        parts = (_problems(f"{pointer}/{key}", inner) for key, inner in found.items())
        return [problem for part in parts for problem in part]
    return [_problem(pointer, message) for message in found]


def _problem(pointer: str, message: str) -> dict[str, str]:
    return {"pointer": pointer, "message": message, "code": "invalid"}


def an_id(text: Any) -> UUID | None:
    """The UUID in a text; ``None`` when it is none, so that it names nothing there is."""
    try:
        return UUID(text)
    except (ValueError, TypeError, AttributeError):
        return None


def ids(texts: Any) -> list[UUID]:
    """The UUIDs in a list; what is none is left out.

    Raises:
        errors.Invalid: not a list, or too long a one.
    """
    if not isinstance(texts, list) or len(texts) > MOST_IDS:
        raise errors.Invalid(errors=[_problem("/ids", f"Not a list of at most {MOST_IDS} ids.")])
    return [found for found in map(an_id, texts) if found]


def cursor_id(cursor: str | None) -> UUID | None:
    """The id a list stopped at.

    Raises:
        errors.BadCursor: the cursor is none of ours.
    """
    if cursor is None:
        return None
    found = an_id(cursor)
    if found is None:
        raise errors.BadCursor
    return found


def cursor_offset(cursor: str | None) -> int:
    """How many results of a ranked list were seen.

    Raises:
        errors.BadCursor: the cursor is none of ours, or further than anybody reads.
    """
    if cursor is None:
        return 0
    if not re.fullmatch(r"[0-9]{1,5}", cursor):
        raise errors.BadCursor
    return int(cursor)
