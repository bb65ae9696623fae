"""What a service wants to hear, which fields it reads, and who decides."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from marshmallow import EXCLUDE, ValidationError

from services.bus import body as bodies
from services.bus.envelope import Event, Unreadable
from services.bus.transaction import Transaction

Handler = Callable[[Transaction, Sequence[Event]], None]


@dataclasses.dataclass(frozen=True)
class Subscription:
    """One kind of event, as one service hears it.

    Attributes:
        schema: the producer's contract.
        reads: a frozen dataclass with exactly the fields this service reads; a
            producer who would drop one of them fails a test.
        handle: decides about all waiting events of this kind at once.
        natural_key: the handler recognises a repeated event by its own data (one
            posting per exchange and kind), so no inbox row is needed.
    """

    schema: Any
    reads: type
    handle: Handler
    natural_key: bool = False

    @property
    def type(self) -> str:
        return f"{self.schema.producer}.{self.schema.event}"

    def take(self, body: bytes) -> Any | None:
        """The fields that are read, or nothing when ``load`` has to decide."""
        return bodies.reader(self.schema, self.reads)(body)

    def load(self, event: Event, data: Mapping[str, Any]) -> Event:
        """Check the fields that are read, and hand them over as one object.

        Raises:
            Unreadable: a field is missing or wrong; the text says which.
        """
        try:
            values = self._loader.load(data)
        except ValidationError as error:
            raise Unreadable(f"{self.type}: {error.normalized_messages()}"[:500]) from None
        return dataclasses.replace(event, data=self.reads(**values))

    @property
    def _loader(self) -> Any:
        if self not in _loaders:
            names = [field.name for field in dataclasses.fields(self.reads)]
            _loaders[self] = self.schema(only=names, unknown=EXCLUDE)
        return _loaders[self]


_loaders: dict[Subscription, Any] = {}


def each(handle: Callable[[Transaction, Event], None]) -> Handler:
    """Adapt a handler of one event to the style of all: a loop, and nothing else."""

    def handle_all(tx: Transaction, events: Sequence[Event]) -> None:
        for event in events:
            handle(tx, event)

    return handle_all


def subscriptions(*wanted: Subscription) -> dict[str, Subscription]:
    """The table of a service's subscriptions, by type."""
    return {subscription.type: subscription for subscription in wanted}
