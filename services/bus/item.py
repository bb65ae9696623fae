"""One event in hand: what was read, the delivery it came in, and who wants it."""

from dataclasses import dataclass

from services.bus.envelope import Event
from services.bus.intake import Delivery
from services.bus.subscription import Subscription


@dataclass(frozen=True)
class Item:
    """A readable event with the delivery it came in."""

    event: Event
    delivery: Delivery
    subscription: Subscription
