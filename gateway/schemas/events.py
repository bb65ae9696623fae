"""Shapes about kinds of events."""

from marshmallow import fields

from gateway.schemas import field


class EventField(field.Answer):
    name = fields.String(required=True)
    nullable = fields.Boolean(required=True)


class Signal(field.Answer):
    """A CloudEvent without data; ``dataref`` says where to ask about the subject."""

    specversion = fields.String(required=True)
    id = field.id_text(required=True)
    source = fields.String(required=True)
    type = fields.String(required=True)
    time = field.moment_text(required=True)
    subject = fields.String(required=True)
    dataref = fields.String(required=True)


class EventType(field.Answer):
    """A type of signal: what it means, what its subject is, and how it looks."""

    type = fields.String(required=True)
    producer = fields.String(required=True)
    meaning = fields.String(required=True)
    about = fields.String(required=True, metadata={"description": "What the subject is."})
    routing_key = fields.String(required=True)
    body = fields.List(fields.Nested(EventField), required=True)
    sample = fields.Nested(Signal, required=True)


class EventTypes(field.Answer):
    items = fields.List(fields.Nested(EventType), required=True)
