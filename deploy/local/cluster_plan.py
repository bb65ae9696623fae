"""What processes a cluster of three brokers and a database with a standby consists of."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

from deploy.local import (
    broker,
    certificates,
    database,
    plan,
    ports,
    programs,
    secret,
    standby,
)
from deploy.local.installation import Installation
from deploy.local.places import REPOSITORY, Places, server_user, write_private
from deploy.local.ports import LOOPBACK
from deploy.local.process import MARK, TASK, Process

BROKERS = (1, 2, 3)
"""The least of which one may be lost: a majority remains."""
NODE = """\
# Nothing travels unencrypted: this takes the listener above away.
listeners.tcp = none
listeners.ssl.1 = {host}:{port}
ssl_options.cacertfile = {authority}
ssl_options.certfile = {shown}/server.crt
ssl_options.keyfile = {shown}/server.key
ssl_options.verify = verify_none
ssl_options.fail_if_no_peer_cert = false
# A node that sees no majority stops working, rather than work apart from it.
cluster_partition_handling = pause_minority
# Leaders are spread, instead of all being where the first process declared them.
queue_leader_locator = balanced
"""
QUIET = "+sbwt none +sbwtdcpu none +sbwtdio none"
"""Nodes that wait for work do not spin: they share few cores with one another."""
WHO_MAY_COME = "hostssl all all 127.0.0.1/32 scram-sha-256\n" + (
    f"hostssl replication {standby.REPLICATION} 127.0.0.1/32 scram-sha-256\n"
)
SERVER = {
    # A commit waits for the standby where the role says so, see failover.guard.
    "synchronous_commit": "local",
    "ssl": "on",
    # Both servers are on one machine, with all the rest.
    "shared_buffers": "256MB",
}


def make(where: Places) -> plan.Plan:
    """Prepare the folders, choose ports and describe every process of the cluster."""
    programs.ensure(True, True)
    names = ["port-mapper", *(standby.port_name(number) for number in standby.DATABASES)]
    names += [f"{kind}-{number}" for kind in ("broker", "distribution") for number in BROKERS]
    chosen = ports.choose(where.ports, names, {})
    words = secret.passwords(where, ["broker", "cookie", "database", standby.REPLICATION_WORD])
    for number in standby.DATABASES:
        # A server that was lost comes back with everything else; which part it plays is known.
        standby.held(where, number).unlink(missing_ok=True)
    authority = certificates.kept_authority(standby.authority_file(where).parent)
    for number in BROKERS:
        shown = standby.machine(where, number).folder / "certificates"
        certificates.give(shown, certificates.issue(authority, *certificates.NAMES))
    processes = [*_brokers(where, chosen, words), *_databases(where, chosen, words)]
    processes += _tasks(where)
    marked = (
        replace(each, environment={**each.environment, MARK: str(where.folder)})
        for each in processes
    )
    return plan.Plan(tuple(marked), _addresses(where, chosen, words))


def _addresses(where: Places, chosen: Mapping[str, int], words: Mapping[str, str]) -> Installation:
    word = quote(words["database"], safe="")
    hosts = ",".join(f"{LOOPBACK}:{chosen[standby.port_name(n)]}" for n in standby.DATABASES)
    trusted = quote(str(standby.authority_file(where)), safe="/")
    return Installation(
        instance=where.instance,
        amqp_url=";".join(
            broker.url(chosen[f"broker-{number}"], words["broker"]).replace("amqp:", "amqps:", 1)
            for number in BROKERS
        ),
        administrator_url=f"postgresql://{database.ADMINISTRATOR}:{word}@{hosts}/postgres"
        f"?target_session_attrs=primary&sslmode=verify-full&sslrootcert={trusted}",
    )


def ports_of(chosen: Mapping[str, int], number: int) -> dict[str, int]:
    """The ports of one node, named as those of a node that is alone."""
    return {
        "broker": chosen[f"broker-{number}"],
        "broker-distribution": chosen[f"distribution-{number}"],
        "port-mapper": chosen["port-mapper"],
    }


def _brokers(where: Places, chosen: Mapping[str, int], words: Mapping[str, str]) -> list[Process]:
    processes: list[Process] = []
    for number in BROKERS:
        here, its_ports = standby.machine(where, number), ports_of(chosen, number)
        more = NODE.format(
            host=LOOPBACK,
            port=its_ports["broker"],
            authority=standby.authority_file(where),
            shown=here.folder / "certificates",
        )
        broker.prepare(here, its_ports, words["broker"], more + _peers(where, number))
        write_private(here.broker / ".erlang.cookie", words["cookie"], server_user())
        mapper, node = broker.processes(here, its_ports)
        processes += [mapper] if number == BROKERS[0] else []
        processes.append(_node(here, number, node))
    return processes


def _peers(where: Places, number: int) -> str:
    """Whom a new node looks for: those before it, so that the first founds the cluster."""
    found = [standby.machine(where, each).broker_node for each in BROKERS[:number]]
    return "".join(
        f"cluster_formation.classic_config.nodes.{place} = {name}\n"
        for place, name in enumerate(found, 1)
    )


def _node(here: Places, number: int, node: Process) -> Process:
    """A new node waits for the one before it; later all start at once, and wait for each other."""
    joined = list((here.broker / "data").glob("*/cluster_nodes.config"))
    after = () if joined or number == BROKERS[0] else (f"broker-{number - 1}",)
    erlang = f"{node.environment['RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS']} {QUIET}"
    return replace(
        node,
        name=f"broker-{number}",
        environment={**node.environment, "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": erlang},
        ready=node.ready.replace("amqp:", "tcp:"),
        after=("port-mapper", *after),
    )


def _databases(where: Places, chosen: Mapping[str, int], words: Mapping[str, str]) -> list[Process]:
    """The two servers, each started by way of ``standby``, which knows what it is now."""
    if standby.primary(where) == standby.FIRST:
        database.prepare(standby.machine(where, standby.FIRST), words["database"])
    return [
        _database(where, number, chosen[standby.port_name(number)]) for number in standby.DATABASES
    ]


def _database(where: Places, number: int, port: int) -> Process:
    here = standby.machine(where, number)
    plain = database.process(
        here, {"database": ports.remembered(where.ports)[f"database-{number}"]}
    )
    shown = here.folder / "certificates"
    write_private(shown / "pg_hba.conf", WHO_MAY_COME, server_user())
    own = {
        "hba_file": str(shown / "pg_hba.conf"),
        "ssl_cert_file": str(shown / "server.crt"),
        "ssl_key_file": str(shown / "server.key"),
    }
    settings = [
        part for name, value in {**SERVER, **own}.items() for part in ("-c", f"{name}={value}")
    ]
    become = (sys.executable, "-m", "deploy.local.standby", where.instance, str(number))
    return replace(
        plain,
        name=standby.port_name(number),
        command=(*become, *plain.command, *settings),
        folder=REPOSITORY,
        user=None,  # it becomes the servers' user when it has read what only we may read
    )


def _tasks(where: Places) -> list[Process]:
    """What is told to running servers: who waits for the standby, and what is mirrored."""
    brokers = tuple(f"broker-{number}" for number in BROKERS)
    return [_task(where, "guard"), _task(where, "mirror", brokers)]


def _task(where: Places, action: str, after: tuple[str, ...] = ()) -> Process:
    command = (sys.executable, "-m", "deploy.local.cluster", "--instance", where.instance)
    return Process(
        name=action,
        kind=TASK,
        command=(*command, action),
        environment={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"},
        folder=REPOSITORY,
        after=after,
    )
