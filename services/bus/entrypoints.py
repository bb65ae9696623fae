"""The bus as a nameko service sees it: what it depends on, and what wakes it."""

import functools
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import eventlet
import psycopg
import psycopg_pool
import structlog
from eventlet.event import Event
from nameko.extensions import DependencyProvider, Entrypoint, SharedExtension

from services.bus import inbox, relay, retries, settings
from services.bus import rpc as calls
from services.bus import topology as names
from services.bus.caller import Caller
from services.bus.errors import ServiceError, TryLater
from services.bus.idempotency import Key
from services.bus.intake import (
    LOST_CHANNEL,
    Batch,
    DatabaseAway,
    Declarer,
    Delivery,
    QueueReader,
)
from services.bus.link import Link
from services.bus.subscription import Subscription
from services.bus.transaction import Database, Transaction
from services.telemetry import metrics

log = structlog.get_logger(__name__)

HOUSEKEEPING = 5.0
"""Seconds between looks at the sizes of outbox and retries; a scrape is rarer."""
RETRY_TICK = 0.5
"""Seconds between looks for messages whose next try is due."""
LAST_WORDS = 5.0
"""Seconds to publish what is left in the outbox when stopping; the rest waits there."""
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
    """

    def __init__(
        self, topology: tuple[tuple[str, ...], Mapping[str, tuple[str, ...]]], database: bool = True
    ) -> None:
        self.topology = names.Topology(*topology)
        self.has_database = database
        self.subscriptions: Mapping[str, Subscription] = {}
        self.incoming: Link | None = None
        self.relay: relay.Relay | None = None
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
        self.client = calls.Client(self.link, self.service, settings.RPC_TIMEOUT.read())
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
        self.relay = relay.Relay(
            self.service, self.database, publisher, self.topology.regions,
            settings.RELAY_BATCH.read(), settings.RELAY_POLL.read(),
        )  # fmt: skip
        self.database.on_commit = self.relay.wake

    def start(self) -> None:
        self.container.spawn_managed_thread(self.link.run, identifier="link out")
        if self.relay:
            self.database.open()
            self._relaying = self.container.spawn_managed_thread(self.relay.run, identifier="relay")
            self.container.spawn_managed_thread(self._retry_for_ever, identifier="retries")
            self.container.spawn_managed_thread(self._keep_house, identifier="housekeeping")

    def stop(self) -> None:
        """After the last worker: say what is left to say, then close."""
        if self.relay:
            self.relay.stop()
            self._relaying.wait()
            relay.drained(self.relay, LAST_WORDS)
            self.database.close()
        self.link.stop()

    def get_dependency(self, worker_ctx: Any) -> "Bus":
        return self

    def transaction(self, correlation_id: str | None = None) -> Any:
        """Open a transaction (a context manager giving a ``Transaction``)."""
        return self.database.transaction(correlation_id)

    def call(
        self,
        service: str,
        method: str,
        *,
        caller: Caller,
        key: Key | None = None,
        correlation_id: str | None = None,
        region: str | None = None,
        timeout: float | None = None,
        **arguments: Any,
    ) -> Any:
        """Ask another service; never inside a transaction. See ``calls.Client.call``."""
        return self.client.call(
            service, method, caller=caller, key=key, correlation_id=correlation_id,
            region=region, timeout=timeout, **arguments,
        )  # fmt: skip

    def handle(self, batch: Batch) -> None:
        """Bring a batch of events to an end. See ``inbox.handle``."""
        inbox.handle(self.service, self.database, batch, self.retry_schedule)

    def checks(self) -> dict[str, bool]:
        """What must be true for this process to do its work."""
        found = {"broker": self.link.up, "publishing": not self.link.blocked}
        if self.incoming:
            found["consuming"] = self.incoming.up
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
        while True:
            eventlet.sleep(HOUSEKEEPING)
            try:
                with self.transaction() as tx:
                    metrics.outbox(self.service, *relay.backlog(tx.conn))
                    metrics.waiting(self.service, *retries.counts(tx))
                    tx.conn.execute(
                        "delete from idempotency where answered_at < now() - %s * interval '1 day'",
                        [ANSWER_LIFE_DAYS],
                    )
            except (psycopg.Error, psycopg_pool.PoolTimeout) as error:
                log.info("housekeeping waits for the database", reason=type(error).__name__)


def retry_one(bus: Bus) -> bool:
    """Try one due message again, in the transaction that removes or reschedules it.

    Returns:
        Whether there was one.
    """
    with bus.transaction() as tx:
        kept = retries.take_due(tx, bus.regions)
        if kept is None:
            return False
        outcome = "handled"
        try:
            with _all_or_nothing(tx):
                inbox.apply(tx, [inbox.read(kept.delivery(), bus.subscriptions)])
                retries.remove(tx, kept.event_id)
        except Exception as error:
            if inbox.is_away(error):
                raise
            reason = f"{type(error).__name__}: {error}"[:1000]
            parked = retries.failed_again(tx, kept, reason, bus.retry_schedule)
            outcome = "parked" if parked else "retried"
            log.warning("event failed again", event_id=kept.event_id, parked=parked, reason=reason)
        metrics.events(bus.service, kept.routing_key.partition(".")[2], outcome)
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


class Incoming(SharedExtension):
    """The connection a process consumes on, shared by its entrypoints."""

    def __init__(self) -> None:
        self.methods: dict[str, Rpc] = {}
        self.server: RpcServer | None = None
        self._link: Link | None = None

    def prepared(self) -> "tuple[Bus, Link]":
        """The service's bus and the link, made by whichever entrypoint asks first."""
        bus: Bus = next(d for d in self.container.dependencies if isinstance(d, Bus))
        bus.prepare()
        if self._link is None:
            self._link = bus.incoming = Link(
                settings.AMQP_URL.read(), bus.service, "in", settings.HEARTBEAT.read()
            )
            self._link.use(Declarer(bus.topology))
        return bus, self._link

    def answer(self, entrypoint: "Rpc") -> None:
        """Register a method to be called from outside."""
        bus, link = self.prepared()
        if self.server is None:
            self.server = RpcServer(self, bus)
            link.use(self.server)
        self.methods[entrypoint.method_name] = entrypoint

    def start(self) -> None:
        _, link = self.prepared()
        self.container.spawn_managed_thread(link.run, identifier="link in")

    def stop(self) -> None:
        if self._link:
            self._link.stop()


