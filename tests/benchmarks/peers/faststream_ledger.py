"""The ledger's work with FastStream and asyncpg: a transaction an event, confirmed publishing.

BENCH_AMQP_URL=... BENCH_DATABASE_URL=... python faststream_ledger.py
"""

import asyncio
import json
import os
from typing import Any
from uuid import UUID, uuid5

import asyncpg
from faststream import AckPolicy, FastStream
from faststream.rabbit import Channel, ExchangeType, RabbitBroker, RabbitExchange, RabbitQueue

PREFETCH = 20
"""Events at work at the same time, each on a connection of its own."""

broker = RabbitBroker(
    os.environ["BENCH_AMQP_URL"],
    default_channel=Channel(prefetch_count=PREFETCH, on_return_raises=True),
    logger=None,
)
app = FastStream(broker, logger=None)
queue = RabbitQueue("ledger", declare=False)
said_by = RabbitExchange("ledger_peer", type=ExchangeType.TOPIC, durable=True, declare=False)
pool: Any = None


@app.on_startup
async def connect() -> None:
    global pool
    pool = await asyncpg.create_pool(
        os.environ["BENCH_DATABASE_URL"], min_size=PREFETCH, max_size=PREFETCH
    )


@broker.subscriber(queue, ack_policy=AckPolicy.NACK_ON_ERROR)
async def settle(event: dict[str, Any]) -> None:
    async with pool.acquire() as conn:
        async with conn.transaction():
            said = await post(conn, event)
        if said is None:
            return
        await broker.publish(
            said, exchange=said_by, routing_key="minutes_transferred", persist=True, mandatory=True
        )
        await conn.execute(
            "delete from outbox where id = $1", uuid5(UUID(said["transfer_id"]), "out")
        )


async def post(conn: Any, event: dict[str, Any]) -> dict[str, Any] | None:
    """Post one event; what is to be said, ``None`` when it was posted before."""
    claim = "insert into inbox (event_id) values ($1) on conflict do nothing returning event_id"
    if await conn.fetchval(claim, event["exchange_id"]) is None:
        return None
    exchange_id, hold_id = UUID(event["exchange_id"]), UUID(event["hold_id"])
    giver, receiver, minutes = UUID(event["giver_id"]), UUID(event["receiver_id"]), event["minutes"]
    rows = await conn.fetch(
        "select id, balance_minutes, held_minutes, floor_minutes, version from account"
        " where id = any($1::uuid[]) order by id for no key update",
        [giver, receiver],
    )
    accounts = {row[0]: row for row in rows}
    held = await conn.fetchval(
        "select minutes from hold where id = $1 and account_id = $2 and state = 'held'",
        hold_id, receiver,
    )  # fmt: skip
    _, balance, reserved, floor, _ = accounts[receiver]
    if not held or held < minutes or balance - minutes < floor + reserved - held:
        raise ValueError("there is no such hold, or the limit forbids it")
    transfer_id = uuid5(exchange_id, "exchange")
    await conn.execute("update hold set state = 'posted' where id = $1", hold_id)
    await conn.execute(
        "insert into transfer (id, exchange_id, hold_id, from_account_id, to_account_id, minutes)"
        " values ($1, $2, $3, $4, $5, $6)",
        transfer_id, exchange_id, hold_id, receiver, giver, minutes,
    )  # fmt: skip
    credit, debit = accounts[giver], accounts[receiver]
    await conn.execute(
        "insert into entry (account_id, version, transfer_id, minutes, balance_before,"
        " balance_after) values ($1, $2, $3, $4, $5, $6), ($7, $8, $3, $9, $10, $11)",
        giver, credit[4] + 1, transfer_id, minutes, credit[1], credit[1] + minutes,
        receiver, debit[4] + 1, -minutes, debit[1], debit[1] - minutes,
    )  # fmt: skip
    await conn.execute(
        "update account a set balance_minutes = a.balance_minutes + n.minutes,"
        " held_minutes = a.held_minutes - n.freed, version = a.version + 1"
        " from (values ($1::uuid, $2::bigint, 0::bigint), ($3::uuid, $4::bigint, $5::bigint))"
        " n (id, minutes, freed) where a.id = n.id",
        giver, minutes, receiver, -minutes, held,
    )  # fmt: skip
    copied = ("exchange_id", "giver_id", "receiver_id", "minutes")
    said = {"transfer_id": str(transfer_id), **{name: event[name] for name in copied}}
    await conn.execute(
        "insert into outbox (id, body) values ($1, $2)",
        uuid5(transfer_id, "out"), json.dumps(said),
    )  # fmt: skip
    return said


if __name__ == "__main__":
    asyncio.run(app.run())
