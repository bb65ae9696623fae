"""Shapes about what lies between the two of an exchange: messages, and whether it helped."""

from marshmallow import fields

from gateway.schemas import field
from services.contracts import event, words

LONGEST_MESSAGE = 2_000


class MessageBody(field.Body):
    text = field.Text(required=True, max=LONGEST_MESSAGE, lines=True)


class Message(field.Answer):
    """What one of the two wrote; only they read it."""

    number = event.Count(required=True, metadata={"description": "From 1, in each exchange."})
    author_id = field.id_text(required=True)
    text = fields.String(
        required=True, allow_none=True, metadata={"description": "Null when its author has left."}
    )
    at = field.moment_text(required=True)


class Messages(field.Answer):
    items = fields.List(fields.Nested(Message), required=True)
    next = fields.String(required=True, allow_none=True)
    open = fields.Boolean(
        required=True, metadata={"description": "Whether the two can write to each other now."}
    )


class Seen(field.Answer):
    unread_count = event.Count(required=True)


class FeedbackBody(field.Body):
    helped = field.slug(words.FEEDBACK, required=True)


class Feedback(field.Answer):
    """What the caller said; nobody else sees it, and it is counted without a name."""

    helped = field.slug(words.FEEDBACK, required=True)