class Receive(Entrypoint):
    """Wakes a method with batches of the events its service hears, region by region."""

    incoming = Incoming()

    def __init__(self, subscriptions: Mapping[str, Subscription], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.subscriptions = subscriptions
        self.expected_exceptions = (DatabaseAway,)
        self.readers: list[QueueReader] = []

    def setup(self) -> None:
        self.prepare()

    def prepare(self) -> None:
        if self.readers:
            return
        bus, link = self.incoming.prepared()
        bus.subscriptions = self.subscriptions
        service, size = bus.service, settings.BATCH_SIZE.read()
        self.readers = [
            QueueReader(names.event_queue(service, region), region, size, self._handle)
            for region in bus.regions
        ]
        self.readers.append(
            QueueReader(names.parked_queue(service), "national", size, self._handle, dead=True)
        )
        for reader in self.readers:
            link.use(reader)

    def start(self) -> None:
        self._running = [
            self.container.spawn_managed_thread(reader.run, identifier=reader.queue)
            for reader in self.readers
        ]

    def stop(self) -> None:
        """Finish and acknowledge the batches in hand; the rest stays with the broker."""
        for reader in self.readers:
            reader.stop()
        for running in self._running:
            running.wait()

    def _handle(self, deliveries: Sequence[Delivery]) -> None:
        """Run the service's method as a nameko worker and wait for its end."""
        ended = Event()
        self.container.spawn_worker(
            self,
            (Batch(deliveries, self.subscriptions),),
            {},
            handle_result=functools.partial(_tell, ended),
        )
        failure = ended.wait()
        if failure is not None:
            raise DatabaseAway from failure  # whatever it was: nothing may be acknowledged


def _tell(ended: Event, _: Any, result: Any, exc_info: Any) -> tuple[Any, None]:
    ended.send(exc_info[1] if exc_info else None)
    return result, None


class RpcServer:
    """Takes requests from the queues of all served regions, a bounded number at a time."""

    def __init__(self, incoming: Incoming, bus: Bus) -> None:
        self.incoming, self.bus = incoming, bus
        self.concurrency = settings.RPC_CONCURRENCY.read()
        self._channel: Any = None

    def opened(self, connection: Any) -> None:
        channel = connection.channel()
        channel.basic_qos(0, self.concurrency, False)
        for region in self.bus.regions:
            queue = names.rpc_queue(self.bus.service, region)
            channel.queue_declare(
                queue, durable=True, auto_delete=False, arguments=calls.QUEUE_ARGUMENTS
            )
            channel.basic_consume(queue, callback=self._arrived, consumer_tag=queue)
        self._channel = channel

    def closed(self) -> None:
        self._channel = None

    def stop(self) -> None:
        """Take no more requests; those begun are answered."""
        channel, self._channel = self._channel, None
        for region in self.bus.regions if channel else ():
            try:
                channel.basic_cancel(names.rpc_queue(self.bus.service, region), nowait=True)
            except LOST_CHANNEL:
                return

    def _arrived(self, message: Any) -> None:
        """Start a worker; whatever is wrong with the request is answered, never fatal."""
        properties = message.properties
        finish = functools.partial(
            self._finish, message.channel, message.delivery_info["delivery_tag"],
            str(properties.get("reply_to") or ""), str(properties.get("correlation_id") or ""),
        )  # fmt: skip
        try:
            body = message.body if isinstance(message.body, bytes) else str(message.body).encode()
            call, arguments = calls.parse(body)
            entrypoint = self.incoming.methods.get(str(properties.get("type")))
            if entrypoint is None:
                raise calls.Malformed("There is no such method.")
            method = getattr(self.incoming.container.service_cls, entrypoint.method_name)
            calls.fit(method, call, arguments)
        except ServiceError as error:
            return finish({"error": calls.failure(error)})
        self._begin(entrypoint, call, arguments, finish)

    def _begin(self, entrypoint: "Rpc", call: calls.Call, arguments: Any, finish: Any) -> None:
        began = time.monotonic()

        def ended(_: Any, result: Any, exc_info: Any) -> tuple[Any, None]:
            answer = {"result": result} if exc_info is None else {"error": _told(exc_info[1])}
            outcome = "answered" if exc_info is None else answer["error"]["family"]
            finish(answer)
            took = time.monotonic() - began
            metrics.rpc_answered(self.bus.service, entrypoint.method_name, outcome, took)
            return result, None

        self.incoming.container.spawn_worker(entrypoint, (call,), arguments, handle_result=ended)

    def _finish(
        self, channel: Any, tag: int, reply_to: str, correlation_id: str, answer: dict[str, Any]
    ) -> None:
        if reply_to:
            self.bus.replier.reply(reply_to, correlation_id, answer)
        with suppress(*LOST_CHANNEL):  # then it comes again; state and key guard commands
            channel.basic_ack(tag)


def _told(error: BaseException) -> dict[str, Any]:
    if inbox.is_away(error) or inbox.is_clash(error):
        return calls.failure(TryLater("The database is away for a moment."))
    if not isinstance(error, ServiceError | calls.RpcError):
        log.error("a call broke", error=type(error).__name__, exc_info=error)
    return calls.failure(error)


class Rpc(Entrypoint):
    """Makes a method callable by other services, from every region this process serves."""

    incoming = Incoming()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.expected_exceptions = (ServiceError, calls.RpcError)

    def setup(self) -> None:
        self.prepare()

    def prepare(self) -> None:
        self.incoming.answer(self)

    def stop(self) -> None:
        if self.incoming.server:
            self.incoming.server.stop()


class Every(Entrypoint):
    """Wakes a method at an interval; one run at a time; a failure waits for the next.

    Args:
        seconds: from the end of one run to the beginning of the next.
    """

    def __init__(self, seconds: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seconds = seconds

    def setup(self) -> None:
        self._stop = Event()

    def start(self) -> None:
        self._running = self.container.spawn_managed_thread(self._run, identifier=self.method_name)

    def stop(self) -> None:
        self._stop.send()
        self._running.wait()

    def _run(self) -> None:
        while not self._waited():
            ended = Event()
            self.container.spawn_worker(self, (), {}, handle_result=functools.partial(_tell, ended))
            failure = ended.wait()
            if failure is not None:
                log.warning(
                    "a periodic task failed", task=self.method_name,
                    reason=f"{type(failure).__name__}: {failure}"[:300],
                )  # fmt: skip

    def _waited(self) -> bool:
        with eventlet.Timeout(self.seconds, False):
            self._stop.wait()
        return self._stop.ready()


receive = Receive.decorator
rpc = Rpc.decorator
every = Every.decorator
