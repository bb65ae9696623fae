"""The launcher's command line: `python -m deploy.local --help`."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from deploy.local import (
    check,
    commands,
    faults,
    installation,
    logs,
    plan,
    pools,
    status,
    supervisor,
)  # fmt: skip
from deploy.local.places import DEMO, Places, Problem, places


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.local")
    parser.add_argument("--instance", default=DEMO, help="which installation (default: demo)")
    actions = parser.add_subparsers(dest="action", required=True)

    def add(name: str, text: str) -> argparse.ArgumentParser:
        action = actions.add_parser(name, help=text)
        # May stand before or after the action.
        action.add_argument("--instance", default=argparse.SUPPRESS)
        return action

    up = add("up", "start everything and wait until it is ready")
    up.add_argument("--pools", type=Path, help="which processes work for which regions, a file")
    pool = add("pool", "start or stop the processes of a service that work for some regions")
    pool.add_argument("what", choices=("start", "stop"))
    pool.add_argument("service", help="or all of them: all")
    pool.add_argument("name", help="such as london or rest")
    add("down", "stop everything; the data stay")
    add("status", "show every process, its memory and its health")
    add("logs", "follow the logs").add_argument("process", nargs="*")
    add("kill", "end a process as a crash would").add_argument("process")
    add("restart", "stop a process and await its return").add_argument("process")
    add("servers", "the broker and the database alone").add_argument("what", choices=("up", "down"))
    add("test", "check the code and run all tests")
    add("pictures", "test the pages, and keep each state of each as a picture")
    add("forget", "stop everything and remove all data of this clone")
    add("databases", "(used by up) make roles and databases")
    parts = (plan.SERVERS, plan.PLATFORM, plan.CLUSTER)
    add("supervise", "(used by up) run in the foreground").add_argument("part", choices=parts)
    return parser


def _servers(where: Places, what: str) -> int:
    if what == "down":
        commands.down(where)
        return 0
    running = commands.up(where, plan.SERVERS)
    print(f"export TIMEBANK_TEST_DATABASE_URL={running.administrator_url}")
    print(f"export TIMEBANK_TEST_AMQP_URL={running.amqp_url}")
    return 0


def _databases(where: Places) -> int:
    from deploy.local import databases  # needs psycopg, which the supervisor shall not carry

    running = installation.read(where.instance)
    databases.prepare(running.administrator_url, running.database_urls, running.audit_urls)
    return 0


def _forget(where: Places) -> int:
    for folder in sorted(where.folder.parent.iterdir()):
        commands.down(Places(folder.name, folder))
    shutil.rmtree(where.folder.parent)
    return 0


def _up(where: Places, file: Path | None) -> int:
    wanted = pools.read(file, plan.DATABASE_SERVICES) if file else None
    running = commands.up(where, plan.PLATFORM, wanted)
    absent = plan.not_built()
    if absent:
        print(f"NOT STARTED, because their modules do not exist: {', '.join(absent)}")
    print(f"The gateway answers at {running.gateway_url}")
    return 1 if absent else 0


def _pool(where: Places, what: str, service: str, name: str) -> int:
    found = commands.switch(where, service, name, stopped=what == "stop")
    for pool in found:
        if pool.stopped:
            regions = ", ".join(pool.regions)
            print(f"Nobody works for {regions} in {pool.service}: what arrives there waits.")
    return 0


def _kill(where: Places, name: str) -> int:
    print(f"killed {name} (pid {faults.kill(where, name)})")
    return 0


ACTIONS: dict[str, Callable[[Places, argparse.Namespace], int | None]] = {
    "up": lambda where, options: _up(where, options.pools),
    "pool": lambda where, options: _pool(where, options.what, options.service, options.name),
    "down": lambda where, _: commands.down(where),
    "status": lambda where, _: 0 if status.show(where) else 1,
    "logs": lambda where, options: logs.follow(where, options.process),
    "kill": lambda where, options: _kill(where, options.process),
    "restart": lambda where, options: faults.restart(where, options.process),
    "servers": lambda where, options: _servers(where, options.what),
    "test": lambda _, __: check.run(),
    "pictures": lambda _, __: check.pictures(),
    "forget": lambda where, _: _forget(where),
    "databases": lambda where, _: _databases(where),
    "supervise": lambda where, options: supervisor.main(where, options.part),
}


def main() -> int:
    options = _parser().parse_args()
    try:
        return ACTIONS[options.action](places(options.instance), options) or 0
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read our output has seen enough; Python would complain once more at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
