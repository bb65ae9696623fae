"""Whether it helped: what each of the two says of a settled exchange, to nobody else."""

import datetime

from services.exchanges import lifecycle
from services.exchanges.exchange import Exchange

ANSWERS = ("yes", "partly", "no")


def is_open(exchange: Exchange, now: datetime.datetime) -> bool:
    """Whether one may say it, or say it otherwise: from settling on, while it can be undone."""
    if exchange.state != "settled" or exchange.settled_at is None:
        return False
    return now <= exchange.settled_at + lifecycle.REVERSIBLE
