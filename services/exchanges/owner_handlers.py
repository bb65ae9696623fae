"""Keeps what is known of the owners of listings as new as what was heard of them."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import groupby
from typing import Any
from uuid import UUID

import structlog

from services.bus.caller import service_in
from services.bus.envelope import Event
from services.bus.rpc import RpcError
from services.bus.transaction import Transaction
from services.exchanges import owner_store
from services.exchanges.owner_store import Skills

log = structlog.get_logger(__name__)

AT_ONCE = 200
"""People asked about in one turn: fewer than members answer at most (500)."""


def changed(tx: Transaction, events: Sequence[Event]) -> None:
    """Hear that people changed their profiles; what they wrote is asked for later.

    An event carries nobody's own words.
    """
    newest: dict[UUID, int] = {}
    for event in events:
        member = event.data
        newest[member.member_id] = max(member.version, newest.get(member.member_id, 0))
    owner_store.hear_of_changes(tx.conn, newest)


def learn(
    transaction: Callable[[], AbstractContextManager[Transaction]],
    ask: Callable[..., Any],
    regions: Sequence[str],
) -> None:
    """Ask members about some who changed, each region's pool about its own.

    While members cannot be asked, what is known stays and they are asked again later.

    Args:
        transaction: opens one; members are asked outside.
        ask: calls a service.
        regions: slugs this process works for.
    """
    with transaction() as tx:
        due = owner_store.to_ask(tx.conn, regions, AT_ONCE)
    for region, people in groupby(due, key=lambda each: each.region):
        ids = [each.member_id for each in people]
        try:
            answer = ask("members", "skills", caller=service_in(region), ids=list(map(str, ids)))
        except RpcError as error:
            log.info("owners are asked about later", region=region, reason=error.code)
            return
        with transaction() as tx:
            _keep(tx, ids, answer)


def _keep(tx: Transaction, asked: Sequence[UUID], answer: Mapping[str, Any]) -> None:
    """Whom members do not know has left: nothing more is kept of them."""
    known = {each: Skills(**answer[str(each)]) for each in asked if str(each) in answer}
    owner_store.know(tx.conn, known)
    owner_store.forget(tx.conn, [each for each in asked if each not in known])
