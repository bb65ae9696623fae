"""What members says: who joined, who was let in, who changed, who left."""

from marshmallow import fields, validate

from services.contracts import words
from services.contracts.event import Count, Event, catalogue


class MemberEvent(Event):
    """What every event about a member carries; nothing that names the person."""

    member_id = fields.UUID(required=True)
    version = Count(required=True)
    status = fields.String(required=True, validate=validate.OneOf(words.MEMBER_STATUSES))
    region = fields.String(required=True, validate=validate.OneOf(words.REGIONS))
    organisation = fields.String(required=True, allow_none=True)
    joined_at = fields.AwareDateTime(required=True)


class MemberJoined(MemberEvent):
    event = "member_joined"


class MemberApproved(MemberEvent):
    event = "member_approved"

    approved_by = fields.UUID(required=True, allow_none=True)


class MemberChanged(MemberEvent):
    event = "member_changed"


class MemberNudged(MemberEvent):
    """A representative encourages somebody who has not come to a first exchange."""

    event = "member_nudged"

    nudged_by = fields.UUID(required=True)


class BalanceImported(MemberEvent):
    """Somebody comes from an earlier bank with hours of their own."""

    event = "balance_imported"

    minutes = Count(required=True)
    imported_by = fields.UUID(required=True)


class PersonInvited(Event):
    """Somebody is to be written to, once more or for the first time; who, members tells."""

    event = "person_invited"

    invitation_id = fields.UUID(required=True)
    region = fields.String(required=True, validate=validate.OneOf(words.REGIONS))
    invited_by = fields.UUID(required=True)


class MemberLeft(MemberEvent):
    """Also said of a joiner who was refused: nobody may be left waiting for them."""

    event = "member_left"


EVENTS = catalogue(globals(), "members")
