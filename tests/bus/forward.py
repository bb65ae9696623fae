"""Passes a port on to a server, or does not: a server that is away, at will.

A process of its own, because killing it breaks every connection at once, as a crash does.
"""

import asyncio
import socket
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit, urlunsplit


class Forward:
    """Stands before the server of ``url``; its own ``url`` leads through here."""

    def __init__(self, url, default_port):
        parts = urlsplit(url)
        self.target = (parts.hostname, str(parts.port or default_port))
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        place = f"{parts.username}:{parts.password}@127.0.0.1:{self.port}"
        self.url = urlunsplit((parts.scheme, place, parts.path, parts.query, ""))
        self.process: Any = None

    def open(self):
        """Begin to pass on; returns once connections are taken."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.bus.forward", str(self.port), *self.target],
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout.readline() == b"open\n"

    def close(self):
        """Break what stands and refuse what comes."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process = None


async def serve(port, host, target_port):
    async def accept(near_reader, near_writer):
        far_reader, far_writer = await asyncio.open_connection(host, target_port)
        await asyncio.gather(pass_on(near_reader, far_writer), pass_on(far_reader, near_writer))

    async def pass_on(reader, writer):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", port)
    print("open", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
