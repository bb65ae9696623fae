"""Shows the processes of an instance: how long they live, what they weigh, whether they work."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from deploy.local import installation, plan, probe, supervisor
from deploy.local.places import Places, Problem
from deploy.local.process import TASK, Identity
from services.contracts import words

HEADINGS = ("process", "pid", "regions", "uptime", "restarts", "memory", "health")
SERVERS = ("broker", "database")
"""Processes not ours, by name; of several, the name ends in a number."""
KIBIBYTES_PER_MEGABYTE = 1000 / 1.024
"""smaps_rollup counts in KiB; we show MB (10^6 bytes)."""


def proportional_kib(pid: int) -> int:
    """A process's memory with shared pages divided among their users; 0 when not to be read."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def family(pid: int) -> list[int]:
    """A process and everything it started: the database is one process per connection."""
    found = [pid]
    for parent in found:
        # A connection's process may end while we look.
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{parent}/task"):
                text = Path(f"/proc/{parent}/task/{task}/children").read_text()
                found += [int(child) for child in text.split()]
    return found


def show(where: Places) -> bool:
    """Print the table; whether all is well."""
    supervisor_now = supervisor.running(where)
    told = supervisor.read_state(where).get("processes", {})
    if supervisor_now is None:
        print("Nothing runs here; start with `make up`.")
        return False
    rows, ours, servers = [], proportional_kib(supervisor_now.pid), 0
    rows.append(_row("supervisor", supervisor_now, {}, ours, "ok"))
    healthy = True
    for name, each in told.items():
        if each["kind"] == TASK and each["state"] == "done":
            continue
        who = Identity(each["pid"], each["ticks"])
        alive = bool(who.pid) and who.alive
        health = _health(each, alive)
        healthy = healthy and health == "ok"
        is_server = name.rpartition("-")[0] in SERVERS or name in SERVERS
        members = family(who.pid) if alive and is_server else [who.pid]
        memory = sum(proportional_kib(pid) for pid in members) if alive else 0
        if is_server or name == "port-mapper":
            servers += memory
        else:
            ours += memory
        rows.append(_row(name, who if alive else None, each, memory, health))
    _print_table([HEADINGS, *rows])
    print(f"\nour processes {_megabytes(ours)}, broker and database {_megabytes(servers)}")
    if supervisor.read_state(where).get("part") == plan.PLATFORM:
        healthy = _print_regions(where) and healthy
    _print_addresses(where)
    return healthy


def _print_regions(where: Places) -> bool:
    """How many processes work for each region, as the broker knows it; whether any do for all."""
    from deploy.local import readers  # needs kombu, which the supervisor shall not carry

    try:
        found = readers.find(installation.read(where.instance).amqp_url)
    except Problem as problem:
        print(f"\nWho works for which region is not known: {problem}")
        return False
    table: list[tuple[str, ...]] = [("region", *plan.DATABASE_SERVICES)]
    for region in words.ROUTES:
        table.append((region, *(str(found[name, region]) for name in plan.DATABASE_SERVICES)))
    print()
    _print_table(table)
    nobodys = [(*key, each.waiting) for key, each in found.items() if not each.readers]
    for service, region, waiting in nobodys:
        print(f"NOBODY works for {region} in {service}; {waiting} messages wait there.")
    return not nobodys


def _health(each: dict, alive: bool) -> str:
    if alive and each["state"] == "draining":
        return "draining"
    if not alive:
        return f"{each['state']}: {each['reason']}" if each["reason"] else str(each["state"])
    return "ok" if probe.is_ready(each["ready"]) else "not ready"


def _row(name: str, who: Identity | None, each: dict, memory: int, health: str) -> tuple[str, ...]:
    regions = each.get("regions", [])
    return (
        name,
        str(who.pid) if who else "-",
        _regions(regions),
        _span(who.seconds_alive) if who else "-",
        str(each.get("restarts", 0)),
        _megabytes(memory) if who else "-",
        health,
    )


def _regions(served: list[str]) -> str:
    """The shorter way to say it: those that are served, or those that are not."""
    others = [region for region in words.ROUTES if region not in served]
    if not served or len(others) > len(served):
        return ", ".join(served) or "-"
    return f"all but {', '.join(others)}" if others else "all"


def _span(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02}m" if hours else f"{minutes}m {rest:02}s"


def _megabytes(kib: int) -> str:
    return f"{kib / KIBIBYTES_PER_MEGABYTE:.1f} MB"


def _print_table(table: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    for row in table:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )


def _print_addresses(where: Places) -> None:
    try:
        running = installation.read(where.instance)
    except Problem:
        return
    if running.gateway_url:
        print(f"gateway       {running.gateway_url}")
        print(f"mailbox       {running.mail_url}  (files: {running.mail_folder}/new)")
    print(f"logs          {where.logs}")
