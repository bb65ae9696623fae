"""What wakes a service: events, calls, and the clock."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import eventlet
import structlog
from eventlet.event import Event
from nameko.extensions import Entrypoint, SharedExtension

from services.bus import rpc as calls
from services.bus import settings
from services.bus import topology as names
from services.bus.declarer import Declarer
from services.bus.dependency import Bus
from services.bus.errors import ServiceError
from services.bus.intake import Batch, DatabaseAway, Delivery, QueueReader
from services.bus.leaderless import Leaderless
from services.bus.link import Link
from services.bus.rpc_server import RpcServer
from services.bus.subscription import Subscription
from services.telemetry import faults

__all__ = ["Bus", "every", "receive", "rpc"]

log = structlog.get_logger(__name__)


class Incoming(SharedExtension):
    """The connection a process consumes on, shared by its entrypoints."""

    def __init__(self) -> None:
        self.server: RpcServer | None = None
        self._link: Link | None = None

    def prepared(self) -> tuple[Bus, Link]:
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
            self.server = bus.server = RpcServer(bus, self.container)
            link.use(self.server)
        self.server.methods[entrypoint.method_name] = entrypoint

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
        bus.subscriptions, bus.readers = self.subscriptions, self.readers
        service, size = bus.service, settings.BATCH_SIZE.read()
        lost = Leaderless(link, self.readers)
        self.readers += [
            QueueReader(
                names.event_queue(service, region), region, size, self._handle,
                passed_over=lost.passes_over,
            )
            for region in bus.regions
        ]  # fmt: skip
        self.readers.append(
            QueueReader(
                names.parked_queue(service), "national", size, self._handle, dead=True,
                passed_over=lost.passes_over,
            )
        )  # fmt: skip
        link.use(lost)
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


class Rpc(Entrypoint):
    """Makes a method callable by other services, from every region this process serves.

    Args:
        scope: what another system acting for a member needs to call it; without one, only
            people and our own services may.
    """

    incoming = Incoming()

    def __init__(self, scope: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scope = scope
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
                    reason=faults.told(failure)[:300],
                )  # fmt: skip

    def _waited(self) -> bool:
        with eventlet.Timeout(self.seconds, False):
            self._stop.wait()
        return self._stop.ready()


receive = Receive.decorator
rpc = Rpc.decorator
every = Every.decorator
