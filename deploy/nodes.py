"""Asks a broker something at whichever of its nodes answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import amqp
from kombu.connection import Connection
from kombu.exceptions import OperationalError

from deploy.local.places import Problem
from services.bus import settings, tls

T = TypeVar("T")

PATIENCE = 5
"""Seconds to wait for a node."""


def ask(amqp_url: str, question: Callable[[Connection], T]) -> T:
    """What a question on a connection of its own gives.

    Args:
        amqp_url: of the broker, or of all its nodes; tried in turn.

    Raises:
        Problem: none of them answers.
    """
    silent: list[Exception] = []
    for node in settings.nodes(amqp_url):
        try:
            with Connection(node, connect_timeout=PATIENCE, **tls.options(node)) as connection:
                connection.ensure_connection(max_retries=0)  # the next one is asked instead
                return question(connection)
        except (OSError, OperationalError, amqp.exceptions.AMQPError) as error:
            silent.append(error)
    raise Problem(f"The broker does not answer: {silent[-1]}") from silent[-1]
