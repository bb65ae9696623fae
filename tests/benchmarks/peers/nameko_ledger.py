"""The ledger's work as a stock nameko service: a handler, a transaction, a dispatch after it.

    BENCH_AMQP_URL=... BENCH_DATABASE_URL=... python -m tests.benchmarks.peers.nameko_ledger

What a crash between commit and dispatch leaves in the outbox would need a poller, which
is not part of it: it would only cost.
"""

import os

os.environ["PSYCOPG_WAIT_FUNC"] = "wait_select"

import eventlet

eventlet.monkey_patch()

import signal
from typing import Any
from uuid import UUID, uuid5

import psycopg
from nameko.events import EventDispatcher, event_handler
from nameko.extensions import DependencyProvider
from nameko.runners import ServiceRunner
from psycopg_pool import ConnectionPool

WORKERS = 10
"""nameko's own default."""


class Connections(DependencyProvider):
    """A pool with a connection for every worker."""

    def setup(self) -> None:
        self.pool = ConnectionPool(
            os.environ["BENCH_DATABASE_URL"], min_size=WORKERS, max_size=WORKERS, open=False
        )

    def start(self) -> None:
        self.pool.open(wait=True)

    def stop(self) -> None:
        self.pool.close()

    def get_dependency(self, worker_ctx: Any) -> Any:
        return self.pool


class LedgerPeer:
    name = "ledger_peer"
    pool = Connections()
    dispatch = EventDispatcher(mandatory=True)

    @event_handler("exchanges", "exchange_completed", requeue_on_error=True)
    def settle(self, event: dict[str, Any]) -> None:
        with self.pool.connection() as conn:
            said = post(conn, event)
        if said is None:
            return
        self.dispatch("minutes_transferred", said)
        with self.pool.connection() as conn:
            conn.execute("delete from outbox where id = %s", [uuid5(UUID(said["id"]), "out")])


def post(conn: psycopg.Connection[Any], event: dict[str, Any]) -> dict[str, str] | None:
    """Post one event; what is to be said, ``None`` when it was posted before."""
    claim = "insert into inbox (event_id) values (%s) on conflict do nothing returning event_id"
    if not conn.execute(claim, [event["exchange_id"]]).fetchone():
        return None
    giver, receiver = UUID(event["giver_id"]), UUID(event["receiver_id"])
    minutes = event["minutes"]
    rows = conn.execute(
        "select id, balance_minutes, held_minutes, floor_minutes, version from account"
        " where id in (%s, %s) order by id for no key update",
        [giver, receiver],
    )
    accounts = {row[0]: row[1:] for row in rows}
    hold_id = UUID(event["hold_id"])
    held = conn.execute(
        "select minutes from hold where id = %s and account_id = %s and state = 'held'",
        [hold_id, receiver],
    ).fetchone()
    balance, reserved, floor, _ = accounts[receiver]
    if not held or held[0] < minutes or balance - minutes < floor + reserved - held[0]:
        raise ValueError("there is no such hold, or the limit forbids it")
    transfer_id = uuid5(UUID(event["exchange_id"]), "exchange")
    conn.execute("update hold set state = 'posted' where id = %s", [hold_id])
    conn.execute(
        "insert into transfer (id, exchange_id, hold_id, from_account_id, to_account_id, minutes)"
        " values (%s, %s, %s, %s, %s, %s)",
        [transfer_id, UUID(event["exchange_id"]), hold_id, receiver, giver, minutes],
    )
    credit, debit = accounts[giver], accounts[receiver]
    conn.execute(
        "insert into entry (account_id, version, transfer_id, minutes, balance_before,"
        " balance_after) values (%s, %s, %s, %s, %s, %s), (%s, %s, %s, %s, %s, %s)",
        [
            giver, credit[3] + 1, transfer_id, minutes, credit[0], credit[0] + minutes,
            receiver, debit[3] + 1, transfer_id, -minutes, debit[0], debit[0] - minutes,
        ],
    )  # fmt: skip
    conn.execute(
        "update account a set balance_minutes = a.balance_minutes + n.minutes,"
        " held_minutes = a.held_minutes - n.freed, version = a.version + 1"
        " from (values (%s::uuid, %s::bigint, 0::bigint), (%s::uuid, %s::bigint, %s::bigint))"
        " n (id, minutes, freed) where a.id = n.id",
        [giver, minutes, receiver, -minutes, held[0]],
    )
    said = {"id": str(transfer_id), "transfer_id": str(transfer_id), **_copied(event)}
    conn.execute(
        "insert into outbox (id, body) values (%s, %s)", [uuid5(transfer_id, "out"), str(said)]
    )
    return said


def _copied(event: dict[str, Any]) -> dict[str, str]:
    return {name: event[name] for name in ("exchange_id", "giver_id", "receiver_id", "minutes")}


def main() -> None:
    config = {"AMQP_URI": os.environ["BENCH_AMQP_URL"], "max_workers": WORKERS}
    runner = ServiceRunner(config)
    runner.add_service(LedgerPeer)
    runner.start()
    signal.signal(signal.SIGTERM, lambda *_: eventlet.spawn_n(runner.stop))
    runner.wait()


if __name__ == "__main__":
    main()
