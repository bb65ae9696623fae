"""The bus as a service depends on it: transactions, calls, and the relay behind them."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import eventlet
import psycopg
import psycopg_pool
import structlog
from nameko.extensions import DependencyProvider

from services.bus import again, failpoint, inbox, relay, retries, said, settings
from services.bus import rpc as calls
from services.bus import topology as names
from services.bus.caller import Caller
from services.bus.declarer import Declarer
from services.bus.detour import Detour
from services.bus.envelope import Outgoing
from services.bus.errors import TryLater
from services.bus.feed import Feed
from services.bus.intake import Batch
from services.bus.leaderless import Reader
from services.bus.link import Link
from services.bus.subscription import Subscription
from services.bus.transaction import Database, Transaction
from services.telemetry import faults, metrics

log = structlog.get_logger(__name__)

HOUSEKEEPING = 5.0
"""Seconds between looks at the sizes of outbox and retries; a scrape is rarer."""
RETRY_TICK = 0.5
"""Seconds between looks for messages whose next try is due."""
LAST_WORDS = 5.0
"""Seconds to publish what is left in the outbox when stopping; the rest waits there."""
FORGETTING = 60.0
"""Seconds between two goes at what is too old; days matter there, not seconds."""
ANSWER_LIFE_DAYS = 30
"""Days an idempotency key is answered from memory; clients are told 24 hours."""


def regions_served(topology: names.Topology) -> tuple[str, ...]:
    """
    Raises:
        settings.SettingError: a region is named that does not exist.
    """
    wanted = settings.REGIONS.read()
    if wanted == ("all",):
        return topology.regions
    unknown = [region for region in wanted if region not in topology.regions]
    if unknown:
        raise settings.SettingError(
            f"{settings.REGIONS.name} names {', '.join(unknown)}, which is no region."
        )
    return wanted


class Bus(DependencyProvider):
    """What a service has of the bus: transactions, calls, and the relay behind them.

    Args:
        topology: all regions, and for each service the events it hears.
        database: whether the service owns a database.
        after_commit: told what a transaction said, once it is committed; for counting.
        public: whether it says public signals too.
    """

    def __init__(
        self,
        topology: tuple[tuple[str, ...], Mapping[str, tuple[str, ...]]],
        database: bool = True,
        after_commit: Callable[[Sequence[Outgoing]], None] | None = None,
        public: bool = False,
    ) -> None:
        self.topology = names.Topology(*topology)
        self.after_commit = after_commit
        self.has_database, self.public = database, public
        self.subscriptions: Mapping[str, Subscription] = {}
        self.incoming: Link | None = None
        self.readers: Sequence[Reader] = ()
        self.server: Any = None
        self.relay: relay.Relay | None = None
        self.feed: Feed | None = None
        self.service = ""

    def setup(self) -> None:
        """Extensions are set up in no particular order: whoever comes first prepares."""
        self.prepare()

    def prepare(self) -> None:
        if self.service:
            return
        self.service = self.container.service_name
        self.regions = regions_served(self.topology)
        self.retry_schedule = settings.RETRY_SCHEDULE.read()
        self.link = Link(settings.AMQP_URL.read(), self.service, "out", settings.HEARTBEAT.read())
        self.client = calls.Client(
            self.link, self.service, settings.RPC_TIMEOUT.read(), Detour.from_settings()
        )
        self.replier = calls.Replier(self.link)
        self.link.use(Declarer(self.topology))
        self.link.use(self.client)
        self.link.use(self.replier)
        if self.has_database:
            self._set_up_database()

    def _set_up_database(self) -> None:
        self.database = Database(
            settings.DATABASE_URL.read(),
            size=settings.DATABASE_POOL.read(),
            statement_timeout=settings.STATEMENT_TIMEOUT.read(),
        )
        publisher = relay.Publisher(self.link, settings.CONFIRM_TIMEOUT.read())
        self.link.use(publisher)
        self.said_days = settings.SAID_DAYS.read()
        self.relay = relay.Relay(
            self.service, self.database, publisher, self.topology.regions,
            settings.RELAY_BATCH.read(), settings.RELAY_POLL.read(),
        )  # fmt: skip
        if self.public:
            self.feed = Feed(self.service, self.database, self.topology.regions)
        self.database.on_commit = self._committed
        self.repeater = again.Repeater(self.service, self.database, self._wake_relays)
        self.link.use(self.repeater)

    @property
    def _relays(self) -> list[relay.Relay]:
        return [each for each in (self.relay, self.feed and self.feed.relay) if each]

    def _wake_relays(self) -> None:
        for each in self._relays:
            each.wake()

    def _committed(self, events: Sequence[Outgoing]) -> None:
        if self.relay:
            self.relay.announce(self.feed.announce(events) if self.feed else events)
        if self.after_commit:
            self.after_commit(events)

    def start(self) -> None:
        self.container.spawn_managed_thread(self.link.run, identifier="link out")
        if self.feed:
            self.container.spawn_managed_thread(self.feed.link.run, identifier="link feed")
        if self.relay:
            self.database.open()
            self._relaying = [
                self.container.spawn_managed_thread(each.run, identifier="relay")
                for each in self._relays
            ]
            self.container.spawn_managed_thread(self._retry_for_ever, identifier="retries")
            self.container.spawn_managed_thread(self.repeater.run, identifier="repeater")
            self.container.spawn_managed_thread(self._keep_house, identifier="housekeeping")

    def stop(self) -> None:
        """After the last worker: say what is left to say, then close."""
        if self.relay:
            self._say_last_words()
            self.database.close()
        if self.feed:
            self.feed.link.stop()
        self.link.stop()

    def _say_last_words(self) -> None:
        for each in self._relays:
            each.stop()
        for running in self._relaying:
            running.wait()
        for each in self._relays:
            relay.drained(each, LAST_WORDS)

    def get_dependency(self, worker_ctx: Any) -> "Bus":
        return self

    def transaction(self, correlation_id: str | None = None) -> Any:
        """Open a transaction (a context manager giving a ``Transaction``)."""
        return self.database.transaction(correlation_id)

    def call(self, service: str, method: str, *, caller: Caller, **named: Any) -> Any:
        """Ask another service; never inside a transaction. See ``rpc.Client.call``."""
        return self.client.call(service, method, caller=caller, **named)

    def handle(self, batch: Batch) -> None:
        """Bring a batch of events to an end. See ``inbox.handle``."""
        inbox.handle(self.service, self.database, batch, self.retry_schedule)

    def checks(self) -> dict[str, bool]:
        """What must be true for this process to do its work."""
        found = {"broker": self.link.up, "publishing": not self.link.blocked}
        if self.incoming:
            # A link is no consumer: a process whose queues do not answer stands there for nothing.
            answered = all(each.answered for each in self.readers)
            found["consuming"] = self.incoming.up and answered
        if self.has_database:
            found["database"] = self._database_answers()
        return found

    def _database_answers(self) -> bool:
        try:
            with self.database.pool.connection(timeout=1) as conn:
                conn.execute("select 1")
            return True
        except (psycopg.Error, psycopg_pool.PoolTimeout):
            return False

    def _retry_for_ever(self) -> None:
        while True:
            eventlet.sleep(RETRY_TICK)
            try:
                while retry_one(self):
                    pass
            except (psycopg.Error, psycopg_pool.PoolTimeout) as error:
                log.info("retries wait for the database", reason=type(error).__name__)

    def _keep_house(self) -> None:
        forgets_at = time.monotonic()
        while True:
            eventlet.sleep(HOUSEKEEPING)
            try:
                with self.transaction() as tx:
                    metrics.outbox(self.service, *relay.backlog(tx.conn))
                    metrics.waiting(self.service, *retries.counts(tx))
                if time.monotonic() >= forgets_at and not self._forget():
                    forgets_at = time.monotonic() + FORGETTING
            except (psycopg.Error, psycopg_pool.PoolTimeout) as error:
                log.info("housekeeping waits for the database", reason=type(error).__name__)

    def _forget(self) -> bool:
        """Drop a part of what is too old; whether there may be more of it."""
        with self.transaction() as tx:
            tx.conn.execute(
                "delete from idempotency where answered_at < now() - %s * interval '1 day'",
                [ANSWER_LIFE_DAYS],
            )
            return said.forget(tx.conn, self.said_days)


def retry_one(bus: Bus) -> bool:
    """Try one due message again, in the transaction that removes or reschedules it.

    Returns:
        Whether there was one.
    """
    with bus.transaction() as tx:
        kept = retries.take_due(tx, bus.regions)
        if kept is None:
            return False
        failpoint.reach("before_retry")
        outcome = "handled"
        try:
            with _all_or_nothing(tx):
                inbox.apply(tx, [inbox.read(kept.delivery(), bus.subscriptions)])
                retries.remove(tx, kept.event_id)
        except Exception as error:
            if inbox.is_away(error):
                raise
            reason = faults.told(error)[:1000]
            parked = retries.failed_again(
                tx, kept, reason, bus.retry_schedule, expected=isinstance(error, TryLater)
            )
            outcome = "parked" if parked else "retried"
            log.warning("event failed again", event_id=kept.event_id, parked=parked, reason=reason)
        metrics.events(bus.service, kept.routing_key.partition(".")[2], outcome)
    failpoint.reach("after_retry")
    return True


@contextmanager
def _all_or_nothing(tx: Transaction) -> Iterator[None]:
    """A savepoint that also takes back what was said."""
    said = len(tx.said)
    try:
        with tx.conn.transaction():
            yield
    except BaseException:
        del tx.said[said:]
        raise
