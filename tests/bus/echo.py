"""A small service with one kind of event, for tests of the bus itself."""

import os
import signal
from dataclasses import dataclass
from typing import Any

from marshmallow import fields

from services.bus.entrypoints import Bus, receive, rpc
from services.bus.errors import Refused
from services.bus.subscription import Subscription, each, subscriptions
from services.contracts.event import Event

TOPOLOGY = (("london", "north-west", "national"), {"echo": ("echo.said",), "all": ("#",)})


class Said(Event):
    producer = "echo"
    event = "said"

    word = fields.String(required=True)


@dataclass(frozen=True)
class Word:
    word: str


class Poison(Exception):
    pass


class Rude(Refused):
    """That word is refused."""

    code = "rude"


def note(tx: Any, event: Any) -> None:
    if event.data.word.startswith("poison"):
        raise Poison(event.data.word)
    if event.data.word.startswith("kill"):
        os.kill(os.getpid(), signal.SIGKILL)
    if event.data.word.startswith("slow"):
        tx.conn.execute("insert into begun (word) values (%s)", [event.data.word])
        tx.conn.execute("select pg_sleep(1.5)")
    tx.conn.execute(
        "insert into heard (event_id, word, region) values (%s, %s, %s)",
        [event.id, event.data.word, event.region],
    )


SUBSCRIPTIONS = subscriptions(Subscription(Said, Word, each(note)))

TABLE = """
create table heard (
    event_id text, word text check (word not like 'unwanted%'), region text
);
create table begun (word text);
"""


class Echo:
    name = "echo"
    bus = Bus(TOPOLOGY)

    @receive(SUBSCRIPTIONS)
    def hear(self, batch):
        return self.bus.handle(batch)

    @rpc
    def say(self, call, word, region="london"):
        if word == "rude":
            raise Rude(word=word)
        with self.bus.transaction(call.correlation_id) as tx:
            event_id = tx.emit(Said, region=region, subject=word, data={"word": word})
        return {"event_id": str(event_id), "caller": call.caller.as_json()}

    @rpc
    def crash(self, call):
        raise RuntimeError("with something private in it")

    @rpc
    def slow(self, call, seconds):
        import eventlet

        eventlet.sleep(seconds)
        return {"slept": seconds}
