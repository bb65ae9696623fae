"""Shows an operator what is parked in a service's database, and sends it again.

python -m services.bus.parked list [--waiting]
python -m services.bus.parked show EVENT_ID
python -m services.bus.parked resend EVENT_ID|all
"""

import argparse
import json
import sys

from services.bus import retries, settings
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
        return resend(database, options.event_id)
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


def resend(database: Database, event_id: str) -> int:
    """Hand parked messages to the running service again; exit code 1 if there were none."""
    with database.transaction() as tx:
        count = retries.resend(tx, None if event_id == "all" else event_id)
    print(f"{count} sent again")
    return 0 if count else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.bus.parked")
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="what is parked, with its reason")
    listing.add_argument(
        "--waiting", action="store_true", help="what waits for another try instead"
    )
    for name, meaning in (("show", "one message, whole"), ("resend", "try again: an id, or all")):
        commands.add_parser(name, help=meaning).add_argument("event_id")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
