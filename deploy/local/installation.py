"""Gives the addresses of a running installation to whoever wants to talk to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from deploy.local.places import DEMO, Places, Problem, places, write_private


@dataclass(frozen=True)
class Installation:
    """Where everything of one instance is reached; the URLs carry passwords, so do not log them."""

    instance: str
    amqp_url: str
    administrator_url: str
    """The database server as its administrator, database `postgres`."""
    gateway_url: str = ""
    mail_folder: str = ""
    """A Maildir; the messages are the files in its folder `new`."""
    mail_url: str = ""
    """The mailbox in a browser."""
    health_urls: Mapping[str, str] = field(default_factory=dict)
    """By process name; append `/_ping`, `/_status` or `/metrics`."""
    database_urls: Mapping[str, str] = field(default_factory=dict)
    """By service, each with the service's own role."""
    audit_urls: Mapping[str, str] = field(default_factory=dict)
    """By service, its database as the audit's own role, which may only read."""
    packages: Mapping[str, str] = field(default_factory=dict)
    """By service, the Python package that holds its migrations."""


def _file(where: Places) -> Path:
    return where.folder / "installation.json"


def write(where: Places, installation: Installation) -> None:
    write_private(_file(where), json.dumps(asdict(installation), indent=2) + "\n")


def read(instance: str = DEMO) -> Installation:
    """The addresses of an instance as it was started last."""
    return of(places(instance))


def of(where: Places) -> Installation:
    """Likewise, of an instance of any clone."""
    try:
        return Installation(**json.loads(_file(where).read_text()))
    except FileNotFoundError:
        raise Problem(f"The instance {where.instance} was never started; run `make up`.") from None
