"""Describes a private RabbitMQ node: its folder, settings, processes and control command."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from deploy.local import programs
from deploy.local.places import Places, Problem, identity_of, own, server_user, write_private
from deploy.local.ports import LOOPBACK
from deploy.local.process import SERVER, Process

USER = "timebank"
VHOST = "timebank"
PORT_NAMES = ("broker", "broker-distribution", "port-mapper")
CONTROL_SECONDS = 60
"""Seconds a control command may take; it takes half a second on an idle machine."""

SETTINGS = """\
# Written at every start; a change here is lost.
listeners.tcp.1 = {host}:{port}
default_vhost = {vhost}
default_user = {user}
default_pass = {password}
# Publishers are paused above 30 % of the machine's memory, so the rest of the platform can work.
vm_memory_high_watermark.relative = 0.3
# Enough to finish writing what was accepted; the default of 50 MB is less than one log segment.
disk_free_limit.absolute = 200MB
# 8 MiB instead of 512: the log's table lives in memory and is read back after a crash. When it
# is full, what was not consumed yet is written out at once: from 64 MiB, that delayed everybody
# by 200 ms every five seconds under load; from 8, nobody notices.
raft.wal_max_size_bytes = 8388608
log.file = false
log.console = true
log.console.level = info
"""


METRICS_PORT = "TIMEBANK_BROKER_METRICS_PORT"
"""Environment variable: where the node shall tell its metrics; without it, it tells none."""
METRICS = """\
prometheus.tcp.ip = {host}
prometheus.tcp.port = {port}
"""

MANAGEMENT_PORT = "TIMEBANK_BROKER_MANAGEMENT_PORT"
"""Environment variable: where the node shall be managed over HTTP, which subscribers by AMQP
need; without it the plugin stays away."""
# Nobody asks the plugin for figures, which would cost more than all else it does.
MANAGEMENT = """\
management.tcp.ip = {host}
management.tcp.port = {port}
management_agent.disable_metrics_collector = true
"""


def url(port: int, password: str, vhost: str = VHOST) -> str:
    return f"amqp://{USER}:{password}@{LOOPBACK}:{port}/{vhost}"


def management_url(amqp_url: str) -> str:
    """Where the node of this address is managed; empty when it is not.

    Args:
        amqp_url: of a node of our own, with its administrator's password.
    """
    port = os.environ.get(MANAGEMENT_PORT, "")
    login = urlsplit(amqp_url).netloc.rpartition("@")[0]
    return f"http://{login}@{LOOPBACK}:{int(port)}" if port else ""


def prepare(where: Places, ports: dict[str, int], password: str, more: str = "") -> None:
    """Write the node's settings into its own folder.

    Args:
        more: lines of settings that this node has beside those of every node.
    """
    user = server_user()
    folder = own(where.broker, user)
    settings = SETTINGS.format(
        host=LOOPBACK, port=ports["broker"], vhost=VHOST, user=USER, password=password
    )
    metrics_port = os.environ.get(METRICS_PORT, "")
    if metrics_port:
        settings += METRICS.format(host=LOOPBACK, port=int(metrics_port))
    management_port = os.environ.get(MANAGEMENT_PORT, "")
    if management_port:
        settings += MANAGEMENT.format(host=LOOPBACK, port=int(management_port))
    write_private(folder / "rabbitmq.conf", settings + more, user)
    wanted = {"rabbitmq_prometheus": metrics_port, "rabbitmq_management": management_port}
    plugins = ",".join(name for name, port in wanted.items() if port)
    write_private(folder / "enabled_plugins", f"[{plugins}].\n", user)
    # Present and empty, so that the system's own rabbitmq-env.conf is not read instead.
    write_private(folder / "rabbitmq-env.conf", "", user)


def processes(where: Places, ports: dict[str, int]) -> list[Process]:
    """The port mapper and the node."""
    mapper, scripts = programs.epmd(), _scripts()
    if mapper is None:
        raise Problem("Erlang's epmd was not found; please install rabbitmq-server.")
    environment, user = _environment(where, ports), server_user()
    port_mapper = Process(
        name="port-mapper",
        kind=SERVER,
        # Started by us, in the foreground: the node would leave a daemon behind for ever.
        command=(mapper, "-address", LOOPBACK, "-port", str(ports["port-mapper"])),
        environment=environment,
        folder=where.broker,
        ready=f"tcp://{LOOPBACK}:{ports['port-mapper']}",
        user=user,
    )
    node = Process(
        name="broker",
        kind=SERVER,
        command=(str(scripts / "rabbitmq-server"), "-noinput"),
        environment=environment,
        folder=where.broker,
        ready=f"amqp://{LOOPBACK}:{ports['broker']}",
        after=("port-mapper",),
        user=user,
        stop_seconds=30.0,
    )
    return [port_mapper, node]


def _scripts() -> Path:
    found = programs.broker_folder()
    if found is None:
        raise Problem("RabbitMQ was not found; please install rabbitmq-server.")
    return found


def _environment(where: Places, ports: dict[str, int]) -> dict[str, str]:
    folder = where.broker
    return {
        # HOME holds the Erlang cookie: the node's own, never the machine's.
        "HOME": str(folder),
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "ERL_EPMD_PORT": str(ports["port-mapper"]),
        "ERL_EPMD_ADDRESS": LOOPBACK,
        # Else a node that starts while ours is being restarted leaves a daemon in its place.
        "ERL_AFLAGS": "-start_epmd false",
        "RABBITMQ_NODENAME": where.broker_node,
        "RABBITMQ_DIST_PORT": str(ports["broker-distribution"]),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "RABBITMQ_CTL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "rabbitmq-env.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        # The start script then becomes the node, instead of waiting beside it, so that our
        # signals reach the node itself.
        "RABBITMQ_ALLOW_INPUT": "1",
    }


def control(where: Places, ports: dict[str, int], *words: str) -> str:
    """Run rabbitmqctl against this node and return what it printed."""
    done = subprocess.run(
        [str(_scripts() / "rabbitmqctl"), "-q", "-n", where.broker_node, *words],
        env=_environment(where, ports),
        cwd=where.broker,
        **identity_of(server_user()),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=CONTROL_SECONDS,
    )
    if done.returncode != 0:
        raise Problem(f"rabbitmqctl {words[0]} failed: {(done.stderr or done.stdout).strip()}")
    return done.stdout
