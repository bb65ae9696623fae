"""Lists the processes an instance consists of, as data, and the addresses they will have."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit, urlunsplit

from deploy.local import broker, database, pools, ports, programs, secret
from deploy.local.installation import Installation
from deploy.local.places import DEMO, REPOSITORY, TEST, Places
from deploy.local.pools import Seat
from deploy.local.ports import LOOPBACK
from deploy.local.process import MARK, SERVER, SERVICE, TASK, Process
from services.contracts import words as contract

SERVERS, PLATFORM, CLUSTER = "servers", "platform", "cluster"
"""What to start: the broker and the database alone, everything, or many servers and no more."""

DATABASE_SERVICES = ("members", "exchanges", "ledger", "notifications", "reporting")
AUDITOR = "timebank_audit"
"""The role that may read every service's database and change nothing."""
GATEWAY_PORT = 8000
"""The port of the demo's gateway unless it is taken."""
REQUESTS_PER_MINUTE = 6_000
"""Per caller of a local gateway: the demo and the proofs ask faster than any person."""


@dataclass(frozen=True)
class Kind:
    """One kind of process of the business; several may run the same module by its pools."""

    name: str
    module: str
    package: str
    database: str | None


KINDS = (
    *(
        Kind(name, f"services.{name}.service", f"services.{name}", name)
        for name in DATABASE_SERVICES
    ),
    Kind("gateway", "gateway.service", "gateway", None),
)


THE_GATEWAY = Seat("gateway", "gateway", contract.ROUTES)
"""One door on one port: it has no pools."""


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
    seats = seats_wanted(where) if part == PLATFORM else ()
    if part == PLATFORM:
        names += ["mail", "mailbox", *(seat.name for seat in seats)]
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
        inherited = {**_inherited(environment), **_second_road(where, words["rpc"])}
        after = ("database",) if own_database else ()
        processes += _business(where, installation, chosen, after, inherited)
        for kind in KINDS:
            processes += _service(where, kind, seats, installation, chosen, inherited)
        health = {each.name: each.address for each in processes if each.kind == SERVICE}
        health["mailbox"] = installation.mail_url
        installation = replace(installation, health_urls=health)
    return Plan(_marked(where, processes), installation)


def rearranged(
    where: Places,
    before: Installation,
    environment: Mapping[str, str],
    living: Sequence[Seat],
    taken: Collection[str],
) -> Plan:
    """The services' processes for the pools that are wanted now, beside those that run.

    Args:
        before: the installation as it was started.
        environment: of its launcher, so that newcomers are told what the others were.
        living: who works now; they keep their places where they are wanted.
        taken: names of those who are on their way out.

    Raises:
        Problem: there is no port for one of them.
    """
    seats = seats_wanted(where, living, taken)
    known = {seat.name for seat in living}
    newcomers = [seat.name for seat in seats if seat.name not in known]
    chosen = {**ports.remembered(where.ports), **ports.choose(where.ports, newcomers, {})}
    word = secret.passwords(where, ["rpc"])["rpc"]
    inherited = {**_inherited(environment), **_second_road(where, word)}
    processes: list[Process] = []
    for kind in KINDS:
        processes += _service(where, kind, seats, before, chosen, inherited)
    return Plan(_marked(where, processes), before)


def wanted(where: Places) -> pools.Wanted:
    """The pools that shall run in an instance."""
    return pools.wanted(where, DATABASE_SERVICES)


def seats_wanted(
    where: Places, living: Sequence[Seat] = (), taken: Collection[str] = ()
) -> tuple[Seat, ...]:
    """Everybody who shall do the business, the gateway included."""
    return (*pools.seats(wanted(where).pools, living, taken), THE_GATEWAY)


def _marked(where: Places, processes: Iterable[Process]) -> tuple[Process, ...]:
    mark = {MARK: str(where.folder)}
    return tuple(replace(each, environment={**each.environment, **mark}) for each in processes)


def _addresses(
    where: Places, servers: Installation, chosen: Mapping[str, int], words: Mapping[str, str]
) -> Installation:
    return replace(
        servers,
        gateway_url=f"http://{LOOPBACK}:{chosen['gateway']}",
        mail_folder=str(where.mail),
        mail_url=f"http://{LOOPBACK}:{chosen['mailbox']}",
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
    after: tuple[str, ...],
    inherited: Mapping[str, str],
) -> list[Process]:
    """What is there once, whatever pools there are."""
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
        after=after,
    )
    return [mailbox, databases]


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


