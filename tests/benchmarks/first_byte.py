"""How long every page lets one wait for its first byte, with 800 members and with a million."""

from __future__ import annotations

import http.client
import random
import re
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import psycopg
import requests

from deploy.client import Person
from gateway import names
from gateway.pages import visitor
from tests.benchmarks import gateway_speed
from tests.benchmarks.bank import kept
from tests.benchmarks.bank.size import FIRST_MS, SPAN_MS, Size, id_at
from tests.benchmarks.bench_servers import BenchServers, checkpointed
from tests.benchmarks.figures import Figures, percentile
from tests.benchmarks.platform import Platform
from tests.pages.newcomers import Visitor
from tests.pages.site import NO_PAGES, Site
from tests.pages.visiting import session_of

EXPERIMENT = "first byte"
SLOWEST = "the slowest page"
MEMBERS_800 = Size(800, 8_000)
MILLION, SHORT = Size(1_000_000, 1_000_000), Size(20_000, 20_000)
"""The short form loads within seconds; the large bank takes minutes, once, and 5 GB."""
LONG_SECONDS = 20.0
BANK = ("members", "exchanges", "ledger", "reporting")
LOOKS, SHORT_LOOKS = 25, 8
"""At every page, after two that are not counted."""
WARM = 2
FORGOTTEN = max(visitor.REMEMBERED, names.REMEMBERED) + 0.1
"""Seconds a round through all pages takes at least, so that nobody is still known to the
gateway from the round before: people read a page longer than it remembers them."""
ELSEWHERE = {"/dev/authorize": "only a local installation has it"}
"""Pages that are left out, with the reason."""
PARKED = "00000000-0000-7000-8000-0000000f1b57"
"""Id of a message put aside for as long as the bank is open, so that there is one to look at."""
PEOPLE = 60
"""Members who visit in turn: more than there are pages, so that nobody comes twice a round."""


@dataclass
class Reader:
    """Somebody signed in, on a connection of their own that is kept open."""

    connection: http.client.HTTPConnection
    cookie: str

    @classmethod
    def of(cls, gateway: str, session: requests.Session | None) -> Reader:
        """
        Args:
            session: signed in; ``None`` for a stranger.
        """
        host = gateway.removeprefix("http://")
        kept_ = session.cookies if session else ()
        cookie = "; ".join(f"{each.name}={each.value}" for each in kept_)
        return cls(http.client.HTTPConnection(host, timeout=30), cookie)

    def wait(self, path: str) -> tuple[float, int]:
        """Milliseconds from asking to the first byte, and the status."""
        began = time.perf_counter()
        self.connection.request("GET", path, headers={"Cookie": self.cookie})
        answer = self.connection.getresponse()
        waited = 1000 * (time.perf_counter() - began)
        answer.read()
        return waited, answer.status


@dataclass(frozen=True)
class Look:
    """A page as one of its readers opens it."""

    reader: Reader
    path: str


