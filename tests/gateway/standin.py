"""Stands in for the five services, which are outside the gateway, and keeps what it was asked."""

import copy
from dataclasses import dataclass, field
from typing import Any

from services.bus.caller import Caller
from services.bus.idempotency import Key
from services.bus.rpc import RpcError

ALICE = "01931c6e-0000-7000-8000-00000000000a"
BOB = "01931c6e-0000-7000-8000-00000000000b"
LISTING = "01931c6e-0000-7000-8000-000000000011"
SEARCH = "01931c6e-0000-7000-8000-000000000061"
SLOT = "01931c6e-0000-7000-8000-000000000051"
ASK = "01931c6e-0000-7000-8000-0000000000a5"
EXCHANGE = "01931c6e-0000-7000-8000-0000000000e1"
CONCERN = "01931c6e-0000-7000-8000-0000000000b1"
NOTICE = "01931c6e-0000-7000-8000-0000000000d1"
TRANSFER = "01931c6e-0000-7000-8000-0000000000f1"
SYSTEM = "01931c6e-0000-7000-8000-0000000000c5"
BOOK = "exchanges:book"
SUBSCRIPTION = "01931c6e-0000-7000-8000-0000000000c1"
AT = "2026-11-02T09:30:00Z"


@dataclass(frozen=True)
class Asked:
    """One call the gateway made."""

    service: str
    method: str
    caller: Caller
    key: Key | None
    correlation_id: str | None
    arguments: dict[str, Any]


@dataclass
class Services:
    """Answers as recorded; a test may put another answer, an error or a function in place."""

    answers: dict[tuple[str, str], Any]
    asked: list[Asked] = field(default_factory=list)

    def call(
        self,
        service: str,
        method: str,
        *,
        caller: Caller,
        key: Key | None = None,
        correlation_id: str | None = None,
        **arguments: Any,
    ) -> Any:
        asked = Asked(service, method, caller, key, correlation_id, arguments)
        self.asked.append(asked)
        answer = self.answers[service, method]
        if isinstance(answer, RpcError):
            raise answer
        return answer(asked) if callable(answer) else copy.deepcopy(answer)

    def of(self, service: str, method: str) -> list[Asked]:
        return [each for each in self.asked if (each.service, each.method) == (service, method)]

    def change(self, service: str, method: str, **fields: Any) -> None:
        self.answers[service, method] = {**self.answers[service, method], **fields}


def refused(code: str, message: str = "No.", family: str = "refused", /, **detail: Any) -> RpcError:
    return RpcError(code, message, detail, family)


def identified(asked: Asked) -> dict[str, Any] | None:
    """Alice of London has joined; whoever's address begins with nobody has not."""
    if asked.arguments["email"].startswith("nobody"):
        return None
    return {
        "id": ALICE,
        "region": "london",
        "organisation": "RJ1",
        "roles": ["member"],
        "approved": True,
        "status": "approved",
    }
