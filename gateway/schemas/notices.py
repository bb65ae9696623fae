"""Shapes about notices and what a member wants to hear by e-mail."""

from marshmallow import fields

from gateway.schemas import field


class Notice(field.Answer):
    """One thing a member was told."""

    id = field.id_text(required=True)
    template = fields.String(required=True, metadata={"description": "What kind of notice."})
    text = fields.String(required=True)
    exchange_id = field.id_text(allow_none=True)
    created_at = field.moment_text(required=True)
    read_at = field.moment_text(required=True, allow_none=True)


class Notices(field.Answer):
    items = fields.List(fields.Nested(Notice), required=True)
    next = fields.String(required=True, allow_none=True)


class NoticesQuery(field.Page):
    unread = field.Asked()


class Kinds(field.Answer):
    """The e-mails a member may do without, by kind."""

    progress = fields.Boolean()
    thanks = fields.Boolean()
    messages = fields.Boolean()
    membership = fields.Boolean()
    searches = fields.Boolean(metadata={"description": "What fits one's saved searches."})


class Preferences(field.Answer):
    email = fields.Boolean(required=True, metadata={"description": "Whether any is wanted."})
    kinds = fields.Nested(Kinds, required=True)
    version = fields.Integer()


class KindsPatch(field.Body):
    progress = field.Flag()
    thanks = field.Flag()
    messages = field.Flag()
    membership = field.Flag()
    searches = field.Flag()


class PreferencesPatch(field.Body):
    """What is not named stays."""

    email = field.Flag()
    kinds = fields.Nested(KindsPatch)
