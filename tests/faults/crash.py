"""F1: a process dies at each step between receiving and acknowledging, under load."""

from __future__ import annotations

import datetime
import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import uuid_utils.compat
from psycopg.types.json import Jsonb

from deploy.local.places import REPOSITORY
from services.bus import envelope
from services.contracts import members
from tests.faults.measured import MAILS_OF_A_KILL, Case, Watch, total
from tests.faults.platform import Platform, until
from tests.faults.scenario import Result, Scenario
from tests.faults.version import commit

EXCHANGES, CLIENTS = 50, 8
KEPT = REPOSITORY / "var" / "faults" / "f1.json"
"""Cases by commit, point and seed, over all runs."""
KILL_SECONDS = 30.0
"""Seconds within which an armed point is reached while exchanges go on."""

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


def run_case(platform: Platform, place: Place, seed: int) -> Case | None:
    """One death at one point; nothing when the point was not reached."""
    rng = random.Random(f"{place.name}:{seed}")
    nth, share = rng.randint(1, place.most), rng.uniform(0.05, 0.4)
    mails = MAILS_OF_A_KILL if place.service == "notifications" else 0
    watch, case = Watch(platform, mails), Case()
    begun = _count(platform)
    load = platform.load(EXCHANGES, CLIENTS)
    until(lambda: load.ended or _count(platform) >= begun + share * EXCHANGES)
    # Armed under load: what arrives while it is away makes a backlog of many kinds.
    platform.arm(place.service, f"{place.point}:{nth}")
    ends = platform.restarts(place.service)
    platform.stop(place.service)
    if place.point.endswith("_retry"):
        until(lambda: platform.is_back(place.service, ends + 1))
        _plant_retry(platform)
    died = until(lambda: platform.restarts(place.service) >= ends + 2, KILL_SECONDS)
    if died:
        at = time.monotonic()
        until(lambda: platform.is_back(place.service, ends + 2))
        case.first_success.append(round(time.monotonic() - at, 2))
    else:
        platform.restart(place.service)  # disarmed: its file has no second line
    watch.ended(case, load)
    return case if died or not case.sound else None


def _count(platform: Platform) -> int:
    return int(platform.query("exchanges", "select count(*) from exchange")[0][0])


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


class Kept:
    """The file of all cases, so that seeds add up over runs."""

    def __init__(self, file: Path = KEPT) -> None:
        self.file = file
        self.commit = commit()
        self.all: dict[str, dict[str, dict[str, dict[str, object]]]] = {}
        if file.exists():
            self.all = json.loads(file.read_text())

    @property
    def here(self) -> dict[str, dict[str, dict[str, object]]]:
        """Of this commit: by point, then seed."""
        return self.all.setdefault(self.commit, {})

    def add(self, place: Place, seed: int, case: Case) -> None:
        self.here.setdefault(place.name, {})[str(seed)] = vars(case)
        self.file.parent.mkdir(parents=True, exist_ok=True)
        draft = self.file.with_suffix(".new")
        draft.write_text(json.dumps(self.all, indent=1) + "\n")
        draft.replace(self.file)

    def has(self, place: Place, seed: int) -> bool:
        return str(seed) in self.here.get(place.name, {})

    @property
    def count(self) -> int:
        return sum(len(seeds) for seeds in self.here.values())


def _order(kept: Kept) -> Iterator[tuple[Place, int]]:
    """Every point with seed 1, then with seed 2, and so on, without what is done already.

    Services take turns: one that died a moment ago is started again after a longer pause.
    """
    queues = [
        [place for place in PLACES if place.service == service]
        for service in ("exchanges", "ledger", "notifications", "reporting")
    ]
    longest = max(map(len, queues))
    turn = [queue[n] for n in range(longest) for queue in queues if n < len(queue)]
    seed = 0
    while True:
        seed += 1
        yield from ((place, seed) for place in turn if not kept.has(place, seed))


def run(platform: Platform, seed: int, minutes: float) -> Result:
    """As many cases as there is time for, those first that have not been run yet.

    The short form takes some points at random instead, by the run's own seed.
    """
    kept, cases, unreached = Kept(), [], 0
    order = _order(kept)
    if minutes < 1:
        chosen = random.Random(seed).sample(PLACES, len(PLACES))
        order = iter([(place, seed) for place in chosen])
    end = time.monotonic() + 60 * minutes
    longest = 0.0
    for place, number in order:
        began = time.monotonic()
        case = run_case(platform, place, number)
        longest = max(longest, time.monotonic() - began)
        print(f"    {place.name}:{number}  {_word(case)}  {longest:.0f} s", flush=True)
        if case is None:
            unreached += 1
        else:
            kept.add(place, number, case)
            case.wrong = [f"{place.name}:{number} {sentence}" for sentence in case.wrong]
            cases.append(case)
        if time.monotonic() + longest > end:
            break
    return total(
        cases,
        {"points not reached": unreached, "cases at this commit so far": kept.count},
    )


def _word(case: Case | None) -> str:
    if case is None:
        return "not reached"
    return "ok" if case.sound else f"NOT SOUND {case.figures} {case.wrong}"


F1 = Scenario("F1", "SIGKILL at each step between receiving and acknowledging", run, 0.5)
