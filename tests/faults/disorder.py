"""F6: every queue hears its events last first, while two processes relay each service's outbox."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from deploy.overheard import LOOK, Listener
from services.bus import topology
from services.contracts import readers
from tests.faults.crowd import more_of
from tests.faults.measured import Case, Watch, total
from tests.faults.messages import copy, put
from tests.faults.platform import Platform, until
from tests.faults.scenario import Result, Scenario
from tests.faults.visitor import listing_of, member

EXCHANGES, CLIENTS = 30, 8
CANCELLED = 3
"""Exchanges that come to nothing, beside those that are settled."""
HELD_BACK = {"ledger": 0.4, "exchanges": 0.4}
"""Seconds of events that are turned round together where clients wait for the outcome."""
HELD_BACK_ELSEWHERE = 4.0
"""Where nobody waits, long enough for whole exchanges to arrive end first."""


class TurnedRound(Listener):
    """Stands between the exchange and every reader's queue, and hands events on backwards."""

    def __init__(self, amqp_url: str, rng: random.Random) -> None:
        super().__init__(amqp_url)
        self.queues = list(topology.Topology(*readers.TOPOLOGY).event_queues())
        self.rng, self.turned = rng, 0
        self.held: dict[str, list[Any]] = {queue.name: [] for queue in self.queues}
        self.next = dict.fromkeys(self.held, 0.0)

    def opened(self, channel: Any) -> None:
        self.channel = channel
        for queue in self.queues:
            side = _side(queue)
            self.channel.queue_declare(side, durable=True, auto_delete=False)
            # Both hear for a moment; an event twice is no fault, one not at all would be.
            for key in queue.keys:
                self.channel.queue_bind(side, topology.EXCHANGE, key)
                self.channel.queue_unbind(queue.name, topology.EXCHANGE, key)
            self.channel.basic_consume(
                side,
                consumer_tag=queue.name,
                callback=lambda message, name=queue.name: self.held[name].append(message),
            )

    def closing(self) -> None:
        for queue in self.queues:
            for key in queue.keys:
                self.channel.queue_bind(queue.name, topology.EXCHANGE, key)
                self.channel.queue_unbind(_side(queue), topology.EXCHANGE, key)
        self._hear(1.0)
        for queue in self.queues:
            self.channel.basic_cancel(queue.name)
        for queue in self.queues:
            self._hand_on(queue.name)
        for queue in self.queues:
            self.channel.queue_delete(_side(queue))

    def run(self) -> None:
        while not self.stopping.is_set():
            self._hear(LOOK)
            for queue in self.queues:
                if self.held[queue.name] and time.monotonic() >= self.next[queue.name]:
                    self._hand_on(queue.name)
                    wait = HELD_BACK.get(queue.service, HELD_BACK_ELSEWHERE)
                    self.next[queue.name] = time.monotonic() + self.rng.uniform(0.5, 1) * wait

    def _hear(self, seconds: float) -> None:
        """Take what comes until the time is over."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.listen()

    def _hand_on(self, name: str) -> None:
        messages, self.held[name] = self.held[name], []
        put(self.channel, [copy(message, queue=name) for message in reversed(messages)])
        for message in messages:
            self.channel.basic_ack(message.delivery_info["delivery_tag"])
        self.turned += len(messages) if len(messages) > 1 else 0


def _side(queue: topology.EventQueue) -> str:
    return f"disorder.{queue.name}"


def run(platform: Platform, seed: int, minutes: float) -> Result:
    """Drive exchanges while every backlog is turned round; balances are those of any order."""
    watch, case = Watch(platform), Case()
    exchanges = EXCHANGES * (4 if minutes >= 1 else 1)
    with (
        more_of(platform, "exchanges", 1),
        more_of(platform, "ledger", 1),
        TurnedRound(platform.at.amqp_url, random.Random(seed)) as order,
    ):
        load = platform.load(exchanges, CLIENTS)
        _cancel(platform)
        load.process.wait()
    watch.ended(case, load)
    case.wrong += list(_differences(platform))
    return total([case], {"events handed on backwards": order.turned})


def _cancel(platform: Platform) -> None:
    """Book and cancel: what was held comes free again."""
    giver, asker = (member(platform, f"f6.{side}") for side in ("giver", "asker"))
    listing = listing_of(giver)
    for _ in range(CANCELLED):
        asked = asker.post("/v1/exchanges", {"listing_id": listing["id"], "minutes": 15})
        giver.act(asked["id"], "accept")
        path = f"/v1/exchanges/{asked['id']}"
        until(lambda path=path: asker.get(path)["state"] == "booked")  # type: ignore[misc]
        asker.act(asked["id"], "cancel")


def _differences(platform: Platform) -> Iterator[str]:
    """Members whose balance is not what they were granted, gave and received."""
    expected: dict[UUID, int] = {}
    settled = "select giver_id, receiver_id, minutes from exchange where state = 'settled'"
    for giver, receiver, minutes in platform.query("exchanges", settled):
        expected[giver] = expected.get(giver, 0) + minutes
        expected[receiver] = expected.get(receiver, 0) - minutes
    other = (
        "select e.account_id, sum(e.minutes) from entry e join transfer t on t.id = e.transfer_id"
        " where t.kind <> 'exchange' group by e.account_id"
    )
    for account, minutes in platform.query("ledger", other):
        expected[account] = expected.get(account, 0) + int(minutes)
    for account, balance in platform.query("ledger", "select id, balance_minutes from account"):
        if balance != expected.get(account, 0):
            yield f"account {account} has {balance} minutes, not {expected.get(account, 0)}"


F6 = Scenario("F6", "every backlog backwards, two relays a service", run, 0.3)
