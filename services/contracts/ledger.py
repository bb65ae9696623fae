"""What the ledger says: minutes held, refused, released, transferred, granted."""

from marshmallow import fields, validate

from services.contracts import words
from services.contracts.event import Count, Event, Minutes, catalogue


class HoldEvent(Event):
    """What every event about a hold carries."""

    hold_id = fields.UUID(required=True)
    exchange_id = fields.UUID(required=True)
    account_id = fields.UUID(required=True)
    """The receiver's account; a member's account has the member's id."""
    minutes = Minutes(required=True)


class MinutesHeld(HoldEvent):
    event = "minutes_held"


class HoldRefused(HoldEvent):
    event = "hold_refused"

    available_minutes = Count(required=True)
    shortfall_minutes = Count(required=True)


class HoldReleased(HoldEvent):
    event = "hold_released"


class TransferEvent(Event):
    """What every event about a transfer carries."""

    transfer_id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(words.TRANSFER_KINDS))
    exchange_id = fields.UUID(required=True, allow_none=True)
    from_account_id = fields.UUID(required=True)
    to_account_id = fields.UUID(required=True)
    minutes = Count(required=True)
    posted_at = fields.AwareDateTime(required=True)


class MinutesTransferred(TransferEvent):
    """Of every kind but grants and reversals, which have events of their own."""

    event = "minutes_transferred"


class TransferReversed(TransferEvent):
    event = "transfer_reversed"

    reverses_transfer_id = fields.UUID(required=True)


class MinutesGranted(TransferEvent):
    event = "minutes_granted"


class LimitNeared(Event):
    """An account came within an hour of its floor, or to 40 hours and more."""

    event = "limit_neared"

    account_id = fields.UUID(required=True)
    side = fields.String(required=True, validate=validate.OneOf(("floor", "ceiling")))
    balance_minutes = Count(required=True)
    available_minutes = Count(required=True)


EVENTS = catalogue(globals(), "ledger")
