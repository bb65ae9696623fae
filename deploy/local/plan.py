"""Lists the processes an instance consists of, as data, and the addresses they will have."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit, urlunsplit

from deploy.local import broker, database, ports, programs, secret
from deploy.local.installation import Installation
from deploy.local.places import DEMO, REPOSITORY, TEST, Places
from deploy.local.ports import LOOPBACK
from deploy.local.process import MARK, SERVER, SERVICE, TASK, Process
from services.contracts import words as contract

SERVERS, PLATFORM = "servers", "platform"
"""What to start: the broker and the database alone, or everything."""

DATABASE_SERVICES = ("members", "exchanges", "ledger", "notifications", "reporting")
AUDITOR = "timebank_audit"
"""The role that may read every service's database and change nothing."""
GATEWAY_PORT = 8000
"""The port of the demo's gateway unless it is taken."""
REQUESTS_PER_MINUTE = 6_000
"""Per caller of a local gateway: the demo and the proofs ask faster than any person."""


@dataclass(frozen=True)
class Kind:
    """One process of the business: several may run the same module for different regions."""

    name: str
    module: str
    package: str
    database: str | None
    regions: tuple[str, ...] = contract.ROUTES


KINDS = (
    *(
        Kind(name, f"services.{name}.service", f"services.{name}", name)
        for name in DATABASE_SERVICES
    ),
    Kind("gateway", "gateway.service", "gateway", None),
)


def not_built() -> list[str]:
    """Processes whose module does not exist."""
    return [
        kind.name
        for kind in KINDS
        if not (REPOSITORY / (kind.module.replace(".", os.sep) + ".py")).exists()
    ]


@dataclass(frozen=True)
class Plan:
    processes: tuple[Process, ...]
    installation: Installation


def existing_broker(environment: Mapping[str, str]) -> str:
    """The broker the caller wants used instead of a private one; empty for none."""
    return environment.get("TIMEBANK_AMQP_URL", "").strip()


def existing_database(environment: Mapping[str, str]) -> str:
    """An administrator's URL of the database server the caller wants used; empty for none."""
    return environment.get("TIMEBANK_DATABASE_URL", "").strip()


def make(where: Places, part: str, environment: Mapping[str, str]) -> Plan:
    """Prepare the servers' folders, choose ports and describe everything there is to start."""
    if where.instance == TEST:
        # Tests make and drop what they like; servers named for the platform are not theirs.
        environment = {**environment, "TIMEBANK_AMQP_URL": "", "TIMEBANK_DATABASE_URL": ""}
    own_broker, own_database = not existing_broker(environment), not existing_database(environment)
    programs.ensure(own_broker, own_database)
    names = [*broker.PORT_NAMES, "database"]
    if part == PLATFORM:
        names += ["mail", "mailbox", *(kind.name for kind in KINDS)]
    # Two instances started at the same moment would both find it free, and share it.
    wished = {"gateway": GATEWAY_PORT} if where.instance == DEMO else {}
    chosen = ports.choose(where.ports, names, wished)
    roles = [f"role {name}" for name in DATABASE_SERVICES]
    words = secret.passwords(where, ["broker", "database", "rpc", "role audit", *roles])
    installation = Installation(
        instance=where.instance,
        amqp_url=existing_broker(environment) or broker.url(chosen["broker"], words["broker"]),
        administrator_url=existing_database(environment)
        or database.url(chosen["database"], database.ADMINISTRATOR, words["database"], "postgres"),
    )
    processes: list[Process] = []
    if own_broker:
        broker.prepare(where, chosen, words["broker"])
        processes += broker.processes(where, chosen)
    if own_database:
        database.prepare(where, words["database"])
        processes.append(database.process(where, chosen))
    if part == PLATFORM:
        installation = _addresses(where, installation, chosen, words)
        inherited = {**_inherited(environment), **_second_road(installation, words["rpc"])}
        processes += _business(where, installation, chosen, own_database, inherited)
    mark = {MARK: str(where.folder)}
    marked = (replace(each, environment={**each.environment, **mark}) for each in processes)
    return Plan(tuple(marked), installation)


def _addresses(
    where: Places, servers: Installation, chosen: Mapping[str, int], words: Mapping[str, str]
) -> Installation:
    health = {kind.name: f"http://{LOOPBACK}:{chosen[kind.name]}" for kind in KINDS}
    health["mailbox"] = f"http://{LOOPBACK}:{chosen['mailbox']}"
    return replace(
        servers,
        gateway_url=health["gateway"],
        mail_folder=str(where.mail),
        mail_url=health["mailbox"],
        health_urls=health,
        database_urls={
            name: service_url(servers.administrator_url, name, words[f"role {name}"])
            for name in DATABASE_SERVICES
        },
        audit_urls={
            name: service_url(servers.administrator_url, name, words["role audit"], AUDITOR)
            for name in DATABASE_SERVICES
        },
        packages={kind.database: kind.package for kind in KINDS if kind.database},
    )


def service_url(administrator_url: str, service: str, password: str, role: str = "") -> str:
    """The administrator's server, but with a service's own database and role, or another role."""
    parts = urlsplit(administrator_url)
    host = parts.netloc.rpartition("@")[2]
    name = f"timebank_{service}"
    netloc = f"{role or name}:{quote(password, safe='')}@{host}"
    return urlunsplit(parts._replace(netloc=netloc, path=f"/{name}"))


