"""What notifications says: a notice went out, or could not."""

from marshmallow import fields, validate

from services.contracts.event import Event, catalogue


class NoticeEvent(Event):
    """What every event about a notice carries; never an address or a text."""

    notice_id = fields.UUID(required=True)
    about_event_id = fields.String(required=True)
    member_id = fields.UUID(required=True)
    channel = fields.String(required=True, validate=validate.OneOf(("in_app", "email")))
    template = fields.String(required=True)


class NoticeSent(NoticeEvent):
    event = "notice_sent"


class NoticeFailed(NoticeEvent):
    event = "notice_failed"

    reason = fields.String(required=True)
    """A code such as ``no_address`` or ``refused_by_server``."""


EVENTS = catalogue(globals(), "notifications")
