"""How an event looks on the wire: CloudEvents 1.0 in binary mode, and back.

A public signal has no data and is for everybody's tools: structured mode, one JSON object.
"""

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

import msgspec
from cloudevents.core.bindings.rabbitmq import (
    RabbitMQMessage,
    from_rabbitmq_event,
    to_binary_event,
)
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from services.bus import body as bodies
from services.bus import topology as names

_FORMAT = JSONFormat()
CONTENT_TYPE = "application/json"
SIGNAL_CONTENT_TYPE = "application/cloudevents+json"
COPIES = "CC"
"""The header by which the broker knows further routing keys."""
CE = "ce-"
"""What the attributes' headers begin with."""
_HEADERS = tuple(
    CE + name for name in ("id", "source", "type", "time", "subject", "region", "correlationid")
)
NAMELESS = UUID("6d1f0c52-7a0e-5f0b-9a39-6f7f1f1f3f5e")
"""Namespace for the ids given to messages that came without a usable one."""


@dataclass(frozen=True)
class Outgoing:
    """An event, or a public signal, as the outbox keeps it.

    Attributes:
        region: whose turn it is published in; a signal's is its lane.
    """

    id: UUID
    region: str
    routing_key: str
    headers: dict[str, Any]
    body: bytes

    @property
    def event(self) -> str:
        """The event's name, such as ``minutes_held``."""
        return self.routing_key.rpartition(".")[2]


@dataclass(frozen=True)
class Event:
    """An event as a handler meets it.

    Attributes:
        id: unique for ever; the key of the inbox.
        type: ``<producer>.<event>``, for example ``exchanges.exchange_completed``.
        region: of the queue it came by.
        subject: id of what it is about.
        time: when the producer said it, aware UTC.
        correlation_id: of the call that began it all.
        data: an instance of the reader's own dataclass: only the fields it reads.
    """

    id: str
    type: str
    region: str
    subject: str
    time: datetime.datetime
    correlation_id: str
    data: Any

    def carrying(self, data: Any) -> "Event":
        """The same event with its data; written out, since it happens to every event."""
        return Event(
            self.id, self.type, self.region, self.subject, self.time, self.correlation_id, data
        )


class Unreadable(ValueError):
    """The message is not an event of ours; the text says why."""


def outgoing(
    *,
    event_id: UUID,
    schema: Any,
    region: str,
    subject: str,
    time: datetime.datetime,
    correlation_id: str,
    data: Mapping[str, Any],
) -> Outgoing:
    """Write an event; the contract refuses a body that lacks a field."""
    routing_key = f"{region}.{schema.producer}.{schema.event}"
    headers = {
        CE + "id": str(event_id),
        CE + "source": f"/timebank/{schema.producer}",
        CE + "type": schema.event,
        CE + "specversion": "1.0",
        CE + "time": time.isoformat().replace("+00:00", "Z"),
        CE + "subject": subject,
        CE + "region": region,
        CE + "correlationid": correlation_id,
    }
    body = bodies.written(_writer(schema).fields, data)
    if body is not None and time.tzinfo is not None and all(headers.values()):
        return Outgoing(event_id, region, routing_key, headers, body)
    message = to_binary_event(
        CloudEvent(
            attributes={
                "id": str(event_id),
                "source": f"/timebank/{schema.producer}",
                "type": schema.event,
                "specversion": "1.0",
                "time": time,
                "subject": subject,
                "region": region,
                "correlationid": correlation_id,
                "datacontenttype": CONTENT_TYPE,
            },
            data=_writer(schema).dump(data),
        ),
        _FORMAT,
    )
    return Outgoing(
        event_id,
        region,
        routing_key,
        {key: str(value) for key, value in message.headers.items()},
        bytes(message.body),
    )


def public_id(event_id: UUID) -> UUID:
    """The id other systems know an event by: its own with the last bit turned.

    Both lie in one outbox, whose key is the id, so they cannot be the same; yet whoever has the
    one knows the other, by whatever road a signal goes. The bit is one of the random ones, so
    ids keep the order of their times.
    """
    return UUID(int=event_id.int ^ 1)


