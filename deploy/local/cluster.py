"""Servers as beyond one machine: a cluster of three brokers, and a database with a standby.

    python -m deploy.local.cluster up          # prints what leads an installation to them
    python -m deploy.local.cluster promote     # the primary is lost; its standby takes over
    python -m deploy.local.cluster rejoin      # what was lost comes back, as the standby

Everything listens on loopback, encrypted. ``python -m deploy.local --instance cluster`` shows,
kills and restarts the single processes (``status``, ``kill broker-2``), as of any instance.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable

from deploy.local import broker, commands, failover, installation, plan, ports, standby
from deploy.local.cluster_plan import BROKERS, ports_of
from deploy.local.places import Places, Problem, places

CLUSTER = "cluster"
"""The instance, unless another is named."""
CALLS = r"^(rpc|again)\."
"""Queues that are not replicated by themselves: without a second copy, those of a lost node are
away until it is back, and who declares one is refused."""
MIRRORED = {"ha-mode": "exactly", "ha-params": 2, "ha-sync-mode": "automatic"}
"""The second copy. Where the broker is newer than 3.10, its virtual host's default queue type
``quorum`` does the same."""


def control(where: Places, number: int, *words: str) -> str:
    """Run rabbitmqctl against one node and return what it printed."""
    chosen = ports.remembered(where.ports)
    return broker.control(standby.machine(where, number), ports_of(chosen, number), *words)


def mirror(where: Places) -> None:
    """Have a second copy kept of what is not replicated by itself. Safe to repeat."""
    policy = ("set_policy", "-p", broker.VHOST, "--apply-to", "queues", "mirrored", CALLS)
    control(where, BROKERS[-1], *policy, json.dumps(MIRRORED))


def environment(where: Places) -> dict[str, str]:
    """What leads an installation to these servers instead of private ones."""
    running = installation.read(where.instance)
    return {
        "TIMEBANK_AMQP_URL": running.amqp_url,
        "TIMEBANK_AMQP_CA": str(standby.authority_file(where)),
        "TIMEBANK_DATABASE_URL": running.administrator_url,
    }


def start(where: Places) -> None:
    """Start everything and wait until it is ready."""
    try:
        commands.up(where, plan.CLUSTER)
    except Problem:
        # Three nodes, each after the one before: on a busy machine once is not patience enough.
        commands.up(where, plan.CLUSTER)


def up(where: Places) -> None:
    """Start everything; print the environment that leads to it, for a shell to read."""
    start(where)
    for name, value in environment(where).items():
        print(f"export {name}='{value}'")


def _promote(where: Places) -> None:
    print(f"{standby.port_name(failover.promote(where))} is the primary now, without a standby.")


ACTIONS: dict[str, Callable[[Places], None]] = {
    "up": up,
    "down": commands.down,
    "promote": _promote,
    "rejoin": failover.rejoin,
    "guard": failover.guard,
    "mirror": mirror,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.local.cluster")
    parser.add_argument("--instance", default=CLUSTER, help="which cluster (default: cluster)")
    parser.add_argument("action", choices=ACTIONS)
    options = parser.parse_args()
    try:
        ACTIONS[options.action](places(options.instance))
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
