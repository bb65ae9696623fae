"""Says which processes of a service work for which regions, as a file that a person can read."""

from __future__ import annotations

import itertools
import json
import time
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from deploy.local.places import Places, Problem, write_private
from services.contracts import words

REST = "rest"
"""In a file: every region no other pool of the service works for."""
ALL = "all"
"""The name of a pool that works for every region."""
PROCESSES_MOST = 20
"""Of one pool: beyond that the mistake is likelier than the machine."""
CONNECTIONS = 90
"""To the database, of all pools together: while one arrangement takes over from another both
are there, and the private server has 200."""
CONNECTIONS_EACH = range(2, 11)
"""Of one process: fewer than two do not work, more than ten wait for each other."""


@dataclass(frozen=True)
class Pool:
    """Processes of one service that work for the same regions.

    Attributes:
        name: as the file calls it: ``london``, ``london+south-east``, ``rest``, ``all``.
        regions: slugs, in the order of the closed list.
        stopped: none of its processes shall run now.
    """

    service: str
    name: str
    regions: tuple[str, ...]
    processes: int = 1
    stopped: bool = False


@dataclass(frozen=True)
class Seat:
    """One process of a pool, by its name: ``ledger-london``, then ``ledger-london-2``."""

    name: str
    service: str
    regions: tuple[str, ...]


@dataclass(frozen=True)
class Wanted:
    """What shall run; the serial tells one wish from the next."""

    pools: tuple[Pool, ...]
    serial: int = 0


def plain(services: Iterable[str]) -> tuple[Pool, ...]:
    """One process of each service, for everything."""
    return tuple(Pool(service, ALL, words.ROUTES) for service in services)


def read(file: Path, services: Sequence[str]) -> tuple[Pool, ...]:
    """The pools a file describes.

    Raises:
        Problem: what it describes cannot run, or leaves a region without anybody.
    """
    try:
        tables = tomllib.loads(file.read_text())
        return _pools(tables, services)
    except OSError as error:
        raise Problem(f"{file} cannot be read: {error.strerror}.") from None
    except ValueError as error:  # no TOML, or no text
        raise Problem(f"{file} is not a pools file: {error}.") from None
    except Problem as problem:
        raise Problem(f"{file}: {problem}") from None


def _pools(tables: Mapping[str, Any], services: Sequence[str]) -> tuple[Pool, ...]:
    unknown = [name for name in tables if name not in services]
    if unknown:
        raise Problem(f"there are no pools of {unknown[0]}, only of {', '.join(services)}.")
    found = [pool for service in services for pool in _of_service(service, tables.get(service))]
    count, most = sum(pool.processes for pool in found), CONNECTIONS // CONNECTIONS_EACH.start
    if count > most:
        raise Problem(f"it asks for {count} processes; the database has connections for {most}.")
    return tuple(found)


def _of_service(service: str, table: Any) -> Iterator[Pool]:
    if table is None:
        table = {REST: 1}
    if not isinstance(table, dict):
        raise Problem(f"{service} is no table of pools: write [{service}] on a line of its own.")
    left = list(words.ROUTES)
    for key, processes in table.items():
        allowed = isinstance(processes, int) and not isinstance(processes, bool)
        if not allowed or not 1 <= processes <= PROCESSES_MOST:
            raise Problem(f"{service}, {key}: write a number from 1 to {PROCESSES_MOST}.")
        if key != REST:
            regions = _regions(service, key, left)
            yield Pool(service, "+".join(regions), regions, processes)
    if REST in table and left:
        name = ALL if len(left) == len(words.ROUTES) else REST
        yield Pool(service, name, tuple(left), table[REST])
    elif left:
        raise Problem(
            f"nobody would work for {left[0]} in {service}; give it a number, or write {REST} = 1."
        )


def _regions(service: str, key: str, left: list[str]) -> tuple[str, ...]:
    """The regions of a name, taken from those that are left."""
    named = [name.strip() for name in key.split(",")]
    for name in named:
        if name not in words.ROUTES:
            there = ", ".join(words.ROUTES)
            raise Problem(f"{service} names {name!r}, which is no region; there are: {there}.")
        if name not in left:
            raise Problem(f"{name} stands in two pools of {service}; one is enough.")
        left.remove(name)
    return tuple(region for region in words.ROUTES if region in named)


def switched(known: Sequence[Pool], service: str, name: str, *, stopped: bool) -> tuple[Pool, ...]:
    """The same pools with one of them stopped or started; of every service for ``all``.

    Raises:
        Problem: there is no such pool.
    """

    def meant(pool: Pool) -> bool:
        return service in (pool.service, ALL) and pool.name == name

    if not any(map(meant, known)):
        there = ", ".join(f"{pool.service} {pool.name}" for pool in known)
        raise Problem(f"There is no pool {service} {name}; there are: {there}.")
    return tuple(replace(pool, stopped=stopped) if meant(pool) else pool for pool in known)


def seats(
    pools: Iterable[Pool], living: Sequence[Seat] = (), taken: Collection[str] = ()
) -> tuple[Seat, ...]:
    """Who shall work: first those who do for the same regions already, then newcomers.

    Args:
        living: at work now; who is not in the answer has to leave.
        taken: names of others that are on their way out, which nobody may have yet.
    """
    found: list[Seat] = []
    names = {seat.name for seat in living} | set(taken)
    for pool in pools:
        count = 0 if pool.stopped else pool.processes
        at_work = [s for s in living if (s.service, s.regions) == (pool.service, pool.regions)]
        newcomers = (Seat(name, pool.service, pool.regions) for name in _unused(pool, names))
        found += itertools.islice(itertools.chain(sorted(at_work, key=_place), newcomers), count)
    return tuple(found)


def _place(seat: Seat) -> tuple[int, str]:
    """Short names first, so that the last to come is the first to go."""
    return len(seat.name), seat.name


def _unused(pool: Pool, names: Collection[str]) -> Iterator[str]:
    stem = pool.service if pool.name == ALL else f"{pool.service}-{pool.name}"
    for number in itertools.count(1):
        name = stem if number == 1 else f"{stem}-{number}"
        if name not in names:
            yield name


def connections(pools: Sequence[Pool]) -> int:
    """Database connections each process may have, so that all of them fit."""
    share = CONNECTIONS // max(1, sum(pool.processes for pool in pools))
    return max(CONNECTIONS_EACH.start, min(CONNECTIONS_EACH[-1], share))


def want(where: Places, pools: Sequence[Pool]) -> int:
    """Write down what shall run in an instance; the serial of the wish."""
    serial = time.time_ns()
    content = {"serial": serial, "pools": [asdict(pool) for pool in pools]}
    write_private(where.pools, json.dumps(content, indent=2) + "\n")
    return serial


def wanted(where: Places, services: Iterable[str]) -> Wanted:
    """What was wished for last; plain pools when nothing was."""
    try:
        content = json.loads(where.pools.read_text())
        found = (Pool(**{**each, "regions": tuple(each["regions"])}) for each in content["pools"])
        return Wanted(tuple(found), int(content["serial"]))
    except FileNotFoundError:
        return Wanted(plain(services))
