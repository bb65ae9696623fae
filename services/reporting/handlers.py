"""Records what is said, keeps the facts up to date, and answers with figures."""

import dataclasses
import datetime
from collections import Counter
from collections.abc import Sequence
from typing import Any

from services.bus.caller import Caller
from services.bus.envelope import Event
from services.bus.subscription import Subscription, subscriptions
from services.bus.transaction import Transaction
from services.contracts import exchanges, ledger, members, notifications, words
from services.contracts.event import Event as Contract
from services.reporting import (
    errors,
    fact,
    measure,
    period,
    store,
    suppression,
    total_handlers,
)


def record(tx: Transaction, events: Sequence[Event]) -> None:
    """Write events into the log, and what is new of them into the facts."""
    store.lock_regions(tx.conn, [event.region for event in events])
    heard = [store.Heard(e.id, e.type, e.region, e.subject, e.time, vars(e.data)) for e in events]
    fresh = store.remember(tx.conn, heard, tx.now)
    project(tx, [said(event) for event in events if event.id in fresh])


def project(tx: Transaction, told: Sequence[fact.Said]) -> None:
    """Bring the facts up to date; the same for what is heard now and for the whole log."""
    if steps := fact.exchanges(told):
        store.keep_exchanges(tx.conn, steps, fact.milestones(told))
    if transfers := fact.transfers(told):
        store.keep_transfers(tx.conn, transfers)
    if people := fact.members(told):
        store.keep_members(tx.conn, people)
    if listings := fact.listings(told):
        store.keep_listings(tx.conn, listings)
    if first := fact.publications(told):
        store.keep_publications(tx.conn, first)


def said(event: Event) -> fact.Said:
    return fact.Said(event.type.rpartition(".")[2], event.region, event.time, event.data)


def count_notices(tx: Transaction, events: Sequence[Event]) -> None:
    """Add notices to their counts; the inbox has let each through once."""
    counts = Counter(
        (event.region, event.type.rpartition(".")[2], event.data.channel, event.data.template)
        for event in events
    )
    store.count_notices(tx.conn, counts)


def pass_over(tx: Transaction, events: Sequence[Event]) -> None:
    """Keep nothing: of four million heartbeats a year no figure follows."""


@dataclasses.dataclass(frozen=True)
class Notice:
    channel: str
    template: str


def read_of(contract: type[Contract]) -> type:
    """The fields of an event that facts follow from: dropping one is a breaking change."""
    for family, reads in _READ_OF:
        if issubclass(contract, family):
            return reads
    return fact.Recorded


_READ_OF: tuple[tuple[Any, type], ...] = (
    ((exchanges.ExchangeCompleted, exchanges.ExchangeSettled), fact.CompletedStep),
    (exchanges.ExchangeEvent, fact.ExchangeStep),
    (exchanges.ListingEvent, fact.ListingTold),
    (ledger.TransferReversed, fact.TransferReversed),
    (ledger.TransferEvent, fact.TransferPosted),
    (members.MemberEvent, fact.MemberTold),
)


def whole(contract: type[Contract]) -> type:
    """What facts follow from, and behind it every other field: the log keeps all of them."""
    reads = read_of(contract)
    known = {field.name for field in dataclasses.fields(reads)}
    others = [(name, Any) for name in contract().fields if name not in known]
    return dataclasses.make_dataclass(contract.__name__, others, bases=(reads,), frozen=True)


RECORDED: tuple[type[Contract], ...] = (
    *members.EVENTS.values(),
    *(kind for kind in exchanges.EVENTS.values() if kind is not exchanges.HeartbeatSaid),
    *ledger.EVENTS.values(),
)

SUBSCRIPTIONS = subscriptions(
    # the log's own key recognises what was heard before
    *(Subscription(kind, whole(kind), record, natural_key=True) for kind in RECORDED),
    Subscription(exchanges.HeartbeatSaid, fact.Recorded, pass_over, natural_key=True),
    *(Subscription(kind, Notice, count_notices) for kind in notifications.EVENTS.values()),
)