def _second_road(where: Places, word: str) -> dict[str, str]:
    """Where services call each other while the broker is away, and what they show then."""
    return {"TIMEBANK_RPC_SECRET": word, "TIMEBANK_RPC_ADDRESS_FILE": str(where.addresses)}


def _service(
    where: Places,
    kind: Kind,
    seats: Iterable[Seat],
    installation: Installation,
    chosen: Mapping[str, int],
    inherited: Mapping[str, str],
) -> list[Process]:
    """The tasks of a service and the processes of all its pools."""
    if kind.name in not_built():
        return []
    settings = _settings(where, kind, installation, chosen, inherited)
    tasks = [_migration(kind, settings)] if kind.database else []
    after = tuple(task.name for task in tasks) or ("databases",)
    tasks += [_development_accounts(where, settings)] if kind.name == "members" else []
    ours = [seat for seat in seats if seat.service == kind.name]
    return [*tasks, *(_process(kind, seat, settings, chosen[seat.name], after) for seat in ours)]


def _settings(
    where: Places,
    kind: Kind,
    installation: Installation,
    chosen: Mapping[str, int],
    inherited: Mapping[str, str],
) -> dict[str, str]:
    """What every process of a service is told."""
    settings = {
        **inherited,
        "TIMEBANK_ENVIRONMENT": "local",
        "TIMEBANK_AMQP_URL": installation.amqp_url,
        "TIMEBANK_HTTP_HOST": LOOPBACK,
        "TIMEBANK_PUBLIC_URL": installation.gateway_url,
    }
    if kind.database:
        connections = pools.connections(wanted(where).pools)
        settings.setdefault("TIMEBANK_DATABASE_POOL", str(connections))
        settings["TIMEBANK_DATABASE_URL"] = installation.database_urls[kind.database]
    if kind.name == "notifications":
        # a killed sender's mail is taken over soon, where a person may be watching
        settings = {"TIMEBANK_MAIL_LEASE": "20", "TIMEBANK_SMTP_TIMEOUT": "3", **settings}
        settings["TIMEBANK_SMTP_URL"] = f"smtp://{LOOPBACK}:{chosen['mail']}"
        settings.setdefault("TIMEBANK_WEBHOOK_TARGETS", "loopback")
        managed = broker.management_url(installation.amqp_url)
        if managed:
            settings.setdefault("TIMEBANK_BROKER_MANAGEMENT_URL", managed)
    if kind.name == "gateway":
        settings["TIMEBANK_DEV_ISSUER_KEY"] = str(where.issuer_key)
        settings.setdefault("TIMEBANK_RATE_LIMIT", str(REQUESTS_PER_MINUTE))
    return settings


def _process(
    kind: Kind, seat: Seat, shared: Mapping[str, str], port: int, after: tuple[str, ...]
) -> Process:
    settings = {
        **shared,
        "TIMEBANK_REGIONS": ",".join(seat.regions),
        "TIMEBANK_HTTP_PORT": str(port),
    }
    if settings.get("TIMEBANK_FAILPOINT", "").startswith("@"):
        settings["TIMEBANK_FAILPOINT"] += f".{seat.name}"  # a file of each process's own
    return Process(
        name=seat.name,
        kind=SERVICE,
        command=(sys.executable, "-m", "services.bus.runner", kind.module),
        environment=settings,
        folder=REPOSITORY,
        ready=f"http://{LOOPBACK}:{port}/_status",
        after=after,
        service=kind.name,
        regions=seat.regions,
    )


def _migration(kind: Kind, settings: Mapping[str, str]) -> Process:
    return Process(
        name=f"migrate-{kind.name}",
        kind=TASK,
        command=(sys.executable, "-m", "services.bus.migrate", kind.package),
        environment=dict(settings),
        folder=REPOSITORY,
        after=("databases",),
    )


def _development_accounts(where: Places, settings: Mapping[str, str]) -> Process:
    """Somebody of every role to sign in as, and a system; a local installation has no other."""
    return Process(
        name="development-accounts",
        kind=TASK,
        command=(sys.executable, "-m", "services.members.development"),
        environment={**settings, "TIMEBANK_DEV_CLIENT_KEY": str(where.client_key)},
        folder=REPOSITORY,
        after=("migrate-members",),
    )
