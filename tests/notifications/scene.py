"""Builds events as the producers say them, and the answers other services give."""

import dataclasses
import datetime
import email
import email.policy
import subprocess
import sys
from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from services.bus.envelope import Event, outgoing, read
from services.bus.rpc import RpcError
from services.bus.transaction import Database, new_id
from services.contracts import exchanges, ledger, members
from services.notifications import delivery, handlers, mail, settings

NOW = datetime.datetime(2026, 5, 4, 9, 30, tzinfo=datetime.UTC)
STARTS_AT = datetime.datetime(2026, 5, 5, 13, 0, tzinfo=datetime.UTC)
POSTBOX = Path(__file__).with_name("postbox.py")


@dataclasses.dataclass(frozen=True)
class Pair:
    """An exchange between two people: the receiver asked."""

    exchange_id: UUID = dataclasses.field(default_factory=uuid4)
    giver_id: UUID = dataclasses.field(default_factory=uuid4)
    receiver_id: UUID = dataclasses.field(default_factory=uuid4)

    def says(self, schema: Any, actor: UUID | None = None, **fields: Any) -> Event:
        """The event as a handler meets it, after a journey through the contract."""
        return said(schema, self.whole(schema, actor_id=actor, **fields))

    def whole(self, schema: Any, **fields: Any) -> dict[str, Any]:
        """The body as exchanges says it: every field of the contract."""
        return {
            "exchange_id": self.exchange_id, "version": 1, "listing_id": uuid4(),
            "state": "requested", "giver_id": self.giver_id, "receiver_id": self.receiver_id,
            "asker_id": self.receiver_id, "actor_id": None, "next_actor": None, "minutes": 60,
            "category": None, "pathway": None, "region": "london",
            "giver_region": "south-west", "receiver_region": "london",
            "giver_organisation": "RJ1", "receiver_organisation": None,
            "starts_at": STARTS_AT, "deadline": NOW + datetime.timedelta(days=7),
            "requested_at": NOW, "happened_at": NOW, **_more(schema), **fields,
        }  # fmt: skip

    def undisturbed(self) -> list[Event]:
        """Everything notifications hears of an exchange that goes well."""
        return [
            self.says(exchanges.ExchangeRequested, self.receiver_id, next_actor="giver"),
            self.says(exchanges.ExchangeBooked, state="booked"),
            self.says(
                exchanges.ExchangeDone, self.giver_id,
                state="awaiting_confirmation", next_actor="receiver",
            ),
            self.says(exchanges.ExchangeCompleted, self.receiver_id, state="completed"),
            self.says(exchanges.ExchangeSettled, state="settled"),
        ]  # fmt: skip


def _more(schema: Any) -> dict[str, Any]:
    """Values for the fields beyond those every exchange event has."""
    known = {
        "hold_id": uuid4(), "shortfall_minutes": 30, "sequence": 0, "stated_minutes": 60,
        "completed_at": NOW, "outcome": "settle", "transfer_id": uuid4(),
        "reason": "reversed_by_rep", "attempt": 1, "from_fund": False,
        "first_unread": True,
    }  # fmt: skip
    own = schema._declared_fields.keys() - exchanges.ExchangeEvent._declared_fields.keys()
    return {name: known[name] for name in own}


def concerned(
    author_id: UUID, about_id: UUID, schema: Any = exchanges.ConcernRaised, **fields: Any
) -> Event:
    """A concern of London's with a representative."""
    body = {
        "concern_id": uuid4(), "exchange_id": uuid4(), "severity": "low", "holder": "rep",
        "raised_by_id": author_id, "concerned_id": about_id, "acknowledge_by": NOW, **fields,
    }  # fmt: skip
    return said(schema, body)


def joined(member_id: UUID, schema: Any = members.MemberJoined, **fields: Any) -> Event:
    body = {
        "member_id": member_id, "version": 1, "status": "approved", "region": "london",
        "organisation": None, "joined_at": NOW, **fields,
    }  # fmt: skip
    if schema is members.MemberApproved:
        body["approved_by"] = None
    return said(schema, body)


def invited(invitation_id: UUID, invited_by: UUID) -> Event:
    body = {"invitation_id": invitation_id, "region": "london", "invited_by": invited_by}
    return said(members.PersonInvited, body)


def found(member_id: UUID, digest_id: UUID | None = None, listings: int = 2) -> Event:
    body = {
        "digest_id": digest_id or uuid4(), "member_id": member_id, "listings": listings,
        "region": "london", "found_at": NOW,
    }  # fmt: skip
    return said(exchanges.ListingsFound, body)


