"""Asks the test service on the real bus, so many callers at once, and prints calls a second.

TIMEBANK_AMQP_URL=... python -m tests.benchmarks.rpc_caller SECONDS CALLERS...
"""

import eventlet

eventlet.monkey_patch()

import json
import sys
import time

from services.bus import rpc, settings
from services.bus.caller import Caller
from services.bus.link import Link

ASKER = Caller(region="london")
WARM = 50
UP_SECONDS = 10


def rate(client: rpc.Client, callers: int, seconds: float) -> float:
    """Calls a second with so many in flight."""
    began = time.perf_counter()
    end = began + seconds

    def ask(_: int) -> int:
        calls = 0
        while time.perf_counter() < end:
            client.call("echo", "slow", caller=ASKER, seconds=0)
            calls += 1
        return calls

    total = sum(eventlet.GreenPool(callers).imap(ask, range(callers)))
    return total / (time.perf_counter() - began)


def main(seconds: float, callers: list[int]) -> None:
    link = Link(settings.AMQP_URL.read(), "bench", "out")
    client = rpc.Client(link, "bench", 10)
    link.use(client)
    eventlet.spawn(link.run)
    link.wait_until_it_takes(UP_SECONDS)
    for _ in range(WARM):
        client.call("echo", "slow", caller=ASKER, seconds=0)
    print(json.dumps({count: rate(client, count, seconds) for count in callers}))


if __name__ == "__main__":
    main(float(sys.argv[1]), [int(text) for text in sys.argv[2:]])
