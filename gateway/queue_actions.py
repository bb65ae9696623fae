"""What a representative does with several rows of the list at once, each with its outcome."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import flask

from gateway import asking
from services.bus.rpc import RpcError

MOST = 100
"""Rows of one go: each is a call of its own, and the page waits for all of them."""


@dataclass(frozen=True)
class Wanted:
    """One row and what is to be done about it: ``approve``, ``nudge`` or ``remind``."""

    act: str
    id: str


@dataclass(frozen=True)
class Outcome:
    """What came of one row.

    Attributes:
        code: of the refusal; ``None`` when it was done.
        text: for a person.
    """

    wanted: Wanted
    done: bool
    code: str | None
    text: str


DONE = {"approve": "Let in.", "nudge": "Encouraged.", "remind": "Reminded."}
"""Every act possible for several at once, and what is said when it was done."""


def do(wanted: Iterable[Wanted]) -> list[Outcome]:
    """Do each by itself: one that is refused keeps nothing else back.

    Every row has a key of its own, made of the form's: sent twice, it is done once.

    Raises:
        RpcError: a service is away; what was done stays done, and the same form can be sent
            again.
    """
    form_key = flask.g.get("idempotency_key")
    return [_do(each, form_key) for each in list(wanted)[:MOST]]


def _do(wanted: Wanted, form_key: str | None) -> Outcome:
    flask.g.idempotency_key = f"{form_key}:{wanted.act}:{wanted.id}" if form_key else None
    try:
        _tell(wanted)
    except RpcError as refused:
        if refused.family not in ("refused", "not_allowed"):
            raise
        return Outcome(wanted, False, refused.code, refused.message)
    return Outcome(wanted, True, None, DONE[wanted.act])


def _tell(wanted: Wanted) -> Any:
    if wanted.act == "approve":
        return asking.tell("members", "approve", member_id=wanted.id)
    if wanted.act == "nudge":
        return asking.tell("members", "nudge", member_id=wanted.id)
    return asking.tell("exchanges", "act", exchange_id=wanted.id, action="remind", body={})
