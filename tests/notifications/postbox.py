"""A real SMTP server in a process of its own, for the tests of the mail channel.

    python tests/notifications/postbox.py PORT FOLDER

Keeps each message as a file. An address that begins with ``refuse`` is refused for
ever, one with ``busy`` for now, one with ``bounce`` only after the message was read. Over
one with ``leave`` the server says that it ends the connection, over one with ``drop`` it does
so without a word once the message was read, after refusing one with ``slam`` too.
"""

import asyncio
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP


class Keeper:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_RCPT(
        self, server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address.startswith("slam"):
            asyncio.get_running_loop().call_soon(server.transport.close)
            return "550 no such mailbox"
        if address.startswith("leave"):
            return "421 leaving"
        if address.startswith("refuse"):
            return "550 no such mailbox"
        if address.startswith("busy"):
            return "451 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        if envelope.rcpt_tos[0].startswith("drop"):
            server.transport.abort()
            return "421 leaving"
        if envelope.rcpt_tos[0].startswith("bounce"):
            return "554 not wanted"
        name = f"{time.time_ns()}-{uuid.uuid4().hex}"  # sorts as they came
        part = self.folder / f"{name}.part"
        part.write_bytes(envelope.content)
        part.rename(self.folder / f"{name}.eml")
        return "250 OK"


async def main(port: int, folder: Path) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Keeper(folder), loop=loop), "127.0.0.1", port)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2])))
