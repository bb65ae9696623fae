"""Every statement that reads a figure off the facts."""

import datetime
from dataclasses import dataclass
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg.rows import class_row

from services.reporting import measure

T = TypeVar("T")


def totals(
    conn: psycopg.Connection[Any],
    by: str,
    date_from: datetime.date | None,
    date_to: datetime.date | None,
    region: str | None,
) -> list[measure.Total]:
    """Totals by key, and under the key ``None`` of all keys together.

    Args:
        by: one of ``measure.GROUPINGS``.
        date_from, date_to: days of completion in England, both included.
        region: only exchanges of this region.
    """
    return (
        conn.cursor(row_factory=class_row(measure.Total))
        .execute(
            """
            with counted as (
                select minutes, giver_id, receiver_id,
                    case %(by)s when 'region' then region
                        when 'organisation' then receiver_organisation
                        when 'category' then category
                        when 'pathway' then pathway
                        when 'month' then to_char(completed_at at time zone 'Europe/London',
                            'YYYY-MM') end as key,
                    case %(by)s when 'region' then giver_region
                        when 'organisation' then giver_organisation end as giver_key
                from settlement
                where (%(region)s::text is null or region = %(region)s)
                    and (%(from)s::date is null or completed_at >=
                        %(from)s::date::timestamp at time zone 'Europe/London')
                    and (%(to)s::date is null or completed_at <
                        (%(to)s::date + 1)::timestamp at time zone 'Europe/London')
            ),
            sides as (
                select key, true as receives, receiver_id as member_id, minutes from counted
                union all
                -- people have a region and an employer of their own; the rest is the exchange's
                select case when %(by)s in ('region', 'organisation') then giver_key else key end,
                    false, giver_id, minutes
                from counted
            )
            select case when grouping(coalesce(key, %(not_stated)s)) = 0
                    then coalesce(key, %(not_stated)s) end as key,
                count(*) filter (where receives) as exchanges,
                coalesce(sum(minutes) filter (where receives), 0)::bigint as minutes,
                count(*) filter (where not receives) as given_exchanges,
                coalesce(sum(minutes) filter (where not receives), 0)::bigint as given_minutes,
                count(distinct member_id) as members
            from sides
            group by grouping sets ((coalesce(key, %(not_stated)s)), ())
            order by key
            """,
            {
                "by": by,
                "from": date_from,
                "to": date_to,
                "region": region,
                "not_stated": measure.NOT_STATED,
            },
        )
        .fetchall()
    )


def gauges(conn: psycopg.Connection[Any]) -> list[measure.Gauge]:
    """Exchanges and minutes by every grouping told to Prometheus, in one pass."""
    return (
        conn.cursor(row_factory=class_row(measure.Gauge))
        .execute(
            """
            with counted as (
                select region, coalesce(receiver_organisation, %(not_stated)s) as organisation,
                    coalesce(category, %(not_stated)s) as category,
                    to_char(completed_at at time zone 'Europe/London', 'YYYY-MM') as month,
                    minutes
                from settlement
            )
            select case when grouping(region) = 0 then 'region'
                    when grouping(organisation) = 0 then 'organisation'
                    when grouping(category) = 0 then 'category'
                    else 'month' end as by,
                coalesce(region, organisation, category, month) as key,
                count(*) as exchanges,
                sum(minutes)::bigint as minutes
            from counted
            group by grouping sets ((region), (organisation), (category), (month))
            """,
            {"not_stated": measure.NOT_STATED},
        )
        .fetchall()
    )


@dataclass(frozen=True)
class Settled:
    """Counts over all settled exchanges."""

    exchanges: int
    minutes: int
    cross_region: int
    both_organisations_known: int
    cross_organisation: int
    connections: int


def settled(conn: psycopg.Connection[Any]) -> Settled:
    return _one(
        conn,
        Settled,
        """
        select count(*) as exchanges,
            coalesce(sum(minutes), 0)::bigint as minutes,
            count(*) filter (where giver_region <> region) as cross_region,
            count(*) filter (where giver_organisation is not null
                and receiver_organisation is not null) as both_organisations_known,
            count(*) filter (where giver_organisation <> receiver_organisation)
                as cross_organisation,
            count(distinct (least(giver_id, receiver_id), greatest(giver_id, receiver_id)))
                filter (where giver_id is not null) as connections
        from settlement
        """,
    )


@dataclass(frozen=True)
class Participation:
    """Counts of people with settled exchanges."""

    members: int
    both_ways: int
    again: int


