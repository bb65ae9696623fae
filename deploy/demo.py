"""Plays the story of an exchange on the running platform, and shows what each service did.

python -m deploy.demo
"""

import email
import email.policy
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from deploy import audit, bank
from deploy.client import Answer, Person
from deploy.local import installation
from deploy.local.installation import Installation
from deploy.local.places import Problem
from deploy.overheard import Overheard
from services.bus.envelope import Event
from services.contracts import readers

PATIENCE = 30
"""Seconds to wait for something that usually takes milliseconds."""
ASHA, BEN = "asha.invented@dev.nhs.uk", "ben.invented@dev.nhs.uk"
OFFERS = {ASHA: "fair rota", BEN: "pivot tables"}
"""What each of the two gives, in words that find it."""
MAILS = 7
"""Six for an undisturbed exchange, and one for the thanks."""


class Story:
    """What is seen while an exchange goes from request to settled."""

    def __init__(self, place: Installation) -> None:
        self.place = place
        self.lock = threading.Lock()
        self.subjects: set[str] = set()
        self.early: list[tuple[str, Event, dict[str, Any]]] = []

    def called(self, who: str, method: str, path: str, status: int) -> None:
        self.line(f"  {who.partition('.')[0]:8} {method:5} {path}  -> {status}")

    def heard(self, key: str, event: Event, data: dict[str, Any]) -> None:
        """Show an event that belongs to the story, with who said and who hears it."""
        exchange = str(data.get("exchange_id") or event.subject)
        with self.lock:
            known = exchange in self.subjects
            if not known:
                self.early.append((key, event, data))
        if known:
            self._show(key, event, data)

    def follow(self, exchange_id: str) -> None:
        """From now on this exchange is the story, what was heard of it included."""
        with self.lock:
            self.subjects.add(exchange_id)
            early, self.early = self.early, []
        for key, event, data in early:
            if str(data.get("exchange_id") or event.subject) == exchange_id:
                self._show(key, event, data)

    def _show(self, key: str, event: Event, data: dict[str, Any]) -> None:
        region, _, name = key.partition(".")
        hearers = [s for s, events in readers.READERS.items() if name in events or "#" in events]
        minutes = f" {data['minutes']} min" if "minutes" in data else ""
        self.line(f"    event  {region:12} {name:34}{minutes:8} heard by {', '.join(hearers)}")

    def line(self, text: str) -> None:
        with self.lock:
            print(text, flush=True)


def tell(place: Installation) -> int:
    """The whole story; 0 when it ended well."""
    story = Story(place)
    began = time.monotonic()
    members = bank.fill(place.gateway_url)
    print(f"A small bank of {members} invented members is filled ({_since(began)}).\n")
    with Overheard(place.amqp_url, story.heard):
        exchange = _exchange(story)
    _mails(place, exchange["id"])
    _statements(story)
    _report(story)
    return _closing(place)


def _roles(story: Story) -> tuple[Person, Person]:
    """Giver and receiver: whoever has more hours asks, so that the story can be told again."""
    asha, ben = (Person(story.place.gateway_url, who, story.called) for who in (ASHA, BEN))
    hours = [who.get("/v1/account")["available_minutes"] for who in (asha, ben)]
    return (asha, ben) if hours[1] > hours[0] else (ben, asha)


def _exchange(story: Story) -> dict[str, Any]:
    """One of the two asks the other for an hour, across regions, and gets it."""
    giver, receiver = _roles(story)
    asks, gives = _first_name(receiver), _first_name(giver)
    offer = receiver.get("/v1/listings", q=OFFERS[giver.email], kind="offer")["items"][0]
    print(
        f"{asks} finds “{offer['title']}” by {offer['owner']['name']}, {offer['owner']['region']}."
    )
    asked = receiver.post(
        "/v1/exchanges",
        {"listing_id": offer["id"], "minutes": 60, "message": "Would next week suit you?"},
    )
    story.follow(asked["id"])
    giver.act(asked["id"], "accept")
    _until(lambda: receiver.get(f"/v1/exchanges/{asked['id']}")["state"] == "booked")
    print(f"The hour is held from {asks}'s account; the exchange with {gives} is booked.")
    giver.act(asked["id"], "done", minutes=60)
    began = time.monotonic()
    receiver.act(asked["id"], "confirm")
    receiver.watch = lambda *_: None
    settled = _until(lambda: _in_state(receiver, asked["id"], "settled"))
    print(f"Settled {1000 * (time.monotonic() - began):.0f} ms after {asks} began to confirm.")
    receiver.act(asked["id"], "thank", message="That was worth every minute.")
    return dict(settled)


