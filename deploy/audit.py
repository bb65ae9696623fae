"""Holds the databases and the broker of an installation against each other: all must be zero.

    python -m deploy.audit [--quiet]

What has been in flight for under a minute is left out, unless ``--quiet`` says that
nothing is: then also nothing may be waiting anywhere. It reads as a role that can do
nothing else, the installation on this machine or the one that the environment names
(``TIMEBANK_AUDIT_DATABASE_URL`` and ``TIMEBANK_AMQP_URL``).
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import psycopg

from deploy import audit_messages, audit_minutes, audit_notices, audit_sources
from deploy.audit_sources import Connections, Sources
from deploy.local.places import DEMO, Problem
from services.bus.settings import refusing_to_start

IN_FLIGHT = 60
"""Seconds an exchange or message may be on its way before it counts as lost."""


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


FIGURES = (
    Figure("A1", "completed exchanges without a transfer (lost)", audit_minutes.lost),
    Figure(
        "A2", "exchanges with more than one transfer of a kind (doubled)", audit_minutes.doubled
    ),
    Figure("A3", "transfers without a completed exchange (ghost)", audit_minutes.ghosts),
    Figure(
        "A4", "transfers whose two entries do not sum to zero", audit_minutes.unbalanced_transfers
    ),
    Figure(
        "A5",
        "accounts that differ from the sum of their entries or holds",
        audit_minutes.unbalanced_accounts,
    ),
    Figure("A6", "sum of all balances, in minutes", audit_minutes.sum_of_balances),
    Figure("A7", "accounts that spent beyond their limit", audit_minutes.overspent),
    Figure("A8", "(event, person, channel) without exactly one notice", audit_notices.notices),
    Figure("A9", "gaps in the versions of accounts", audit_minutes.version_gaps),
    Figure("A10", "transfers by which report and ledger differ", audit_minutes.report_differs),
    Figure(
        "A11",
        "messages in an outbox, a retry, parked or queued without reason",
        audit_messages.in_databases,
    ),
)


def measure(at: Connections, leave_out: int, amqp_url: str = "") -> dict[str, int]:
    """All figures by code, from open connections.

    Args:
        at: to each service's database, in a transaction.
        leave_out: seconds that something may have been in flight.
        amqp_url: of the broker; empty leaves it out.
    """
    found = {figure.code: figure.count(at, leave_out) for figure in FIGURES}
    if amqp_url:
        found["A11"] += audit_messages.in_broker(amqp_url, leave_out)
    return found


def run(databases: Mapping[str, str], leave_out: int, amqp_url: str = "") -> dict[str, int]:
    """All figures by code; ``databases`` gives the address of each service's."""
    with audit_sources.opened(databases) as at:
        return measure(at, leave_out, amqp_url)


def show(found: Mapping[str, int]) -> None:
    for figure in FIGURES:
        print(f"{figure.code:4} {found[figure.code]:8}  {figure.meaning}")
    print("All figures are zero." if not any(found.values()) else "NOT ALL FIGURES ARE ZERO.")


def main(arguments: list[str]) -> int:
    """0 when all figures are zero, 1 when not, 2 when it could not look."""
    parser = argparse.ArgumentParser(prog="python -m deploy.audit", description=__doc__)
    parser.add_argument("--quiet", action="store_true", help="nothing is in flight")
    parser.add_argument("--instance", default=DEMO, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    try:
        with refusing_to_start():
            sources: Sources = audit_sources.find(options.instance)
        leave_out = 0 if options.quiet else IN_FLIGHT
        found = run(sources.databases, leave_out, sources.amqp_url)
    except (Problem, psycopg.Error) as error:
        print(error, file=sys.stderr)
        return 2
    show(found)
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
