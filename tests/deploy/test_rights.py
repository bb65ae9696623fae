"""Proves on a real broker that each process may do its work, and nothing of another's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import amqp
import pytest
from kombu.connection import Connection

from deploy import rights
from deploy.local import broker, ports
from deploy.local.places import TEST, places
from deploy.local.plan import DATABASE_SERVICES
from services.bus import topology
from services.bus.declarer import Declarer
from services.bus.feed import Streams
from services.contracts import feed, readers
from tests.servers import VirtualHosts

WORD = "only-for-tests"
NAMES = topology.Topology(*readers.TOPOLOGY)
REFUSED = amqp.exceptions.AccessRefused


@dataclass(frozen=True)
class Users:
    """One broker user for each process, on a virtual host of this test's own."""

    url: str

    def connection(self, user: str) -> Connection:
        parts = urlsplit(self.url)
        place = f"{user}{parts.path.replace('/', '-')}:{WORD}@{parts.hostname}:{parts.port}"
        return Connection(urlunsplit(parts._replace(netloc=place)))


def control(expression: str) -> str:
    where = places(TEST)
    return broker.control(where, ports.remembered(where.ports), "eval", expression)


@pytest.fixture(scope="module")
def users(virtual_hosts: VirtualHosts) -> Iterator[Users]:
    if not virtual_hosts.servers.broker_is_ours:
        pytest.skip("a foreign broker is not ours to give rights on")
    url = virtual_hosts.fresh()
    host = urlsplit(url).path.strip("/")
    made = rights.all_rights(DATABASE_SERVICES)
    control(", ".join(granted(each, host) for each in made) + ".")
    yield Users(url)
    gone = (
        f'rabbit_auth_backend_internal:delete_user(<<"{e.user}-{host}">>, <<"t">>)' for e in made
    )
    control(", ".join(gone) + ".")


def granted(each: rights.Rights, host: str) -> str:
    inside = "rabbit_auth_backend_internal"
    user, vhost, by = f'<<"{each.user}-{host}">>', f'<<"{host}">>', '<<"test">>'
    patterns = ", ".join(_binary(p) for p in (each.configure, each.write, each.read))
    topics = f'{_binary(topology.EXCHANGE)}, {_binary(each.says)}, <<".*">>'
    return (
        f'{inside}:add_user({user}, <<"{WORD}">>, {by}), '
        f"{inside}:set_permissions({user}, {vhost}, {patterns}, {by}), "
        f"{inside}:set_topic_permissions({user}, {vhost}, {topics}, {by})"
    )


def _binary(text: str) -> str:
    escaped = text.replace("\\", "\\\\")
    return f'<<"{escaped}">>'


def declare(users: Users, user: str) -> bool:
    """What a process does when it connects; whether the broker let it."""
    with users.connection(user) as connection:
        try:
            Declarer(NAMES).opened(connection)
        except REFUSED:
            return False
        return True


@pytest.fixture(scope="module")
def filled(users: Users) -> Users:
    """A new broker after every process has come by, some of them too early."""
    everybody = (*DATABASE_SERVICES, rights.GATEWAY)
    for _ in everybody:
        came = [declare(users, user) for user in everybody]
        if all(came):
            return users
    raise AssertionError("the broker never let everybody in")


def test_a_new_broker_is_filled_by_each_service_making_its_own_queues(filled: Users) -> None:
    with filled.connection("reporting") as connection:
        for queue in NAMES.event_queues():
            connection.channel().queue_declare(queue.name, passive=True)


def test_a_service_reads_its_own_queues_and_no_others(filled: Users) -> None:
    with filled.connection("ledger") as connection:
        connection.channel().basic_consume("ledger.london")
        connection.channel().basic_consume("ledger.parked")
        for other in ("notifications.london", "reporting.national", "exchanges.parked"):
            with pytest.raises(REFUSED):
                connection.channel().basic_consume(other)


def test_a_service_answers_calls_to_itself_and_to_nobody_else(filled: Users) -> None:
    with filled.connection("ledger") as connection:
        for queue in (topology.rpc_queue("ledger", "midlands"), topology.again_queue("ledger")):
            connection.channel().queue_declare(queue, auto_delete=False)
            connection.channel().basic_consume(queue)
        for queue in (topology.rpc_queue("members", "midlands"), topology.again_queue("members")):
            with pytest.raises(REFUSED):
                connection.channel().queue_declare(queue)


def say(connection: Connection, key: str, exchange: str = topology.EXCHANGE) -> None:
    """Publish and wait for the broker's word, which for a refusal is the channel's end."""
    channel = connection.channel()
    channel.confirm_select()
    channel.basic_publish_confirm(amqp.basic_message.Message(b"{}"), exchange, key)


def test_a_service_says_only_what_bears_its_own_name(filled: Users) -> None:
    with filled.connection("ledger") as connection:
        say(connection, "london.ledger.minutes_held")
        for key in ("london.exchanges.exchange_completed", "mars.ledger.minutes_held"):
            with pytest.raises(REFUSED):
                say(connection, key)


def test_only_who_says_signals_makes_the_feed_and_publishes_to_it(filled: Users) -> None:
    streams = Streams(NAMES.regions)
    for user in (*DATABASE_SERVICES, rights.GATEWAY):
        if user in feed.SAYERS:
            continue
        with filled.connection(user) as connection, pytest.raises(REFUSED):
            streams.opened(connection)
    with filled.connection("exchanges") as connection:
        streams.opened(connection)
        signal = topology.public_key("london", feed.HEARTBEAT.type)
        say(connection, signal, topology.PUBLIC)
    with filled.connection("ledger") as connection, pytest.raises(REFUSED):
        say(connection, signal, topology.PUBLIC)


def test_the_gateway_asks_and_neither_says_nor_reads(filled: Users) -> None:
    with filled.connection(rights.GATEWAY) as connection:
        channel = connection.channel()
        channel.basic_consume("amq.rabbitmq.reply-to", no_ack=True)
        channel.basic_publish(
            amqp.basic_message.Message(b"{}", reply_to="amq.rabbitmq.reply-to"),
            "", topology.rpc_queue("members", "london"),
        )  # fmt: skip
        with pytest.raises(REFUSED):
            say(connection, "london.exchanges.exchange_completed")
        with pytest.raises(REFUSED):
            connection.channel().basic_consume("reporting.london")


@pytest.mark.parametrize("each", rights.all_rights(DATABASE_SERVICES), ids=lambda each: each.user)
def test_nobody_may_touch_what_is_not_of_the_platform(each: rights.Rights, users: Users) -> None:
    with users.connection(each.user) as connection:
        for name in ("somebody-elses", "ledger.mars", "xledger.london", "timebank.public.mars"):
            with pytest.raises(REFUSED):
                connection.channel().queue_declare(name)
