"""The launcher's command line: `python -m deploy.local --help`."""

from __future__ import annotations

import argparse
import sys

from deploy.local import commands, plan, supervisor
from deploy.local.places import DEMO, Problem, places


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.local")
    parser.add_argument("--instance", default=DEMO, help="which installation (default: demo)")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("up", help="start everything and wait until it is ready")
    actions.add_parser("down", help="stop everything")
    servers = actions.add_parser("servers", help="the broker and the database alone")
    servers.add_argument("what", choices=("up", "down"))
    servers.add_argument("--instance", default=argparse.SUPPRESS)
    supervise = actions.add_parser("supervise", help="(used by up) run in the foreground")
    supervise.add_argument("part", choices=(plan.SERVERS, plan.PLATFORM))
    return parser


def _servers(options: argparse.Namespace) -> int:
    where = places(options.instance)
    if options.what == "down":
        commands.down(where)
        return 0
    running = commands.up(where, plan.SERVERS)
    print(f"export TIMEBANK_TEST_DATABASE_URL={running.administrator_url}")
    print(f"export TIMEBANK_TEST_AMQP_URL={running.amqp_url}")
    return 0


def main() -> int:
    options = _parser().parse_args()
    where = places(options.instance)
    try:
        if options.action == "servers":
            return _servers(options)
        if options.action == "up":
            print(commands.up(where, plan.PLATFORM).gateway_url)
        elif options.action == "down":
            commands.down(where)
        elif options.action == "supervise":
            return supervisor.main(where, options.part)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