@dataclass
class Town:
    """A bank that is open, with the people who look at its pages.

    Attributes:
        looks: for each page, by the form of its address, everybody who may open it.
    """

    size: Size
    gateway: str
    looks: dict[str, list[Look]] = field(default_factory=dict)

    def settle(self) -> None:
        """Let people sign in, and find out what each of them opens."""
        size, draw = self.size, random.Random(1)
        shown = {size.owner(self._listing), size.owner(self._listing + 1), self._somebody}
        some = [9 + number for number in draw.sample(range(size.members - 100), PEOPLE + 2)]
        plain = [number for number in some if number not in shown][:PEOPLE]
        self._visit(self._readers(plain), self._of_everybody())
        owners = [size.owner(each) for each in range(1, 40) if size.is_open_offer(each)][:8]
        own = [lambda number=number: self._of_an_owner(number) for number in owners]
        for reader, paths in zip(self._readers(owners), own, strict=True):
            self._visit([reader], paths())
        parties = [107 + 100 * each for each in range(6)]
        for number, reader in zip(parties, self._readers(parties), strict=True):
            self._visit([reader], self._of_a_party(number))
        concerned = self._readers([somebody := parties[0]])
        concern = self._concern(somebody)
        self._visit(concerned, {"/concerns/<uuid:concern_id>": f"/concerns/{concern}"})
        reps = list(range(1, 8))
        for number, reader in zip(reps, self._readers(reps), strict=True):
            self._visit([reader], self._of_a_rep(number))
        self._visit(self._readers([8]), self._of_the_national_team(concern))
        self._visit([Reader.of(self.gateway, None)], self._of_a_stranger())
        self._visit([self._newcomer()], self._of_a_newcomer())

    def _readers(self, numbers: Sequence[int]) -> list[Reader]:
        return [Reader.of(self.gateway, session_of(self.gateway, _email(each))) for each in numbers]

    def _visit(self, readers: Sequence[Reader], paths: Mapping[str, str]) -> None:
        for rule, path in paths.items():
            self.looks.setdefault(rule, []).extend(Look(reader, path) for reader in readers)

    def _newcomer(self) -> Reader:
        """Somebody who has answered all questions and not agreed yet."""
        newcomer = Visitor(self.gateway, f"newcomer.{time.time_ns()}@dev.nhs.uk")
        newcomer.send("/join", name="New Comer Invented", organisation="RJ1")
        newcomer.send("/join/give", offers="Minutes of meetings")
        newcomer.send("/join/like", wants="Pivot tables")
        return Reader.of(self.gateway, newcomer.http)

    def _concern(self, number: int) -> str:
        """Raised by somebody about nobody's doing: low, and so the national team's to look into."""
        about = {"member_id": str(self.size.person(self._somebody)), "severity": "low"}
        person = Person(self.gateway, _email(number))
        return str(person.post("/v1/concerns", {**about, "text": "Measured."})["id"])

    def _sheet(self, number: int) -> str:
        """A table that is looked at, and nothing done."""
        table = {"kind": "invitations", "table": "email,name\nsam@example.org,Sam Invented\n"}
        return str(Person(self.gateway, _email(number)).post("/v1/sheets", table)["id"])

    @property
    def _listing(self) -> int:
        """An open offer, published a while ago; the next one is open, too."""
        return 3 * self.size.listings // 4 // 20 * 20 + 2

    @property
    def _somebody(self) -> int:
        return self.size.members // 2

    def _of_everybody(self) -> dict[str, str]:
        listing, other = (self.size.listing(self._listing + each) for each in (0, 1))
        somebody = self.size.person(self._somebody)
        plain = (
            "/", "/exchanges", "/first", "/hours", "/listings", "/listings/mine",
            "/listings/new", "/matches", "/profile", "/profile/about", "/profile/e-mails",
            "/profile/invite", "/profile/leave", "/profile/systems", "/profile/work", "/waiting",
            "/concerns", "/profile/addresses", "/profile/blocked", "/profile/privacy", "/searches",
        )  # fmt: skip
        return {
            **{path: path for path in plain},
            "/listings, words": "/listings?q=budgets&kind=offer",
            "/asks/new": f"/asks/new?listing={listing}&listing={other}",
            "/profile/addresses/confirm/<token>": "/profile/addresses/confirm/x",
            "/listings/<uuid:listing_id>": f"/listings/{listing}",
            "/listings/<uuid:listing_id>/ask": f"/listings/{listing}/ask",
            "/members/<uuid:member_id>": f"/members/{somebody}",
            "/members/<uuid:member_id>/record": f"/members/{somebody}/record",
            "/members/<uuid:member_id>/block": f"/members/{somebody}/block",
            "/members/<uuid:member_id>/concern": f"/members/{somebody}/concern",
            "/profile/systems/<uuid:client_id>": f"/profile/systems/{id_at(FIRST_MS, 'client')}",
        }

    def _of_an_owner(self, number: int) -> dict[str, str]:
        own = f"/listings/{self.size.listing(number // 2)}"
        return {
            "/listings/<uuid:listing_id>/change": f"{own}/change",
            "/listings/<uuid:listing_id>/close": f"{own}/close",
            "/listings/<uuid:listing_id>/times": f"{own}/times",
        }

    def _of_a_party(self, number: int) -> dict[str, str]:
        """Number so many has received the exchange of the same number, which is booked."""
        step = SPAN_MS // self.size.exchanges
        own = f"/exchanges/{id_at(FIRST_MS + number * step, f'exchange {number}')}"
        return {
            "/exchanges/<uuid:exchange_id>": own,
            "/exchanges/<uuid:exchange_id>/<name>": f"{own}/cancel",
            "/exchanges/<uuid:exchange_id>/concern": f"{own}/concern",
            "/exchanges/<uuid:exchange_id>/messages": f"{own}/messages",
        }

    def _of_a_rep(self, number: int) -> dict[str, str]:
        """Of the same region as number so many is, and so is the joiner 14 before the last."""
        last = self.size.members - 1
        joiner = next(
            each for each in range(last, 0, -1) if Size.region(each) == Size.region(number)
        )
        booked = next(
            each for each in range(107, self.size.members, 100)
            if Size.region(each) == Size.region(number)
        )  # fmt: skip
        exchange = self._of_a_party(booked)["/exchanges/<uuid:exchange_id>"]
        return {
            "/console": "/console",
            "/console/cover": "/console/cover",
            "/console/sheets": "/console/sheets",
            "/console/sheets/<uuid:sheet_id>": f"/console/sheets/{self._sheet(number)}",
            "/console/record": "/console/record",
            "/console/joiners/<uuid:member_id>": f"/console/joiners/{self.size.person(joiner)}",
            "/exchanges/<uuid:exchange_id>/for/<uuid:member_id>/<name>":
                f"{exchange}/for/{self.size.person(booked)}/cancel",
        }  # fmt: skip

    def _of_the_national_team(self, concern: str) -> dict[str, str]:
        return {
            "/console/concerns/<uuid:concern_id>": f"/console/concerns/{concern}",
            "/national/parked/<service>": f"/national/parked/exchanges?message={PARKED}",
            "/console, national": "/console",
            "/console/concerns": "/console/concerns",
            "/national/audit": "/national/audit",
            "/national": "/national",
            "/national/limits/<region>": "/national/limits/london",
            "/national/parked": "/national/parked",
            "/national/roles": "/national/roles",
        }

    def _of_a_stranger(self) -> dict[str, str]:
        return {
            "/, signed out": "/",
            "/sign-in": "/sign-in",
            "/sign-in/email": "/sign-in/email",
            "/sign-in/email/sent": "/sign-in/email/sent",
            "/sign-in/link/<token>": "/sign-in/link/x",
        }

    def _of_a_newcomer(self) -> dict[str, str]:
        return {path: path for path in ("/join", "/join/give", "/join/like", "/join/check")}

    def unknown(self) -> list[str]:
        """Pages nobody here knows how to open."""
        known = {rule.partition(",")[0] for rule in self.looks}
        return sorted(Site().rules("GET") - NO_PAGES.keys() - ELSEWHERE.keys() - known)

    def waits(self, looks: int) -> dict[str, list[float]]:
        """Milliseconds of so many looks at every page, all pages in turn.

        Raises:
            RuntimeError: a page is not shown.
        """
        found: dict[str, list[float]] = {rule: [] for rule in self.looks}
        for number in range(WARM + looks):
            began = time.perf_counter()
            for place, (rule, some) in enumerate(self.looks.items()):
                look = some[(number + place) % len(some)]
                waited, status = look.reader.wait(look.path)
                if status != 200:
                    raise RuntimeError(f"{look.path} answers {status}")
                if number >= WARM:
                    found[rule].append(waited)
            time.sleep(max(0.0, FORGOTTEN - (time.perf_counter() - began)))
        return found


