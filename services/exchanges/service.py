"""The exchanges service: what it answers, hears and does by the clock."""

from typing import Any

from services.bus import idempotency
from services.bus.audit import Audited
from services.bus.entrypoints import Bus, every, receive, rpc
from services.bus.parking import Parking
from services.contracts import readers, scopes
from services.exchanges import (
    ask_handlers,
    audit_handlers,
    block_handlers,
    concern_handlers,
    exchange_handlers,
    handlers,
    heartbeat_handlers,
    import_handlers,
    list_handlers,
    listing_handlers,
    match_handlers,
    message_handlers,
    owner_handlers,
    queue_handlers,
    recording_handlers,
    search_handlers,
    sweep_handlers,
)
from services.telemetry import metrics


class Exchanges(Parking, Audited):
    name = "exchanges"
    bus = Bus(readers.TOPOLOGY, public=True)
    decided = audit_handlers.DECIDED

    @receive(handlers.SUBSCRIPTIONS)
    def hear(self, batch: Any) -> None:
        self.bus.handle(batch)

    @every(seconds=5)
    def sweep(self) -> None:
        """Do what is overdue, a batch to a transaction, until nothing is."""
        while True:
            with self.bus.transaction() as tx:
                if not sweep_handlers.sweep(tx, self.bus.regions):
                    return

    @every(seconds=10)
    def beat(self) -> None:
        with self.bus.transaction() as tx:
            heartbeat_handlers.beat(tx, self.bus.regions)

    @every(seconds=1)
    def learn(self) -> None:
        owner_handlers.learn(self.bus.transaction, self.bus.call, self.bus.regions)

    @every(seconds=30)
    def look(self) -> None:
        """Look through saved searches, some people to a transaction, until none are due."""
        while True:
            with self.bus.transaction() as tx:
                if not search_handlers.look(tx, self.bus.regions):
                    return

    @every(seconds=10)
    def count(self) -> None:
        with self.bus.transaction() as tx:
            counts = sweep_handlers.count(tx, self.bus.regions)
        for (state, region), count in counts.items():
            metrics.exchanges_in_state(state, region, count)

    @rpc
    def publish_listing(self, call: Any, body: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return idempotency.once(
                tx, call.caller, call.key, lambda: listing_handlers.publish(tx, call.caller, body)
            )

    @rpc
    def import_listings(self, call: Any, items: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return import_handlers.import_listings(tx, call.caller, items)

    @rpc(scope=scopes.READ_LISTINGS)
    def listing(self, call: Any, listing_id: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return listing_handlers.one(tx, call.caller, listing_id)

    @rpc(scope=scopes.READ_LISTINGS)
    def listings(self, call: Any, **query: Any) -> Any:
        """Takes the fields of ``schemas.ListingQuery``."""
        with self.bus.transaction(call.correlation_id) as tx:
            return listing_handlers.search(tx, call.caller, query)

    @rpc
    def matches(self, call: Any, **query: Any) -> Any:
        """Takes the fields of ``schemas.MatchQuery``."""
        with self.bus.transaction(call.correlation_id) as tx:
            return match_handlers.matches(tx, call.caller, query)

    @rpc
    def save_search(self, call: Any, body: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return idempotency.once(
                tx, call.caller, call.key, lambda: search_handlers.save(tx, call.caller, body)
            )

    @rpc
    def saved_searches(self, call: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return search_handlers.mine(tx, call.caller)

    @rpc
    def remove_search(self, call: Any, search_id: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return idempotency.once(
                tx, call.caller, call.key,
                lambda: search_handlers.remove(tx, call.caller, search_id),
            )  # fmt: skip

    @rpc
    def found_listings(self, call: Any, ids: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return search_handlers.found_listings(tx, call.caller, ids)

    @rpc
    def edit_listing(
        self, call: Any, listing_id: Any, body: Any, expected_version: int | None = None
    ) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return listing_handlers.edit(tx, call.caller, listing_id, body, expected_version)

    @rpc
    def act_on_listing(self, call: Any, listing_id: Any, action: str) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return idempotency.once(
                tx,
                call.caller,
                call.key,
                lambda: listing_handlers.act(tx, call.caller, listing_id, action),
            )

    @rpc(scope=scopes.BOOK)
    def ask(self, call: Any, body: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return idempotency.once(
                tx, call.caller, call.key, lambda: exchange_handlers.ask(tx, call.caller, body)
            )

    @rpc
    def ask_several(self, call: Any, body: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return idempotency.once(
                tx, call.caller, call.key, lambda: ask_handlers.ask(tx, call.caller, body)
            )

    @rpc
    def asked(self, call: Any, ask_id: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return ask_handlers.one(tx, call.caller, ask_id)

    @rpc(scope=scopes.READ_EXCHANGES)
    def exchange(self, call: Any, exchange_id: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return exchange_handlers.one(tx, call.caller, exchange_id)

    @rpc(scope=scopes.READ_EXCHANGES)
    def exchanges(self, call: Any, **query: Any) -> Any:
        """Takes the fields of ``schemas.ExchangeQuery``."""
        with self.bus.transaction(call.correlation_id) as tx:
            return list_handlers.several(tx, call.caller, query)

    @rpc(scope=scopes.BOOK)
    def act(
        self,
        call: Any,
        exchange_id: Any,
        action: str,
        body: Any = None,
        expected_version: int | None = None,
    ) -> Any:
        return exchange_handlers.act_asking_the_ledger(
            self.bus, call, exchange_id, action, body, expected_version
        )

    @rpc
    def summaries(self, call: Any, ids: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return exchange_handlers.summaries(tx, call.caller, ids)

    @rpc
    def queue(self, call: Any, conflicts: Any = None, newcomers: Any = None) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return queue_handlers.listed(tx, call.caller, conflicts, newcomers)

    @rpc
    def act_for(
        self,
        call: Any,
        exchange_id: Any,
        member_id: Any,
        action: Any,
        body: Any = None,
        expected_version: int | None = None,
    ) -> Any:
        step = (exchange_id, member_id, action, body, expected_version)
        with self.bus.transaction(call.correlation_id) as tx:
            return idempotency.once(
                tx, call.caller, call.key, lambda: queue_handlers.act_for(tx, call.caller, *step)
            )

    @rpc
    def record(self, call: Any, body: Any) -> Any:
        return recording_handlers.record_asking_members(self.bus, call, body)

    @rpc
    def write_message(self, call: Any, exchange_id: Any, body: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return idempotency.once(
                tx,
                call.caller,
                call.key,
                lambda: message_handlers.write(tx, call.caller, exchange_id, body),
            )

    @rpc
    def messages(self, call: Any, exchange_id: Any, **query: Any) -> Any:
        """Takes the fields of ``schemas.MessageQuery``."""
        with self.bus.transaction(call.correlation_id) as tx:
            return message_handlers.listed(tx, call.caller, exchange_id, query)

    @rpc
    def see_messages(self, call: Any, exchange_id: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return message_handlers.see(tx, call.caller, exchange_id)

    @rpc
    def written_messages(self, call: Any, **query: Any) -> Any:
        """Takes the fields of ``schemas.Page``."""
        with self.bus.transaction(call.correlation_id) as tx:
            return message_handlers.written(tx, call.caller, query)

    @rpc
    def give_feedback(self, call: Any, exchange_id: Any, body: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return idempotency.once(
                tx,
                call.caller,
                call.key,
                lambda: message_handlers.judge(tx, call.caller, exchange_id, body),
            )

    @rpc
    def raise_concern(self, call: Any, body: Any) -> Any:
        return concern_handlers.raise_asking_members(self.bus, call, body)

    @rpc
    def concern(self, call: Any, concern_id: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return concern_handlers.one(tx, call.caller, concern_id)

    @rpc
    def concerns(self, call: Any, **query: Any) -> Any:
        """Takes the fields of ``schemas.ConcernQuery``."""
        with self.bus.transaction(call.correlation_id) as tx:
            return concern_handlers.listed(tx, call.caller, query)

    @rpc
    def act_on_concern(
        self,
        call: Any,
        concern_id: Any,
        action: Any,
        body: Any = None,
        expected_version: int | None = None,
    ) -> Any:
        step = (concern_id, action, body, expected_version)
        with self.bus.transaction(call.correlation_id) as tx:
            return idempotency.once(
                tx, call.caller, call.key, lambda: concern_handlers.act(tx, call.caller, *step)
            )

    @rpc
    def block(self, call: Any, member_id: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return idempotency.once(
                tx, call.caller, call.key, lambda: block_handlers.block(tx, call.caller, member_id)
            )

    @rpc
    def unblock(self, call: Any, member_id: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return block_handlers.unblock(tx, call.caller, member_id)

    @rpc
    def blocks(self, call: Any) -> Any:
        with self.bus.transaction(call.correlation_id) as tx:
            return block_handlers.blocked(tx, call.caller)
