"""Shapes about concerns, and about members who want nothing to do with each other."""

from marshmallow import fields

from gateway.schemas import field
from gateway.schemas.talk import Message
from services.contracts import event, words

LONGEST_TEXT = 5_000
LONGEST_ANSWER = 2_000
STATES = ("raised", "acknowledged", "closed")


class ConcernBody(field.Body):
    """About the other of an exchange, or about a member: one of the two is named."""

    exchange_id = field.Id(allow_none=True)
    member_id = field.Id(allow_none=True)
    severity = field.slug(words.CONCERN_SEVERITIES, required=True)
    text = field.Text(required=True, max=LONGEST_TEXT, lines=True)
    attach_messages = field.Flag(
        load_default=False,
        metadata={"description": "Show the messages of the exchange to who looks into it."},
    )


class ConcernStepBody(field.Body):
    """For the record, which only those who look into concerns read."""

    text = field.Text(required=True, max=LONGEST_TEXT, lines=True)


class ClosingBody(ConcernStepBody):
    answer = field.Text(
        max=LONGEST_ANSWER,
        lines=True,
        blank=True,
        allow_none=True,
        metadata={"description": "For whoever raised it."},
    )


class ConcernStep(field.Answer):
    action = fields.String(required=True)
    actor_id = fields.String(allow_none=True, metadata={"format": "uuid"})
    text = fields.String(allow_none=True)
    at = field.moment_text(required=True)


class Concern(field.Answer):
    """A reported problem: its author sees what they said and heard, a handler all of it."""

    id = field.id_text(required=True)
    exchange_id = fields.String(required=True, allow_none=True, metadata={"format": "uuid"})
    about_id = field.id_text(required=True)
    severity = field.slug(words.CONCERN_SEVERITIES, required=True)
    state = field.slug(STATES, required=True)
    raised_at = field.moment_text(required=True)
    acknowledge_by = field.moment_text(required=True)
    acknowledged_at = field.moment_text(required=True, allow_none=True)
    closed_at = field.moment_text(required=True, allow_none=True)
    version = event.Count(required=True)
    text = fields.String()
    answer = fields.String(allow_none=True)
    region = fields.String()
    holder = fields.String(metadata={"description": "`rep` or `national`."})
    raised_by = field.id_text()
    acted_at = field.moment_text()
    allowed = fields.List(fields.String())
    steps = fields.List(fields.Nested(ConcernStep))
    messages = fields.List(fields.Nested(Message))


class Concerns(field.Answer):
    items = fields.List(fields.Nested(Concern), required=True)
    next = fields.String(required=True, allow_none=True)


class ConcernsQuery(field.Page):
    handled = field.Asked(
        metadata={"description": "What one looks into, instead of what one raised."}
    )


class WaitingConcern(field.Answer):
    """A concern in a representative's list, with its place among everything that waits."""

    id = field.id_text(required=True)
    about_id = field.id_text(required=True)
    severity = field.slug(words.CONCERN_SEVERITIES, required=True)
    region = fields.String(required=True)
    score = event.Count(required=True, metadata={"description": "Comparable with the items'."})
    reason = fields.String(required=True)
    since = field.moment_text(required=True)
    acknowledge_by = field.moment_text(required=True)


class BlockBody(field.Body):
    member_id = field.Id(required=True)


class Block(field.Answer):
    member_id = field.id_text(required=True)
    name = fields.String(allow_none=True)
    since = field.moment_text()


class Blocks(field.Answer):
    items = fields.List(fields.Nested(Block), required=True)
    next = fields.String(required=True, allow_none=True)
