"""Drives exchanges through the API as many clients at once would, and times them.

    python -m tests.system.traffic --gateway http://127.0.0.1:8000 --exchanges 2000 --clients 16

Runs outside pytest too: plain threads and the standard library, so that it costs the
machine as little as possible. A call that finds the platform away is repeated with
the same idempotency key, as a careful client does. With ``--exchanges 0`` the clients
stay, and drive as many exchanges as each line they are told says.
"""

import argparse
import http.client
import json
import random
import statistics
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

EMPLOYERS = (
    ("RJ1", "london"),
    ("RH8", "south-west"),
    ("RTH", "south-east"),
    ("RRK", "midlands"),
    ("RGT", "east-of-england"),
    ("R0A", "north-west"),
    ("RTD", "north-east-and-yorkshire"),
)
MINUTES = (15, 30, 45, 60)
AWAY = (OSError, http.client.HTTPException)
POLL = 0.005
"""Seconds between two looks at an exchange."""


@dataclass
class Outcome:
    """What the clients saw."""

    exchanges: list[str] = field(default_factory=list)
    booking: list[float] = field(default_factory=list)
    settling: list[float] = field(default_factory=list)
    calls: int = 0
    repeated: int = 0
    tried_again: int = 0
    wrong: list[str] = field(default_factory=list)

    def begin_anew(self) -> None:
        """Forget everything, for those who go on."""
        vars(self).update(vars(Outcome()))


class Client:
    """One member with a connection that is kept open."""

    def __init__(self, gateway: str, email: str, outcome: Outcome, patience: float) -> None:
        self.address = urlsplit(gateway).netloc
        self.outcome, self.patience = outcome, patience
        self.connection = http.client.HTTPConnection(self.address, timeout=30)
        self.email = email
        self.headers = {"Content-Type": "application/json"}
        _, token = self.ask("POST", "/dev/sign-in", {"email": email})
        self.headers["Authorization"] = f"Bearer {token['access_token']}"

    def ask(
        self, method: str, path: str, body: Any = None, key: str | None = None
    ) -> tuple[int, Any]:
        """Status and JSON; waits for a platform that is away, at most ``patience`` seconds."""
        headers = {**self.headers, **({"Idempotency-Key": key} if key else {})}
        content = None if body is None else json.dumps(body)
        deadline = time.monotonic() + self.patience
        while True:
            try:
                self.connection.request(method, path, content, headers)
                answer = self.connection.getresponse()
                text = answer.read()
                self.outcome.calls += 1
                found = json.loads(text) if text else None
                if answer.status not in (429, 503) and not _is_running(found):
                    return answer.status, found
            except AWAY:
                self.connection.close()
            self.outcome.tried_again += 1
            if time.monotonic() > deadline:
                raise TimeoutError(f"{method} {path}: nobody answered")
            time.sleep(0.05)  # between two tries; the platform decides when it is back

    def post(self, path: str, body: Any, chance: float = 0.0) -> tuple[int, Any]:
        """Post; with a chance the same again, which must be answered the same."""
        key = str(uuid.uuid4())
        status, answer = self.ask("POST", path, body, key)
        if random.random() < chance:
            again, second = self.ask("POST", path, body, key)
            self.outcome.repeated += 1
            if (again, second.get("id")) != (status, answer.get("id")):
                self.outcome.wrong.append(f"{path}: {status} then {again}")
        return status, answer


def _is_running(answer: Any) -> bool:
    """Whether the same request, given up by a server that stood still, is at work after all."""
    return isinstance(answer, dict) and answer.get("code") == "idempotency_still_running"


