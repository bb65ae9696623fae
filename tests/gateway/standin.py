"""Stands in for the five services, which are outside the gateway: recorded answers and calls."""

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

    answers: dict[tuple[str, str], Any] = field(default_factory=lambda: recorded())
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


def recorded() -> dict[tuple[str, str], Any]:
    """An answer of every method the gateway asks, in the shape its service gives it."""
    member = {
        "id": ALICE, "name": "Alice Example", "organisation": "RJ1",
        "organisation_name": "Example Trust", "region": "london", "about": None,
        "skills_offered": ["Excel"], "skills_wanted": [], "status": "approved",
        "joined_at": AT, "version": 3,
    }  # fmt: skip
    own = {
        **member, "email": "alice@nhs.net", "addresses": ["alice@nhs.net"], "roles": ["member"],
        "shows_employer": True, "shows_email": True,
    }  # fmt: skip
    listing: dict[str, Any] = {
        "id": LISTING, "kind": "offer", "title": "Help with Excel", "description": "Pivot tables.",
        "category": "digital-and-data", "pathway": None, "minutes": 60, "online": True,
        "place": None, "skills": [], "capacity": None, "open_exchanges": 0, "state": "open",
        "region": "south-west", "owner": {"id": BOB, "region": "south-west"}, "expires_at": None,
        "published_at": AT, "version": 1,
        "slots": [{"id": SLOT, "starts_at": AT, "minutes": 30, "taken": False}],
    }  # fmt: skip
    exchange = {
        "id": EXCHANGE, "listing_id": LISTING, "title": "Help with Excel", "category": None,
        "pathway": None, "giver": {"id": BOB, "region": "south-west"},
        "receiver": {"id": ALICE, "region": "london"}, "asker_id": ALICE, "region": "london",
        "minutes": 60, "stated_minutes": None, "held_minutes": None, "shortfall_minutes": None,
        "ways_out": [], "state": "requested", "next_actor": "giver", "allowed": ["withdraw"],
        "deadline": AT, "starts_at": None, "message": None, "sent": True, "from_fund": False,
        "reversal_pending": False, "version": 1, "requested_at": AT, "booked_at": None,
        "completed_at": None, "settled_at": None, "sequence": 0, "superseded": False,
        "unread_count": 0,
    }  # fmt: skip
    step = {
        "version": 1, "action": "ask", "actor_id": ALICE, "state": "requested", "minutes": 60,
        "reason": None, "at": AT,
    }  # fmt: skip
    thanks = {"author_id": ALICE, "message": "Thank you!", "publish": False, "at": AT}
    written = {"number": 1, "author_id": BOB, "at": AT}
    concern = {
        "id": CONCERN, "exchange_id": EXCHANGE, "about_id": BOB, "severity": "serious",
        "state": "raised", "raised_at": AT, "acknowledge_by": AT, "acknowledged_at": None,
        "closed_at": None, "version": 1,
    }  # fmt: skip
    handled = {
        **concern, "region": "london", "holder": "rep", "acted_at": AT, "raised_by": ALICE,
    }  # fmt: skip
    saved = {
        "id": SEARCH, "q": "Excel", "kind": "offer", "category": None, "region": None,
        "saved_at": AT,
    }  # fmt: skip
    cover = {
        "id": TRANSFER, "region": "london", "away_id": ALICE, "covering_id": BOB,
        "named_by": ALICE, "reason": "On leave.", "since": AT, "until": AT,
    }  # fmt: skip
    notice = {
        "id": NOTICE, "template": "requested", "text": "Somebody asks for 1 hour.",
        "pattern": "{0} asks for 1 hour.", "people": [BOB], "exchange_id": EXCHANGE,
        "created_at": AT, "read_at": None,
    }  # fmt: skip
    choices = {
        "email": True, "version": 1,
        "kinds": {
            "progress": True, "thanks": True, "messages": True, "membership": True,
            "searches": True,
        },
    }  # fmt: skip
    entry = {
        "transfer_id": TRANSFER, "kind": "exchange", "minutes": -60, "balance_after_minutes": 0,
        "exchange_id": EXCHANGE, "counterpart_id": BOB, "posted_at": AT,
    }  # fmt: skip
    total = {"exchanges": 2, "minutes": 90, "hours": 1.5, "members": "*"}
    definition = {"name": "hours_given", "meaning": "Hours.", "unit": "hours", "rule": "Sum."}
    figure = {"unit": "hours", "value": 1.5, "part": None, "whole": None}
    place = {
        "code": "RJ1", "kind": "trust", "name": "Example Trust", "icb_code": "QKK",
        "icb_name": "Example Board", "region": "london",
    }  # fmt: skip
    region = {
        "slug": "london", "name": "London", "ods_code": "Y56", "ons_code": "E40000003",
        "icbs": [{"code": "QKK", "name": "Example Board"}],
    }  # fmt: skip
    account = {
        "id": ALICE, "balance_minutes": 60, "held_minutes": 0, "available_minutes": 240,
        "floor_minutes": -180, "version": 4,
    }  # fmt: skip
    cards = {
        ALICE: {"name": "Alice Example", "region": "london", "organisation": "RJ1",
                "organisation_name": "Example Trust"},
        BOB: {"name": "Bob Sample", "region": "south-west", "organisation": None,
              "organisation_name": "Sample Care"},
    }  # fmt: skip

    system = {
        "id": SYSTEM, "name": "Example rota", "organisation": "RJ1", "scopes": [BOOK],
        "regions": ["london"], "key_ids": ["one"], "registered_at": AT, "withdrawn_at": None,
    }  # fmt: skip
    consent = {
        "client_id": SYSTEM, "client_name": "Example rota", "organisation": "RJ1",
        "scopes": [BOOK], "since": AT,
    }  # fmt: skip
    places = {
        "queue": f"sub-{SUBSCRIPTION}.signals", "exchange": "timebank.public",
        "binding_keys": ["region.london.#"], "streams": ["timebank.public.london"],
    }  # fmt: skip
    subscription = {
        "id": SUBSCRIPTION, "owner_id": ALICE, "kind": "amqp", "name": "Rota system",
        "regions": ["london"], "types": [], "url": None, "state": "waiting", "end_reason": None,
        "created_at": AT, "approved_at": None, "ended_at": None, "failing_since": None,
        "version": 1, **places,
    }  # fmt: skip
    delivery = {
        "id": TRANSFER, "type": "timebank-exchange-completed-1", "subject": EXCHANGE, "time": AT,
        "state": "failed", "attempts": 10, "status": 500, "reason": "refused", "tried_at": AT,
        "next_at": None,
    }  # fmt: skip

    sheet = {
        "id": TRANSFER, "kind": "members", "made_at": AT, "done_at": None,
        "counts": {"wrong": 0, "ready": 1, "done": 0, "nothing": 0},
    }  # fmt: skip
    sheet_row = {
        "row": 2, "email": "bob@example.org", "name": "Bob Sample", "outcome": "ready",
        "code": "ready", "text": "Ready.", "member_id": None,
    }  # fmt: skip
    line = {
        "id": NOTICE, "at": AT, "actor_id": ALICE, "action": "grant", "about": "member",
        "subject_id": BOB, "detail": "rep:london", "reason": "=New representative",
        "by": "member", "people": [BOB], "region": "london",
    }  # fmt: skip
    brought = {
        "owner_id": BOB, "region": "south-west", "organisation": None,
        "listing": {"kind": "offer", "title": "Rotas"},
    }  # fmt: skip
    parked = {
        "event_id": TRANSFER, "routing_key": "london.exchanges.exchange_completed",
        "region": "london", "subject": EXCHANGE, "failure": "CheckViolation: no", "kills": False,
        "attempts": 6, "first_failed_at": AT,
    }  # fmt: skip
    decided = {
        "event_id": TRANSFER, "at": AT, "decision": "put_back", "actor": ALICE,
        "reason": "The cause is mended.", "routing_key": "london.exchanges.exchange_completed",
        "region": "london", "failure": "CheckViolation: no",
    }  # fmt: skip

    def page(*items: Any) -> dict[str, Any]:
        return {"items": list(items), "next": None}

    return {
        ("members", "identify"): identified,
        ("members", "cards"): cards,
        ("members", "contacts"): {BOB: {"name": "Bob Sample", "email": "bob@nhs.net"}},
        ("members", "join"): own,
        ("members", "me"): own,
        ("members", "get"): member,
        ("members", "update"): {**own, "version": 4},
        ("members", "leave"): {"id": ALICE, "status": "left"},
        ("members", "list"): page({**member, "escalated": False}),
        ("members", "approve"): member,
        ("members", "refuse"): {**member, "status": "refused"},
        ("members", "queue"): {
            "as_of": AT, "regions": ["london"],
            "joiners": [{**member, "escalated": True, "due": AT}],
            "newcomers": [
                {"id": BOB, "name": "Bob Sample", "region": "london", "joined_at": AT, "nudges": 0}
            ],
        },
        ("members", "nudge"): member,
        ("members", "representatives"): {"london": [ALICE], "national": []},
        ("members", "covers"): page(cover),
        ("members", "cover"): cover,
        ("members", "end_cover"): cover,
        ("members", "keep_address_link"): {"send": True},
        ("members", "add_address"): {"email": "alice@example.org"},
        ("members", "remove_address"): {"email": "alice@nhs.net"},
        ("members", "make_main_address"): {"email": "alice@nhs.net"},
        ("notifications", "send_sign_in_link"): None,
        ("members", "audit"): {**page(line), "who": None, "about": None},
        **{
            (service, "audit"): page()
            for service in ("exchanges", "ledger", "notifications", "reporting")
        },
        ("members", "export_audit"): {"lines": 1},
        ("members", "check_sheet"): sheet,
        ("members", "sheet"): sheet,
        ("members", "sheet_rows"): page(sheet_row),
        ("members", "own_invitation"): {"token": "from-alice"},
        ("members", "networks"): {"items": [], "most": 5},
        ("members", "do_sheet"): {
            **sheet, "done_at": AT, "listings": [brought],
            "counts": {"wrong": 0, "ready": 0, "done": 1, "nothing": 0},
        },
        ("members", "organisations"): page(place),
        ("members", "regions"): page(region),
        ("members", "register_client"): system,
        ("members", "clients"): page(system),
        ("members", "replace_client_keys"): system,
        ("members", "withdraw_client"): {**system, "withdrawn_at": AT},
        ("members", "give_consent"): consent,
        ("members", "consents"): page(consent),
        ("members", "end_consent"): {"ended": [BOOK]},
        ("members", "client_keys"): refused("client_not_found"),
        ("members", "client_access"): None,
        ("exchanges", "publish_listing"): listing,
        ("exchanges", "import_listings"): {"new": 1, "known": 0},
        ("exchanges", "listing"): listing,
        ("exchanges", "listings"): page(listing),
        ("exchanges", "matches"): page(
            {"listing": listing, "reasons": [{"code": "skill", "skill": "Excel"},
                                             {"code": "region", "skill": None}]}
        ),
        ("exchanges", "save_search"): saved,
        ("exchanges", "saved_searches"): {**page(saved), "found": [listing]},
        ("exchanges", "remove_search"): {"id": SEARCH},
        ("exchanges", "edit_listing"): {**listing, "version": 2},
        ("exchanges", "act_on_listing"): {**listing, "version": 2},
        ("exchanges", "ask"): exchange,
        ("exchanges", "ask_several"): {"id": ASK, "exchanges": [exchange, exchange]},
        ("exchanges", "asked"): {"id": ASK, "exchanges": [exchange, exchange]},
        ("exchanges", "exchange"): {**exchange, "history": [step], "thanks": [thanks]},
        ("exchanges", "exchanges"): page(exchange),
        ("exchanges", "act"): {**exchange, "version": 2},
        ("exchanges", "act_for"): {**exchange, "version": 2},
        ("exchanges", "record"): exchange,
        ("exchanges", "messages"): {**page({**written, "text": "Thursday?"}), "open": True},
        ("exchanges", "write_message"): written,
        ("exchanges", "see_messages"): {"unread_count": 0},
        ("exchanges", "give_feedback"): {"helped": "yes"},
        ("exchanges", "raise_concern"): concern,
        ("exchanges", "concern"): {
            **handled, "text": "He shouted.", "answer": None, "allowed": ["note", "close"],
            "steps": [{"action": "raise", "actor_id": ALICE, "text": None, "at": AT}],
            "messages": [{**written, "text": "Thursday?"}],
        },
        ("exchanges", "concerns"): page(handled),
        ("exchanges", "act_on_concern"): {**handled, "version": 2, "allowed": ["note"]},
        ("exchanges", "block"): {"member_id": BOB, "blocked": True},
        ("exchanges", "unblock"): {"member_id": BOB, "blocked": False},
        ("exchanges", "blocks"): page({"member_id": BOB, "since": AT}),
        ("exchanges", "queue"): {
            "as_of": AT, "own": 1, "taking_part": [], "concerns": [handled],
            "items": [{
                "kind": "unanswered", "since": AT, "reminders": 0, "may_remind": True,
                "exchange": exchange,
            }],
        },
        ("ledger", "account"): account,
        ("ledger", "statement"): page(entry),
        ("notifications", "notices"): page(notice),
        ("notifications", "read_notice"): {**notice, "read_at": AT},
        ("notifications", "preferences"): choices,
        ("notifications", "set_preferences"): {**choices, "version": 2},
        ("notifications", "subscribe"): subscription,
        ("notifications", "subscriptions"): page(subscription),
        ("notifications", "subscription"): subscription,
        ("notifications", "approve_subscription"): {**subscription, "state": "active"},
        ("notifications", "end_subscription"): {**subscription, "state": "ended"},
        ("notifications", "subscription_credentials"): {
            "url": "amqp://sub:word@broker.test/timebank", "user": "sub", "password": "word",
            **places,
        },
        ("notifications", "ping_subscription"): {
            "id": TRANSFER, "delivered": True, "status": 204, "reason": None,
        },
        ("notifications", "replay_subscription"): {"signals": 2},
        ("notifications", "webhook_deliveries"): page(delivery),
        **{
            (service, method): answer
            for service in ("exchanges", "ledger", "notifications", "reporting")
            for method, answer in {
                "parked": {"items": [parked], "total": 1},
                "parked_decisions": {"items": [decided]},
                "decide_parked": {"event_ids": [TRANSFER]},
            }.items()
        },
        ("reporting", "totals"): {
            "by": "region", "date_from": None, "date_to": None, "region": None,
            "items": [{"key": "london", **total}], "total": total, "as_of": AT,
        },
        ("reporting", "overview"): {"as_of": AT, "figures": {"hours_given": figure}},
        ("reporting", "definitions"): {"items": [definition]},
    }  # fmt: skip
