"""A bank with one service in it: a fresh database, and the handlers as a caller meets them."""

import datetime
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.bus.caller import SERVICE, Caller
from services.bus.transaction import Database
from services.members import handlers, lookup_handlers, role_handlers

KNOWN = ("nhs.net", "nhs.uk")


@dataclass(frozen=True)
class Said:
    """An event in the outbox."""

    name: str
    region: str
    data: dict[str, Any]
    raw: str


class Bank:
    def __init__(self, database: Database) -> None:
        self.database = database

    def do(self, handler: Callable[..., Any], *arguments: Any) -> Any:
        """Run a handler in a transaction of its own."""
        with self.database.transaction() as tx:
            return handler(tx, *arguments)

    def sql(self, statement: Any, *arguments: Any) -> Any:
        with self.database.transaction() as tx:
            done = tx.conn.execute(statement, arguments)
            return done.fetchall() if done.description else None

    def later(self, **ahead: float) -> None:
        """Let the service's clock move on."""
        self.sql("update clock set ahead = ahead + %s", datetime.timedelta(**ahead))

    def said(self) -> list[Said]:
        rows = self.sql(
            "select routing_key, region, convert_from(body, 'utf8'), headers::text"
            " from unsaid order by id"
        )
        return [
            Said(key.rpartition(".")[2], region, json.loads(body), body + headers)
            for key, region, body, headers in rows
        ]

    def join(self, email: str, **changes: Any) -> dict[str, Any]:
        body = {
            "name": "Ada Invented",
            "organisation": "RJ1",
            "region": "london",
            "skills_offered": ["Spreadsheets"],
            "skills_wanted": ["Mentoring"],
            **changes,
        }
        joined: dict[str, Any] = self.do(handlers.join, Caller(email=email), body, KNOWN)
        return joined

    def caller(self, email: str) -> Caller:
        """Somebody as the gateway would describe them."""
        found = self.do(lookup_handlers.identify, SERVICE, email)
        return Caller.from_json({**found, "email": email})

    def somebody(self, email: str, *roles: str, **changes: Any) -> Caller:
        """A new member at a known domain, with roles."""
        self.join(email, **changes)
        for role in roles:
            self.do(role_handlers.grant, email, role, "for a test")
        return self.caller(email)


def member_id(caller: Caller) -> str:
    assert isinstance(caller.id, UUID)
    return str(caller.id)