class Pair:
    """Two members of different regions who help each other in turn."""

    def __init__(self, gateway: str, number: int, outcome: Outcome, options: Any) -> None:
        self.outcome, self.chance = outcome, options.repeat
        first, second = number % len(EMPLOYERS), (number + 1) % len(EMPLOYERS)
        self.poll, self.turn = getattr(options, "poll", POLL), 0
        self.members = [
            self._member(gateway, f"pair{number}.{side}.{options.run}", place, options.patience)
            for side, place in (("a", first), ("b", second))
        ]
        self.listings = [self._offer(member) for member in self.members]

    def _member(self, gateway: str, name: str, place: int, patience: float) -> Client:
        code, region = EMPLOYERS[place]
        client = Client(gateway, f"{name}@dev.nhs.uk", self.outcome, patience)
        status, answer = client.post(
            "/v1/members",
            {
                "name": f"{name} Invented",
                "organisation": code,
                "region": region,
                "skills_offered": ["Spreadsheets"],
                "skills_wanted": ["Mentoring"],
            },
        )
        _expect(status, (201, 409), answer)
        return client

    def _offer(self, member: Client) -> str:
        body = {
            "kind": "offer",
            "title": "Help with spreadsheets",
            "description": "Bring your own.",
            "category": "digital-and-data",
            "minutes": 60,
            "online": True,
            "skills": ["Spreadsheets"],
        }
        status, answer = member.post("/v1/listings", body)
        _expect(status, (201,), answer)
        return str(answer["id"])

    def exchange(self) -> None:
        """One exchange from request to settled; directions alternate, so that credits last."""
        number, self.turn = self.turn, self.turn + 1
        giver, receiver = self.members[number % 2], self.members[1 - number % 2]
        minutes = MINUTES[(number // 2) % len(MINUTES)]
        began = time.monotonic()
        status, asked = receiver.post(
            "/v1/exchanges",
            {"listing_id": self.listings[number % 2], "minutes": minutes},
            self.chance,
        )
        self.outcome.booking.append(time.monotonic() - began)
        _expect(status, (201,), asked)
        path = f"/v1/exchanges/{asked['id']}"
        self.outcome.exchanges.append(asked["id"])
        self._act(giver, path, "accept", {})
        _reach(receiver, path, "booked", self.poll)
        self._act(giver, path, "done", {"minutes": minutes})
        began = time.monotonic()
        self._act(receiver, path, "confirm", {})
        _reach(receiver, path, "settled", self.poll)
        self.outcome.settling.append(time.monotonic() - began)

    def _act(self, who: Client, path: str, action: str, body: Any) -> None:
        status, answer = who.post(f"{path}/{action}", body, self.chance)
        _expect(status, (200,), answer)


def _reach(who: Client, path: str, state: str, poll: float) -> None:
    deadline = time.monotonic() + who.patience
    while True:
        status, found = who.ask("GET", path)
        _expect(status, (200,), found)
        if found["state"] == state:
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"{path} stays {found['state']}, not {state}")
        time.sleep(poll)


def _expect(status: int, allowed: tuple[int, ...], answer: Any) -> None:
    if status not in allowed:
        raise AssertionError(f"{status}: {answer}")


def drive(options: Any) -> Outcome:
    """Spread the exchanges over the clients; every pair works on its own."""
    outcome = Outcome()
    work(joined(options, outcome), options.exchanges, options.clients)
    return outcome


def joined(options: Any, outcome: Outcome) -> list[Pair]:
    """Let all members join, several at once."""
    with ThreadPoolExecutor(options.clients) as pool:
        numbers = range(options.pairs)
        return list(pool.map(lambda n: Pair(options.gateway, n, outcome, options), numbers))


def work(pairs: list[Pair], exchanges: int, clients: int) -> None:
    """Drive exchanges; ``clients`` are at work at once."""
    shares = [pairs[client::clients] for client in range(clients)]
    each = [exchanges // clients] * clients
    for client in range(exchanges % clients):
        each[client] += 1
    threads = [
        threading.Thread(target=_work, args=(share, count))
        for share, count in zip(shares, each, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _work(pairs: list[Pair], count: int) -> None:
    for number in range(count):
        pair = pairs[number % len(pairs)]
        try:
            pair.exchange()
        except (AssertionError, TimeoutError) as error:
            pair.outcome.wrong.append(str(error))


def stay(options: Any) -> Iterator[dict[str, Any]]:
    """What came of as many exchanges as each line of the standard input says."""
    outcome = Outcome()
    pairs = joined(options, outcome)
    for line in sys.stdin:
        outcome.begin_anew()
        began = time.monotonic()
        work(pairs, int(line), options.clients)
        yield summary(outcome, time.monotonic() - began)


def summary(outcome: Outcome, seconds: float) -> dict[str, Any]:
    """Figures as JSON: milliseconds at the median and the 95th percentile."""
    return {
        "exchanges": len(outcome.settling),
        "seconds": round(seconds, 2),
        "per_second": round(len(outcome.settling) / seconds, 1),
        "calls": outcome.calls,
        "repeated": outcome.repeated,
        "tried_again": outcome.tried_again,
        "booking_ms": _percentiles(outcome.booking),
        "confirm_to_settled_ms": _percentiles(outcome.settling),
        "wrong": outcome.wrong[:10],
        "ids": outcome.exchanges,
    }


def _percentiles(seconds: list[float]) -> dict[str, float]:
    if len(seconds) < 2:
        return {}
    cuts = statistics.quantiles(seconds, n=20)
    return {
        "median": round(1000 * statistics.median(seconds), 1),
        "p95": round(1000 * cuts[18], 1),
        "max": round(1000 * max(seconds), 1),
    }


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.system.traffic")
    parser.add_argument("--gateway", required=True)
    parser.add_argument("--exchanges", type=int, default=200, help="0: as many as told")
    parser.add_argument("--clients", type=int, default=1)
    parser.add_argument("--pairs", type=int, default=16, help="at least as many as clients")
    parser.add_argument("--repeat", type=float, default=0.0, help="chance of a repeated call")
    parser.add_argument("--patience", type=float, default=30, help="seconds to wait for anything")
    parser.add_argument("--poll", type=float, default=POLL, help="seconds between two looks")
    parser.add_argument("--run", default=uuid.uuid4().hex[:8], help="sets members apart")
    options = parser.parse_args(arguments)
    if not options.exchanges:
        for told in stay(options):
            print(json.dumps(told), flush=True)
        return 0
    began = time.monotonic()
    outcome = drive(options)
    print(json.dumps(summary(outcome, time.monotonic() - began)))
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
