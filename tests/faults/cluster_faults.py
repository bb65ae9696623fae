"""C1 to C4: what can become of a cluster of brokers and of a database with a standby."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial

from deploy.local import broker, cluster, failover, faults, standby
from deploy.local.cluster_plan import BROKERS
from deploy.local.places import REPOSITORY, Places
from services.bus import again, settings
from tests.faults.broker_faults import halted
from tests.faults.disturbed import CLIENTS, EXCHANGES, SHARE, count, disturbed
from tests.faults.measured import Case, Watch, total
from tests.faults.platform import PATIENCE, Load, Platform, until
from tests.faults.scenario import Result

ALL_AGAIN = 1_000_000
"""E-mails that may come twice: after a failover nobody knows which were sent, and all count."""
AGREE_SECONDS = 30.0
"""Seconds after the load until the figures are read that a failover alone leaves behind."""
LISTENERS = ("notifications", "reporting")
"""Services whose commits wait for no standby."""


ROWS = {**dict.fromkeys(failover.SPEAKERS, "said"), "notifications": "notice", "reporting": "heard"}
"""A table of each service that only grows."""


def leaders(where: Places) -> Counter[int]:
    """How many replicated queues each node leads."""
    found: Counter[int] = Counter()
    names = {standby.machine(where, number).broker_node: number for number in BROKERS}
    for queue in queues(where):
        found[names[queue["leader"]]] += 1
    return found


def queues(where: Places, through: int = BROKERS[0]) -> list[dict]:
    """Every replicated queue with its leader, its members, and those of them that are there."""
    words = ("list_queues", "-p", broker.VHOST, "--formatter", "json")
    told = cluster.control(
        where, through, *words, "name", "type", "leader", "members", "online"
    )  # fmt: skip
    return [queue for queue in json.loads(told) if "quorum" in str(queue["type"])]


def whole(where: Places) -> bool:
    """Whether every replicated queue has a member at work on each node."""
    return all(len(queue["online"]) == len(BROKERS) for queue in queues(where))


def run_nodes(platform: Platform, where: Places, rounds: int) -> Result:
    """C1: the node that leads the most queues is killed, and comes back, again and again."""
    cases, led, away = [], [], []
    before_all = _replaced(platform)
    for _ in range(rounds):
        ((number, leading),) = leaders(where).most_common(1)
        led.append(leading)
        name = f"broker-{number}"
        before, began = faults.find(where, name), time.monotonic()
        case = disturbed(platform, partial(faults.kill, where, name))
        faults.await_ready(where, name, before)
        away.append(round(time.monotonic() - began, 1))
        if not until(lambda: whole(where)):
            case.wrong.append("a queue did not get its third member back")
        cases.append(case)
    members = {len(queue["members"]) for queue in queues(where)}
    if members != {len(BROKERS)}:
        cases[-1].wrong.append(f"queues have {members} members")
    return total(
        cases,
        {
            "replicated queues": len(queues(where)),
            "of them led by the node that was killed, at least": min(led),
            "members of each queue": max(members),
            "queues taken for lost, and made anew": _replaced(platform) - before_all,
            "from the kill until the node worked again and the load was through, s, at most": max(
                away
            ),
        },
    )


def _replaced(platform: Platform) -> int:
    """How often a service took queues for such without a leader, ever."""
    logs = (file.read_text(errors="replace") for file in platform.where.logs.glob("*.log"))
    return sum(text.count("queues without a leader are replaced") for text in logs)


def run_standby(platform: Platform, where: Places, rounds: int) -> Result:
    """C2: the standby is killed: commits that are to outlive the primary wait for its return."""
    cases = []
    for _ in range(rounds):
        name = standby.port_name(standby.other(standby.primary(where)))
        before = faults.find(where, name)
        case = disturbed(platform, partial(faults.kill, where, name))
        faults.await_ready(where, name, before)
        failover.guard(where)
        cases.append(case)
    return total(cases)


def run_primary(platform: Platform, where: Places, rounds: int) -> Result:
    """C3: the primary is lost under load, and its standby promoted."""
    done = [_lost(platform, where) for _ in range(rounds)]
    took, left = [each[1] for each in done], [each[2] for each in done]
    measured = {"until the standby was promoted, s, at most": max(took), **_summed(left)}
    return total([each[0] for each in done], measured)


def _lost(platform: Platform, where: Places) -> tuple[Case, float, Mapping[str, int]]:
    """The case, the seconds a promotion took, and the figures that it left."""
    began, case = datetime.datetime.now(datetime.UTC), Case()
    watch = Watch(platform, mails_allowed=ALL_AGAIN)
    enough = count(platform, "true") + SHARE * EXCHANGES
    load = platform.load(EXCHANGES, CLIENTS)
    until(lambda: load.ended or count(platform, "true") >= enough)
    settled, lost_at = count(platform, "state = 'settled'"), time.monotonic()
    failover.promote(where)
    took = round(time.monotonic() - lost_at, 2)
    if not until(lambda: load.ended or count(platform, "state = 'settled'") > settled):
        case.wrong.append(f"nothing settled within {PATIENCE:.0f} s")
    case.first_success.append(round(time.monotonic() - lost_at, 2))
    until(lambda: load.ended, 2 * PATIENCE)
    left = _mended(platform, watch, case, began, load)
    failover.rejoin(where)
    return case, took, left


def run_unfollowed(platform: Platform, where: Places, rounds: int) -> Result:
    """C4: the primary is lost with what those who wait for nobody did since the standby left."""
    done = [_forgotten(platform, where) for _ in range(rounds)]
    cases, left = [each[0] for each in done], [each[2] for each in done]
    forgotten = sum((each[1] for each in done), Counter[str]())
    for service in failover.SPEAKERS:
        if rows := forgotten[f"{service}.said"]:
            cases[-1].wrong.append(f"{service} forgot {rows} events it had said")
    if not forgotten:
        cases[-1].wrong.append("nothing was forgotten: the fault was not put in")
    named = {f"rows of {name} that were lost": n for name, n in forgotten.items()}
    return total(cases, {**named, **_summed(left)})


def _forgotten(platform: Platform, where: Places) -> tuple[Case, Counter[str], Mapping[str, int]]:
    """The case, the rows each service had and lost, and the figures that it left."""
    began, case = datetime.datetime.now(datetime.UTC), Case()
    watch = Watch(platform, mails_allowed=ALL_AGAIN)
    load = platform.load(EXCHANGES, CLIENTS)
    with halted(platform, *LISTENERS):
        until(lambda: load.ended, 4 * PATIENCE)
        until(lambda: not _outboxes(platform))
        failover.cut(where)
    if not until(lambda: platform.looks.said() is not None):
        case.wrong.append("those who wait for nobody did not go on")
    before = _kept(platform)
    failover.promote(where)
    until(lambda: _answers(platform))
    after = _kept(platform)
    left = _mended(platform, watch, case, began, load)
    failover.rejoin(where)
    return case, Counter({name: n - after[name] for name, n in before.items()}), left


def _mended(
    platform: Platform, watch: Watch, case: Case, began: datetime.datetime, load: Load
) -> dict[str, int]:
    """Read the figures a failover leaves, have all said again since ``began``, and wait."""
    until(lambda: not _outboxes(platform), AGREE_SECONDS)
    until(lambda: not any(platform.audit().values()), AGREE_SECONDS)
    left = platform.audit()
    say_again(platform, began - datetime.timedelta(minutes=1))
    watch.ended(case, load)
    case.wrong += [f"{code} was {left[code]} before anything was said again" for code in OF_LEDGER
                   if left[code]]  # fmt: skip
    return left


OF_LEDGER = ("A1", "A2", "A3", "A4", "A5", "A6", "A7", "A9")
"""Figures of minutes, which a failover may not touch."""


def _summed(left: Sequence[Mapping[str, int]]) -> dict[str, float]:
    codes = {code for figures in left for code, n in figures.items() if n}
    return {
        f"{code} before all was said again": sum(figures[code] for figures in left)
        for code in sorted(codes)
    }


def say_again(platform: Platform, since: datetime.datetime) -> None:
    """What an operator does after a failover, for each service others listen to."""
    for service in failover.SPEAKERS:
        url = platform.at.database_urls[service]
        subprocess.run(
            [sys.executable, "-m", again.__name__, "--since", since.isoformat()],
            cwd=REPOSITORY,
            env={**os.environ, settings.DATABASE_URL.name: url},
            check=True,
            capture_output=True,
        )


def _outboxes(platform: Platform) -> int:
    """Events that have not left; some, while the database is away."""
    try:
        return sum(
            int(platform.looks.ask(service, "select count(*) from outbox")[0][0])
            for service in failover.SPEAKERS
        )
    except failover.AWAY:
        return 1


def _answers(platform: Platform) -> bool:
    try:
        return bool(_kept(platform))
    except failover.AWAY:
        return False


def _kept(platform: Platform) -> dict[str, int]:
    """How many rows each service has of what it said, or made of what it heard."""
    return {
        f"{service}.{table}": int(
            platform.looks.ask(service, f"select count(*) from {table}")[0][0]
        )
        for service, table in ROWS.items()
    }
