"""Shapes about credits: the account and its statement."""

from marshmallow import fields

from gateway.schemas import field
from services.contracts import event, words


class Account(field.Answer):
    """Available is balance less held less floor; the floor is negative where one may owe."""

    id = field.id_text()
    balance_minutes = event.Count(required=True)
    held_minutes = event.Count(required=True)
    available_minutes = event.Count(required=True)
    floor_minutes = event.Count(required=True)
    version = event.Count()


class Counterpart(field.Answer):
    id = field.id_text(required=True)
    name = fields.String(required=True, allow_none=True)


class Entry(field.Answer):
    """One movement on the account; positive came in."""

    transfer_id = field.id_text(required=True)
    kind = field.slug(words.TRANSFER_KINDS, required=True)
    minutes = event.Count(required=True)
    balance_after_minutes = event.Count()
    exchange_id = field.id_text(allow_none=True)
    counterpart = fields.Nested(Counterpart, allow_none=True)
    posted_at = field.moment_text(required=True)


class Statement(field.Answer):
    items = fields.List(fields.Nested(Entry), required=True)
    next = fields.String(required=True, allow_none=True)
