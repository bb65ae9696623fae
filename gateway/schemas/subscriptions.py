"""Shapes about subscriptions: who hears of events, by what way, and what became of each signal."""

from marshmallow import fields, validate

from gateway.schemas import field
from services.contracts import event, feed, words

KINDS = ("amqp", "webhook")
STATES = ("waiting", "active", "ended")
DELIVERY_STATES = ("pending", "delivered", "failed")
TYPES = tuple(signal.type for signal in feed.SIGNALS)
LONGEST_URL = 2_000
LONGEST_REASON = 1_000


class SubscriptionBody(field.Body):
    """What an integrator asks for."""

    kind = field.slug(
        KINDS,
        required=True,
        metadata={"description": "A queue of one's own at the broker, or requests to one's url."},
    )
    name = field.Text(required=True, max=100, metadata={"description": "Of the system."})
    regions = fields.List(
        field.slug(words.ROUTES),
        required=True,
        validate=validate.Length(min=1, max=len(words.ROUTES)),
        metadata={"description": "Those whose events are wanted."},
    )
    types = fields.List(
        field.slug(TYPES),
        validate=validate.Length(max=len(TYPES)),
        metadata={"description": "Of signals; none stand for all, also those to come."},
    )
    url = field.Text(
        max=LONGEST_URL,
        metadata={"description": "Where a webhook is sent: https, at a public address."},
    )


class Subscription(field.Answer):
    """A subscription; its credentials are asked for, and shown once."""

    id = field.id_text(required=True)
    owner_id = field.id_text(required=True)
    kind = field.slug(KINDS, required=True)
    name = fields.String(required=True)
    regions = fields.List(field.slug(words.ROUTES), required=True)
    types = fields.List(fields.String(), required=True)
    url = fields.String(required=True, allow_none=True)
    state = field.slug(STATES, required=True)
    end_reason = fields.String(
        allow_none=True,
        metadata={"description": "withdrawn, owner_left, gone (410), unreachable."},
    )
    created_at = field.moment_text(required=True)
    approved_at = field.moment_text(required=True, allow_none=True)
    ended_at = field.moment_text(required=True, allow_none=True)
    failing_since = field.moment_text(allow_none=True)
    """Since when a receiver has not answered well."""
    version = event.Count()
    queue = fields.String(metadata={"description": "To read; it is bound already."})
    exchange = fields.String()
    binding_keys = fields.List(fields.String())
    streams = fields.List(
        fields.String(), metadata={"description": "What was said in the last 30 days, by region."}
    )


class Approval(field.Body):
    """Why a subscription is let in, for the audit; may be left out."""

    reason = field.Text(max=LONGEST_REASON, lines=True)


class EndQuery(field.Query):
    reason = field.Text(max=LONGEST_REASON, metadata={"description": "Kept for the audit."})


class SubscriptionsQuery(field.Page):
    """One's own, or everybody's for the national team."""


class Subscriptions(field.Answer):
    items = fields.List(fields.Nested(Subscription), required=True)
    next = fields.String(required=True, allow_none=True)


class Credentials(field.Answer):
    """Shown in this answer and never again."""

    url = fields.String(metadata={"description": "amqp: the broker's, with user and password."})
    user = fields.String()
    password = fields.String()
    queue = fields.String()
    exchange = fields.String()
    binding_keys = fields.List(fields.String())
    streams = fields.List(fields.String())
    secret = fields.String(metadata={"description": "webhook: what signatures are made with."})
    previous_secret_until = field.moment_text()
    """Until then every webhook has a signature of the old one, too."""


class Pinged(field.Answer):
    id = field.id_text(required=True)
    delivered = fields.Boolean(required=True)
    status = fields.Integer(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)


class Since(field.Body):
    since = field.Moment(required=True)


class Replayed(field.Answer):
    signals = event.Count(required=True)


class DeliveriesQuery(field.Page):
    state = field.slug(DELIVERY_STATES)


class Delivery(field.Answer):
    """A signal and what became of it at one receiver."""

    id = fields.String(required=True)
    type = fields.String(required=True)
    subject = fields.String(required=True)
    time = field.moment_text(required=True)
    state = field.slug(DELIVERY_STATES, required=True)
    attempts = event.Count(required=True)
    status = fields.Integer(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    tried_at = field.moment_text(required=True, allow_none=True)
    next_at = field.moment_text(required=True, allow_none=True)


class Deliveries(field.Answer):
    items = fields.List(fields.Nested(Delivery), required=True)
    next = fields.String(required=True, allow_none=True)
