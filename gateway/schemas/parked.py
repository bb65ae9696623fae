"""Shapes about messages that no service could handle."""

from marshmallow import fields, validate

from gateway.schemas import field
from services.contracts.event import Count
from services.contracts.readers import READERS

LONGEST_ID = 300
LONGEST_REASON = 1_000
MOST = 200


class ParkedMessage(field.Answer):
    """A message that was tried as often as any, and put aside."""

    service = fields.String(required=True, metadata={"description": "That could not handle it."})
    event_id = fields.String(required=True)
    event = fields.String(required=True, metadata={"description": "Its kind."})
    region = fields.String(required=True)
    subject = fields.String(
        allow_none=True, metadata={"description": "Id of what it is about, such as an exchange."}
    )
    why = fields.String(required=True, metadata={"description": "In a sentence."})
    failure = fields.String(required=True, metadata={"description": "For who mends it."})
    kills = fields.Boolean(
        required=True,
        metadata={"description": "It ended processes: only an operator sends it again."},
    )
    attempts = Count(required=True)
    first_failed_at = field.moment_text(required=True)


class ParkedMessages(field.Answer):
    items = fields.List(fields.Nested(ParkedMessage), required=True)
    next = fields.String(required=True, allow_none=True)
    silent = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Services that did not answer: theirs are missing."},
    )


class DecisionsQuery(field.Query):
    before = field.Moment()
    """Only what was decided earlier."""


class Decision(field.Answer):
    """What was decided about one message, by whom and why."""

    service = fields.String(required=True)
    event_id = fields.String(required=True)
    event = fields.String(required=True)
    region = fields.String(required=True)
    decision = field.slug(("put_back", "discard"), required=True)
    reason = fields.String(required=True)
    actor = fields.String(
        allow_none=True, metadata={"format": "uuid", "description": "Null: an operator's command."}
    )
    actor_name = fields.String(allow_none=True)
    at = field.moment_text(required=True)


class Decisions(field.Answer):
    items = fields.List(fields.Nested(Decision), required=True)
    next = fields.String(required=True, allow_none=True)


class DecisionBody(field.Body):
    """What is to become of parked messages of one service: of all that are named, or of none."""

    service = field.slug(tuple(sorted(READERS)), required=True)
    event_ids = fields.List(
        field.Text(max=LONGEST_ID), required=True, validate=validate.Length(min=1, max=MOST)
    )
    decision = field.slug(("put_back", "discard"), required=True)
    reason = field.Text(required=True, max=LONGEST_REASON, lines=True)


class Decided(field.Answer):
    event_ids = fields.List(fields.String(), required=True)
