"""Notifications as a nameko service: who is told what, when and how."""

import datetime
from typing import Any

from nameko.extensions import DependencyProvider

from services.bus import idempotency
from services.bus.entrypoints import Bus, every, receive, rpc
from services.contracts import readers
from services.notifications import delivery, handlers, mail, settings, sign_in_handlers
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


class Notifications:
    """Tells people what happened; keeps what they want to hear."""

    name = "notifications"
    bus = Bus(readers.TOPOLOGY)
    post = Post()

    @receive(handlers.SUBSCRIPTIONS)
    def hear(self, batch: Any) -> None:
        self.bus.handle(batch)

    @every(seconds=EVERY)
    def deliver(self) -> None:
        for (template, outcome), count in self.post.run(self.bus).items():
            metrics.notices_sent("email", template, outcome, count)

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
    def send_sign_in_link(self, call: Any, email: Any, link: Any) -> None:
        now = datetime.datetime.now(datetime.UTC)
        sign_in_handlers.send_link(call.caller, email, link, self.post.settings, now)
