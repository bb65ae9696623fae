"""Every statement that keeps what was heard and the facts that follow from it."""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from services.reporting import fact


@dataclass(frozen=True)
class Heard:
    """One row of the log.

    Attributes:
        type: ``<producer>.<event>``.
        data: the event's whole body; times as ISO 8601, ids as text once stored.
    """

    event_id: str
    type: str
    region: str
    subject: str
    time: datetime.datetime
    data: Mapping[str, Any]


def lock_regions(conn: psycopg.Connection[Any], regions: Sequence[str]) -> None:
    """Let one transaction at a time project the events of a region.

    A batch touches the same exchanges under one kind of event after another, so no order
    of rows could keep two pools of one region from a deadlock. Other regions go on.
    """
    conn.execute(
        "select pg_advisory_xact_lock(hashtextextended('reporting.' || region, 0))"
        " from unnest(%b::text[]) as region order by region",
        [sorted(set(regions))],
    )


def remember(
    conn: psycopg.Connection[Any], heard: Sequence[Heard], heard_at: datetime.datetime
) -> set[str]:
    """Write events into the log; the ids of those that were not in it."""
    ordered = sorted(heard, key=lambda one: one.event_id)
    rows = conn.execute(
        """
        insert into heard (event_id, type, region, subject, time, data, heard_at)
        select event_id, type, region, subject, time, data, %s
        from unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::timestamptz[],
            %b::jsonb[]) as new (event_id, type, region, subject, time, data)
        on conflict (event_id) do nothing
        returning event_id
        """,
        [
            heard_at,
            *_columns(ordered, "event_id", "type", "region", "subject", "time"),
            [Jsonb(one.data, dumps=msgspec.json.encode) for one in ordered],
        ],
    ).fetchall()
    return {row[0] for row in rows}


def keep_exchanges(
    conn: psycopg.Connection[Any],
    steps: Sequence[fact.ExchangeStep],
    reached: Sequence[fact.Milestones],
) -> None:
    """Keep each exchange's newest step, and the earliest time of each milestone.

    An older step than known changes nothing but the milestones. A newer one takes them
    along, so that nearly every event writes its row once.

    Args:
        steps: one for each exchange.
        reached: at most one for each exchange, of the same exchanges.
    """
    first = {one.exchange_id: one for one in reached}
    nothing = [fact.Milestones(step.exchange_id) for step in steps]
    milestones = [first.get(none.exchange_id, none) for none in nothing]
    kept = conn.execute(
        """
        insert into exchange_fact as known (exchange_id, version, happened_at, state, listing_id,
            giver_id, receiver_id, asker_id, minutes, category, pathway, region, giver_region,
            receiver_region, giver_organisation, receiver_organisation, starts_at, requested_at,
            answered_at, booked_at, completed_at)
        select * from unnest(%b::uuid[], %b::integer[], %b::timestamptz[], %b::text[], %b::uuid[],
            %b::uuid[], %b::uuid[], %b::uuid[], %b::integer[], %b::text[], %b::text[], %b::text[],
            %b::text[], %b::text[], %b::text[], %b::text[], %b::timestamptz[], %b::timestamptz[],
            %b::timestamptz[], %b::timestamptz[], %b::timestamptz[])
        on conflict (exchange_id) do update set
            version = excluded.version, happened_at = excluded.happened_at, state = excluded.state,
            listing_id = excluded.listing_id, giver_id = excluded.giver_id,
            receiver_id = excluded.receiver_id, asker_id = excluded.asker_id,
            minutes = excluded.minutes, category = excluded.category, pathway = excluded.pathway,
            region = excluded.region, giver_region = excluded.giver_region,
            receiver_region = excluded.receiver_region,
            giver_organisation = excluded.giver_organisation,
            receiver_organisation = excluded.receiver_organisation,
            starts_at = excluded.starts_at, requested_at = excluded.requested_at,
            answered_at = least(known.answered_at, excluded.answered_at),
            booked_at = least(known.booked_at, excluded.booked_at),
            completed_at = least(known.completed_at, excluded.completed_at)
        where excluded.version > known.version or (excluded.version = known.version
            and (excluded.happened_at, excluded.state) > (known.happened_at, known.state))
        returning exchange_id
        """,
        [
            *_columns(
                steps, "exchange_id", "version", "happened_at", "state", "listing_id", "giver_id",
                "receiver_id", "asker_id", "minutes", "category", "pathway", "region",
                "giver_region", "receiver_region", "giver_organisation", "receiver_organisation",
                "starts_at", "requested_at",
            ),
            *_columns(milestones, "answered_at", "booked_at", "completed_at"),
        ],
    ).fetchall()  # fmt: skip
    newest = {row[0] for row in kept}
    if late := [one for one in reached if one.exchange_id not in newest]:
        _keep_milestones(conn, late)


def _keep_milestones(conn: psycopg.Connection[Any], reached: Sequence[fact.Milestones]) -> None:
    """Keep milestones told by steps older than the one known; ``least`` passes over nulls."""
    conn.execute(
        """
        update exchange_fact as known set
            answered_at = least(known.answered_at, new.answered_at),
            booked_at = least(known.booked_at, new.booked_at),
            completed_at = least(known.completed_at, new.completed_at)
        from unnest(%b::uuid[], %b::timestamptz[], %b::timestamptz[], %b::timestamptz[])
            as new (exchange_id, answered_at, booked_at, completed_at)
        where known.exchange_id = new.exchange_id
        """,
        _columns(reached, "exchange_id", "answered_at", "booked_at", "completed_at"),
    )


