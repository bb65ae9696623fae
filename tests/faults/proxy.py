"""Stands before a server and lets through, delays, stalls, resets or cuts what passes.

A process of its own, because killing it breaks every connection at once, as a crash does.
What it is told comes as lines on a second port:

    pass            let everything through again
    delay SECONDS   hold back every piece for so long, either way
    stall WAY       keep connections open and pass nothing (there, back or both)
    reset           break every connection with a reset
    cut BYTES       break each connection once so many more bytes have gone to the server
    trip WAY HEX    break the connection at the next piece with these bytes: those going there
                    arrive first, those coming back do not, so either way an answer is lost
    tripped         answer how often that happened
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

LOOPBACK = "127.0.0.1"
PIECE = 65_536
"""Bytes read at once."""
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER of zero seconds: closing sends a reset instead of an orderly end."""
THERE, BACK = "there", "back"


class Proxy:
    """Stands before the server of ``url``; its own ``url`` leads through here."""

    def __init__(self, url: str, default_port: int) -> None:
        parts = urlsplit(url)
        self.target = (str(parts.hostname), str(parts.port or default_port))
        self.port, self.control = _free_port(), _free_port()
        place = f"{parts.username}:{parts.password}@{LOOPBACK}:{self.port}"
        self.url = urlunsplit((parts.scheme, place, parts.path, parts.query, ""))
        self.process: Any = None

    def open(self) -> None:
        """Begin to pass on; returns once connections are taken."""
        ports = (str(self.port), str(self.control))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.proxy", *ports, *self.target],
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout.readline() == b"open\n"

    def close(self) -> None:
        """Break what stands and refuse what comes."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process = None

    def tell(self, *words: object) -> str:
        """Give an order (see the module's page); what was answered."""
        with socket.create_connection((LOOPBACK, self.control), timeout=10) as line:
            line.sendall(" ".join(str(word) for word in words).encode() + b"\n")
            answer = line.makefile().readline().strip()
        if answer.startswith("error"):
            raise ValueError(answer)
        return answer


def _free_port() -> int:
    with socket.create_server((LOOPBACK, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Weather:
    """What happens to whatever passes just now."""

    delay: float = 0.0
    stalled: frozenset[str] = frozenset()
    cut: int | None = None
    trip: tuple[str, bytes] | None = None
    tripped: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def order(self, name: str, *words: str) -> str:
        if name == "pass":
            self.delay, self.stalled, self.cut, self.trip = 0.0, frozenset(), None, None
        elif name == "delay":
            self.delay = float(words[0])
        elif name == "stall":
            self.stalled = frozenset({THERE, BACK} if words[0] == "both" else {words[0]})
        elif name == "cut":
            self.cut = int(words[0])
        elif name == "trip":
            self.trip = (words[0], bytes.fromhex(words[1]))
        elif name == "reset":
            self.reset(*self.writers)
        elif name == "tripped":
            return str(self.tripped)
        else:
            raise ValueError(name)
        self.changed.set()
        self.changed = asyncio.Event()
        return "ok"

    def reset(self, *writers: asyncio.StreamWriter) -> None:
        for writer in writers:
            end = writer.get_extra_info("socket")
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            writer.transport.abort()


class Pair:
    """Both directions of one connection."""

    def __init__(self, weather: Weather, near: Any, far: Any) -> None:
        self.weather, self.near, self.far = weather, near, far
        self.sent = 0

    async def run(self) -> None:
        (near_reader, near_writer), (far_reader, far_writer) = self.near, self.far
        self.weather.writers |= {near_writer, far_writer}
        try:
            await asyncio.gather(
                self._pass_on(near_reader, far_writer, THERE),
                self._pass_on(far_reader, near_writer, BACK),
            )
        except OSError:
            self._break()
        finally:
            self.weather.writers -= {near_writer, far_writer}

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: str
    ) -> None:
        while data := await reader.read(PIECE):
            if self.weather.delay:
                await asyncio.sleep(self.weather.delay)
            while way in self.weather.stalled:
                await self.weather.changed.wait()
            if not await self._let_through(data, writer, way):
                self._break()
                return
        writer.close()

    async def _let_through(self, data: bytes, writer: asyncio.StreamWriter, way: str) -> bool:
        weather = self.weather
        if way == THERE and weather.cut is not None:
            left, weather.cut = data[: weather.cut], weather.cut - len(data)
            writer.write(left)
            if weather.cut <= 0:
                weather.cut = None
                await writer.drain()
                return False
            return True
        trips = weather.trip is not None and weather.trip[0] == way and weather.trip[1] in data
        if not trips or way == THERE:
            writer.write(data)
            await writer.drain()
        if trips:
            weather.trip, weather.tripped = None, weather.tripped + 1
        return not trips

    def _break(self) -> None:
        """Reset towards the client; towards the server an end after all that was sent.

        A reset there could overtake what shall have arrived.
        """
        self.weather.reset(self.near[1])
        self.far[1].close()


async def serve(port: int, control: int, host: str, target_port: int) -> None:
    weather = Weather()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far = await asyncio.open_connection(host, target_port)
        except OSError:
            writer.transport.abort()
            return
        await Pair(weather, (reader, writer), far).run()

    async def obey(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = (await reader.readline()).decode().split()
        try:
            answer = weather.order(*line)
        except (ValueError, TypeError, IndexError) as error:
            answer = f"error: {error}"
        writer.write(answer.encode() + b"\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(accept, LOOPBACK, port)
    await asyncio.start_server(obey, LOOPBACK, control)
    print("open", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
