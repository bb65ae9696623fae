"""Other systems subscribe: what the broker lets them hear, and the examples as they stand."""

import argparse
import functools
import json
import os
import re
import signal
import subprocess
import sys
import uuid
from contextlib import contextmanager, suppress

import amqp
import pytest
from kombu.connection import Connection

from deploy.client import Answer, Person
from deploy.local import programs
from tests.bus.running import eventually
from tests.system import traffic
from tests.system.conftest import REPOSITORY
from tests.system.watching import free_port

REFUSED = amqp.exceptions.AccessRefused
FEED = "timebank.public"
SETTLED = ["timebank-exchange-settled-1"]
PATIENCE = 60
"""Seconds to wait for anything, on a machine that is busy with something else."""


@pytest.fixture(scope="module")
def integrator(platform):
    return Person(platform.gateway_url, "integrator@dev.nhs.uk")


@pytest.fixture(scope="module")
def national(platform):
    return Person(platform.gateway_url, "national.two@dev.nhs.uk")


def subscribed(integrator, national, **body):
    """The id and the credentials of a subscription that was let in."""
    wish = {"kind": "amqp", "name": "Rota system", "regions": ["london"], **body}
    found = integrator.post("/v1/subscriptions", wish)
    assert found["state"] == "waiting"
    national.post(f"/v1/subscriptions/{found['id']}/approve")
    return found["id"], integrator.post(f"/v1/subscriptions/{found['id']}/credentials")


def end(integrator, *ids):
    for each in ids:
        integrator.http.delete(f"{integrator.gateway}/v1/subscriptions/{each}").raise_for_status()


@pytest.fixture(scope="module")
def two(integrator, national):
    """Two subscribers by AMQP: one of London, one of the North West."""
    made = [
        subscribed(integrator, national, regions=[region]) for region in ("london", "north-west")
    ]
    yield [credentials for _, credentials in made]
    end(integrator, *(found for found, _ in made))


def test_nothing_is_given_before_the_national_team_has_let_in(integrator, national):
    wish = {"kind": "amqp", "name": "Too early", "regions": ["london"]}
    waiting = integrator.post("/v1/subscriptions", wish)["id"]
    for who, what, status in (
        (integrator, "credentials", 409),
        (integrator, "approve", 403),
        (national, "credentials", 404),
    ):
        with pytest.raises(Answer) as caught:
            who.post(f"/v1/subscriptions/{waiting}/{what}")
        assert caught.value.status == status
    end(integrator, waiting)


def test_a_subscriber_binds_its_queue_to_its_regions_and_to_nothing_beyond(two):
    london, _ = two
    with Connection(london["url"]) as connection:
        for key in ("region.london.#", "region.london.timebank-exchange-booked-1"):
            connection.channel().queue_bind(london["queue"], FEED, key)
        beyond = ("#", "region.#", "region.*.#", "*.london.#", "region.north-west.#", "", "london")
        for key in beyond:
            with pytest.raises(REFUSED):
                connection.channel().queue_bind(london["queue"], FEED, key)


def test_a_subscriber_reads_its_queue_and_its_regions_streams_and_nothing_else(two):
    london, north_west = two
    with Connection(london["url"]) as connection:
        connection.channel().basic_consume(london["queue"], callback=lambda message: None)
        stream, kept = connection.channel(), list[object]()
        stream.basic_qos(0, 10, False)
        offset = {"x-stream-offset": "first"}
        stream.basic_consume(f"{FEED}.london", callback=kept.append, arguments=offset)
        others = (
            f"{FEED}.north-west", north_west["queue"], "ledger.london", "notifications.parked",
            "rpc.members.london",
        )  # fmt: skip
        for queue in others:
            channel = connection.channel()
            channel.basic_qos(0, 10, False)
            with pytest.raises(REFUSED):
                channel.basic_consume(queue)
        for exchange in ("timebank", "timebank.again"):
            with pytest.raises(REFUSED):
                connection.channel().queue_bind(london["queue"], exchange, "region.london.#")


def test_a_subscriber_makes_nothing_says_nothing_and_removes_nothing(two):
    london, north_west = two
    user = london["user"]
    with Connection(london["url"]) as connection:
        for name in (f"{user}.more", f"{user}.signals", "mine", "ledger.london"):
            with pytest.raises(REFUSED):
                connection.channel().queue_declare(name, durable=True)
            with pytest.raises(REFUSED):
                connection.channel().queue_delete(name)
        with pytest.raises(REFUSED):
            connection.channel().exchange_declare(f"{user}.exchange", "topic")
        with pytest.raises(REFUSED):
            connection.channel().queue_bind(north_west["queue"], FEED, "region.london.#")
        for exchange, key in ((FEED, "region.london.x"), ("timebank", "x"), ("", "ledger.london")):
            channel = connection.channel()
            channel.confirm_select()
            with pytest.raises(REFUSED):
                channel.basic_publish_confirm(amqp.basic_message.Message(b"{}"), exchange, key)


