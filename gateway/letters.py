"""Has a link sent by e-mail; one whose mail nobody took counts for nothing."""

import contextlib

from gateway import asking
from services.bus.rpc import RpcError

NOT_TAKEN = ("try_later", "nobody_there", "broker_away")
"""What is said where the mail certainly did not go. After a time-out it may have gone, and its
link must work."""


def send(token_hash: str, **mail: str) -> None:
    """Send a link that members have kept.

    Args:
        token_hash: what they keep of it.
        mail: the ``email`` and the ``link``, and perhaps its ``purpose``.

    Raises:
        RpcError: it cannot be sent now; whoever asked may ask as often as before.
    """
    try:
        asking.ask_ourselves("notifications", "send_sign_in_link", **mail)
    except RpcError as away:
        if away.code in NOT_TAKEN:
            with contextlib.suppress(RpcError):
                asking.ask_ourselves("members", "forget_link", token_hash=token_hash)
        raise
