"""Asks a process whether it is ready, in the language it speaks."""

from __future__ import annotations

import http.client
import socket
import struct
from urllib.parse import urlsplit

SECONDS = 1.0
"""Seconds an answer may take; a process that needs longer is not ready."""
AMQP_HEADER = b"AMQP\x00\x00\x09\x01"
METHOD_FRAME = 1


def is_ready(address: str) -> bool:
    """Whether what listens at an address does its work already."""
    parts = urlsplit(address)
    try:
        if parts.scheme == "http":
            return status(address) == 200
        with socket.create_connection((parts.hostname, parts.port), SECONDS) as connection:
            if parts.scheme == "amqp":
                connection.sendall(AMQP_HEADER)
                return connection.recv(1) == bytes([METHOD_FRAME])
            if parts.scheme == "postgresql":
                return _database_accepts(connection)
            return True
    except (OSError, http.client.HTTPException):
        return False


def status(address: str) -> int:
    """The status an address answers with, 0 when it does not answer."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def _database_accepts(connection: socket.socket) -> bool:
    """A starting server answers a start-up packet with error 57P03, a ready one asks who we are."""
    body = struct.pack("!i", 196608) + b"user\0timebank\0database\0postgres\0\0"
    connection.sendall(struct.pack("!i", len(body) + 4) + body)
    answer = connection.recv(1024)
    return answer[:1] == b"R" or (answer[:1] == b"E" and b"57P0" not in answer)