def test_another_password_ends_the_one_before_and_the_end_ends_both(integrator, national):
    found, first = subscribed(integrator, national)
    with Connection(first["url"]) as connection:
        connection.connect()
        path = f"/v1/subscriptions/{found}/credentials"
        second, third = (integrator.post(path, key="the same") for _ in range(2))
        eventually(lambda: was_cut(connection), PATIENCE)
    assert not let_in(first["url"])
    assert not let_in(second["url"]), "a key brings nothing back"
    with Connection(third["url"]) as connection:
        connection.connect()
        end(integrator, found)
        eventually(lambda: was_cut(connection), PATIENCE)
    assert not let_in(third["url"])
    assert "password" not in integrator.get(f"/v1/subscriptions/{found}")


def was_cut(connection):
    """Whether the broker has ended a connection."""
    try:
        connection.connection.channel().close()
    except (amqp.exceptions.AMQPError, OSError):
        return True
    return False


def let_in(url):
    connection = Connection(url)
    try:
        connection.connect()
    except amqp.exceptions.AccessRefused:
        return False
    connection.release()
    return True


@contextmanager
def running(log, *command, **environment):
    """An example in a process of its own; what it prints is in ``log``."""
    with log.open("w") as said:
        process = subprocess.Popen(
            command, cwd=REPOSITORY, stdout=said, stderr=said, start_new_session=True,
            env={**os.environ, **environment},
        )  # fmt: skip
    try:
        eventually(lambda: "listening" in log.read_text() or process.poll() is not None, PATIENCE)
        assert process.poll() is None, log.read_text()
        yield
    finally:
        with suppress(ProcessLookupError):  # it has ended, which the assertion above tells
            os.killpg(process.pid, signal.SIGTERM)
        process.wait()


@pytest.fixture(scope="module")
def node():
    """The example's own packages, where the README puts them: fetched once, and by their lock."""
    folder = REPOSITORY / "examples/node"
    lock, fetched = folder / "package-lock.json", folder / "node_modules/.fetched"
    if not fetched.exists() or fetched.read_text() != lock.read_text():
        programs.ensure_node()
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        fetched.write_text(lock.read_text())
    return "node"


def exchanged(platform):
    """The id of an exchange between London and the South West, settled."""
    options = argparse.Namespace(
        gateway=platform.gateway_url, exchanges=1, clients=1, pairs=1, repeat=0.0,
        patience=PATIENCE, run=uuid.uuid4().hex[:8],
    )  # fmt: skip
    outcome = traffic.drive(options)
    assert not outcome.wrong
    return outcome.exchanges[0]


def kept(credentials, region):
    """Every signal a region's stream keeps, read until it is silent."""
    found = []
    with Connection(credentials["url"]) as connection:
        stream = connection.channel()
        stream.basic_qos(0, 100, False)

        def heard(message):
            found.append(json.loads(message.body))
            stream.basic_ack(message.delivery_tag)

        offset = {"x-stream-offset": "first"}
        stream.basic_consume(f"{FEED}.{region}", callback=heard, arguments=offset)
        with suppress(TimeoutError):
            while True:
                connection.drain_events(timeout=1)
    return found


def says(log, line):
    return line in log.read_text()


def told_by_the_readme(platform):
    """What the README says one has to type, from the wish to the first signal."""
    text = (REPOSITORY / "README.md").read_text()
    (script,) = re.findall(r"```\n(G=[^`]*examples/kombu_subscriber[^`]*)```", text)
    script = re.sub(r"^G=.*", f"G={platform.gateway_url}", script)
    return script.replace(".venv/bin/python", sys.executable)


def test_the_readme_and_every_example_lead_to_the_first_signal(
    platform, integrator, national, node, tmp_path
):
    _, pika = subscribed(integrator, national)
    _, amqplib = subscribed(integrator, national)
    _, far = subscribed(integrator, national, regions=["north-west"], types=SETTLED)
    port = free_port()
    hook, signed = subscribed(
        integrator, national, kind="webhook", url=f"http://127.0.0.1:{port}/signals"
    )
    logs = [tmp_path / name for name in ("pika", "readme", "hook", "amqplib", "far")]
    with (
        running(logs[0], sys.executable, "examples/pika_subscriber.py", pika["url"]),
        running(logs[1], "bash", "-euc", told_by_the_readme(platform)),
        running(logs[2], sys.executable, "examples/webhook_receiver.py", str(port),
                SECRET=signed["secret"]),
        running(logs[3], node, "examples/node/subscriber.mjs", amqplib["url"]),
        running(logs[4], sys.executable, "examples/kombu_subscriber.py", far["url"]),
    ):  # fmt: skip
        pings = [integrator.post(f"/v1/subscriptions/{hook}/ping", key="once") for _ in range(2)]
        assert [each["delivered"] for each in pings] == [True, True]
        assert pings[0]["id"] != pings[1]["id"], "a key makes no ping another one's echo"
        settled = exchanged(platform)
        line = f"{SETTLED[0]} {settled} /v1/exchanges/{settled}\n"
        for log in logs[:4]:
            assert eventually(functools.partial(says, log, line), PATIENCE)
            assert log.read_text().count(line) == 1
        assert SETTLED[0] not in logs[4].read_text()
    by_webhook = integrator.get(f"/v1/subscriptions/{hook}/deliveries", limit=100)["items"]
    ids = {each["id"] for each in by_webhook if each["subject"] == settled}
    assert ids == {each["id"] for each in kept(pika, "london") if each["subject"] == settled}
    items = integrator.get("/v1/subscriptions")["items"]
    end(integrator, *(each["id"] for each in items if each["state"] == "active"))
