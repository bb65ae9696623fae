"""F8: what can happen between a service and its servers, through a proxy before each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from tests.faults.disturbed import disturbed, lives
from tests.faults.measured import Case, total
from tests.faults.platform import Platform, until
from tests.faults.proxy import Proxy
from tests.faults.scenario import Result, Scenario

HEARTBEAT = 3
"""Seconds between heartbeats here: a silent broker must be noticed within two of them."""
LASTS = 4.0
"""Seconds a cut, a delay or a refusal lasts."""
DELAY = 0.5
"""Seconds each way."""
COMMIT = b"COMMIT"
ACK = b"\x00\x3c\x00\x50"
"""Basic.Ack as the broker sends it: a confirm."""
CONFIRM_TIMEOUT = 5

Hurt = Callable[[], object]


def run(_: Platform, seed: int, minutes: float) -> Result:
    """A platform of its own behind two proxies; its servers are another instance's."""
    with _servers() as (broker, store, platform):
        before = lives(platform)
        noticed: list[float] = []
        cases: list[Case] = []
        end = time.monotonic() + 60 * minutes
        for name, hurt in _hurts(platform, broker, store, noticed):
            case = disturbed(platform, hurt)
            case.wrong = [f"{name}: {sentence}" for sentence in case.wrong]
            print(f"    {name}  {case.first_success} {case.empty}", flush=True)
            cases.append(case)
            if time.monotonic() > end and minutes >= 1:
                break
        if lives(platform) != before:
            cases[-1].wrong.append("a service did not live through it")
        cases[-1].wrong += [f"a stall was noticed after {s:.1f} s" for s in noticed if s > _LATEST]
        tripped = int(broker.tell("tripped")) + int(store.tell("tripped"))
        return total(
            cases,
            {"connections broken inside COMMIT or a confirm": tripped,
             "a stall was noticed within, s": round(max(noticed, default=0), 1)},
        )  # fmt: skip


_LATEST = 2 * HEARTBEAT + CONFIRM_TIMEOUT
"""Seconds: two heartbeats, and what a look at the process and a slow machine add."""


def _hurts(
    platform: Platform, broker: Proxy, store: Proxy, noticed: list[float]
) -> Iterator[tuple[str, Hurt]]:
    for name, proxy in (("broker", broker), ("database", store)):
        yield f"{name} cut", partial(_for, LASTS, proxy.close, proxy.open)
        yield f"{name} delayed", partial(_weather, proxy, "delay", DELAY)
        yield f"{name} reset", partial(proxy.tell, "reset")
        yield f"{name} cut after 5,000 bytes", partial(proxy.tell, "cut", 5_000)
    for way in ("there", "back"):
        yield f"broker stalled {way}", partial(_stall, platform, broker, way, noticed)
        yield f"database stalled {way}", partial(_weather, store, "stall", way)
    yield "reset inside COMMIT", partial(_trip, store, "there", COMMIT)
    yield "reset inside a confirm", partial(_trip, broker, "back", ACK)


def _weather(proxy: Proxy, *order: object) -> None:
    _for(LASTS, partial(proxy.tell, *order), partial(proxy.tell, "pass"))


def _for(seconds: float, begin: Hurt, end: Hurt) -> None:
    begin()
    time.sleep(seconds)  # the fault lasts
    end()


def _stall(platform: Platform, broker: Proxy, way: str, noticed: list[float]) -> None:
    """Until the ledger says that it lost a link: seconds that took."""
    log = platform.where.log_of("ledger")
    size, began = log.stat().st_size, time.monotonic()
    broker.tell("stall", way)
    until(lambda: b"link lost" in log.read_bytes()[size:], 60)
    noticed.append(time.monotonic() - began)
    broker.tell("pass")


def _trip(proxy: Proxy, way: str, over: bytes) -> None:
    before = proxy.tell("tripped")
    proxy.tell("trip", way, over.hex())
    until(lambda: proxy.tell("tripped") != before, 10)
    proxy.tell("pass")


@contextmanager
def _servers() -> Iterator[tuple[Proxy, Proxy, Platform]]:
    servers = Platform("faults-servers")
    servers.launch("servers", "up")
    broker = Proxy(servers.at.amqp_url, 5672)
    store = Proxy(servers.at.administrator_url, 5432)
    broker.open()
    store.open()
    platform = Platform(
        "faults-network",
        {
            "TIMEBANK_AMQP_URL": broker.url,
            "TIMEBANK_DATABASE_URL": store.url,
            "TIMEBANK_HEARTBEAT": str(HEARTBEAT),
            "TIMEBANK_CONFIRM_TIMEOUT": str(CONFIRM_TIMEOUT),
        },
    )
    try:
        platform.up()
        yield broker, store, platform
    finally:
        platform.down()
        store.close()
        broker.close()
        servers.launch("servers", "down")


F8 = Scenario("F8", "cuts, delays, stalls and resets on the way to either server", run, 1.5)
NETWORK_FAULTS = (F8,)
