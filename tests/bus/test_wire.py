"""Proves that the wire writes what py-amqp writes, and reads all that has arrived at once."""

import socket
import struct
from types import SimpleNamespace

import pytest
from amqp import spec
from amqp.basic_message import Message
from amqp.method_framing import frame_writer
from amqp.serialization import dumps
from amqp.transport import TCPTransport

from services.bus.wire import Letter, Wire

FRAME_MAX = 4096
LETTER = Letter(
    "0199b4a0-3c00-7a30-8000-0000000000e5", "london.ledger.minutes_held", "application/json",
    {"ce-id": "1", "ce-subject": "Zoë"}, b'{"minutes": 60}',
)  # fmt: skip


class Socket(TCPTransport):
    """A transport between two ends of a pair of sockets."""

    def __init__(self):
        self.sock, self.other = socket.socketpair()
        self.connected, self.raise_on_initial_eintr = True, True
        self._setup_transport()

    def arrived(self):
        self.other.settimeout(0.2)
        found = b""
        try:
            while True:
                found += self.other.recv(65536)
        except TimeoutError:
            return found


@pytest.fixture
def transport():
    made = Socket()
    yield made
    made.sock.close()
    made.other.close()


def connection(transport):
    found = SimpleNamespace(frame_max=FRAME_MAX, bytes_sent=0, transport=transport)
    found.frame_writer = frame_writer(found, transport)
    return found


def by_py_amqp(connection, letter):
    copies = {"CC": list(letter.copies)} if letter.copies else {}
    message = Message(
        letter.body, message_id=letter.message_id, content_type=letter.content_type,
        delivery_mode=2, application_headers={**letter.headers, **copies},
    )  # fmt: skip
    arguments = dumps("Bssbb", (0, "timebank", letter.routing_key, letter.mandatory, False))
    connection.frame_writer(1, 3, spec.Basic.Publish, arguments, message)


@pytest.mark.parametrize("body", [b"", LETTER.body, b"x" * 4088, b"x" * 4089, b"x" * 10_000])
def test_a_letter_is_written_as_py_amqp_writes_it(transport, body):
    letter = Letter(LETTER.message_id, LETTER.routing_key, "application/json", LETTER.headers, body)
    by_py_amqp(connection(transport), letter)
    expected = transport.arrived()

    Wire(connection(transport)).publish(SimpleNamespace(channel_id=3), "timebank", [letter])

    written = transport.arrived()
    assert frames(written) == frames(expected)


@pytest.mark.parametrize("copies", [(), ("region.midlands.x",), ("region.midlands.x", "Zoë")])
def test_further_routing_keys_and_what_may_be_heard_by_nobody_are_written_so_too(transport, copies):
    letter = Letter("1", "region.london.x", "text/plain", {}, b"{}", copies, mandatory=False)
    by_py_amqp(connection(transport), letter)
    expected = transport.arrived()

    Wire(connection(transport)).publish(SimpleNamespace(channel_id=3), "timebank", [letter])

    assert frames(transport.arrived()) == frames(expected)


def frames(written):
    """The frames of one message; a body is a body however it is cut."""
    found, body = [], b""
    while written:
        kind, channel, size = struct.unpack(">BHI", written[:7])
        assert size <= FRAME_MAX - 8
        assert written[7 + size] == 0xCE
        if kind == 3:
            body += written[7 : 7 + size]
        else:
            found.append((kind, channel, written[7 : 7 + size]))
        written = written[8 + size :]
    return found, body


def test_letters_are_written_in_their_order(transport):
    letters = [
        Letter(str(number), "k", "application/json", {}, str(number).encode())
        for number in range(300)
    ]

    Wire(connection(transport)).publish(SimpleNamespace(channel_id=1), "timebank", letters)

    _, body = frames(transport.arrived())
    assert body == "".join(map(str, range(300))).encode()


def test_a_routing_key_without_room_in_a_frame_is_refused(transport):
    letter = Letter("1", "k" * 256, "application/json", {}, b"")

    with pytest.raises(ValueError, match="256"):
        Wire(connection(transport)).publish(SimpleNamespace(channel_id=1), "timebank", [letter])

    assert transport.arrived() == b""


def test_frames_that_arrived_together_are_read_with_one_question(transport):
    Wire(connection(transport))
    receive, asked = transport._quick_recv, []

    def counted(count):
        asked.append(count)
        return receive(count)

    transport._quick_recv = counted
    payloads = [b"one", b"", b"x" * 5000]
    transport.other.sendall(
        b"".join(struct.pack(">BHI", 3, 1, len(p)) + p + b"\xce" for p in payloads)
    )

    assert [bytes(transport.read_frame()[2]) for _ in payloads] == payloads
    assert len(asked) == 1
