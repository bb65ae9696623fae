"""The operator's command for roles; it reaches the database itself, with or without the service.

python -m services.members.roles grant EMAIL rep:london --reason "new representative"
python -m services.members.roles revoke EMAIL rep:london --reason "term ended"
python -m services.members.roles list EMAIL
"""

import argparse
import contextlib
import sys
from collections.abc import Iterator, Sequence

from services.bus import settings
from services.bus.transaction import Database, Transaction
from services.members import errors, role, role_handlers


def main(arguments: Sequence[str]) -> int:
    asked = _parser().parse_args(arguments)
    with settings.refusing_to_start():
        url = settings.DATABASE_URL.read()
    with opened(url) as database, database.transaction() as tx:
        try:
            for line in _act(tx, asked):
                print(line)
        except errors.MemberNotFound:
            print(f"Nobody has joined as {asked.email}.", file=sys.stderr)
            return 1
    return 0


@contextlib.contextmanager
def opened(url: str) -> Iterator[Database]:
    """The database at ``url`` for as long as a command takes."""
    database = Database(url, size=2)
    database.open()
    try:
        yield database
    finally:
        database.close()


def _act(tx: Transaction, asked: argparse.Namespace) -> Iterator[str]:
    if asked.action == "list":
        for held in role_handlers.history(tx, asked.email):
            until = f" until {held.revoked_at:%Y-%m-%d}" if held.revoked_at else ""
            yield f"{held.role} since {held.granted_at:%Y-%m-%d}{until}: {held.reason}"
        return
    change = role_handlers.grant if asked.action == "grant" else role_handlers.revoke
    changed = change(tx, asked.email, asked.role, asked.reason)
    yield f"{asked.email} is now: {', '.join(changed.roles) or 'not let in yet'}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.members.roles")
    actions = parser.add_subparsers(dest="action", required=True)
    for action in ("grant", "revoke"):
        one = actions.add_parser(action)
        one.add_argument("email")
        one.add_argument("role", choices=role.GRANTABLE)
        one.add_argument("--reason", required=True, type=_reason)
    actions.add_parser("list").add_argument("email")
    return parser


def _reason(text: str) -> str:
    if not 1 <= len(text.strip()) <= 1000:
        raise argparse.ArgumentTypeError("a reason has 1 to 1,000 characters")
    return text.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