READ_BACK = subscriptions(
    *(Subscription(kind, read, record) for kind in RECORDED if (read := read_of(kind)) in fact.READ)
)
"""The kinds facts follow from, with those fields only: an event logged long ago may lack
what its contract has gained since, and has what facts follow from, or it had been refused."""


def remembered(heard: store.Heard) -> fact.Said:
    """An event as the log has it, as it was when it was heard."""
    event = Event(heard.event_id, heard.type, heard.region, heard.subject, heard.time, "", None)
    return said(READ_BACK[heard.type].load(event, heard.data))


def totals(
    tx: Transaction,
    caller: Caller,
    by: Any,
    date_from: str | None,
    date_to: str | None,
    region: str | None,
) -> dict[str, Any]:
    """Exchanges, minutes, hours and people by one grouping.

    Args:
        by: one of ``measure.GROUPINGS``.
        date_from, date_to: days of completion in England (``YYYY-MM-DD``), both included.
        region: slug; only exchanges of this region.

    Raises:
        UnknownGrouping, UnknownRegion, BadPeriod, ForMembersOnly, ForRepresentativesOnly
    """
    if by not in measure.GROUPINGS:
        raise errors.UnknownGrouping(field="by", allowed=list(measure.GROUPINGS))
    if region is not None and region not in words.ROUTES:
        raise errors.UnknownRegion(field="region", allowed=list(words.ROUTES))
    days = period.Period.read(date_from, date_to)
    refuse_unless_allowed(caller, by)
    found, counted_at = total_handlers.totals(tx, total_handlers.Question(by, days, region))
    local = region is not None
    items = [as_item(total, by, local or by in _OF_PEOPLE) for total in found if total.key]
    overall = next(total for total in found if total.key is None)
    return {
        "by": by,
        "date_from": date_from,
        "date_to": date_to,
        "region": region,
        "items": items,
        "total": as_item(overall, None, local),
        "as_of": moment(counted_at),
    }


_OF_PEOPLE = ("region", "organisation")
"""Groupings by what a person has: its keys are parts of the nation, and givers may have
another key than receivers."""


def as_item(total: measure.Total, by: str | None, below_national: bool) -> dict[str, Any]:
    people = suppression.shown(total.members) if below_national else total.members
    item: dict[str, Any] = {
        "exchanges": total.exchanges,
        "minutes": total.minutes,
        "hours": total.minutes / 60,
        "members": people,
    }
    if by is not None:
        item = {"key": total.key, **item}
    if by in _OF_PEOPLE:
        item["given_exchanges"] = total.given_exchanges
        item["given_minutes"] = total.given_minutes
        item["given_hours"] = total.given_minutes / 60
    return item


def refuse_unless_allowed(caller: Caller, by: str | None = None) -> None:
    """Members see regions and subjects; who works where is for those who answer for it."""
    if caller.is_service or caller.sees_everything:
        return
    if not caller.approved:
        raise errors.ForMembersOnly
    represents = any(role.startswith("rep:") for role in caller.roles)
    if by == "organisation" and not represents:
        raise errors.ForRepresentativesOnly


def overview(tx: Transaction, caller: Caller) -> dict[str, Any]:
    """Every measure of the whole nation, as it stood when it was counted last.

    Raises:
        ForMembersOnly
    """
    refuse_unless_allowed(caller)
    found, counted_at = total_handlers.overview(tx)
    known = {figure.name: figure for figure in found}
    return {
        "as_of": moment(counted_at),
        "figures": {
            definition.name: {
                "unit": definition.unit,
                "value": figure.value,
                "part": figure.part,
                "whole": figure.whole,
            }
            for definition in measure.DEFINITIONS
            # What was kept by a version without it has no value until it is counted again.
            for figure in [known.get(definition.name, measure.Figure(definition.name, None))]
        },
    }


def moment(time: datetime.datetime) -> str:
    return time.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")


def definitions() -> dict[str, Any]:
    """What every measure means."""
    return {"items": [dataclasses.asdict(definition) for definition in measure.DEFINITIONS]}


def gauges(tx: Transaction, told: dict[tuple[str, str], int]) -> list[measure.Gauge]:
    """What to tell Prometheus; ``told`` is what was told before, by grouping and key."""
    return measure.gauges(total_handlers.gauges(tx), told)
