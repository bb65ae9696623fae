"""Says once a minute that a region is being worked for, so that who listens can watch itself."""

from collections.abc import Sequence

from services.bus.transaction import Transaction
from services.contracts import exchanges as contract
from services.contracts import feed
from services.exchanges import heartbeat_store


def beat(tx: Transaction, regions: Sequence[str]) -> list[str]:
    """Say the heartbeat of the minute that has begun, where nobody has yet.

    Any number of processes may do so at once: a row for each region decides who came first.
    What was missed is not made up for; a minute without a heartbeat stays one.

    Args:
        regions: slugs this process works for.

    Returns:
        The regions it was said for.
    """
    minute = tx.now.replace(second=0, microsecond=0)
    begun = heartbeat_store.begin(tx.conn, regions, minute)
    for region in begun:
        data = {"region": region, "minute": minute}
        event_id = tx.emit(contract.HeartbeatSaid, region=region, subject=region, data=data)
        tx.signal(feed.HEARTBEAT, regions=(region,), subject=region, event_id=event_id)
    return begun
