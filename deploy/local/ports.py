"""Chooses the loopback ports of an instance once and remembers them."""

from __future__ import annotations

import errno
import json
import random
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

from deploy.local.places import Problem, write_private

LOOPBACK = "127.0.0.1"
FIRST_PORT = 20_000
LAST_PORT = 31_999
"""Below Linux's ephemeral range (32,768 up), so that no outgoing connection lands on our port."""
ATTEMPTS = 200
"""Tries per port before giving up; a machine with so many taken ports has another problem."""


def is_free(port: int) -> bool:
    """Whether a server could listen here now (a connection in TIME_WAIT does not count)."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def remembered(path: Path) -> dict[str, int]:
    """The ports chosen earlier; an unreadable file counts as none."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: port for name, port in found.items() if isinstance(port, int)}


def choose(path: Path, names: Iterable[str], wished: Mapping[str, int]) -> dict[str, int]:
    """A free port for every name: the remembered one, else the wished one, else any.

    Only for an instance that is not running: a port its own server holds would count as taken.
    """
    known = remembered(path)
    chosen: dict[str, int] = {}
    for name in names:
        candidates = [port for port in (known.get(name), wished.get(name)) if port]
        chosen[name] = _first_free(candidates, set(chosen.values()))
    write_private(path, json.dumps({**known, **chosen}, indent=2) + "\n")
    return chosen


def _first_free(candidates: list[int], given: set[int]) -> int:
    others = (random.randint(FIRST_PORT, LAST_PORT) for _ in range(ATTEMPTS))
    for port in (*candidates, *others):
        if port not in given and is_free(port):
            return port
    raise Problem(f"No free port was found between {FIRST_PORT} and {LAST_PORT} on {LOOPBACK}.")
