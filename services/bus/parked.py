"""Shows an operator what is parked in a service's database, sends it again, or discards it.

python -m services.bus.parked list [--waiting]
python -m services.bus.parked show EVENT_ID
python -m services.bus.parked resend EVENT_ID|all [--reason WHY]
python -m services.bus.parked discard EVENT_ID --reason WHY
"""

import argparse
import json
import sys

from services.bus import parking, retries, settings
from services.bus.transaction import Database


def main(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    with settings.refusing_to_start():
        database = Database(settings.DATABASE_URL.read(), size=2)
    database.open()
    try:
        if options.command == "list":
            return show_list(database, options.waiting)
        if options.command == "show":
            return show_one(database, options.event_id)
        if options.command == "discard":
            return discard(database, options.event_id, options.reason)
        return resend(database, options.event_id, options.reason)
    finally:
        database.close()


def show_list(database: Database, waiting: bool) -> int:
    """One line a message: id, routing key, tries, since when, reason."""
    with database.transaction() as tx:
        rows = retries.listed(tx, waiting=waiting)
    for row in rows:
        since = row.first_failed_at.isoformat(timespec="seconds")
        print(f"{row.event_id}  {row.routing_key}  tries={row.attempts}  {since}  {row.reason}")
    print(f"{len(rows)} {'waiting for another try' if waiting else 'parked'}")
    return 0


def show_one(database: Database, event_id: str) -> int:
    """The whole message as JSON, or exit code 1."""
    with database.transaction() as tx:
        row = retries.found(tx, event_id)
    if row is None:
        print(f"There is no message {event_id}.", file=sys.stderr)
        return 1
    shown = {**vars(row), "body": bytes(row.body).decode(errors="replace")}
    print(json.dumps(shown, indent=2, default=str))
    return 0


def resend(database: Database, event_id: str, reason: str) -> int:
    """Hand parked messages to the running service again; exit code 1 if there were none."""
    ids = None if event_id == "all" else [event_id]
    with database.transaction() as tx:
        count = len(parking.carry_out(tx, ids, parking.PUT_BACK, None, reason))
    print(f"{count} sent again")
    return 0 if count else 1


def discard(database: Database, event_id: str, reason: str) -> int:
    """Give a parked message up; it is kept with the decision. Exit code 1 if it is not there."""
    with database.transaction() as tx:
        count = len(parking.carry_out(tx, [event_id], parking.DISCARD, None, reason))
    print(f"{count} discarded")
    return 0 if count else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.bus.parked")
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="what is parked, with its reason")
    listing.add_argument(
        "--waiting", action="store_true", help="what waits for another try instead"
    )
    commands.add_parser("show", help="one message, whole").add_argument("event_id")
    again = commands.add_parser("resend", help="try again: an id, or all")
    again.add_argument("event_id")
    again.add_argument("--reason", default=parking.BY_COMMAND, help="kept for the audit")
    end = commands.add_parser("discard", help="give it up; it stays with the decision")
    end.add_argument("event_id")
    end.add_argument("--reason", required=True, help="kept for the audit")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
