"""How often a caller may ask: a bucket of tokens each, in the memory of this process."""

import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

WINDOW = 60
"""Seconds in which the whole quota comes back."""
MAILS, MAILS_WINDOW = 300, 3_600
"""Links by e-mail one address of the network may ask for in an hour, whomever they go to: a
hospital with a morning's joiners behind it gets through, a machine with a list does not."""


@dataclass(frozen=True)
class Verdict:
    """What one request may do.

    Attributes:
        allowed: whether it is worked on.
        limit: requests in a window.
        remaining: requests left now.
        full_in: seconds until the whole quota is back.
        retry_after: seconds until one more would be allowed.
    """

    allowed: bool
    limit: int
    remaining: int
    full_in: int
    retry_after: int

    def headers(self) -> dict[str, str]:
        found = {
            "RateLimit-Policy": f'"default";q={self.limit};w={WINDOW}',
            "RateLimit": f'"default";r={self.remaining};t={self.full_in}',
        }
        if not self.allowed:
            found["Retry-After"] = str(self.retry_after)
        return found


class Limits:
    """One bucket per caller.

    Args:
        quota: tokens a bucket holds, and gets back in a window.
        clock: seconds that only grow.
        window: seconds; the headers speak of the usual one.
    """

    def __init__(self, quota: int, clock: Callable[[], float], window: int = WINDOW) -> None:
        self.limit = quota
        self._window = window
        self._rate = quota / window
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, caller: str) -> Verdict:
        """Take one token out of the caller's bucket, if there is one."""
        with self._lock:
            now = self._clock()
            tokens, then = self._buckets.pop(caller, (float(self.limit), now))
            tokens = min(float(self.limit), tokens + (now - then) * self._rate)
            allowed = tokens >= 1
            tokens -= allowed
            self._buckets[caller] = (tokens, now)
            self._forget(now)
        return Verdict(
            allowed=allowed,
            limit=self.limit,
            remaining=int(tokens),
            full_in=math.ceil((self.limit - tokens) / self._rate),
            retry_after=max(1, math.ceil((1 - tokens) / self._rate)),
        )

    def _forget(self, now: float) -> None:
        """Drop the two longest idle if they are full again: no bucket is a full bucket.

        Two for each one added, so the memory is bounded by a window's callers.
        """
        for _ in range(2):
            caller, (_tokens, then) = next(iter(self._buckets.items()))
            if now - then < self._window:
                return
            del self._buckets[caller]