def _first_name(person: Person) -> str:
    return person.email.partition(".")[0].title()


def _in_state(person: Person, exchange_id: str, state: str) -> dict[str, Any] | None:
    found: dict[str, Any] = person.get(f"/v1/exchanges/{exchange_id}")
    return found if found["state"] == state else None


def _mails(place: Installation, exchange_id: str) -> None:
    """The e-mails of this exchange, as the mail server took them."""
    found = _until(lambda: _mails_about(place, exchange_id, at_least=MAILS))
    print(f"\nE-mails about it ({len(found)}), readable at {place.mail_url}:")
    for message in found:
        print(f"    to {message['To']:42} {message['Subject']}")


def _mails_about(place: Installation, exchange_id: str, at_least: int) -> list[Any]:
    found = [
        email.message_from_bytes(content, policy=email.policy.default)
        for content in (file.read_bytes() for file in (Path(place.mail_folder) / "new").iterdir())
        if exchange_id.encode() in content
    ]
    # notices are numbered in the order in which they were written
    found.sort(key=lambda message: str(message["X-Timebank-Notice"]))
    return found if len(found) >= at_least else []


def _statements(story: Story) -> None:
    for address in (ASHA, BEN):
        person = Person(story.place.gateway_url, address)
        account = person.get("/v1/account")
        print(f"\nStatement of {address.partition('.')[0].title()}:")
        for entry in person.get("/v1/account/statement", limit=5)["items"]:
            counterpart = (entry.get("counterpart") or {}).get("name") or "the bank"
            print(
                f"    {entry['posted_at'][:19]}  {entry['kind']:9} {entry['minutes']:+5} min"
                f"  balance {entry['balance_after_minutes']:5}  {counterpart}"
            )
        print(
            f"    balance {account['balance_minutes']}, held {account['held_minutes']},"
            f" available {account['available_minutes']} minutes"
        )


def _report(story: Story) -> None:
    """The report by region, once it has caught up with the ledger."""
    with psycopg.connect(story.place.database_urls["ledger"]) as conn:
        row = conn.execute(
            "select coalesce(sum(case kind when 'exchange' then minutes else -minutes end), 0)"
            " from transfer where kind in ('exchange', 'reversal')"
        ).fetchone()
        minutes = int(row[0]) if row else 0
    person = Person(story.place.gateway_url, "national.one@dev.nhs.uk")

    def report() -> dict[str, Any] | None:
        found: dict[str, Any] = person.get("/v1/insight/totals", by="region")
        return found if found["total"]["minutes"] == minutes else None

    found = _until(report)
    print("\nThe report, by the receiver's region:")
    for item in found["items"]:
        print(f"    {item['key']:26} {item['exchanges']:5} exchanges {item['minutes']:7} minutes")
    print(f"    {'all':26} {found['total']['exchanges']:5} exchanges {minutes:7} minutes"
          ", as in the ledger")  # fmt: skip


def _closing(place: Installation) -> int:
    """The audit, once everything is quiet."""
    found = _until(lambda: _quiet(place)) or audit.run(place.database_urls, 0)
    print(f"\nSum of all balances: {found['A6']} minutes.")
    print(f"Audit: {sum(map(bool, found.values()))} of {len(found)} figures differ from zero.")
    print(f"\nThe platform runs at {place.gateway_url} (stop it with `make down`).")
    return 1 if any(found.values()) else 0


def _quiet(place: Installation) -> dict[str, int] | None:
    found = audit.run(place.database_urls, 0)
    return found if not any(found.values()) else None


def _until(true: Callable[[], Any]) -> Any:
    """What ``true`` returned when it was; its last word when patience ended."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = true()
        if found:
            return found
        if time.monotonic() > deadline:
            raise Problem("Something that should follow within moments did not; see `make logs`.")
        time.sleep(0.01)  # between two looks; the condition decides


def _since(began: float) -> str:
    return f"{time.monotonic() - began:.1f} s"


def main() -> int:
    try:
        place = installation.read()
        print(f"Gateway: {place.gateway_url}\n")
        return tell(place)
    except (Problem, Answer) as error:
        print(f"The story broke off: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
