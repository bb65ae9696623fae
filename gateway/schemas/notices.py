"""Shapes about notices and what a member wants to hear by e-mail."""

from marshmallow import fields

from gateway.schemas import field


class Notice(field.Answer):
    id = field.id_text(required=True)
    template = fields.String()
    title = fields.String(allow_none=True)
    text = fields.String(allow_none=True)
    link = fields.String(allow_none=True)
    exchange_id = field.id_text(allow_none=True)
    created_at = field.moment_text(allow_none=True)
    read_at = field.moment_text(allow_none=True)


class Notices(field.Answer):
    items = fields.List(fields.Nested(Notice), required=True)
    next = fields.String(required=True, allow_none=True)


class NoticesQuery(field.Page):
    unread = field.Asked()


class Preferences(field.Answer):
    email = fields.Boolean()
    version = fields.Integer()


class PreferencesPatch(field.Body):
    email = field.Flag()