def signal(
    *,
    event_id: UUID,
    kind: Any,
    regions: Sequence[str],
    subject: str,
    time: datetime.datetime,
) -> Outgoing:
    """Write a public signal.

    Args:
        event_id: the signal's own; see ``public_id``.
        kind: its contract, with ``type``, ``source`` and ``path``.
        regions: whom it concerns, the first one's lane carries it; doubles are taken out.
    """
    keys = [names.public_key(region, kind.type) for region in dict.fromkeys(regions)]
    body = {
        "specversion": "1.0",
        "id": str(event_id),
        "source": kind.source,
        "type": kind.type,
        "time": time.isoformat().replace("+00:00", "Z"),
        "subject": subject,
        "dataref": kind.path.format(subject),
    }
    copies = {COPIES: keys[1:]} if len(keys) > 1 else {}
    return Outgoing(
        event_id, names.lane(regions[0]), keys[0], copies, msgspec.json.encode(body)
    )  # fmt: skip


_writers: dict[type, Any] = {}


def _writer(schema: type) -> Any:
    """One instance of each contract: building a schema costs a hundred dumps."""
    if schema not in _writers:
        _writers[schema] = schema()
    return _writers[schema]


def attributes(headers: Mapping[str, Any]) -> Event | None:
    """What the headers say, read the short way: only as we write them ourselves.

    Returns:
        The event without its data, or nothing when ``read`` has to decide.
    """
    if headers.get(CE + "specversion") != "1.0" or len(headers) != len(_HEADERS) + 1:
        return None
    values: list[Any] = [headers.get(name) for name in _HEADERS]
    if not all(type(value) is str and value for value in values):
        return None
    id_, source, name, time, subject, region, correlation_id = map(str, values)
    try:
        at = datetime.datetime.fromisoformat(time)
    except ValueError:
        return None
    if at.tzinfo is None or not is_kept("".join(values)):
        return None
    return Event(
        id_, f"{source.rpartition('/')[2]}.{name}", region, subject, at, correlation_id, None
    )


def read(headers: Mapping[str, Any], body: bytes) -> tuple[Event, dict[str, Any]]:
    """Read an event's attributes and its raw body.

    Raises:
        Unreadable: not a CloudEvent in binary mode with a JSON object as body.
    """
    try:
        message = RabbitMQMessage(dict(headers), CONTENT_TYPE, body)
        found = from_rabbitmq_event(message)
        data = json.loads(body)
    except Exception as error:  # whatever the libraries raise, the message is to blame
        raise Unreadable(f"not an event: {type(error).__name__}: {error}"[:500]) from None
    if not isinstance(data, dict):
        raise Unreadable("the body is not a JSON object")
    attributes = found.get_attributes()
    time = attributes.get("time")
    if not isinstance(time, datetime.datetime):
        raise Unreadable("the event has no time")
    producer = str(attributes["source"]).rpartition("/")[2]
    if not is_kept("".join(map(str, attributes.values()))):
        raise Unreadable("the event has text that no database keeps")
    event = Event(
        id=str(attributes["id"]),
        type=f"{producer}.{attributes['type']}",
        region=str(attributes.get("region", "")),
        subject=str(attributes.get("subject", "")),
        time=time,
        correlation_id=str(attributes.get("correlationid") or attributes["id"]),
        data=None,
    )
    return event, data


def id_of(headers: Mapping[str, Any], body: bytes) -> str:
    """The event's id, or one that follows from its bytes where it has none that can be kept."""
    found = headers.get("ce-id") if isinstance(headers, Mapping) else None
    if found and is_kept(str(found)):
        return str(found)
    unusable = ascii(found) if found else ""
    return str(uuid5(NAMELESS, unusable + ascii(sorted(headers)) + body.hex()))


def is_kept(text: str) -> bool:
    """Whether a database keeps this text as it is."""
    return "\x00" not in text and (text.isascii() or kept(text) == text)


def kept(text: str) -> str:
    """What a database keeps of a text: neither NUL nor half of a character.

    AMQP carries both, so a foreign message may.
    """
    return text.encode("utf-8", "replace").decode().replace("\x00", "")