def neared(account_id: UUID, side: str) -> Event:
    body = {
        "account_id": account_id, "side": side, "balance_minutes": -120, "available_minutes": 60,
    }  # fmt: skip
    return said(ledger.LimitNeared, body)


def beat(region: str, minute: datetime.datetime) -> Event:
    return said(
        exchanges.HeartbeatSaid, {"region": region, "minute": minute}, region, region, minute
    )


def said(
    schema: Any,
    body: dict[str, Any],
    region: str = "london",
    subject: str = "subject",
    time: datetime.datetime = NOW,
) -> Event:
    wire = outgoing(
        event_id=new_id(), schema=schema, region=region, subject=subject, time=time,
        correlation_id="correlation", data=body,
    )  # fmt: skip
    event, data = read(wire.headers, wire.body)
    return handlers.SUBSCRIPTIONS[event.type].load(event, data)


def hear(database: Database, *events: Event) -> None:
    """Hand events to their handlers, in one transaction, as the bus does."""
    with database.transaction() as tx:
        for event in events:
            handlers.SUBSCRIPTIONS[event.type].handle(tx, [event])


class Others:
    """What members and exchanges would answer: shapes as theirs, contents by rule."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.addresses: dict[str, str | None] = {}
        self.silent: set[str] = set()
        self.titles: dict[str, str] = {}
        self.found: dict[str, list[str]] = {}
        self.others_asked: set[str] = set()
        self.holders: dict[str, list[str]] = {"london": [], "national": []}
        self.away = False
        self.asked: list[str] = []

    def __call__(self, service: str, method: str, **arguments: Any) -> Any:
        if self.away:
            raise RpcError("try_later", "It is away.", family="try_later")
        assert arguments["caller"].is_service
        assert arguments["caller"].region == "london"
        self.asked.append(f"{service}.{method}")
        return getattr(self, method)(**arguments)

    def contacts(self, ids: Sequence[str], **_: Any) -> dict[str, Any]:
        return {
            found: {
                "name": self.name(found),
                "email": self.address(found),
                "region": "london",
                "shows_email": found not in self.silent,
            }
            for found in ids
            if self.address(found)
        }

    def summaries(self, ids: Sequence[str], **_: Any) -> dict[str, Any]:
        return {
            each: {
                "title": self.titles.get(each, "Reading a budget"),
                "others_asked": each in self.others_asked,
            }
            for each in ids
        }

    def found_listings(self, ids: Sequence[str], **_: Any) -> dict[str, Any]:
        return {
            each: [{"id": str(uuid4()), "kind": "offer", "title": title} for title in titles]
            for each in ids
            if (titles := self.found.get(each))
        }

    def representatives(self, **_: Any) -> dict[str, list[str]]:
        return self.holders

    def name(self, member_id: str) -> str:
        return self.names.get(member_id, f"Person {member_id[:8]}")

    def address(self, member_id: str) -> str | None:
        return self.addresses.get(member_id, f"{member_id}@example.org")


class Postbox:
    """The SMTP server of ``postbox.py``; it can go away and come back on its port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self.process: subprocess.Popen[str] | None = None
        self.open()

    def open(self) -> None:
        command = [sys.executable, str(POSTBOX), str(self.port), str(self.folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None

    def empty(self) -> None:
        for path in self.folder.iterdir():
            path.unlink()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def mails(self) -> list[EmailMessage]:
        found = []
        for path in sorted(self.folder.glob("*.eml")):
            found.append(email.message_from_bytes(path.read_bytes(), policy=email.policy.default))
        return found

    def to(self, address: str | None) -> list[EmailMessage]:
        return [mail for mail in self.mails() if address and address in str(mail["To"])]


def office(database: Database, postbox: Postbox, others: Others, **wanted: Any) -> delivery.Office:
    """A sender for one region."""
    found = settings.Mail(
        postbox.url, "https://timebank.example",
        "Talent Timebank <no-reply@timebank.example>", **wanted,
    )  # fmt: skip
    channel = mail.Channel(found.smtp_url, found.timeout)
    return delivery.Office(database.transaction, others, channel, ("london",), found)


def advance(database: Database, **by: float) -> None:
    """Move the service's clock."""
    with database.transaction() as tx:
        tx.conn.execute("update clock set ahead = ahead + %s", [datetime.timedelta(**by)])


def rows(database: Database, statement: Any, *arguments: Any) -> list[Any]:
    with database.transaction() as tx:
        return tx.conn.execute(statement, arguments).fetchall()
