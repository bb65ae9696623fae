"""Routes about subscriptions: other systems that want to hear of events."""

from typing import Any
from uuid import UUID

import flask

from gateway import asking, paging
from gateway.blueprint import Blueprint
from gateway.schemas import subscriptions as shapes

routes = Blueprint("subscriptions", "Other systems that want to hear of events.")

_ONE = "/v1/subscriptions/<uuid:subscription_id>"


@routes.post("/v1/subscriptions")
@routes.creates
@routes.arguments(shapes.SubscriptionBody)
@routes.raises(409)
@routes.response(201, shapes.Subscription)
@routes.versioned
def subscribe(wanted: dict[str, Any]) -> Any:
    """Ask to hear of events, as an integrator; it waits until the national team approves."""
    found = asking.tell("notifications", "subscribe", body=wanted)
    flask.g.location = f"/v1/subscriptions/{found['id']}"
    return found


@routes.get("/v1/subscriptions")
@routes.arguments(shapes.SubscriptionsQuery, location="query")
@routes.response(200, shapes.Subscriptions)
def subscriptions(wanted: dict[str, Any]) -> Any:
    """One's own subscriptions, newest first; everybody's for the national team."""
    return paging.page(asking.ask("notifications", "subscriptions", **wanted))


@routes.get(_ONE)
@routes.raises(404)
@routes.response(200, shapes.Subscription)
@routes.versioned
def subscription(subscription_id: UUID) -> Any:
    """A subscription and its state."""
    return asking.ask("notifications", "subscription", subscription_id=str(subscription_id))


@routes.delete(_ONE)
@routes.arguments(shapes.EndQuery, location="query")
@routes.raises(404)
@routes.response(204)
def end(wanted: dict[str, Any], subscription_id: UUID) -> None:
    """End a subscription, with its user at the broker; also to refuse one that waits."""
    asking.tell("notifications", "end_subscription", subscription_id=str(subscription_id), **wanted)


@routes.post(f"{_ONE}/approve")
@routes.idempotent
@routes.arguments(shapes.Approval, required=False)
@routes.raises(404, 409)
@routes.response(200, shapes.Subscription)
@routes.versioned
def approve(wanted: dict[str, Any], subscription_id: UUID) -> Any:
    """Let a subscription in, as the national team."""
    return asking.tell(
        "notifications", "approve_subscription", subscription_id=str(subscription_id), **wanted
    )


@routes.post(f"{_ONE}/credentials")
@routes.raises(404, 409)
@routes.response(200, shapes.Credentials)
def credentials(subscription_id: UUID) -> Any:
    """Make a password or a secret, shown once; each call makes another, with any key.

    The password before it ends at once; the secret before it signs beside it for 24 hours.
    """
    return asking.tell(
        "notifications", "subscription_credentials", subscription_id=str(subscription_id)
    )


@routes.post(f"{_ONE}/ping")
@routes.raises(404, 409)
@routes.response(200, shapes.Pinged)
def ping(subscription_id: UUID) -> Any:
    """Send a signal that means nothing to a webhook, now and once, and tell what came of it."""
    return asking.tell("notifications", "ping_subscription", subscription_id=str(subscription_id))


@routes.post(f"{_ONE}/replay")
@routes.idempotent
@routes.arguments(shapes.Since)
@routes.raises(404, 409)
@routes.response(200, shapes.Replayed)
def replay(wanted: dict[str, Any], subscription_id: UUID) -> Any:
    """Send to a webhook again what it was sent since a moment, at most 30 days ago."""
    return asking.tell(
        "notifications", "replay_subscription",
        subscription_id=str(subscription_id), since=wanted["since"],
    )  # fmt: skip


@routes.get(f"{_ONE}/deliveries")
@routes.arguments(shapes.DeliveriesQuery, location="query")
@routes.raises(404, 409)
@routes.response(200, shapes.Deliveries)
def deliveries(wanted: dict[str, Any], subscription_id: UUID) -> Any:
    """What became of a webhook's signals, newest first; `state=failed` for what was given up."""
    found = asking.ask(
        "notifications", "webhook_deliveries", subscription_id=str(subscription_id), **wanted
    )
    return paging.page(found)
