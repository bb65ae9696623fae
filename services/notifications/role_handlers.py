"""Turns notices to roles into notices to the people who hold those roles now."""

import datetime
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any
from uuid import UUID

import structlog

from services.bus.caller import service_in
from services.bus.rpc import RpcError
from services.bus.transaction import Transaction, new_id
from services.notifications import notice, role_store, store

log = structlog.get_logger(__name__)

AWAY = datetime.timedelta(seconds=5)
"""Until another try where a service did not answer."""
INVOLVED = ("giver_id", "receiver_id", "actor_id", "raised_by_id", "concerned_id")
"""Facts that name somebody whose own matter it is."""
UNANSWERED = datetime.timedelta(minutes=5)
"""Until another try where it answered, but not with what was asked for."""


def call(
    transaction: Callable[[], AbstractContextManager[Transaction]],
    ask: Callable[..., Any],
    region: str,
    lease: datetime.timedelta,
    limit: int,
) -> None:
    """Tell the holders of roles in one region what is due for them.

    Args:
        transaction, ask: of this service, and to another, as the bus does.
        lease: for as long other processes leave these notices alone.
        limit: notices to roles at most.
    """
    with transaction() as tx:
        found = role_store.claim(tx.conn, region, tx.now, tx.now + lease, limit)
    if not found:
        return
    try:
        holders = ask("members", "representatives", caller=service_in(region))
    except RpcError as error:
        log.warning("nobody said who represents a region", region=region, code=error.code)
        with transaction() as tx:
            role_store.keep_in_hand(tx.conn, found, tx.now + pause(error))
        return
    told = [replace(row, to=person) for row in found for person in _bystanders(row, holders)]
    with transaction() as tx:
        if told:
            store.add(tx.conn, told, [new_id() for _ in told], tx.now)
        role_store.end(tx.conn, found)


def pause(error: RpcError) -> datetime.timedelta:
    """How long to wait before asking a service again."""
    return AWAY if error.family == "try_later" else UNANSWERED


def _bystanders(row: notice.Notice, holders: Mapping[str, list[str]]) -> list[UUID]:
    """Those with the role who are no party and did not take the step.

    Nobody handles their own matter; where nobody else represents the region, the
    national team does.
    """
    assert isinstance(row.to, notice.Role)
    involved = {row.facts.get(key) for key in INVOLVED}
    for slug in (row.to.name.removeprefix("rep:"), "national"):
        people = [person for person in holders.get(slug, ()) if person not in involved]
        if people:
            return [UUID(person) for person in people]
    return []
