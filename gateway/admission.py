"""How many requests are worked on at once: beyond it they are refused, not queued."""

import threading


class Admission:
    """A bounded number of places.

    Args:
        places: requests at the same time. What more there is would only wait here for
            services that are busy already, and be answered after its client left.
    """

    def __init__(self, places: int) -> None:
        self._places = threading.BoundedSemaphore(places)

    def enter(self) -> bool:
        """Take a place; false when all are taken."""
        return self._places.acquire(blocking=False)

    def leave(self) -> None:
        self._places.release()
