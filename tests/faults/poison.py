"""F7: messages nobody can handle, in five forms, among many that anybody can."""

from __future__ import annotations

import datetime
import json
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence

from deploy.client import Person
from services.contracts import words
from tests.faults.measured import Case, Watch, total
from tests.faults.messages import Copy, publish
from tests.faults.platform import Platform, until
from tests.faults.scenario import Result, Scenario
from tests.faults.visitor import listing_of, member

CLIENTS = 8
SHORT, LONG = 24, 400
"""Exchanges driven before, during and after the poison: a rate needs enough of them."""
PAUSE = 0.25
"""Seconds between two poisons of each form."""
THROUGHPUT = 0.8
"""Share of their undisturbed rate that others keep; judged in the long form only, because
a few exchanges on a busy machine differ by more than that from run to run."""
LIVES = 5
"""Deaths one message causes: among others, in the group that comes again together, which is then
split, and three alone."""
NEIGHBOURS = 20
"""Events waiting behind the one that kills."""
READERS = ("ledger", "notifications", "reporting")
"""Who hears of a completed exchange."""
RETRIES_SECONDS = 40.0
"""Longer than the whole schedule of retries here."""


def bad_json(region: str) -> Copy:
    return _completed(region, b'{"exchange_id": ')


def wrong_schema(region: str) -> Copy:
    return _completed(region, b'{"minutes": "many"}')


def unknown_account(region: str) -> Copy:
    """A completion of an exchange and of people that do not exist, for the ledger alone."""
    ids = ("exchange_id", "listing_id", "giver_id", "receiver_id", "asker_id", "actor_id")
    now = datetime.datetime.now(datetime.UTC).isoformat()
    body = {
        **{name: str(uuid.uuid4()) for name in (*ids, "hold_id")},
        **dict.fromkeys(("happened_at", "completed_at", "requested_at"), now),
        **dict.fromkeys(("region", "giver_region", "receiver_region"), region),
        "version": 5, "state": "completed", "minutes": 60, "next_actor": "ledger",
        "category": None, "pathway": None, "starts_at": None, "deadline": now,
        "giver_organisation": None, "receiver_organisation": None,
    }  # fmt: skip
    return _completed(region, json.dumps(body).encode(), f"ledger.{region}")


def _completed(region: str, body: bytes, queue: str = "") -> Copy:
    headers = {
        "ce-id": str(uuid.uuid4()),
        "ce-specversion": "1.0",
        "ce-source": "/timebank/exchanges",
        "ce-type": "exchange_completed",
        "ce-time": datetime.datetime.now(datetime.UTC).isoformat(),
        "ce-region": region,
    }
    return Copy(f"{region}.exchanges.exchange_completed", headers, body, queue)


FORMS: tuple[tuple[Callable[[str], Copy], Sequence[str]], ...] = (
    (bad_json, READERS),
    (wrong_schema, READERS),
    (unknown_account, ("ledger",)),
)
"""How each is made, and who cannot handle it."""


class Poisoner:
    """Puts poison of every form into every region, until it is told to stop."""

    def __init__(self, platform: Platform, seed: int) -> None:
        self.platform, self.rng = platform, random.Random(seed)
        self.ids: dict[str, set[str]] = {reader: set() for reader in READERS}
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Poisoner:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self.thread.join()

    def _run(self) -> None:
        while not self.stopping.is_set():
            for make, refusing in FORMS:
                copy = make(self.rng.choice(words.REGIONS))
                publish(self.platform.at.amqp_url, [copy])
                for reader in refusing:
                    self.ids[reader].add(copy.event_id)
            self.stopping.wait(PAUSE)


def run(platform: Platform, seed: int, minutes: float) -> Result:
    """A message that kills; then exchanges without, with and without poison among them."""
    count = LONG if minutes >= 1 else SHORT
    watch, case = Watch(platform), Case()
    # First, while nothing else can reach the point at which it kills.
    killers = _killer(platform, case) if minutes >= 1 else set()
    rates = [_rate(platform, case, count)]
    with Poisoner(platform, seed) as poisoner:
        rates.append(_rate(platform, case, count))
        case.wrong += _too_little_credit(platform)
    rates.append(_rate(platform, case, count))
    ids = {reader: set(found) for reader, found in poisoner.ids.items()}
    ids["ledger"] |= killers
    case.wrong += _kept(platform, ids, wait=minutes >= 1)
    _forget(platform, ids)
    watch.ended(case)
    share = rates[1] / ((rates[0] + rates[2]) / 2)
    if minutes >= 1 and share < THROUGHPUT:
        case.wrong.append(f"others kept {share:.0%} of their throughput")
    poisons = sum(len(found) for found in ids.values())
    return total([case], {"poisons refused": poisons, "others' share of throughput": share})


