"""What was answered a moment ago, kept so that the same question is not put for every request."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Remembered(Generic[Value]):
    """Values by key, each for a moment.

    Args:
        seconds: that a value is good for.
        most: values kept; the oldest makes room.
        clock: seconds that only grow.
    """

    def __init__(self, seconds: float, most: int, clock: Callable[[], float]) -> None:
        self._seconds, self._most, self._clock = seconds, most, clock
        self._kept: OrderedDict[str, tuple[float, Value]] = OrderedDict()

    def get(self, key: str) -> Value | None:
        """The value, unless it is unknown or too old."""
        at, value = self._kept.get(key, (float("-inf"), None))
        return value if self._clock() - at < self._seconds else None

    def keep(self, key: str, value: Value) -> None:
        self._kept.pop(key, None)
        self._kept[key] = (self._clock(), value)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def forget(self, key: str) -> None:
        self._kept.pop(key, None)
