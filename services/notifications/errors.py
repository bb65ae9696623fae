"""What notifications refuses.

Refused
├── NoSuchNotice
├── BadLimit
├── BadCursor
├── UnknownPreference
├── BadLink
├── VersionConflict
├── NoSuchSubscription
├── BadSubscription
│   └── BadReceiver
├── TooManySubscriptions
├── NotWaiting
├── NotActive
├── OnlyForWebhooks
├── FeedNotOffered
├── BadMoment
├── BadReason
└── NotAllowed
    ├── NotAMember
    ├── NotAnIntegrator
    └── OwnMatter
TryLater
└── BrokerAway
"""

from services.bus.errors import NotAllowed, Refused, TryLater


class NoSuchNotice(Refused):
    """There is no such notice."""

    code = "not_found"


class BadLimit(Refused):
    """A page cannot have that many items."""

    code = "invalid"


class BadCursor(Refused):
    """There is no such page."""

    code = "bad_cursor"


class UnknownPreference(Refused):
    """There is no such choice about notices."""

    code = "invalid"


class BadLink(Refused):
    """A link in our mails leads to our own pages."""

    code = "invalid"


class VersionConflict(Refused):
    """Your choices were changed elsewhere since you read them."""

    code = "version_conflict"


class NotAMember(NotAllowed):
    """Only somebody who has joined has notices."""

    code = "not_a_member"


class NoSuchSubscription(Refused):
    """There is no such subscription, or it is somebody else's."""

    code = "subscription_not_found"


class BadSubscription(Refused):
    """Such a subscription is not offered."""

    code = "invalid"


class BadReceiver(BadSubscription):
    """A webhook cannot be sent to that address."""

    code = "receiver_not_valid"


class TooManySubscriptions(Refused):
    """You have as many subscriptions as one may have; end one first."""

    code = "too_many_subscriptions"


class NotWaiting(Refused):
    """The subscription was decided about already."""

    code = "already_decided"


class NotActive(Refused):
    """The subscription is not active: it waits to be approved, or has ended."""

    code = "subscription_not_active"


class OnlyForWebhooks(Refused):
    """Only webhooks have that; from a queue, read its messages or the stream."""

    code = "only_for_webhooks"


class FeedNotOffered(Refused):
    """This installation cannot make users at its broker; ask for a webhook."""

    code = "feed_not_offered"


class BadMoment(Refused):
    """That is no point in time, or it lies further back than signals are kept."""

    code = "moment_not_valid"


class BadReason(Refused):
    """A reason has 1 to 1,000 characters."""

    code = "invalid"


class NotAnIntegrator(NotAllowed):
    """Only an integrator who was let in can subscribe."""

    code = "not_allowed"


class OwnMatter(NotAllowed):
    """Nobody approves their own subscription."""

    code = "own_matter"


class BrokerAway(TryLater):
    """The broker cannot make users at the moment; try again shortly."""

    code = "try_later"
