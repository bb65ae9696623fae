"""What exchanges says: listings, and every step in the life of an exchange."""

from marshmallow import fields, validate

from services.contracts import words
from services.contracts.event import Count, Event, Minutes, catalogue


class ListingEvent(Event):
    """What every event about a listing carries; its words stay in exchanges."""

    listing_id = fields.UUID(required=True)
    version = Count(required=True)
    owner_id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(words.LISTING_KINDS))
    category = fields.String(required=True, allow_none=True)
    pathway = fields.String(required=True, allow_none=True)
    minutes = Minutes(required=True)
    region = fields.String(required=True, validate=validate.OneOf(words.ROUTES))
    organisation = fields.String(required=True, allow_none=True)


class ListingPublished(ListingEvent):
    event = "listing_published"


class ListingClosed(ListingEvent):
    event = "listing_closed"


class ListingExpired(ListingEvent):
    event = "listing_expired"


class ListingsFound(Event):
    """Something new fits what a member looks for; what that is stays in exchanges."""

    event = "listings_found"

    digest_id = fields.UUID(required=True)
    """Of the digest: by it exchanges tells what was found."""
    member_id = fields.UUID(required=True)
    listings = Count(required=True)
    """How many are new."""
    region = fields.String(required=True, validate=validate.OneOf(words.ROUTES))
    found_at = fields.AwareDateTime(required=True)


class ExchangeEvent(Event):
    """What every event about an exchange carries.

    ``version`` grows by one with every step, so that a reader who hears steps in
    any order knows the newest. ``minutes`` is what is agreed so far; ``region`` is
    the receiver's home region, fixed when the exchange was requested.
    """

    exchange_id = fields.UUID(required=True)
    version = Count(required=True)
    listing_id = fields.UUID(required=True)
    state = fields.String(required=True, validate=validate.OneOf(words.EXCHANGE_STATES))
    giver_id = fields.UUID(required=True)
    receiver_id = fields.UUID(required=True)
    asker_id = fields.UUID(required=True)
    actor_id = fields.UUID(required=True, allow_none=True)
    """Who took the step; null when a deadline or another service did."""
    next_actor = fields.String(
        required=True, allow_none=True, validate=validate.OneOf(words.NEXT_ACTORS)
    )
    minutes = Minutes(required=True)
    category = fields.String(required=True, allow_none=True)
    pathway = fields.String(required=True, allow_none=True)
    region = fields.String(required=True, validate=validate.OneOf(words.ROUTES))
    giver_region = fields.String(required=True, validate=validate.OneOf(words.ROUTES))
    receiver_region = fields.String(required=True, validate=validate.OneOf(words.ROUTES))
    giver_organisation = fields.String(required=True, allow_none=True)
    receiver_organisation = fields.String(required=True, allow_none=True)
    starts_at = fields.AwareDateTime(required=True, allow_none=True)
    deadline = fields.AwareDateTime(required=True, allow_none=True)
    requested_at = fields.AwareDateTime(required=True)
    happened_at = fields.AwareDateTime(required=True)
    """When the step was taken, by the exchanges' clock."""


class ExchangeRequested(ExchangeEvent):
    event = "exchange_requested"


class ExchangeRecorded(ExchangeEvent):
    """It took place before it was written down: the other is asked to say so, too."""

    event = "exchange_recorded"


class ExchangeReminded(ExchangeEvent):
    """A representative reminds whoever must act next."""

    event = "exchange_reminded"


class ExchangeAmended(ExchangeEvent):
    """Other minutes or another time were proposed; ``hold_id`` is to be released, if any."""

    event = "exchange_amended"

    hold_id = fields.UUID(required=True, allow_none=True)


class ExchangeAccepted(ExchangeEvent):
    """The ledger is asked to hold ``minutes`` of the receiver under ``hold_id``."""

    event = "exchange_accepted"

    attempt = Count(required=True)
    hold_id = fields.UUID(required=True)
    from_fund = fields.Boolean(required=True)
    """Whether the community fund is asked to make up what the receiver lacks."""


class ExchangeDeclined(ExchangeEvent):
    event = "exchange_declined"


class ExchangeWithdrawn(ExchangeEvent):
    event = "exchange_withdrawn"

    hold_id = fields.UUID(required=True, allow_none=True)


class ExchangeSuperseded(ExchangeEvent):
    """Another giver who was asked at the same time said yes first; nothing was held."""

    event = "exchange_superseded"


class ExchangeExpired(ExchangeEvent):
    event = "exchange_expired"


class ExchangeUnfunded(ExchangeEvent):
    event = "exchange_unfunded"

    shortfall_minutes = Count(required=True)


