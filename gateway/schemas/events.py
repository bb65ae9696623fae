"""Shapes about kinds of events."""

from marshmallow import fields

from gateway.schemas import field


class EventField(field.Answer):
    name = fields.String(required=True)
    nullable = fields.Boolean(required=True)


class EventType(field.Answer):
    """A kind of event; its routing key is the region, a dot, and the type."""

    type = fields.String(required=True)
    producer = fields.String(required=True)
    body = fields.List(fields.Nested(EventField), required=True)


class EventTypes(field.Answer):
    items = fields.List(fields.Nested(EventType), required=True)
