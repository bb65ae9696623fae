"""Which settings each process reads, and those an installation rightly leaves as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping

from deploy import reference
from deploy.local.places import REPOSITORY

OF_ALL = ("services.bus.settings", "services.bus.failpoint", "services.bus.detour")
OWN = {
    "members": "services.members.settings",
    "notifications": "services.notifications.settings",
    "gateway": "gateway.settings",
}
NOT_THE_GATEWAYS = {
    "TIMEBANK_DATABASE_URL", "TIMEBANK_DATABASE_POOL", "TIMEBANK_REGIONS",
}  # fmt: skip
"""It has no database, and calls from everywhere arrive at one door."""

MEASURED = (
    "TIMEBANK_LOG_LEVEL",
    "TIMEBANK_STATEMENT_TIMEOUT",
    "TIMEBANK_BATCH_SIZE",
    "TIMEBANK_RELAY_BATCH",
    "TIMEBANK_RELAY_POLL",
    "TIMEBANK_CONFIRM_TIMEOUT",
    "TIMEBANK_RETRY_SCHEDULE",
    "TIMEBANK_RPC_TIMEOUT",
    "TIMEBANK_RPC_CONCURRENCY",
    "TIMEBANK_SAID_DAYS",
    "TIMEBANK_HEARTBEAT",
    "TIMEBANK_MAIL_BATCH",
    "TIMEBANK_MAIL_LEASE",
    "TIMEBANK_SMTP_TIMEOUT",
    "TIMEBANK_MAIL_RETRY_SCHEDULE",
    "TIMEBANK_WEBHOOK_TIMEOUT",
    "TIMEBANK_HTTP_CONCURRENCY",
)
"""Numbers that were measured or thought through once for everybody."""
OTHERWISE: Mapping[str, str] = {
    "TIMEBANK_ENVIRONMENT": "production is the default, and the safe one",
    "TIMEBANK_FAILPOINT": "for tests alone",
    "TIMEBANK_RPC_ADDRESS_FILE": "names lead to every process; a file is for one machine",
    "TIMEBANK_DEV_CLIENT_KEY": "refused in production",
    "TIMEBANK_DEV_ISSUER_KEY": "refused in production",
    "TIMEBANK_WEBHOOK_TARGETS": "public is the default, and the only one in production",
}
"""Other settings whose default is meant for every installation, and why."""
LEFT = frozenset({*MEASURED, *OTHERWISE})


def in_the_image() -> set[str]:
    """Settings the image itself holds."""
    return set(re.findall(r"(TIMEBANK_\w+)=", (REPOSITORY / "deploy/image/Dockerfile").read_text()))


def wanted_by(process: str) -> set[str]:
    """Settings a process needs to be told by whoever installs it."""
    modules = [*OF_ALL, *([OWN[process]] if process in OWN else [])]
    read = {each.name for module in modules for each in reference.settings_in(module)}
    missing = NOT_THE_GATEWAYS if process == "gateway" else set()
    return read - missing - LEFT - in_the_image()


def unknown() -> frozenset[str]:
    """What is left as it is although nobody reads it."""
    modules = (*OF_ALL, *OWN.values())
    return LEFT - {each.name for module in modules for each in reference.settings_in(module)}