def _business(
    where: Places,
    installation: Installation,
    chosen: Mapping[str, int],
    own_database: bool,
    inherited: Mapping[str, str],
) -> list[Process]:
    python = sys.executable
    mail_ports = str(chosen["mail"]), str(chosen["mailbox"])
    mailbox = Process(
        name="mailbox",
        kind=SERVER,
        command=(python, "-m", "deploy.local.mailbox", str(where.mail), *mail_ports),
        environment=inherited,
        folder=REPOSITORY,
        ready=f"{installation.mail_url}/_status",
    )
    databases = Process(
        name="databases",
        kind=TASK,
        command=(python, "-m", "deploy.local", "--instance", where.instance, "databases"),
        environment=inherited,
        folder=REPOSITORY,
        after=("database",) if own_database else (),
    )
    processes = [mailbox, databases]
    for kind in KINDS:
        processes += _service(where, kind, installation, chosen, inherited)
    return processes


def _inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment without what would lead a process to another server."""
    foreign = ("TIMEBANK_AMQP_URL", "TIMEBANK_DATABASE_URL", "TIMEBANK_REGIONS")
    kept = {
        name: value
        for name, value in environment.items()
        if name not in foreign and not name.startswith(("PG", "TIMEBANK_TEST_", "TIMEBANK_HTTP_"))
    }
    # Two heaps instead of eight per core: our processes are mostly one thread each.
    small = {"MALLOC_ARENA_MAX": "2"}
    # eventlet tells at every start that it is deprecated, which we know.
    quiet = {"PYTHONWARNINGS": "ignore:::__main__"}
    # Our own servers' addresses are numbers: the resolver of names, a third of the processor
    # time that a service takes to start, would never be asked.
    own = not existing_broker(environment) and not existing_database(environment)
    unresolved = {"EVENTLET_NO_GREENDNS": "yes"} if own else {}
    return {**small, **quiet, **unresolved, **kept, "PYTHONUNBUFFERED": "1"}


def _second_road(installation: Installation, word: str) -> dict[str, str]:
    """Where services call each other while the broker is away, and what they show then."""
    addresses: dict[str, list[str]] = {}
    for kind in KINDS:
        if kind.database:
            addresses.setdefault(kind.database, []).append(installation.health_urls[kind.name])
    return {"TIMEBANK_RPC_SECRET": word, "TIMEBANK_RPC_ADDRESSES": json.dumps(addresses)}


def _service(
    where: Places,
    kind: Kind,
    installation: Installation,
    chosen: Mapping[str, int],
    inherited: Mapping[str, str],
) -> list[Process]:
    if kind.name in not_built():
        return []
    settings = {
        **inherited,
        "TIMEBANK_ENVIRONMENT": "local",
        "TIMEBANK_AMQP_URL": installation.amqp_url,
        "TIMEBANK_REGIONS": ",".join(kind.regions),
        "TIMEBANK_HTTP_HOST": LOOPBACK,
        "TIMEBANK_HTTP_PORT": str(chosen[kind.name]),
        "TIMEBANK_PUBLIC_URL": installation.gateway_url,
    }
    migration: tuple[Process, ...] = ()
    if kind.database:
        settings["TIMEBANK_DATABASE_URL"] = installation.database_urls[kind.database]
        migration = (_migration(kind, settings),)
    if kind.name == "notifications":
        # a killed sender's mail is taken over soon, where a person may be watching
        settings = {"TIMEBANK_MAIL_LEASE": "20", "TIMEBANK_SMTP_TIMEOUT": "3", **settings}
        settings["TIMEBANK_SMTP_URL"] = f"smtp://{LOOPBACK}:{chosen['mail']}"
    if settings.get("TIMEBANK_FAILPOINT", "").startswith("@"):
        settings["TIMEBANK_FAILPOINT"] += f".{kind.name}"  # a file of each process's own
    if kind.name == "gateway":
        settings["TIMEBANK_DEV_ISSUER_KEY"] = str(where.issuer_key)
        settings.setdefault("TIMEBANK_RATE_LIMIT", str(REQUESTS_PER_MINUTE))
    service = Process(
        name=kind.name,
        kind=SERVICE,
        command=(sys.executable, "-m", "services.bus.runner", kind.module),
        environment=settings,
        folder=REPOSITORY,
        ready=f"{installation.health_urls[kind.name]}/_status",
        after=tuple(task.name for task in migration) or ("databases",),
        regions=kind.regions,
    )
    accounts = [_development_accounts(settings)] if kind.name == "members" else []
    return [*migration, *accounts, service]


def _migration(kind: Kind, settings: Mapping[str, str]) -> Process:
    return Process(
        name=f"migrate-{kind.name}",
        kind=TASK,
        command=(sys.executable, "-m", "services.bus.migrate", kind.package),
        environment=dict(settings),
        folder=REPOSITORY,
        after=("databases",),
    )


def _development_accounts(settings: Mapping[str, str]) -> Process:
    """Somebody of every role to sign in as; a local installation has nobody else."""
    return Process(
        name="development-accounts",
        kind=TASK,
        command=(sys.executable, "-m", "services.members.development"),
        environment=dict(settings),
        folder=REPOSITORY,
        after=("migrate-members",),
    )