def _rate(platform: Platform, case: Case, count: int) -> float:
    """Exchanges a second that clients get through."""
    outcome = platform.load(count, CLIENTS).outcome()
    case.exchanges += outcome["exchanges"]
    case.wrong += outcome["wrong"]
    return float(outcome["exchanges"]) / float(outcome.get("seconds", 1))


def _too_little_credit(platform: Platform) -> Iterator[str]:
    """More minutes than the receiver may spend: no poison at all, but an answer."""
    giver, asker = (member(platform, f"f7.{side}") for side in ("giver", "asker"))
    asked = asker.post("/v1/exchanges", {"listing_id": listing_of(giver)["id"], "minutes": 1440})
    giver.act(asked["id"], "accept")
    if not until(lambda: _state(asker, asked["id"]) == "unfunded", 20):
        yield f"an exchange beyond its receiver's credit is {_state(asker, asked['id'])}"
    asker.act(asked["id"], "withdraw")


def _state(person: Person, exchange_id: str) -> str:
    return str(person.get(f"/v1/exchanges/{exchange_id}")["state"])


def _killer(platform: Platform, case: Case) -> set[str]:
    """A message at which the ledger dies whenever it begins it, before twenty harmless ones."""
    known = "select data, event_id from heard where type = 'members.member_joined' limit 1"
    ((data, _),) = platform.query("reporting", known)
    batch = [_joined(data) for _ in range(1 + NEIGHBOURS)]
    platform.await_quiet()
    ends = platform.restarts("ledger")
    platform.arm("ledger", *["inbox_claimed:1"] * LIVES)
    platform.restart("ledger")
    began = time.monotonic()
    publish(platform.at.amqp_url, batch)
    until(lambda: platform.is_back("ledger", ends + 1 + LIVES))
    case.first_success.append(round(time.monotonic() - began, 2))
    return {batch[0].event_id}


def _joined(data: dict[str, object]) -> Copy:
    headers = {
        "ce-id": str(uuid.uuid4()),
        "ce-specversion": "1.0",
        "ce-source": "/timebank/members",
        "ce-type": "member_joined",
        "ce-time": datetime.datetime.now(datetime.UTC).isoformat(),
        "ce-region": str(data["region"]),
    }
    key = f"{data['region']}.members.member_joined"
    return Copy(key, headers, json.dumps(data).encode(), f"ledger.{data['region']}")


def _kept(platform: Platform, ids: dict[str, set[str]], *, wait: bool) -> Iterator[str]:
    """What is not as promised: poison that is not kept with its reason, innocents that are.

    Args:
        wait: until the retries of what may still turn out well are exhausted.
    """
    for reader, poison in ids.items():
        missing = _missing(platform, reader, poison, wait)
        if missing:
            yield f"{missing} of {len(poison)} poisons are not kept by {reader}"
    for service in platform.at.database_urls:
        innocents = _in_retry(platform, service, parked=True) - ids.get(service, set())
        if innocents:
            yield f"{len(innocents)} innocents are parked in {service}"


def _missing(platform: Platform, reader: str, poison: set[str], wait: bool) -> int:
    def not_kept() -> set[str]:
        return poison - _in_retry(platform, reader, parked=wait)

    until(lambda: not not_kept(), RETRIES_SECONDS)
    return len(not_kept())


def _in_retry(platform: Platform, service: str, *, parked: bool) -> set[str]:
    statement = "select event_id from retry where reason <> ''"
    statement += " and parked_at is not null" if parked else ""
    return {event_id for (event_id,) in platform.query(service, statement)}


def _forget(platform: Platform, ids: dict[str, set[str]]) -> None:
    """Take the poison away, as an operator would who has seen it."""
    for reader, poison in ids.items():
        statement = "delete from retry where event_id = any(%s)"
        platform.query(reader, statement, list(poison))


F7 = Scenario("F7", "poison in five forms among exchanges", run, 0.4)
