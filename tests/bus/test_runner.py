"""A service as a process of its own: its settings, its stop, its death."""

import os
import signal
import subprocess
import sys
from typing import Any

import eventlet
import psycopg
import pytest

from services.bus.transaction import Database, new_id
from tests.bus import running, starting
from tests.bus.echo import TABLE, Said
from tests.bus.running import eventually
from tests.faults.proxy import Proxy


class Process:
    """The echo service as a process, restarted on demand."""

    def __init__(self, place, output):
        self.output = output
        told = {f"TIMEBANK_{k}": v for k, v in place.items()}
        self.environment = {**os.environ, **running.UNRESOLVED, **told}
        self.database_url = place["DATABASE_URL"]
        self.running: Any = None

    def start(self):
        with self.output.open("w") as output:
            self.running = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", "services.bus.runner", "tests.bus.echo"],
                env=self.environment,
                stdout=subprocess.DEVNULL,
                stderr=output,
            )
        return self.running

    def restart_when_dead(self):
        if self.running.poll() is not None:
            self.start()

    def said(self):
        return self.output.read_text().strip()

    def rows(self, statement):
        with psycopg.connect(self.database_url) as conn:
            return conn.execute(statement).fetchall()

    def heard(self):
        return [row[0] for row in self.rows("select word from heard")]


@pytest.fixture
def place(service_database, place):
    """With a database of its own: what a killed process has begun in it ends some time later."""
    url = service_database("services.bus")
    with psycopg.connect(url) as conn:
        conn.execute(TABLE)
    return {**place, "DATABASE_URL": url}


@pytest.fixture
def process(place, tmp_path):
    made = Process(place, tmp_path / "said")
    yield made
    if made.running is not None and made.running.poll() is None:
        made.running.kill()
        made.running.wait()


def say(process, *words):
    """Write into the outbox; the process's relay publishes it."""
    database = Database(process.database_url, size=2)
    database.open()
    try:
        with database.transaction() as tx:
            for word in words:
                tx.emit(Said, region="london", subject=word, data={"word": word}, event_id=new_id())
    finally:
        database.close()


def ended(process):
    process.running.wait(timeout=20)
    return process.running.returncode


REFUSED = (
    ("AMQP_URL", None, "TIMEBANK_AMQP_URL is not set"),
    ("AMQP_URL", "", "TIMEBANK_AMQP_URL is set but empty"),
    ("DATABASE_URL", "mysql://x/y", "TIMEBANK_DATABASE_URL cannot be used"),
    ("REGIONS", "london,atlantis", "TIMEBANK_REGIONS names atlantis"),
    ("REGIONS", "all,london", "TIMEBANK_REGIONS cannot be used"),
    ("BATCH_SIZE", "1.5", "TIMEBANK_BATCH_SIZE cannot be used"),
    ("HTTP_PORT", "99999", "TIMEBANK_HTTP_PORT cannot be used"),
)
"""Settings no process starts with, and how its sentence begins."""


@pytest.fixture(scope="module")
def refused(database_server, broker_url):
    """How the process ended with each of the bad settings beside good ones."""
    good = {
        **os.environ,
        "TIMEBANK_DATABASE_URL": database_server,
        "TIMEBANK_AMQP_URL": broker_url,
    }
    told = [{**good, f"TIMEBANK_{name}": value} for name, value, _ in REFUSED]
    known = [{k: v for k, v in each.items() if v is not None} for each in told]
    return dict(zip(REFUSED, starting.ended("tests.bus.echo", known), strict=True))


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: f"{case[0]}-{case[1]}")
def test_a_bad_setting_refuses_to_start_with_one_sentence(refused, case):
    ended = refused[case]

    assert ended.code == 2
    assert ended.said.startswith(case[2])
    assert "\n" not in ended.said


def test_sigterm_lets_work_in_progress_end_and_never_runs_it_twice(process):
    process.start()
    say(process, "slow")
    eventually(
        lambda: process.rows(
            "select 1 from pg_stat_activity where query like 'select pg_sleep%'"
            " and datname = current_database() and pid <> pg_backend_pid()"
        )
    )

    process.running.send_signal(signal.SIGTERM)

    assert ended(process) == 0
    assert process.heard() == ["slow"]
    process.start()
    say(process, "afterwards")
    eventually(lambda: "afterwards" in process.heard())
    assert sorted(process.heard()) == ["afterwards", "slow"]


def test_killing_a_process_in_the_middle_loses_and_doubles_nothing(process):
    process.start()
    say(process, "before")
    eventually(lambda: process.heard() == ["before"])
    say(process, "slow", *(f"word {number}" for number in range(20)))
    eventually(
        lambda: process.rows(
            "select 1 from pg_stat_activity where query like 'select pg_sleep%'"
            " and datname = current_database() and pid <> pg_backend_pid()"
        )
    )

    process.running.kill()
    process.running.wait()
    process.start()

    eventually(lambda: len(process.heard()) >= 22, 30)
    assert sorted(process.heard()) == sorted(
        ["before", "slow", *(f"word {number}" for number in range(20))]
    )


def test_a_message_that_kills_its_process_is_parked_and_its_neighbours_are_handled(process):
    process.start()
    say(process, *(f"word {n}" for n in range(100)), "kill", *(f"late {n}" for n in range(100)))

    def settled():
        process.restart_when_dead()
        return len(process.heard()) == 200 and process.rows(
            "select 1 from retry where parked_at is not null"
        )

    eventually(settled, 60)
    assert process.rows("select reason from retry") == [("begun 3 times and never ended",)]
    assert "kill" not in process.heard()


@pytest.fixture
def servers_away(process, place):
    """The broker and the database, each behind a port that is closed at first."""
    forwards = {
        "AMQP_URL": Proxy(place["AMQP_URL"], 5672),
        "DATABASE_URL": Proxy(place["DATABASE_URL"], 5432),
    }
    for name, forward in forwards.items():
        process.environment[f"TIMEBANK_{name}"] = forward.url
    yield forwards
    for forward in forwards.values():
        forward.close()


@pytest.mark.parametrize("order", [("AMQP_URL", "DATABASE_URL"), ("DATABASE_URL", "AMQP_URL")])
def test_a_process_started_before_its_servers_works_once_they_come(process, servers_away, order):
    process.start()
    say(process, "hello")

    for name in order:
        assert process.running.poll() is None
        servers_away[name].open()
        eventlet.sleep(1)  # long enough for a process that gives up to have given up

    eventually(lambda: process.heard() == ["hello"], 30)


@pytest.mark.parametrize("name", ["AMQP_URL", "DATABASE_URL"])
def test_a_process_goes_on_by_itself_when_a_server_comes_back(process, servers_away, name):
    for forward in servers_away.values():
        forward.open()
    process.start()
    say(process, "before")
    eventually(lambda: process.heard() == ["before"])

    servers_away[name].close()
    say(process, *(f"word {number}" for number in range(50)))
    eventlet.sleep(1)  # the outage lasts
    servers_away[name].open()

    eventually(lambda: len(process.heard()) >= 51, 30)
    assert sorted(process.heard()) == sorted(
        ["before", *(f"word {number}" for number in range(50))]
    )
    assert process.running.poll() is None
