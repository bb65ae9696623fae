"""Members of a bank at work: asks, accepts, confirms, searches, as told on standard input.

    TIMEBANK_AMQP_URL=... python -m tests.benchmarks.bank.client MEMBERS EXCHANGES

A line ``{"do": "search", ...}`` is answered by a line of JSON. It calls the services as the
gateway does, with idempotency keys.
"""

import eventlet

eventlet.monkey_patch()

import json
import random
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any
from uuid import uuid4

import structlog
from eventlet import tpool

from services.bus import rpc, settings
from services.bus.caller import Caller
from services.bus.idempotency import Key
from services.bus.link import Link
from services.contracts.words import CATEGORIES, REGIONS
from tests.benchmarks.bank.size import Size
from tests.benchmarks.bank.words import TOPICS

AT_ONCE = 8
"""Members who act at the same time."""
UP_SECONDS = 30
PAGE = 20


class Members:
    """The people of a bank, and the exchanges they have in hand."""

    def __init__(self, client: rpc.Client, size: Size) -> None:
        self.client, self.size = client, size
        self.in_hand: list[tuple[str, int, int]] = []

    def ask(self, count: int, seed: int) -> dict[str, Any]:
        """Ask for so many exchanges on random offers; they are in hand from then on."""
        draw = random.Random(seed)
        wanted: list[tuple[int, int, int]] = []
        while len(wanted) < count:
            listing, receiver = (
                draw.randrange(self.size.listings),
                draw.randrange(self.size.members),
            )
            giver = self.size.owner(listing)
            if self.size.is_open_offer(listing) and receiver != giver:
                wanted.append((listing, giver, receiver))

        def one(each: tuple[int, int, int]) -> tuple[str, int, int]:
            listing, giver, receiver = each
            body = {"listing_id": str(self.size.listing(listing)), "minutes": 30}
            answer = self._call("exchanges", "ask", receiver, changes=True, body=body)
            return str(answer["id"]), giver, receiver

        self.in_hand, seconds = _all_at_once(one, wanted)
        return {"seconds": seconds, "ids": [each[0] for each in self.in_hand]}

    def step(self, action: str) -> dict[str, Any]:
        """Accept, report as done or confirm everything in hand."""

        def one(each: tuple[str, int, int]) -> None:
            exchange, giver, receiver = each
            who = receiver if action == "confirm" else giver
            body = {"minutes": 30} if action == "done" else None
            self._call(
                "exchanges", "act", who, changes=True, exchange_id=exchange, action=action,
                body=body,
            )  # fmt: skip

        return {"seconds": _all_at_once(one, self.in_hand)[1]}

    def search(self, by: str, count: int, seed: int) -> dict[str, Any]:
        """Look for offers by ``word``, ``category`` or ``region``; milliseconds of each."""
        draw, waits = random.Random(seed), []
        for _ in range(count):
            query: dict[str, Any] = {"kind": "offer", "limit": PAGE}
            if by == "word":
                query["q"] = draw.choice(TOPICS)
            elif by == "category":
                query["category"] = draw.choice(CATEGORIES)
            else:
                query["region"] = draw.choice(REGIONS)
            seeker = draw.randrange(self.size.members)
            waits.append(self._waited("exchanges", "listings", seeker, **query))
        return {"waits": waits}

    def statement(self, of: str, count: int, seed: int) -> dict[str, Any]:
        """Read the first page of a ``busy`` or an ``ordinary`` account; milliseconds of each."""
        draw = random.Random(seed)
        low, high = (0, self.size.busy) if of == "busy" else (self.size.busy, self.size.members)
        owners = [draw.randrange(low, high) for _ in range(count)]
        return {"waits": [self._waited("ledger", "statement", who, limit=PAGE) for who in owners]}

    def _waited(self, service: str, method: str, who: int, **arguments: Any) -> float:
        began = time.perf_counter()
        answer = self._call(service, method, who, **arguments)
        assert answer["items"], f"{method} with {arguments} found nothing"
        return 1000 * (time.perf_counter() - began)

    def _call(
        self, service: str, method: str, who: int, changes: bool = False, **arguments: Any
    ) -> Any:
        caller = Caller(
            self.size.person(who), self.size.region(who), "RJ1", frozenset({"member"}), True
        )
        key = Key(uuid4().hex, "POST /v1/exchanges", "0" * 64) if changes else None
        return self.client.call(service, method, caller=caller, key=key, **arguments)


def _all_at_once(one: Callable[[Any], Any], work: Iterable[Any]) -> tuple[list[Any], float]:
    """Results and seconds of so much work, ``AT_ONCE`` in flight."""
    began = time.perf_counter()
    results = list(eventlet.GreenPool(AT_ONCE).imap(one, work))
    return results, time.perf_counter() - began


def main(members: int, exchanges: int) -> None:
    # Standard output is for the answers.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    link = Link(settings.AMQP_URL.read(), "bench", "out")
    client = rpc.Client(link, "bench", 30)
    link.use(client)
    eventlet.spawn(link.run)
    link.wait_until_it_takes(UP_SECONDS)
    there = Members(client, Size(members, exchanges))
    doing: dict[str, Callable[..., dict[str, Any]]] = {
        "ask": there.ask, "step": there.step, "search": there.search, "statement": there.statement
    }  # fmt: skip
    while True:
        # In a thread: the link's heartbeats go on while nobody wants anything.
        line = tpool.execute(sys.stdin.readline)
        if not line:
            return
        wanted = json.loads(line)
        print(json.dumps(doing[wanted.pop("do")](**wanted)), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
