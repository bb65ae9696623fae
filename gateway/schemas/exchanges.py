"""Shapes about exchanges: asking, every action, and what is answered."""

from marshmallow import fields

from gateway.schemas import field
from gateway.schemas.listings import Funding
from services.contracts import event, words

LONGEST_REASON = 2_000
LONGEST_MESSAGE = 2_000


class ExchangeBody(field.Body):
    """Asking: the owner of an offer gives, the owner of a request receives."""

    listing_id = field.Id(required=True)
    slot_id = field.Id(
        allow_none=True,
        metadata={
            "format": "uuid",
            "description": "One of the listing's times, which nobody else can take then; "
            "`starts_at` follows from it.",
        },
    )
    minutes = event.Minutes(required=True)
    starts_at = field.Moment(allow_none=True)
    message = field.Text(max=LONGEST_MESSAGE, blank=True, lines=True, allow_none=True)


class Nothing(field.Body):
    """No body, or an empty object."""


class Reason(field.Body):
    """Why, in the caller's words; the other party reads it."""

    reason = field.Text(max=LONGEST_REASON, blank=True, lines=True, allow_none=True)


class GoodReason(field.Body):
    """Why, for a third person who has to judge."""

    reason = field.Text(required=True, max=LONGEST_REASON, lines=True)


class Amendment(field.Body):
    """Other minutes, another time, or both."""

    minutes = event.Minutes()
    starts_at = field.Moment(allow_none=True)


class NewTime(field.Body):
    starts_at = field.Moment(required=True)


class Done(field.Body):
    """It took place, and took this long."""

    minutes = event.Minutes(required=True)


class Confirmation(field.Body):
    """The stated minutes, unless others are named."""

    minutes = event.Minutes()


class Resolution(field.Body):
    """How a rep who is no party ends a dispute."""

    outcome = field.slug(("settle", "cancel"), required=True)
    minutes = event.Minutes(allow_none=True)
    reason = field.Text(required=True, max=LONGEST_REASON, lines=True)


class Thanks(field.Body):
    message = field.Text(required=True, max=LONGEST_MESSAGE, lines=True)
    publish = field.Flag(load_default=False)


class Party(field.Answer):
    id = field.id_text(required=True)
    name = fields.String(required=True, allow_none=True)
    region = fields.String(required=True)


class Step(field.Answer):
    """One step in the life of an exchange."""

    version = event.Count(required=True)
    action = fields.String(required=True)
    actor_id = field.id_text(allow_none=True)
    for_id = fields.String(
        allow_none=True,
        metadata={"format": "uuid", "description": "Whom a representative took it for."},
    )
    state = field.slug(words.EXCHANGE_STATES, required=True)
    minutes = event.Count()
    reason = fields.String(allow_none=True)
    client_id = fields.String(
        allow_none=True,
        metadata={
            "format": "uuid",
            "description": "The system that took the step for `actor_id`, if one did.",
        },
    )
    at = field.moment_text(required=True)


class ThanksSaid(field.Answer):
    author_id = field.id_text(required=True)
    message = fields.String(required=True)
    publish = fields.Boolean(required=True)
    at = field.moment_text(required=True)


class Contact(field.Answer):
    email = fields.String(required=True)


class Exchange(field.Answer):
    id = field.id_text(required=True)
    listing_id = field.id_text(required=True)
    title = fields.String()
    category = fields.String(allow_none=True)
    pathway = fields.String(allow_none=True)
    region = fields.String(metadata={"description": "The receiver's, when it was requested."})
    giver = fields.Nested(Party, required=True)
    receiver = fields.Nested(Party, required=True)
    asker_id = field.id_text()
    minutes = event.Count(required=True)
    stated_minutes = event.Count(allow_none=True)
    held_minutes = event.Count(allow_none=True)
    shortfall_minutes = event.Count(allow_none=True)
    ways_out = fields.List(fields.String(), allow_none=True)
    state = field.slug(words.EXCHANGE_STATES, required=True)
    next_actor = field.slug(words.NEXT_ACTORS, required=True, allow_none=True)
    allowed = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Actions the caller may take now."},
    )
    deadline = field.moment_text(required=True, allow_none=True)
    starts_at = field.moment_text(required=True, allow_none=True)
    message = fields.String(allow_none=True)
    ask_id = fields.String(
        allow_none=True,
        metadata={
            "format": "uuid",
            "description": "Of the ask, where several givers were asked at once: "
            "`GET /v1/asks/{id}`, for whoever asked.",
        },
    )
    superseded = fields.Boolean(
        metadata={
            "description": "Withdrawn because somebody else who was asked said yes first; "
            "absent from the answer to a step."
        }
    )
    sent = fields.Boolean(metadata={"description": "False while its asker waits to be let in."})
    from_fund = fields.Boolean()
    recorded = fields.Boolean(
        metadata={
            "description": "A representative took a step for a party, or it took place "
            "before: the receiver's silence confirms nothing."
        }
    )
    took_place_before = fields.Boolean(
        metadata={"description": "Written down after it took place: a yes completes it."}
    )
    allowed_for = fields.Dict(
        keys=field.id_text(),
        values=fields.List(fields.String()),
        metadata={"description": "For a representative: actions for each party, by their id."},
    )
    reversal_pending = fields.Boolean()
    history = fields.List(fields.Nested(Step))
    thanks = fields.List(fields.Nested(ThanksSaid))
    requested_at = field.moment_text(allow_none=True)
    booked_at = field.moment_text(allow_none=True)
    completed_at = field.moment_text(allow_none=True)
    settled_at = field.moment_text(allow_none=True)
    version = event.Count()
    sequence = event.Count(
        metadata={"description": "Of its calendar entry: one more with each change of the time."}
    )
    funding = fields.Nested(Funding)
    contact = fields.Nested(
        Contact,
        allow_none=True,
        metadata={"description": "The other's, once both said yes, and if they show it."},
    )
    message_count = event.Count(metadata={"description": "For the two themselves."})
    unread_count = event.Count(
        metadata={
            "description": "Messages of the other that the caller has not looked at; for the "
            "two themselves, in the list of their own exchanges, too."
        }
    )
    messages_open = fields.Boolean(
        metadata={"description": "Whether the two can write to each other."}
    )
    helped = fields.String(
        allow_none=True,
        metadata={"description": "What the caller said to whether it helped; seen by nobody else."},
    )
    feedback_open = fields.Boolean(metadata={"description": "Whether the caller may say so."})
    reachable = fields.Boolean(
        metadata={"description": "Whether the two can ask each other again."}
    )


class Exchanges(field.Answer):
    items = fields.List(fields.Nested(Exchange), required=True)
    next = fields.String(required=True, allow_none=True)


class ExchangesQuery(field.Page):
    state = field.slug(words.EXCHANGE_STATES)
    region = field.region(metadata={"description": "For the region's reps."})
    mine = field.slug(
        ("true", "false", "giver", "receiver"),
        metadata={"description": "One's own, or those where one is on a side."},
    )
    waiting_on_me = field.Asked()
    unread = field.Asked(
        metadata={
            "description": "Only one's own in which the other wrote what one has not looked at."
        }
    )
