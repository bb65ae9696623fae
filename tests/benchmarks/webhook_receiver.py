"""Receives webhooks over HTTPS, takes its time over each, and answers that all is well.

python -m tests.benchmarks.webhook_receiver PORT SECONDS FOLDER
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import Sequence
from pathlib import Path

WELL = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"


async def serve(port: int, seconds: float, folder: Path) -> None:
    """Answer until killed; ``folder`` holds ``server.crt`` and ``server.key``."""
    shown = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    shown.load_cert_chain(folder / "server.crt", folder / "server.key")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = head.partition("content-length:")[2].partition("\r\n")[0]
        await reader.readexactly(int(length))
        await asyncio.sleep(seconds)  # what a receiver does with it
        writer.write(WELL)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port, ssl=shown)
    async with server:
        await server.serve_forever()


def main(arguments: Sequence[str]) -> int:
    port, seconds, folder = arguments
    asyncio.run(serve(int(port), float(seconds), Path(folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
