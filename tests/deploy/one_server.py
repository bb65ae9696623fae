"""A database server alone, started without a supervisor: for tests that end it or copy it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from deploy.local import database, plan, ports, probe, secret
from deploy.local.installation import Installation
from deploy.local.places import Places, identity_of
from tests.faults.platform import until

SERVICES = ("ledger", "reporting")
"""As many databases as show what is between two of them."""


@contextmanager
def served(where: Places, *settings: str) -> Iterator[Installation]:
    """The server of an instance, its data made when missing; ``settings`` as ``name=value``."""
    word = secret.passwords(where, ["database"])["database"]
    chosen = ports.choose(where.ports, ["database"], {})
    database.prepare(where, word)
    process = database.process(where, chosen)
    # Nobody cuts the power; waiting for the disk would be most of a test.
    options = [part for setting in ("fsync=off", *settings) for part in ("-c", setting)]
    with where.log_of("database").open("wb") as log:
        running = subprocess.Popen(
            [*process.command, *options],
            env=dict(process.environment),
            cwd=process.folder,
            **identity_of(process.user),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
    try:
        assert until(lambda: probe.is_ready(process.ready), 30), where.log_of("database")
        yield _at(where, chosen["database"], word)
    finally:
        running.send_signal(process.stop_signal)
        running.wait(process.stop_seconds)


def _at(where: Places, port: int, word: str) -> Installation:
    administrator = database.url(port, database.ADMINISTRATOR, word, "postgres")
    place = Installation(where.instance, "", administrator)
    urls = {name: plan.service_url(administrator, name, "only-for-tests") for name in SERVICES}
    return replace(place, database_urls=urls)
