"""Notifications as a nameko service: who is told what, when and how."""

import contextlib
import datetime
from typing import Any

from nameko.extensions import DependencyProvider

from services.bus import idempotency
from services.bus.audit import Audited
from services.bus.entrypoints import Bus, every, receive, rpc
from services.bus.parking import Parking
from services.contracts import readers
from services.notifications import (
    audit_handlers,
    courier,
    delivery,
    errors,
    handlers,
    mail,
    management,
    settings,
    sign_in_handlers,
    subscription_handlers,
    webhook_handlers,
)
from services.telemetry import metrics

EVERY = 0.5
"""Seconds between looks for e-mails that are due: as long as a fresh one waits at most."""


class Post(DependencyProvider):
    """The office e-mails are sent from: one per process, with one connection to the server."""

    def setup(self) -> None:
        self.settings = settings.read()
        self.channel = mail.Channel(self.settings.smtp_url, self.settings.timeout)
        self.office: delivery.Office | None = None

    def stop(self) -> None:
        self.channel.close()

    def get_dependency(self, worker_ctx: Any) -> "Post":
        return self

    def run(self, bus: Bus) -> delivery.Counts:
        if self.office is None:
            self.office = delivery.Office(
                bus.transaction, bus.call, self.channel, bus.regions, self.settings
            )
        return self.office.run()


class Subscribers(DependencyProvider):
    """What other systems that subscribe are served with: the broker's management, a courier."""

    def setup(self) -> None:
        self.settings = settings.read_subscribing()
        url, vhost = self.settings.management_url, self.settings.vhost
        self.broker = management.Broker(url, vhost, self.settings.ca) if url else None
        self.courier: courier.Courier | None = None

    def get_dependency(self, worker_ctx: Any) -> "Subscribers":
        return self

    def deliver(self, bus: Bus) -> courier.Counts:
        if self.courier is None:
            self.courier = courier.Courier(bus.transaction, bus.regions, self.settings)
        return self.courier.run()

    def dismiss(self, bus: Bus) -> None:
        if self.broker is not None:
            with contextlib.suppress(errors.BrokerAway):
                subscription_handlers.dismiss(bus.transaction, self.broker)


class Notifications(Parking, Audited):
    """Tells people what happened; keeps what they want to hear."""

    name = "notifications"
    bus = Bus(readers.TOPOLOGY)
    decided = audit_handlers.DECIDED
    post = Post()
    subscribers = Subscribers()

    @receive(handlers.SUBSCRIPTIONS)
    def hear(self, batch: Any) -> None:
        self.bus.handle(batch)

    @every(seconds=EVERY)
    def deliver(self) -> None:
        for (template, outcome), count in self.post.run(self.bus).items():
            metrics.notices_sent("email", template, outcome, count)

    @every(seconds=EVERY)
    def deliver_webhooks(self) -> None:
        for outcome, count in self.subscribers.deliver(self.bus).items():
            metrics.webhooks_sent(outcome, count)

    @every(seconds=EVERY)
    def dismiss_subscribers(self) -> None:
        self.subscribers.dismiss(self.bus)

    @rpc
    def notices(
        self, call: Any, unread: Any = False, limit: Any = 20, cursor: Any = None
    ) -> dict[str, Any]:
        with self.bus.transaction(call.correlation_id) as tx:
            return handlers.notices(tx, call.caller, unread, limit, cursor)

    @rpc
    def read_notice(self, call: Any, notice_id: Any) -> dict[str, Any]:
        with self.bus.transaction(call.correlation_id) as tx:
            return idempotency.once(
                tx, call.caller, call.key,
                lambda: handlers.read_notice(tx, call.caller, notice_id),
            )  # fmt: skip

    @rpc
    def preferences(self, call: Any) -> dict[str, Any]:
        with self.bus.transaction(call.correlation_id) as tx:
            return handlers.preferences(tx, call.caller)

    @rpc
    def set_preferences(self, call: Any, body: Any, expected_version: Any = None) -> dict[str, Any]:
        with self.bus.transaction(call.correlation_id) as tx:
            return idempotency.once(
                tx, call.caller, call.key,
                lambda: handlers.set_preferences(tx, call.caller, body, expected_version),
            )  # fmt: skip

    @rpc
    def unsubscribe(self, call: Any, notice_id: Any) -> dict[str, Any]:
        with self.bus.transaction(call.correlation_id) as tx:
            return handlers.unsubscribe(tx, notice_id)

    @rpc
    def send_sign_in_link(self, call: Any, email: Any, link: Any, purpose: Any = "sign_in") -> None:
        now = datetime.datetime.now(datetime.UTC)
        sign_in_handlers.send_link(call.caller, email, link, purpose, self.post.settings, now)

    @rpc
    def subscribe(self, call: Any, body: Any) -> dict[str, Any]:
        wanted = self.subscribers.settings
        with self.bus.transaction(call.correlation_id) as tx:
            return idempotency.once(
                tx, call.caller, call.key,
                lambda: subscription_handlers.subscribe(tx, call.caller, body, wanted),
            )  # fmt: skip

    @rpc
    def subscriptions(self, call: Any, limit: Any = 20, cursor: Any = None) -> dict[str, Any]:
        with self.bus.transaction(call.correlation_id) as tx:
            return subscription_handlers.page(tx, call.caller, limit, cursor)

    @rpc
    def subscription(self, call: Any, subscription_id: Any) -> dict[str, Any]:
        with self.bus.transaction(call.correlation_id) as tx:
            return subscription_handlers.one(tx, call.caller, subscription_id)

    @rpc
    def approve_subscription(
        self, call: Any, subscription_id: Any, reason: Any = None
    ) -> dict[str, Any]:
        with self.bus.transaction(call.correlation_id) as tx:
            return idempotency.once(
                tx, call.caller, call.key,
                lambda: subscription_handlers.approve(tx, call.caller, subscription_id, reason),
            )  # fmt: skip

    @rpc
    def end_subscription(
        self, call: Any, subscription_id: Any, reason: Any = None
    ) -> dict[str, Any]:
        with self.bus.transaction(call.correlation_id) as tx:
            return subscription_handlers.end(tx, call.caller, subscription_id, reason)

    @rpc
    def subscription_credentials(self, call: Any, subscription_id: Any) -> dict[str, Any]:
        return subscription_handlers.credentials(
            self.bus.transaction, self.subscribers.broker, self.subscribers.settings,
            call.caller, subscription_id,
        )  # fmt: skip

    @rpc
    def ping_subscription(self, call: Any, subscription_id: Any) -> dict[str, Any]:
        return webhook_handlers.ping(
            self.bus.transaction, self.subscribers.settings, call.caller, subscription_id
        )

    @rpc
    def replay_subscription(self, call: Any, subscription_id: Any, since: Any) -> dict[str, Any]:
        with self.bus.transaction(call.correlation_id) as tx:
            return idempotency.once(
                tx, call.caller, call.key,
                lambda: webhook_handlers.replay(tx, call.caller, subscription_id, since),
            )  # fmt: skip

    @rpc
    def webhook_deliveries(
        self,
        call: Any,
        subscription_id: Any,
        state: Any = None,
        limit: Any = 20,
        cursor: Any = None,
    ) -> dict[str, Any]:
        with self.bus.transaction(call.correlation_id) as tx:
            return webhook_handlers.deliveries(
                tx, call.caller, subscription_id, state, limit, cursor
            )