def participation(conn: psycopg.Connection[Any]) -> Participation:
    return _one(
        conn,
        Participation,
        """
        select count(*) as members,
            count(*) filter (where gave and received) as both_ways,
            count(*) filter (where exchanges >= 2) as again
        from (
            select member_id, bool_or(gives) as gave, bool_or(not gives) as received,
                count(*) as exchanges
            from (
                select giver_id as member_id, true as gives from settlement
                union all
                select receiver_id, false from settlement
            ) as side
            where member_id is not null
            group by member_id
        ) as person
        """,
    )


@dataclass(frozen=True)
class Activation:
    joined: int
    activated: int


def activation(
    conn: psycopg.Connection[Any], joined_by: datetime.datetime, within: datetime.timedelta
) -> Activation:
    """Who joined by a time, and who of them took part soon enough, by when it took place."""
    return _one(
        conn,
        Activation,
        """
        select count(*) as joined,
            count(*) filter (where first.took_place_at <= member.joined_at + %(within)s)
                as activated
        from member_fact as member
        left join (
            select member_id, min(took_place_at) as took_place_at
            from (
                select giver_id as member_id, took_place_at from settlement
                union all
                select receiver_id, took_place_at from settlement
            ) as side
            group by member_id
        ) as first on first.member_id = member.member_id
        where member.status <> 'refused' and member.joined_at <= %(joined_by)s
        """,
        {"joined_by": joined_by, "within": within},
    )


@dataclass(frozen=True)
class Waits:
    """How long exchanges waited for their first answer and their first booking."""

    requested: int
    answered: int
    answer: datetime.timedelta | None
    booked: int
    booking: datetime.timedelta | None


def waits(conn: psycopg.Connection[Any]) -> Waits:
    return _one(
        conn,
        Waits,
        """
        select count(*) as requested,
            count(answered_at) as answered,
            percentile_cont(0.5) within group (order by answered_at - requested_at) as answer,
            count(booked_at) as booked,
            percentile_cont(0.5) within group (order by booked_at - requested_at) as booking
        from exchange_fact
        """,
    )


@dataclass(frozen=True)
class Requests:
    published: int
    filled: int
    unmet: int


def requests(conn: psycopg.Connection[Any], unmet_since: datetime.datetime) -> Requests:
    """Requests published, those with a settled exchange, and those that were never booked.

    Args:
        unmet_since: a request still open counts as unmet when published by then.
    """
    # Each side is read once: asked request by request, the view would be counted for each of them.
    return _one(
        conn,
        Requests,
        """
        with filled as (
            select distinct listing_id from settlement
        ),
        booked as (
            select distinct listing_id from exchange_fact where booked_at is not null
        )
        select count(*) as published,
            count(filled.listing_id) as filled,
            count(*) filter (where (state <> 'open' or published_at <= %(unmet_since)s)
                and booked.listing_id is null) as unmet
        from listing_fact as listing
        left join filled on filled.listing_id = listing.listing_id
        left join booked on booked.listing_id = listing.listing_id
        where kind = 'request'
        """,
        {"unmet_since": unmet_since},
    )


@dataclass(frozen=True)
class Circulation:
    minutes: int


def circulation(conn: psycopg.Connection[Any]) -> Circulation:
    return _one(
        conn,
        Circulation,
        """
        select (coalesce(sum(granted.minutes), 0) - coalesce(sum(taken_back.minutes), 0))::bigint
            as minutes
        from transfer_fact as granted
        left join transfer_fact as taken_back
            on taken_back.reverses_transfer_id = granted.transfer_id
        where granted.kind = 'grant'
        """,
    )


@dataclass(frozen=True)
class Feedback:
    """What receivers said of whether it helped.

    Attributes:
        helped: those whose last word was yes.
    """

    answered: int
    helped: int


def feedback(conn: psycopg.Connection[Any]) -> Feedback:
    """Counted over changes of mind: who says it otherwise takes back what they said before."""
    return _one(
        conn,
        Feedback,
        """
        select count(*) filter (where data ->> 'instead_of' is null) as answered,
            count(*) filter (where data ->> 'helped' = 'yes')
                - count(*) filter (where data ->> 'instead_of' = 'yes') as helped
        from heard
        where type = 'exchanges.feedback_given' and data ->> 'side' = 'receiver'
        """,
    )


@dataclass(frozen=True)
class Notices:
    sent: int


def notices(conn: psycopg.Connection[Any]) -> Notices:
    return _one(
        conn,
        Notices,
        """
        select coalesce(sum(notices), 0)::bigint as sent
        from notice_count where event = 'notice_sent'
        """,
    )


def _one(
    conn: psycopg.Connection[Any], kind: type[T], query: LiteralString, values: Any = None
) -> T:
    row = conn.cursor(row_factory=class_row(kind)).execute(query, values).fetchone()
    assert row is not None, "an aggregate has one row"
    return row