def keep_transfers(conn: psycopg.Connection[Any], transfers: Sequence[fact.Transfer]) -> None:
    """Keep each transfer once."""
    conn.execute(
        """
        insert into transfer_fact
            (transfer_id, kind, exchange_id, reverses_transfer_id, minutes, posted_at, region)
        select * from unnest(%b::uuid[], %b::text[], %b::uuid[], %b::uuid[], %b::integer[],
            %b::timestamptz[], %b::text[])
        on conflict (transfer_id) do nothing
        """,
        _columns(
            transfers, "transfer_id", "kind", "exchange_id", "reverses_transfer_id", "minutes",
            "posted_at", "region",
        ),
    )  # fmt: skip


def keep_members(conn: psycopg.Connection[Any], members: Sequence[fact.Member]) -> None:
    """Keep each member's newest version."""
    conn.execute(
        """
        insert into member_fact as known
            (member_id, version, told_at, status, region, organisation, joined_at)
        select * from unnest(%b::uuid[], %b::integer[], %b::timestamptz[], %b::text[],
            %b::text[], %b::text[], %b::timestamptz[])
        on conflict (member_id) do update set
            version = excluded.version, told_at = excluded.told_at, status = excluded.status,
            region = excluded.region, organisation = excluded.organisation,
            joined_at = excluded.joined_at
        where (excluded.version, excluded.told_at) > (known.version, known.told_at)
        """,
        _columns(
            members, "member_id", "version", "told_at", "status", "region", "organisation",
            "joined_at",
        ),
    )  # fmt: skip


def keep_listings(conn: psycopg.Connection[Any], listings: Sequence[fact.Listing]) -> None:
    """Keep each listing's newest version."""
    conn.execute(
        """
        insert into listing_fact as known (listing_id, version, told_at, state, owner_id, kind,
            category, pathway, region, organisation)
        select * from unnest(%b::uuid[], %b::integer[], %b::timestamptz[], %b::text[], %b::uuid[],
            %b::text[], %b::text[], %b::text[], %b::text[], %b::text[])
        on conflict (listing_id) do update set
            version = excluded.version, told_at = excluded.told_at, state = excluded.state,
            owner_id = excluded.owner_id, kind = excluded.kind, category = excluded.category,
            pathway = excluded.pathway, region = excluded.region,
            organisation = excluded.organisation
        where (excluded.version, excluded.told_at) > (known.version, known.told_at)
        """,
        _columns(
            listings, "listing_id", "version", "told_at", "state", "owner_id", "kind",
            "category", "pathway", "region", "organisation",
        ),
    )  # fmt: skip


def keep_publications(conn: psycopg.Connection[Any], first: Sequence[fact.Publication]) -> None:
    """Keep when each listing, already kept, was first published."""
    conn.execute(
        """
        update listing_fact as known set published_at = least(known.published_at, new.published_at)
        from unnest(%b::uuid[], %b::timestamptz[]) as new (listing_id, published_at)
        where known.listing_id = new.listing_id
        """,
        _columns(first, "listing_id", "published_at"),
    )


def count_notices(
    conn: psycopg.Connection[Any], counts: Mapping[tuple[str, str, str, str], int]
) -> None:
    """Add to the notices counted by region, event, channel and template."""
    keys = sorted(counts)  # one order for all, or two batches would deadlock
    conn.execute(
        """
        insert into notice_count as known (region, event, channel, template, notices)
        select * from unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::bigint[])
        on conflict (region, event, channel, template) do update set
            notices = known.notices + excluded.notices
        """,
        [*(list(column) for column in zip(*keys, strict=True)), [counts[key] for key in keys]],
    )


def close_the_log(conn: psycopg.Connection[Any]) -> None:
    """Wait for every batch under way, and keep new ones out until this transaction ends.

    Every batch writes to the log first, so whatever it projected is in the log by now.
    """
    conn.execute("lock table heard in share row exclusive mode")


def forget_facts(conn: psycopg.Connection[Any]) -> None:
    """Empty the projections; readers see the old rows until the commit, hence no truncate."""
    conn.execute("delete from exchange_fact")
    conn.execute("delete from transfer_fact")
    conn.execute("delete from member_fact")
    conn.execute("delete from listing_fact")
    conn.execute("delete from kept_total")


def log(
    conn: psycopg.Connection[Any], types: Sequence[str], batch_size: int
) -> Iterator[list[Heard]]:
    """All events of some types, a batch at a time, in no promised order."""
    with conn.cursor(name="log", row_factory=class_row(Heard)) as cursor:
        cursor.execute(
            "select event_id, type, region, subject, time, data from heard where type = any(%s)",
            [list(types)],
        )
        while batch := cursor.fetchmany(batch_size):
            yield batch


@dataclass(frozen=True)
class Fingerprint:
    """How many rows a projection has, and a sum over all of them that no order changes."""

    projection: str
    rows: int
    digest: int


def fingerprints(conn: psycopg.Connection[Any]) -> list[Fingerprint]:
    """One fingerprint per projection: equal ones hold the same rows."""
    return (
        conn.cursor(row_factory=class_row(Fingerprint))
        .execute(
            """
            select 'exchanges' as projection, count(*) as rows,
                coalesce(sum(hashtextextended(exchange_fact::text, 0)), 0) as digest
            from exchange_fact
            union all
            select 'transfers', count(*),
                coalesce(sum(hashtextextended(transfer_fact::text, 0)), 0) from transfer_fact
            union all
            select 'members', count(*),
                coalesce(sum(hashtextextended(member_fact::text, 0)), 0) from member_fact
            union all
            select 'listings', count(*),
                coalesce(sum(hashtextextended(listing_fact::text, 0)), 0) from listing_fact
            """
        )
        .fetchall()
    )


def _columns(rows: Sequence[Any], *names: str) -> list[list[Any]]:
    return [[getattr(row, name) for row in rows] for name in names]
