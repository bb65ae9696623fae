"""Every event there is, with its contract, its golden sample and those who hear it."""

import importlib
import importlib.util
import json
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import services
from services import contracts
from services.bus.subscription import Subscription
from services.contracts import exchanges, ledger, members, notifications
from services.contracts.event import Event

SAMPLES = Path(contracts.__file__).parent / "samples"

EVENTS: dict[str, type[Event]] = {
    f"{kind.producer}.{kind.event}": kind
    for module in (members, exchanges, ledger, notifications)
    for kind in module.EVENTS.values()
}

SHARED_ROOMS = frozenset({"bus", "contracts", "telemetry"})

SERVICES = tuple(
    sorted(
        package.name
        for package in pkgutil.iter_modules(services.__path__)
        if package.ispkg and package.name not in SHARED_ROOMS
    )
)


def sample(kind: str) -> dict[str, Any]:
    """The golden body of one kind of event."""
    body = json.loads((SAMPLES / f"{kind}.json").read_text(encoding="utf-8"))
    assert isinstance(body, dict)
    return body


def subscriptions(service: str) -> Mapping[str, Subscription]:
    """What a service really handles; nothing where it has no handlers of events."""
    if importlib.util.find_spec(f"services.{service}.handlers") is None:
        return {}
    handlers = importlib.import_module(f"services.{service}.handlers")
    found: Mapping[str, Subscription] = getattr(handlers, "SUBSCRIPTIONS", {})
    return found
