"""Holds the databases of an installation against each other: every figure must be zero.

    python -m deploy.audit [--quiet]

What has been in flight for under a minute is left out, unless ``--quiet`` says that
nothing is: then also nothing may be waiting anywhere.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import psycopg

from deploy.local import installation
from deploy.local.places import DEMO, Problem

IN_FLIGHT = 60
"""Seconds an exchange or message may be on its way before it counts as lost."""

Connections = Mapping[str, psycopg.Connection[Any]]


@dataclass(frozen=True)
class Figure:
    """One thing that must be zero.

    Attributes:
        code: as operators quote it.
        meaning: what is counted.
        count: given the connections by service, and the seconds to leave out.
    """

    code: str
    meaning: str
    count: Callable[[Connections, int], int]


def lost(at: Connections, leave_out: int) -> int:
    asked = _ids(
        at["exchanges"],
        "select id from exchange where state in ('completed', 'settled', 'reversed')"
        " and completed_at < now() + (select ahead from clock) - %s * interval '1 second'",
        [leave_out],
    )
    return len(asked - _ids(at["ledger"], _POSTED))


def ghosts(at: Connections, leave_out: int) -> int:
    agreed = _ids(
        at["exchanges"],
        "select id from exchange where state in ('completed', 'settled', 'reversed')",
    )
    return len(_ids(at["ledger"], _POSTED) - agreed)


_POSTED = "select exchange_id from transfer where kind = 'exchange'"


def doubled(at: Connections, _: int) -> int:
    return _one(
        at["ledger"],
        "select count(*) from (select from transfer where exchange_id is not null"
        " group by exchange_id, kind having count(*) > 1) twice",
    )


def unbalanced_transfers(at: Connections, _: int) -> int:
    return _one(
        at["ledger"],
        "select count(*) from (select t.id from transfer t"
        " left join entry e on e.transfer_id = t.id"
        " group by t.id having count(e.*) <> 2 or sum(e.minutes) <> 0) wrong",
    )


def unbalanced_accounts(at: Connections, _: int) -> int:
    return _one(
        at["ledger"],
        "select count(*) from account a where balance_minutes <>"
        " coalesce((select sum(minutes) from entry e where e.account_id = a.id), 0)"
        " or held_minutes <> coalesce((select sum(minutes) from hold h"
        " where h.account_id = a.id and h.state = 'held'), 0)",
    )


def sum_of_balances(at: Connections, _: int) -> int:
    return _one(at["ledger"], "select abs(sum(balance_minutes)) from account")


def overspent(at: Connections, _: int) -> int:
    """Accounts below their limit that no lowered limit and no reversal explains."""
    return _one(
        at["ledger"],
        "select count(*) from overspent o where not exists"
        " (select from limit_change c where c.account_id = o.account_id)"
        " and not exists (select from limit_change c join account a on a.region = c.region"
        " where a.id = o.account_id)"
        " and not exists (select from entry e join transfer t on t.id = e.transfer_id"
        " where e.account_id = o.account_id and t.kind in ('reversal', 'leaving'))",
    )


def notices(at: Connections, leave_out: int) -> int:
    """Events of an undisturbed exchange without exactly one e-mail row a person told."""
    told: dict[str, int] = dict(
        _rows(
            at["notifications"],
            "select event_id, count(*) from notice where channel = 'email' group by event_id",
        )
    )
    expected = {
        "exchanges.exchange_booked": 2,
        "exchanges.exchange_settled": 2,
        "exchanges.exchange_done": 1,
    }
    return sum(
        told.get(event_id, 0) != expected[kind]
        for event_id, kind in _rows(
            at["reporting"],
            "select event_id, type from heard where type = any(%s)"
            " and heard_at < now() - %s * interval '1 second'",
            [list(expected), leave_out],
        )
    )


def version_gaps(at: Connections, _: int) -> int:
    return _one(
        at["ledger"],
        "select count(*) from (select version, balance_before,"
        " lag(version, 1, 0::bigint) over w as before,"
        " lag(balance_after, 1, 0::bigint) over w as balance"
        " from entry window w as (partition by account_id order by version)) chain"
        " where version <> before + 1 or balance_before <> balance",
    )


def report_differs(at: Connections, leave_out: int) -> int:
    """Minutes by which the report and the ledger differ."""
    ledger = _one(
        at["ledger"],
        "select coalesce(sum(case kind when 'exchange' then minutes else -minutes end), 0)"
        " from transfer where kind in ('exchange', 'reversal')"
        " and posted_at < now() + (select ahead from clock) - %s * interval '1 second'",
        [leave_out],
    )
    report = _one(
        at["reporting"],
        "select coalesce(sum(case kind when 'exchange' then minutes else -minutes end), 0)"
        " from transfer_fact where kind in ('exchange', 'reversal')"
        " and posted_at < now() + (select ahead from clock) - %s * interval '1 second'",
        [leave_out],
    )
    return abs(ledger - report)


def waiting(at: Connections, leave_out: int) -> int:
    """Rows in an outbox or a retry table that nothing explains, and all that is parked."""
    return sum(
        _one(
            conn,
            "select (select count(*) from outbox"
            " where written_at <= clock_timestamp() - %(s)s * interval '1 second')"
            " + (select count(*) from retry where parked_at is not null"
            " or first_failed_at <= now() - %(s)s * interval '1 second')",
            {"s": leave_out},
        )
        for conn in at.values()
    )


FIGURES = (
    Figure("A1", "completed exchanges without a transfer (lost)", lost),
    Figure("A2", "exchanges with more than one transfer of a kind (doubled)", doubled),
    Figure("A3", "transfers without a completed exchange (ghost)", ghosts),
    Figure("A4", "transfers whose two entries do not sum to zero", unbalanced_transfers),
    Figure(
        "A5", "accounts that differ from the sum of their entries or holds", unbalanced_accounts
    ),
    Figure("A6", "sum of all balances, in minutes", sum_of_balances),
    Figure("A7", "accounts that spent beyond their limit", overspent),
    Figure("A8", "events without exactly one e-mail a person told", notices),
    Figure("A9", "gaps in the versions of accounts", version_gaps),
    Figure("A10", "minutes by which report and ledger differ", report_differs),
    Figure("A11", "messages in an outbox, a retry or parked without reason", waiting),
)


def run(urls: Mapping[str, str], leave_out: int) -> dict[str, int]:
    """All figures, by code.

    Args:
        urls: database address by service.
        leave_out: seconds that something may have been in flight.
    """
    with ExitStack() as stack:
        at = {
            name: stack.enter_context(psycopg.connect(url, autocommit=True))
            for name, url in urls.items()
        }
        return {figure.code: figure.count(at, leave_out) for figure in FIGURES}


def _rows(conn: psycopg.Connection[Any], statement: Any, values: Any = None) -> Iterator[Any]:
    yield from conn.execute(statement, values).fetchall()


def _ids(conn: psycopg.Connection[Any], statement: Any, values: Any = None) -> set[Any]:
    return {row[0] for row in _rows(conn, statement, values)}


def _one(conn: psycopg.Connection[Any], statement: Any, values: Any = None) -> int:
    return int(next(_rows(conn, statement, values))[0])


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.audit", description=__doc__)
    parser.add_argument("--quiet", action="store_true", help="nothing is in flight")
    parser.add_argument("--instance", default=DEMO, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    try:
        urls = installation.read(options.instance).database_urls
        found = run(urls, 0 if options.quiet else IN_FLIGHT)
    except (Problem, psycopg.OperationalError) as error:
        print(error, file=sys.stderr)
        return 2
    for figure in FIGURES:
        print(f"{figure.code:4} {found[figure.code]:8}  {figure.meaning}")
    print("All figures are zero." if not any(found.values()) else "NOT ALL FIGURES ARE ZERO.")
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
