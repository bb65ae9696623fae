"""Invents a population by a seed: who gives and wants what, in whose words, and who fits whom.

What is good is decided here by topics, before anybody has written a word: a giver fits when one
of their offers is about a topic that is wanted and can take place. Neither the scorer's words,
weights nor code are known here.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from uuid import UUID

from tests.benchmarks.matching.topics import JOBS, REQUESTS, SKILLS, TITLES, TOPICS

REGIONS = (
    "london", "south-west", "south-east", "midlands", "east-of-england", "north-west",
    "north-east-and-yorkshire",
)  # fmt: skip
FIRST_MS = 1_790_000_000_000
SPAN_MS = 80 * 24 * 3600 * 1000
"""Everybody published within the last 80 days before a listing would have expired."""
ONLINE = 0.7
OFFERS = 0.85
"""Of the members publish what they can give; the others only said so in their profile."""
REQUESTS_SHARE = 0.25
MISSPELT = 0.05


@dataclass(frozen=True)
class Listing:
    """As its owner wrote it, and what it is really about."""

    id: UUID
    owner: int
    kind: str
    topic: int
    title: str
    description: str
    skills: tuple[str, ...]
    online: bool
    region: str


@dataclass
class Person:
    """What somebody really gives and wants, and how they say it."""

    id: UUID
    region: str
    gives: tuple[int, ...]
    wants: tuple[int, ...]
    offered: list[str] = field(default_factory=list)
    wanted: list[str] = field(default_factory=list)


class Population:
    """Members with their listings; the same seed makes the same."""

    def __init__(self, members: int, seed: int) -> None:
        self._draw = random.Random(seed)
        self._clock = 0
        self._step = max(1, SPAN_MS // (3 * members))
        self.people = [self._person() for _ in range(members)]
        self.listings: list[Listing] = []
        for number in self._draw.sample(range(members), members):
            self._publish(number, self.people[number])
        self._about = {listing.id: listing for listing in self.listings}
        self._by_topic: dict[tuple[str, int], list[Listing]] = {}
        for listing in self.listings:
            self._by_topic.setdefault((listing.kind, listing.topic), []).append(listing)

    def is_good(self, asker: int, listing_id: UUID) -> bool:
        """Whether a listing gives what the asker wants, or wants what they give, and where
        they can meet."""
        listing, who = self._about[listing_id], self.people[asker]
        topics = who.wants if listing.kind == "offer" else who.gives
        reachable = listing.online or listing.region == who.region
        return listing.owner != asker and reachable and listing.topic in topics

    def fitting(self, asker: int, kind: str) -> set[int]:
        """Everybody whose listing of a kind is good for the asker."""
        who = self.people[asker]
        return {
            listing.owner
            for topic in (who.wants if kind == "offer" else who.gives)
            for listing in self._by_topic.get((kind, topic), ())
            if self.is_good(asker, listing.id)
        }

    def owner(self, listing_id: UUID) -> int:
        return self._about[listing_id].owner

    def is_mutual(self, asker: int, listing_id: UUID) -> bool:
        """Whether the two could help each other."""
        who, other = self.people[asker], self.people[self.owner(listing_id)]
        return bool(set(who.gives) & set(other.wants) and set(who.wants) & set(other.gives))

    def _person(self) -> Person:
        draw = self._draw
        gives = self._topics(draw.choice((1, 1, 2, 2, 3)), skew=0.6)
        wants = tuple(
            each for each in self._topics(draw.choice((0, 1, 1, 1, 2)), skew=0.9)
            if each not in gives
        )  # fmt: skip
        found = Person(self._id(), draw.choice(REGIONS), gives, wants)
        found.offered = [self._skill(topic) for topic in gives]
        found.wanted = [self._skill(topic) for topic in wants]
        return found

    def _topics(self, count: int, skew: float) -> tuple[int, ...]:
        """Different topics; the first of the list are wanted and given more often."""
        weights = [1 / (1 + number) ** skew for number in range(len(TOPICS))]
        return tuple(dict.fromkeys(self._draw.choices(range(len(TOPICS)), weights, k=count)))

    def _publish(self, number: int, who: Person) -> None:
        for topic in who.gives:
            if self._draw.random() < OFFERS:
                self.listings.append(self._listing(number, "offer", topic, TITLES))
        for topic in who.wants:
            if self._draw.random() < REQUESTS_SHARE:
                self.listings.append(self._listing(number, "request", topic, REQUESTS))

    def _listing(self, owner: int, kind: str, topic: int, titles: tuple[str, ...]) -> Listing:
        draw = self._draw
        title = self._typed(draw.choice(titles).format(self._name(topic)))
        return Listing(
            id=self._id(),
            owner=owner,
            kind=kind,
            topic=topic,
            title=title[:1].upper() + title[1:],
            description=self._description(topic),
            skills=(self._name(topic),) if draw.random() < 0.6 else (),
            online=draw.random() < ONLINE,
            region=self.people[owner].region,
        )

    def _description(self, topic: int) -> str:
        """A sentence on it, and often one on something else, as people do."""
        draw = self._draw
        said = [f"I am a {draw.choice(JOBS)}."]
        if draw.random() < 0.7:
            said.append(f"We could look at {self._name(topic)} together.")
        if draw.random() < 0.4:
            other = self._name(draw.randrange(len(TOPICS)))
            said.append(
                draw.choice(
                    ("I have also done {} for years.", "My day job is {}, this is my hobby.",
                     "I know nothing about {}, sorry.", "Best after a morning of {}.")
                ).format(other)
            )  # fmt: skip
        return " ".join(said)

    def _skill(self, topic: int) -> str:
        return self._typed(self._draw.choice(SKILLS).format(self._name(topic)))

    def _name(self, topic: int) -> str:
        return self._draw.choice(TOPICS[topic])

    def _typed(self, text: str) -> str:
        """As typed: now and then two letters of a long word change places."""
        if self._draw.random() >= MISSPELT or len(text) < 8:
            return text
        at = self._draw.randrange(2, len(text) - 2)
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]

    def _id(self) -> UUID:
        """A UUIDv7 of its own moment."""
        self._clock += 1
        random_part = self._draw.getrandbits(74)
        value = (FIRST_MS + self._clock * self._step) << 80 | 7 << 76
        value |= (random_part >> 62) << 64 | 2 << 62 | random_part & (2**62 - 1)
        return UUID(int=value)
