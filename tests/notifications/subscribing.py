"""Integrators, the national team, and subscriptions as they would ask for them."""

from typing import Any
from uuid import uuid4

from services.bus.caller import Caller
from services.bus.transaction import Database
from services.notifications import settings, subscription_handlers
from services.notifications.courier import Courier

INTEGRATOR = Caller(id=uuid4(), roles=frozenset({"member", "integrator"}), approved=True)
ANOTHER = Caller(id=uuid4(), roles=frozenset({"member", "integrator"}), approved=True)
NATIONAL = Caller(id=uuid4(), roles=frozenset({"member", "national"}), approved=True)
SENATE = Caller(id=uuid4(), roles=frozenset({"member", "senate"}), approved=True)

HERE = settings.Subscribing(
    None, "amqp://127.0.0.1:5672/timebank", "timebank", loopback=True, timeout=2
)
REGIONS = ("london", "south-west")


def courier(database: Database, wanted: settings.Subscribing = HERE) -> Courier:
    return Courier(database.transaction, REGIONS, wanted)


def subscribe(database: Database, caller: Caller = INTEGRATOR, **changes: Any) -> dict[str, Any]:
    body = {
        "kind": "webhook", "name": "Rota", "regions": ["london"], "url": "http://127.0.0.1:9/",
        **changes,
    }  # fmt: skip
    with database.transaction() as tx:
        return subscription_handlers.subscribe(tx, caller, body, HERE)


def active(database: Database, url: str, **changes: Any) -> tuple[str, str]:
    """The id and the secret of a webhook that was let in."""
    found = subscribe(database, url=url, **changes)["id"]
    with database.transaction() as tx:
        subscription_handlers.approve(tx, NATIONAL, found)
    return found, secret(database, found)


def secret(database: Database, wanted: str) -> str:
    made: str = credentials(database, wanted)["secret"]
    return made


def credentials(database: Database, wanted: str, caller: Caller = INTEGRATOR) -> dict[str, Any]:
    return subscription_handlers.credentials(database.transaction, None, HERE, caller, wanted)


def one(database: Database, wanted: str, caller: Caller = INTEGRATOR) -> dict[str, Any]:
    with database.transaction() as tx:
        return subscription_handlers.one(tx, caller, wanted)