class ExchangeBooked(ExchangeEvent):
    event = "exchange_booked"

    hold_id = fields.UUID(required=True)
    sequence = Count(required=True)
    """Of the calendar entry: it grows with every change of time."""


class ExchangeRescheduled(ExchangeEvent):
    event = "exchange_rescheduled"

    sequence = Count(required=True)


class ExchangeCancelled(ExchangeEvent):
    event = "exchange_cancelled"

    hold_id = fields.UUID(required=True, allow_none=True)
    sequence = Count(required=True)


class ExchangeLapsed(ExchangeEvent):
    event = "exchange_lapsed"

    hold_id = fields.UUID(required=True, allow_none=True)


class ExchangeNoShow(ExchangeEvent):
    event = "exchange_no_show"

    hold_id = fields.UUID(required=True, allow_none=True)


class ExchangeDone(ExchangeEvent):
    """The giver says it happened, or the receiver offers fewer minutes than stated."""

    event = "exchange_done"

    stated_minutes = Minutes(required=True)


class ExchangeCompleted(ExchangeEvent):
    """The ledger is asked to post ``minutes`` from ``hold_id`` and release the rest."""

    event = "exchange_completed"

    hold_id = fields.UUID(required=True)
    completed_at = fields.AwareDateTime(required=True)


class ExchangeDisputed(ExchangeEvent):
    event = "exchange_disputed"

    stated_minutes = Minutes(required=True, allow_none=True)


class ExchangeResolved(ExchangeEvent):
    """A rep settled a dispute; a completion or a cancellation follows as its own event."""

    event = "exchange_resolved"

    outcome = fields.String(required=True, validate=validate.OneOf(("settle", "cancel")))


class ExchangeSettled(ExchangeEvent):
    event = "exchange_settled"

    transfer_id = fields.UUID(required=True)
    completed_at = fields.AwareDateTime(required=True)


class ExchangeReversed(ExchangeEvent):
    """The ledger is asked to move ``minutes`` back by a transfer of its own."""

    event = "exchange_reversed"

    transfer_id = fields.UUID(required=True)
    """The transfer to be reversed."""
    reason = fields.String(required=True, validate=validate.OneOf(("reversed_by_rep",)))
    """A code; the rep's own words stay in exchanges."""


class ExchangeThanked(ExchangeEvent):
    event = "exchange_thanked"


class MessageSent(Event):
    """One of the two wrote to the other; what they wrote is in no event."""

    event = "message_sent"

    exchange_id = fields.UUID(required=True)
    giver_id = fields.UUID(required=True)
    receiver_id = fields.UUID(required=True)
    actor_id = fields.UUID(required=True)
    """Who wrote."""
    first_unread = fields.Boolean(required=True)
    """Whether the other has looked at everything before: then they are told, else they were."""


class FeedbackGiven(Event):
    """One of the two said whether a settled exchange helped.

    Neither says who nor of which exchange: readers count, and cannot look anybody up. Who
    changes their mind says so with ``instead_of``.
    """

    event = "feedback_given"

    side = fields.String(required=True, validate=validate.OneOf(("giver", "receiver")))
    helped = fields.String(required=True, validate=validate.OneOf(words.FEEDBACK))
    instead_of = fields.String(
        required=True, allow_none=True, validate=validate.OneOf(words.FEEDBACK)
    )
    category = fields.String(required=True, allow_none=True)
    pathway = fields.String(required=True, allow_none=True)


class ConcernEvent(Event):
    """What every event about a concern carries; what it is about stays in exchanges."""

    concern_id = fields.UUID(required=True)
    exchange_id = fields.UUID(required=True, allow_none=True)
    severity = fields.String(required=True)
    holder = fields.String(required=True, validate=validate.OneOf(("rep", "national")))
    """Who looks into it: a representative of the region, or the national team."""
    raised_by_id = fields.UUID(required=True)
    concerned_id = fields.UUID(required=True)
    """Whom it is about: told to nobody, so that nobody in it is told as a colleague."""
    acknowledge_by = fields.AwareDateTime(required=True)


class ConcernRaised(ConcernEvent):
    event = "concern_raised"


class ConcernAcknowledged(ConcernEvent):
    """Somebody looks into it."""

    event = "concern_acknowledged"


class ConcernHandedOn(ConcernEvent):
    """The national team looks into it from now on."""

    event = "concern_handed_on"


class ConcernClosed(ConcernEvent):
    event = "concern_closed"


class HeartbeatSaid(Event):
    """A region is being worked for: webhooks hear it by the road all their signals come."""

    event = "heartbeat_said"

    region = fields.String(required=True, validate=validate.OneOf(words.ROUTES))
    minute = fields.AwareDateTime(required=True)


EVENTS = catalogue(globals(), "exchanges")
