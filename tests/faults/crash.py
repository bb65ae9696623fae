"""F1: a process dies at each step between receiving and acknowledging, under load."""

from __future__ import annotations

import datetime
import random
import time
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import uuid_utils.compat
from psycopg.types.json import Jsonb

from services.bus import envelope
from services.contracts import members
from tests.faults.broker_faults import halted
from tests.faults.kept import Cases, Kept
from tests.faults.measured import MAILS_OF_A_KILL, Case, Watch, total
from tests.faults.platform import Clients, Platform, until
from tests.faults.scenario import Result, Scenario

EXCHANGES, CLIENTS = 50, 8
HALT = (0.1, 0.8)
"""Seconds a process stands still before it goes on to the point at which it dies."""
KILL_SECONDS = 60.0
"""Seconds within which an armed point is reached while exchanges go on."""
AFTERWARDS = 3.0
"""Seconds in which it may still be reached when all exchanges are settled: e-mails come last."""
CASES_OF_A_BANK = 40
"""Cases after which a platform begins with no data again: the audit looks at all there are."""
LAST_SEED = 10_000

READING = ("received", "inbox_claimed", "before_commit", "mid_batch", "committed_before_ack")
SPEAKING = ("said_before_commit", "said_committed")
RELAY = ("chosen_before_publish", "published_before_confirm", "confirmed_before_remove")


@dataclass(frozen=True)
class Place:
    """A point in one service's process.

    Attributes:
        most: highest of the reachings a seed may choose.
    """

    service: str
    point: str
    most: int = 4

    @property
    def name(self) -> str:
        return f"{self.service}.{self.point}"


PLACES = (
    *(Place("exchanges", point) for point in (*READING, *SPEAKING, *RELAY)),
    *(Place("ledger", point) for point in (*READING, *SPEAKING, *RELAY)),
    *(Place("notifications", point) for point in (*READING, *SPEAKING, *RELAY)),
    Place("notifications", "before_send", 20),
    Place("notifications", "sent_before_record", 20),
    *(Place("reporting", point) for point in READING),
    Place("ledger", "before_retry", 1),
    Place("ledger", "after_retry", 1),
)
BY_NAME = {place.name: place for place in PLACES}


def run_case(platform: Platform, clients: Clients, place: Place, seed: int) -> Case | None:
    """One death at one point; nothing when the point was not reached.

    The process stands still while it is armed: what arrives meanwhile makes a backlog of many
    kinds, and its own next steps are then the first that count.
    """
    rng = random.Random(f"{place.name}:{seed}")
    nth, share = rng.randint(1, place.most), rng.uniform(0.05, 0.4)
    mails = MAILS_OF_A_KILL if place.service == "notifications" else 0
    watch, case = Watch(platform, mails), Case()
    begun, ends = _count(platform), platform.restarts(place.service)
    load = clients.begin(EXCHANGES)
    until(lambda: load.ended or _count(platform) >= begun + share * EXCHANGES)
    with halted(platform, place.service):
        platform.arm_now(place.service, f"{place.point}:{nth}")
        time.sleep(rng.uniform(*HALT))  # the backlog's size, drawn by the seed
    if place.point.endswith("_retry"):
        _plant_retry(platform)
    died = _dies(platform, clients, place.service, ends)
    if died:
        at = time.monotonic()
        until(lambda: platform.is_back(place.service, ends + 1))
        case.first_success.append(round(time.monotonic() - at, 2))
    else:
        platform.arm_now(place.service)
    watch.ended(case, load)
    return case if died or not case.sound else None


def _dies(platform: Platform, clients: Clients, service: str, ends: int) -> bool:
    """Whether the armed process dies, while there is something that may lead it to its point."""
    left = 0.0

    def over() -> bool:
        nonlocal left
        if clients.ended and not left:
            left = time.monotonic() + AFTERWARDS
        return platform.restarts(service) > ends or (0 < left < time.monotonic())

    until(over, KILL_SECONDS)
    return platform.restarts(service) > ends


def _count(platform: Platform) -> int:
    return int(platform.looks.ask("exchanges", "select count(*) from exchange")[0][0])


def _plant_retry(platform: Platform) -> None:
    """A message of which nobody knows anything new, due for another try."""
    ((data,),) = platform.query(
        "reporting", "select data from heard where type = 'members.member_joined' limit 1"
    )
    said = envelope.outgoing(
        event_id=uuid_utils.compat.uuid7(),
        schema=members.MemberJoined,
        region=data["region"],
        subject=data["member_id"],
        time=datetime.datetime.now(datetime.UTC),
        correlation_id="a retry planted by F1",
        data=members.MemberJoined().load(data),
    )
    platform.query(
        "ledger",
        "insert into retry (event_id, routing_key, region, headers, body, reason, attempts,"
        " first_failed_at, next_at)"
        " select %s, %s, %s, %s, %s, 'planted', 1, now() + ahead, now() + ahead from clock",
        str(said.id), said.routing_key, said.region, Jsonb(said.headers), said.body,
    )  # fmt: skip


