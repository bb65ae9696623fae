"""Proves on real servers that they are private, come back after a kill, and leave nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from kombu.connection import Connection
from kombu.simple import SimpleQueue

from deploy.local import commands, faults, plan, supervisor
from deploy.local.installation import Installation
from deploy.local.places import Places, places
from deploy.local.process import marked
from deploy.local.status import family

LISTENING = "0A"
"""State of a socket in /proc/net/tcp."""


@pytest.fixture(scope="module")
def where() -> Iterator[Places]:
    """An instance of its own, because its servers are killed here."""
    found = places("killed")
    yield found
    commands.down(found)
    shutil.rmtree(found.folder)


@pytest.fixture(scope="module")
def running(where: Places) -> Installation:
    return commands.up(where, plan.SERVERS)


def listening_addresses(where: Places) -> set[str]:
    """The local addresses, in the kernel's notation, that the instance's processes listen on."""
    sockets = set()
    for told in supervisor.read_state(where)["processes"].values():
        for pid in family(told["pid"]):
            for each in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(FileNotFoundError):  # closed since it was listed
                    sockets.add(os.readlink(each))
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENING and f"socket:[{fields[9]}]" in sockets:
                found.add(fields[1].split(":")[0])
    return found


@contextmanager
def queue_kept(running: Installation) -> Iterator[SimpleQueue]:
    """A durable queue; what was put into it is confirmed by the broker."""
    with Connection(running.amqp_url, transport_options={"confirm_publish": True}) as connection:
        queue = connection.SimpleQueue("kept", queue_args={"x-queue-type": "quorum"})
        yield queue
        queue.close()


def test_the_servers_listen_on_loopback_only(where: Places, running: Installation) -> None:
    version_4, version_6 = "0100007F", "00000000000000000000000001000000"
    assert version_4 in listening_addresses(where)
    assert listening_addresses(where) <= {version_4, version_6}


def test_starting_again_changes_nothing(where: Places, running: Installation) -> None:
    before = supervisor.running(where)
    assert commands.up(where, plan.SERVERS) == running
    assert supervisor.running(where) == before


def test_servers_come_back_from_a_restart_and_a_kill_with_what_they_had_promised_to_keep(
    where: Places, running: Installation
) -> None:
    with psycopg.connect(running.administrator_url) as connection:
        connection.execute("create table kept as select 1 as one")
    with queue_kept(running) as queue:
        queue.put("from before the restart")
    # RabbitMQ 3.10 forgets who leads a quorum queue that was declared within a second of SIGKILL;
    # this restart also makes the queue older than that.
    faults.restart(where, "broker")
    with queue_kept(running) as queue:
        queue.put("from before the kill")
    for name in ("broker", "database", "port-mapper"):
        faults.kill(where, name)
    faults.await_all(where)
    with psycopg.connect(running.administrator_url) as connection:
        assert connection.execute("select one from kept").fetchone() == (1,)
    with queue_kept(running) as queue:
        messages = [queue.get(timeout=10).payload for _ in range(2)]
    assert messages == ["from before the restart", "from before the kill"]


def test_stopping_leaves_no_process(where: Places, running: Installation) -> None:
    told = supervisor.read_state(where)["processes"].values()
    pids = [pid for each in told for pid in family(each["pid"])]
    commands.down(where)
    assert marked(where.folder) == []
    assert not [pid for pid in pids if Path(f"/proc/{pid}/exe").exists()]