def _email(number: int) -> str:
    return f"person.{number}@dev.nhs.uk"


def run(servers: BenchServers, figures: Figures, seconds: float, number: int) -> None:
    """One round; the large bank is loaded by the first that needs it, and kept."""
    long = seconds >= LONG_SECONDS
    for size in (MEMBERS_800, MILLION if long else SHORT):
        with opened(servers, size) as town:
            town.settle()
            for rule in town.unknown():
                figures.lack(f"{EXPERIMENT}: {rule}", "the benchmark does not know how to open it")
            _note(figures, size, town.waits(LOOKS if long else SHORT_LOOKS))


@contextmanager
def opened(servers: BenchServers, size: Size) -> Iterator[Town]:
    """All services and a gateway before a bank; it is only read, but for who signs in."""
    with ExitStack() as stack:
        urls = kept.kept(servers.administrator_url, size, BANK)
        kept.warmed(servers.administrator_url, urls.values())
        checkpointed(servers.administrator_url)
        platform = stack.enter_context(Platform.prepared(servers, urls, f"pages-{size.members}-"))
        stack.enter_context(_one_parked(platform.database_urls["exchanges"]))
        stack.enter_context(platform.running())
        address, _ = stack.enter_context(gateway_speed.gateway(platform.amqp_url))
        yield Town(size, f"http://{address}")


@contextmanager
def _one_parked(url: str) -> Iterator[None]:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "insert into retry (event_id, routing_key, region, headers, body, reason, attempts,"
            " first_failed_at, parked_at) values"
            " (%s, 'london.x.y', 'london', '{}', '', 'planted', 1, now(), now())"
            " on conflict do nothing",
            [PARKED],
        )
        try:
            yield
        finally:
            connection.execute("delete from retry where event_id = %s", [PARKED])


def _note(figures: Figures, size: Size, waits: Mapping[str, Sequence[float]]) -> None:
    medians = {rule: statistics.median(some) for rule, some in waits.items()}
    for rule, some in waits.items():
        name = f"{_plain(rule)}, {size.members:,} members"
        figures.add(EXPERIMENT, name, "ms p50", medians[rule])
        figures.add(f"{EXPERIMENT}: waits", name, "ms p95", percentile(some, 0.95))
    slowest = max(medians, key=lambda rule: medians[rule])
    figures.add(EXPERIMENT, f"{SLOWEST}, {size.members:,} members", "ms p50", medians[slowest])
    print(f"  {size.members:,} members: {_plain(slowest)} {medians[slowest]:.0f} ms", flush=True)


def _plain(rule: str) -> str:
    """``/listings/<uuid:listing_id>`` without what only the code needs."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"<\1>", rule)
