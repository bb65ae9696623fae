"""nameko's own call, from a service that answers to the standalone proxy that asks.

BENCH_AMQP_URL=... python -m tests.benchmarks.peers.nameko_echo serve|SECONDS
"""

import sys

import eventlet

if sys.argv[1:] == ["serve"]:
    eventlet.monkey_patch()

import os
import signal
import time
from typing import Any

from nameko.rpc import rpc
from nameko.runners import ServiceRunner
from nameko.standalone.rpc import ClusterRpcProxy

WARM = 50


class EchoPeer:
    name = "echo_peer"

    @rpc
    def slow(self, seconds: float) -> dict[str, Any]:
        return {"slept": seconds}


def serve(config: dict[str, Any]) -> None:
    runner = ServiceRunner(config)
    runner.add_service(EchoPeer)
    runner.start()
    signal.signal(signal.SIGTERM, lambda *_: eventlet.spawn_n(runner.stop))
    runner.wait()


def ask(config: dict[str, Any], seconds: float) -> float:
    """Calls a second, one after the other."""
    with ClusterRpcProxy(config) as cluster:
        for _ in range(WARM):
            cluster.echo_peer.slow(0)
        began, calls = time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            cluster.echo_peer.slow(0)
            calls += 1
        return calls / (time.perf_counter() - began)


if __name__ == "__main__":
    settings = {"AMQP_URI": os.environ["BENCH_AMQP_URL"]}
    if sys.argv[1:] == ["serve"]:
        serve(settings)
    else:
        print(ask(settings, float(sys.argv[1])))