def named(names: str) -> tuple[Place, ...]:
    """Points by their names, such as ``ledger.mid_batch``, a comma list.

    Raises:
        ArgumentTypeError: one is not a point; it says which there are.
    """
    wanted = names.split(",")
    if unknown := [name for name in wanted if name not in BY_NAME]:
        raise ArgumentTypeError(f"no points: {', '.join(unknown)}; there are {', '.join(BY_NAME)}")
    return tuple(BY_NAME[name] for name in wanted)


def order(
    seeds: int, places: Sequence[Place] = PLACES
) -> Callable[[Cases], Iterator[tuple[str, int]]]:
    """Every point with seed 1, then with seed 2, and so on; services take turns.

    Args:
        seeds: a point with so many cases is done; 0: it never is.
        places: the points in question.
    """
    groups = [
        [place.name for place in places if place.service == service]
        for service in ("exchanges", "ledger", "notifications", "reporting")
    ]
    turn = [group[n] for n in range(max(map(len, groups))) for group in groups if n < len(group)]

    def wanted(done: Cases) -> Iterator[tuple[str, int]]:
        for seed in range(1, LAST_SEED):
            for place in turn:
                here = done.get(place, {}).values()
                if not seeds or sum(case["reached"] for case in here) < seeds:
                    yield place, seed

    return wanted


def some(seed: int) -> Callable[[Cases], Iterator[tuple[str, int]]]:
    """Points at random, by the run's own seed."""
    places = random.Random(seed).sample(PLACES, len(PLACES))
    return lambda _: iter([(place.name, seed) for place in places])


class Worker:
    """Takes cases from the common list, on a platform of its own, until the time is over."""

    def __init__(self, platform: Platform, end: float) -> None:
        self.platform, self.end = platform, end
        self.clients: Clients | None = None
        self.cases: list[Case] = []
        self.since_fresh = self.unreached = self.not_kept = 0
        self.longest = 0.0

    def work(self, kept: Kept, wanted: Callable[[Cases], Iterator[tuple[str, int]]]) -> None:
        """Run cases, at least one."""
        try:
            while (not self.longest or time.monotonic() + self.longest < self.end) and (
                taken := kept.take(wanted)
            ):
                self._one(kept, *taken)
        finally:
            if self.clients:
                self.clients.go()

    def _one(self, kept: Kept, name: str, seed: int) -> None:
        began = time.monotonic()
        try:
            case = run_case(self.platform, self._ready(), BY_NAME[name], seed)
        except Exception as error:  # the other cases are still worth knowing
            case = Case(wrong=[f"{type(error).__name__}: {error}"[:500]])
        took = time.monotonic() - began
        self.longest = max(self.longest, took)
        where = self.platform.name
        print(f"    {name}:{seed}  {_word(case)}  {took:.1f} s  {where}", flush=True)
        self.not_kept += not kept.add(name, seed, case)
        if case is None:
            self.unreached += 1
            return
        case.wrong = [f"{name}:{seed} {sentence}" for sentence in case.wrong]
        self.cases.append(case)
        if not case.sound:
            self.since_fresh = CASES_OF_A_BANK  # what is wrong now shall not count again

    def _ready(self) -> Clients:
        """People to drive exchanges, in a bank that is not so large that auditing it takes long."""
        if self.since_fresh >= CASES_OF_A_BANK:
            self.since_fresh = 0
            if self.clients:
                self.clients.go()
                self.clients = None
            self.platform.fresh()
        if self.clients is None:
            self.clients = Clients(self.platform, CLIENTS)
        self.since_fresh += 1
        return self.clients


def run(
    platform: Platform,
    seed: int,
    minutes: float,
    workers: int = 1,
    seeds: int = 0,
    places: Sequence[Place] = PLACES,
) -> Result:
    """As many cases as there is time for, those first that have not been run yet.

    The short form takes some points at random instead, by the run's own seed.

    Args:
        workers: platforms side by side; a case mostly waits.
        seeds: cases of each point after which it is done; 0: as many as there is time for.
        places: the points in question; the short form chooses among all.
    """
    kept, end = Kept(), time.monotonic() + 60 * minutes
    wanted = some(seed) if minutes < 1 else order(seeds, places)
    others = [Platform(f"{platform.name}-{number}") for number in range(2, workers + 1)]
    try:
        for other in others:
            other.fresh()
        team = [Worker(each, end) for each in (platform, *others)]
        with ThreadPoolExecutor(workers) as threads:
            for done in [threads.submit(worker.work, kept, wanted) for worker in team]:
                done.result()
    finally:
        for other in others:
            other.down()
    measured = {
        "points not reached": sum(worker.unreached for worker in team),
        "cases not kept, because the code changed": sum(worker.not_kept for worker in team),
        "cases of this code so far": kept.summary()["total"]["cases"],
    }
    return total([case for worker in team for case in worker.cases], measured)


def replay(platform: Platform, name: str) -> Case | None:
    """One case again, such as ``ledger.mid_batch:7``."""
    point, _, seed = name.partition(":")
    clients = Clients(platform, CLIENTS)
    try:
        return run_case(platform, clients, BY_NAME[point], int(seed))
    finally:
        clients.go()


def _word(case: Case | None) -> str:
    if case is None:
        return "not reached"
    return "ok" if case.sound else f"NOT SOUND {case.figures} {case.wrong}"


F1 = Scenario("F1", "SIGKILL at each step between receiving and acknowledging", run, 0.5)
