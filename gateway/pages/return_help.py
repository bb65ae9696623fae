"""The way back after an exchange: help in the other direction, with the same person if possible."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from gateway import asking
from gateway.pages import links, turns
from services.bus.rpc import RpcError

log = structlog.get_logger(__name__)

LOOKED_AT = 50
"""Listings of the other's region among which one of theirs is looked for."""
BACK = {"giver": "offer", "receiver": "request"}
"""What somebody who gave looks for, and somebody who received."""


def of(found: Mapping[str, Any], me: str) -> dict[str, Any] | None:
    """What a party is invited to after it is settled; ``None`` otherwise.

    Returns:
        ``kind`` of listing to look for, ``other``'s name, and ``listing`` and ``path`` when
        the other has one that fits.
    """
    side = turns.side(found, me)
    if found["state"] != "settled" or side is None:
        return None
    other = turns.OTHER[side]
    listing = _theirs(BACK[side], found[other])
    path = listing and links.with_query(links.ask(listing["id"]), after=found["id"])
    return {
        "kind": BACK[side], "other": turns.name(found, other), "listing": listing, "path": path,
    }  # fmt: skip


def _theirs(kind: str, other: Mapping[str, Any]) -> dict[str, Any] | None:
    """Something the other offers or asks for; it is an extra, and may fail."""
    try:
        found = asking.ask(
            "exchanges", "listings", kind=kind, region=other["region"], limit=LOOKED_AT
        )
    except RpcError as error:
        log.warning("way back left out", reason=error.code)
        return None
    return next((each for each in found["items"] if _owner(each) == other["id"]), None)


def _owner(listing: Mapping[str, Any]) -> Any:
    return listing["owner"]["id"]
