"""Sends what is due: takes e-mails in hand, asks who is who, sends, and records."""

import datetime
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Any
from uuid import UUID, uuid5

import structlog

from services.bus import failpoint
from services.bus.caller import service_in
from services.bus.rpc import RpcError
from services.bus.transaction import Transaction
from services.contracts import notifications
from services.notifications import (
    calendar,
    mail,
    notice,
    recipient_store,
    render,
    role_handlers,
    role_store,
    settings,
    store,
)

log = structlog.get_logger(__name__)

GROUP = 10
"""E-mails recorded together: as many may be repeated when a sender is killed."""
TURN = 5.0
"""Seconds one run lasts at most, so that a process told to stop soon does."""

SHOWS_ADDRESS = frozenset({"booked", "rescheduled"})
"""Notices that show the other's address: contact details appear on acceptance."""

Counts = Counter[tuple[str, str]]
"""E-mails by template and outcome."""
Done = tuple[store.Due, store.Outcome]


@dataclass(frozen=True)
class Known:
    """What members and exchanges told about a batch."""

    contacts: dict[str, dict[str, Any]]
    summaries: dict[str, dict[str, Any]]
    found: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Listings by the digest they were found for."""


@dataclass
class Hand:
    """The e-mails this process has taken in hand, and until when they are its own."""

    until: datetime.datetime
    ids: set[UUID]


class Office:
    """Where e-mails are sent from: one per process, one run at a time.

    Args:
        transaction: opens a transaction of this service.
        ask: calls another service, as the bus does.
        channel: to the mail server.
        regions: slugs of those this process works for.
        wanted: how this installation sends mail.
    """

    def __init__(
        self,
        transaction: Callable[[], AbstractContextManager[Transaction]],
        ask: Callable[..., Any],
        channel: mail.Channel,
        regions: Sequence[str],
        wanted: settings.Mail,
    ) -> None:
        self.transaction, self.ask = transaction, ask
        self.channel, self.regions, self.settings = channel, regions, wanted
        self.lease = datetime.timedelta(seconds=wanted.lease)
        self.counts: Counts = Counter()
        self._unrecorded: list[Done] = []
        self._hand: Hand | None = None

    def run(self, seconds: float = TURN) -> Counts:
        """Send what is due, region by region in turn, for ``seconds`` at most.

        Returns:
            What became of how many.
        """
        self.counts = Counter()
        end = time.monotonic() + seconds
        self._catch_up()
        with self.transaction() as tx:
            roles = role_store.regions_due(tx.conn, self.regions, tx.now)
        for region in roles:
            role_handlers.call(self.transaction, self.ask, region, self.lease, self.settings.batch)
        with self.transaction() as tx:
            busy = store.regions_with_mail_due(tx.conn, self.regions, tx.now)
        try:
            while busy and time.monotonic() < end:
                busy = [region for region in busy if self._batch(region)]
        except mail.ServerAway as error:
            log.warning("the mail server is away", reason=str(error))
        return self.counts

    def _catch_up(self) -> None:
        """Write down what the database was away for, and let go of what was left over.

        While this process lives, a restart of the database repeats and delays no mail.
        """
        self._record([])
        self._let_go(datetime.timedelta(0))

    def _batch(self, region: str) -> bool:
        """Send one batch of a region; whether there may be more."""
        with self.transaction() as tx:
            until = tx.now + self.lease
            taken = store.claim(tx.conn, region, tx.now, until, self.settings.batch)
            choices = recipient_store.find(tx.conn, [due.member_id for due in taken])
            unwanted = list(_unwanted(taken, choices))
            self._keep(tx, unwanted)
        self._count(unwanted)
        dropped = {due.id for due, _ in unwanted}
        wanted = [due for due in taken if due.id not in dropped]
        self._hand = Hand(until, {due.id for due in wanted})
        if wanted and not self._sent(wanted, tx.now):
            return False
        return len(taken) == self.settings.batch

    def _sent(self, wanted: Sequence[store.Due], now: datetime.datetime) -> bool:
        """Send what is in hand; false when nobody could tell the addresses."""
        since = time.monotonic()
        try:
            known = self._ask_about(wanted)
            self.channel.wake()
            if time.monotonic() - since > self.settings.lease / 3:
                self._stay()
            self._send_all(wanted, known, now)
        except RpcError as error:
            log.warning("no addresses for e-mails", code=error.code, count=len(wanted))
            self._let_go(role_handlers.pause(error))
            return False
        except mail.ServerAway:
            self._put_off(wanted)
            raise
        return True

    def _send_all(self, wanted: Sequence[store.Due], known: Known, now: datetime.datetime) -> None:
        """Send, and record in groups.

        Raises:
            mail.ServerAway: what was sent before is recorded, and a try of what was dropped:
                its neighbours come first next time, and some day it has failed.
        """
        done: list[Done] = []
        since = time.monotonic()
        try:
            for due in wanted:
                if self._hand is None or due.id not in self._hand.ids:
                    continue  # we were slow, and somebody else has it in hand now
                done.append((due, self._send(due, known, now)))
                # A slow server must not outlast the lease on what still waits.
                if len(done) == GROUP or time.monotonic() - since > self.settings.lease / 3:
                    group, done, since = done, [], time.monotonic()
                    self._record(group)
        except mail.Dropped:
            done.append((due, self._again(due, "connection_dropped", now)))
            raise
        finally:
            self._record(done)

    def _ask_about(self, wanted: Sequence[store.Due]) -> Known:
        """One question to each service for a whole batch of one region.

        Raises:
            RpcError
        """
        ourselves = service_in(wanted[0].region)
        people = {str(due.member_id) for due in wanted} | {
            str(person) for due in wanted for person in notice.people(due.facts, due.member_id)
        }
        exchanges = {str(due.exchange_id) for due in wanted if due.exchange_id}
        contacts = self.ask("members", "contacts", ids=sorted(people), caller=ourselves)
        summaries = (
            self.ask("exchanges", "summaries", ids=sorted(exchanges), caller=ourselves)
            if exchanges
            else {}
        )
        digests = {due.facts["digest_id"] for due in wanted if "digest_id" in due.facts}
        found = (
            self.ask("exchanges", "found_listings", ids=sorted(digests), caller=ourselves)
            if digests
            else {}
        )
        return Known(contacts, summaries, found)

    def _send(self, due: store.Due, known: Known, now: datetime.datetime) -> store.Outcome:
        """Send one e-mail.

        Raises:
            mail.ServerAway
        """
        contact = known.contacts.get(str(due.member_id)) or {}
        if not contact.get("email"):
            return store.Outcome(due.id, "failed", "no_address")
        try:
            content = compose(due, known, self.settings, now)
            sender = parseaddr(self.settings.mail_from)[1]
            failpoint.reach("before_send")
            self.channel.send(sender, contact["email"], content)
            failpoint.reach("sent_before_record")
        except mail.BadAddress:
            return store.Outcome(due.id, "failed", "bad_address")
        except mail.Refused as refused:
            if refused.for_ever:
                return store.Outcome(due.id, "failed", "refused_by_server")
            return self._again(due, "refused_for_now", now)
        except mail.ServerAway:
            raise
        except Exception as error:  # one that cannot be written must not stop its neighbours
            where = traceback.format_tb(error.__traceback__)[-1]  # no values: they are personal
            log.error(
                "an e-mail cannot be written",
                notice_id=str(due.id), reason=type(error).__name__, where=where,
            )  # fmt: skip
            return self._again(due, "not_writable", now)
        return store.Outcome(due.id, "sent")

    def _again(self, due: store.Due, reason: str, now: datetime.datetime) -> store.Outcome:
        """The next try of what was turned away for the moment, or its end."""
        if due.attempts >= len(self.settings.schedule):
            return store.Outcome(due.id, "failed", reason)
        wait = datetime.timedelta(seconds=self.settings.schedule[due.attempts])
        return store.Outcome(due.id, "pending", reason, now + wait)

    def _record(self, done: Iterable[Done]) -> None:
        """Write down what happened, and keep hold of the rest of the batch.

        What cannot be written now is remembered until it can.
        """
        self._unrecorded += done
        if not self._unrecorded:
            return
        with self.transaction() as tx:
            self._keep(tx, self._unrecorded)
            hand = self._hand
            if hand is not None:
                left = hand.ids - {due.id for due, _ in self._unrecorded}
                until = tx.now + self.lease
                hand = Hand(until, store.keep_in_hand(tx.conn, left, hand.until, until))
        self._hand = hand
        self._count(self._unrecorded)
        self._unrecorded = []

    def _keep(self, tx: Transaction, done: Sequence[Done]) -> None:
        if not done:
            return
        recorded = store.record(tx.conn, [outcome for _, outcome in done], tx.now)
        for due, outcome in done:
            if outcome.id in recorded:
                _say(tx, due, outcome)

    def _count(self, done: Sequence[Done]) -> None:
        for due, outcome in done:
            state = "postponed" if outcome.state == "pending" else outcome.state
            self.counts[due.template, state] += 1

    def _put_off(self, wanted: Sequence[store.Due]) -> None:
        """The server took nothing more: what is still in hand waits, and is counted as waiting."""
        waiting = self._hand.ids if self._hand else set()
        self.counts.update((due.template, "postponed") for due in wanted if due.id in waiting)
        self._let_go(role_handlers.AWAY)

    def _stay(self) -> None:
        """Keep hold of the whole batch: the answers took what sending needs of its lease."""
        if self._hand is not None:
            with self.transaction() as tx:
                until = tx.now + self.lease
                left = store.keep_in_hand(tx.conn, self._hand.ids, self._hand.until, until)
            self._hand = Hand(until, left)

    def _let_go(self, pause: datetime.timedelta) -> None:
        """Nobody tried what is in hand: it is due again soon, and that counts as no try."""
        if self._hand is not None:
            with self.transaction() as tx:
                store.keep_in_hand(tx.conn, self._hand.ids, self._hand.until, tx.now + pause)
            self._hand = None


def compose(due: store.Due, known: Known, wanted: settings.Mail, now: datetime.datetime) -> bytes:
    """The whole message for one notice.

    Raises:
        mail.BadAddress
    """
    contact = known.contacts[str(due.member_id)]
    summary = known.summaries.get(str(due.exchange_id)) or {}
    if not mail.is_address(contact["email"]):
        raise mail.BadAddress
    guests = [
        calendar.Guest(render.clean(found.get("name") or ""), found["email"])
        for key in ("giver_id", "receiver_id")
        if (found := known.contacts.get(due.facts.get(key, "")))
        and mail.is_address(found["email"])
        and (found is contact or found.get("shows_email", True))
    ]
    others = [guest.email for guest in guests if guest.email != contact["email"]]
    names = render.Names(
        of={key: found.get("name") or "" for key, found in known.contacts.items()},
        other_email=others[0] if others and due.template in SHOWS_ADDRESS else None,
        title=summary.get("title"),
        found=tuple(each["title"] for each in known.found.get(due.facts.get("digest_id", ""), ())),
        others_asked=bool(summary.get("others_asked")),
    )
    entry = calendar.entry(
        due.template, due.facts,
        title=render.clean(names.title or "") or "Talent Timebank exchange",
        link=render.link(due.facts, wanted.public_url),
        guests=tuple(guests), organiser=wanted.mail_from,
    )  # fmt: skip
    letter = render.letter(due.template, due.facts, due.member_id, names, wanted.public_url, due.id)
    return mail.message(
        notice_id=due.id, exchange_id=due.exchange_id,
        name=contact.get("name") or "", email=contact["email"], letter=letter, entry=entry,
        unsubscribe=render.unsubscribe_link(due.template, wanted.public_url, due.id),
        mail_from=wanted.mail_from, now=now,
    )  # fmt: skip


def _unwanted(
    taken: Sequence[store.Due], choices: dict[UUID, recipient_store.Recipient]
) -> Iterable[Done]:
    """Those e-mails whose recipients left, or do without them."""
    for due in taken:
        choice = choices.get(due.member_id)
        if choice is None:
            continue
        if choice.left:
            yield due, store.Outcome(due.id, "suppressed", "left")
        elif not choice.email or notice.KIND_OF.get(due.template) in choice.muted:
            yield due, store.Outcome(due.id, "suppressed", "turned_off")


def _say(tx: Transaction, due: store.Due, outcome: store.Outcome) -> None:
    """Tell the others about a final outcome; the id follows from the notice."""
    data = {
        "notice_id": due.id, "about_event_id": due.event_id, "member_id": due.member_id,
        "channel": "email", "template": due.template,
    }  # fmt: skip
    if outcome.state == "sent":
        schema: Any = notifications.NoticeSent
    elif outcome.state == "failed":
        schema, data = notifications.NoticeFailed, {**data, "reason": outcome.reason}
    else:
        return
    tx.emit(
        schema, region=due.region, subject=due.id, data=data,
        event_id=uuid5(due.id, schema.event), correlation_id=due.correlation_id,
    )  # fmt: skip
