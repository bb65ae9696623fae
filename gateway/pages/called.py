"""The one member somebody means by a name or an e-mail address, to do something about them."""

from __future__ import annotations

from typing import Any

from gateway import asking
from services.bus.rpc import RpcError

SEVERAL = "Several people are called this. Enter their e-mail address"
NOBODY = "Nobody with this name or e-mail address has joined"


def one(text: str, **about: str) -> str:
    """The id of the one member called so: by their whole name, or an address of theirs.

    The beginning of a name, by which members look people up, might be somebody else's.

    Args:
        about: says where a refusal is shown.

    Raises:
        RpcError: nobody is called so, or several are.
    """
    items: list[dict[str, Any]] = asking.ask("members", "find", q=text)["items"]
    if "@" not in text:
        items = [each for each in items if each["name"].casefold() == text.casefold()]
    if len(items) != 1:
        raise RpcError("member_not_found", SEVERAL if items else NOBODY, about, "refused")
    return str(items[0]["id"])
