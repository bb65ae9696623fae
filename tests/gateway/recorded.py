"""What each of the five services answers, by method, in the shape its service gives it."""

from typing import Any

from tests.gateway.standin import (
    ALICE,
    ASK,
    AT,
    BOB,
    BOOK,
    CONCERN,
    EXCHANGE,
    LISTING,
    NOTICE,
    SEARCH,
    SLOT,
    SUBSCRIPTION,
    SYSTEM,
    TRANSFER,
    identified,
    refused,
)  # fmt: skip


def page(*items: Any) -> dict[str, Any]:
    return {"items": list(items), "next": None}


A_MEMBER: dict[str, Any] = {
    "id": ALICE, "name": "Alice Example", "organisation": "RJ1",
    "organisation_name": "Example Trust", "region": "london", "about": None,
    "skills_offered": ["Excel"], "skills_wanted": [], "status": "approved",
    "joined_at": AT, "version": 3,
}  # fmt: skip
OWN_MEMBER: dict[str, Any] = {
    **A_MEMBER, "email": "alice@nhs.net", "addresses": ["alice@nhs.net"], "roles": ["member"],
    "shows_employer": True, "shows_email": True,
}  # fmt: skip
A_LISTING: dict[str, Any] = {
    "id": LISTING, "kind": "offer", "title": "Help with Excel", "description": "Pivot tables.",
    "category": "digital-and-data", "pathway": None, "minutes": 60, "online": True,
    "place": None, "skills": [], "capacity": None, "open_exchanges": 0, "state": "open",
    "region": "south-west", "owner": {"id": BOB, "region": "south-west"}, "expires_at": None,
    "published_at": AT, "version": 1,
    "slots": [{"id": SLOT, "starts_at": AT, "minutes": 30, "taken": False}],
}  # fmt: skip
AN_EXCHANGE: dict[str, Any] = {
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
A_STEP: dict[str, Any] = {
    "version": 1, "action": "ask", "actor_id": ALICE, "state": "requested", "minutes": 60,
    "reason": None, "at": AT,
}  # fmt: skip
THANKS: dict[str, Any] = {"author_id": ALICE, "message": "Thank you!", "publish": False, "at": AT}
WRITTEN: dict[str, Any] = {"number": 1, "author_id": BOB, "at": AT}
A_CONCERN: dict[str, Any] = {
    "id": CONCERN, "exchange_id": EXCHANGE, "about_id": BOB, "severity": "serious",
    "state": "raised", "raised_at": AT, "acknowledge_by": AT, "acknowledged_at": None,
    "closed_at": None, "version": 1,
}  # fmt: skip
HANDLED: dict[str, Any] = {
    **A_CONCERN, "region": "london", "holder": "rep", "acted_at": AT, "raised_by": ALICE,
}  # fmt: skip
SAVED: dict[str, Any] = {
    "id": SEARCH, "q": "Excel", "kind": "offer", "category": None, "region": None,
    "saved_at": AT,
}  # fmt: skip
A_COVER: dict[str, Any] = {
    "id": TRANSFER, "region": "london", "away_id": ALICE, "covering_id": BOB,
    "named_by": ALICE, "reason": "On leave.", "since": AT, "until": AT,
}  # fmt: skip
A_NOTICE: dict[str, Any] = {
    "id": NOTICE, "template": "requested", "text": "Somebody asks for 1 hour.",
    "pattern": "{0} asks for 1 hour.", "people": [BOB], "exchange_id": EXCHANGE,
    "created_at": AT, "read_at": None,
}  # fmt: skip
CHOICES: dict[str, Any] = {
    "email": True, "version": 1,
    "kinds": {
        "progress": True, "thanks": True, "messages": True, "membership": True,
        "searches": True,
    },
}  # fmt: skip
AN_ENTRY: dict[str, Any] = {
    "transfer_id": TRANSFER, "kind": "exchange", "minutes": -60, "balance_after_minutes": 0,
    "exchange_id": EXCHANGE, "counterpart_id": BOB, "posted_at": AT,
}  # fmt: skip
A_TOTAL: dict[str, Any] = {"exchanges": 2, "minutes": 90, "hours": 1.5, "members": "*"}
A_DEFINITION: dict[str, Any] = {
    "name": "hours_given",
    "meaning": "Hours.",
    "unit": "hours",
    "rule": "Sum.",
}
A_FIGURE: dict[str, Any] = {"unit": "hours", "value": 1.5, "part": None, "whole": None}
A_PLACE: dict[str, Any] = {
    "code": "RJ1", "kind": "trust", "name": "Example Trust", "icb_code": "QKK",
    "icb_name": "Example Board", "region": "london",
}  # fmt: skip
A_REGION: dict[str, Any] = {
    "slug": "london", "name": "London", "ods_code": "Y56", "ons_code": "E40000003",
    "icbs": [{"code": "QKK", "name": "Example Board"}],
}  # fmt: skip
AN_ACCOUNT: dict[str, Any] = {
    "id": ALICE, "balance_minutes": 60, "held_minutes": 0, "available_minutes": 240,
    "floor_minutes": -180, "version": 4,
}  # fmt: skip
CARDS: dict[str, Any] = {
    ALICE: {"name": "Alice Example", "region": "london", "organisation": "RJ1",
            "organisation_name": "Example Trust"},
    BOB: {"name": "Bob Sample", "region": "south-west", "organisation": None,
          "organisation_name": "Sample Care"},
}  # fmt: skip
A_SYSTEM: dict[str, Any] = {
    "id": SYSTEM, "name": "Example rota", "organisation": "RJ1", "scopes": [BOOK],
    "regions": ["london"], "key_ids": ["one"], "registered_at": AT, "withdrawn_at": None,
}  # fmt: skip
A_CONSENT: dict[str, Any] = {
    "client_id": SYSTEM, "client_name": "Example rota", "organisation": "RJ1",
    "scopes": [BOOK], "since": AT,
}  # fmt: skip
PLACES: dict[str, Any] = {
    "queue": f"sub-{SUBSCRIPTION}.signals", "exchange": "timebank.public",
    "binding_keys": ["region.london.#"], "streams": ["timebank.public.london"],
}  # fmt: skip
A_SUBSCRIPTION: dict[str, Any] = {
    "id": SUBSCRIPTION, "owner_id": ALICE, "kind": "amqp", "name": "Rota system",
    "regions": ["london"], "types": [], "url": None, "state": "waiting", "end_reason": None,
    "created_at": AT, "approved_at": None, "ended_at": None, "failing_since": None,
    "version": 1, **PLACES,
}  # fmt: skip
A_DELIVERY: dict[str, Any] = {
    "id": TRANSFER, "type": "timebank-exchange-completed-1", "subject": EXCHANGE, "time": AT,
    "state": "failed", "attempts": 10, "status": 500, "reason": "refused", "tried_at": AT,
    "next_at": None,
}  # fmt: skip
A_SHEET: dict[str, Any] = {
    "id": TRANSFER, "kind": "members", "made_at": AT, "done_at": None,
    "counts": {"wrong": 0, "ready": 1, "done": 0, "nothing": 0},
}  # fmt: skip
SHEET_ROW: dict[str, Any] = {
    "row": 2, "email": "bob@example.org", "name": "Bob Sample", "outcome": "ready",
    "code": "ready", "text": "Ready.", "member_id": None,
}  # fmt: skip
AUDIT_LINE: dict[str, Any] = {
    "id": NOTICE, "at": AT, "actor_id": ALICE, "action": "grant", "about": "member",
    "subject_id": BOB, "detail": "rep:london", "reason": "=New representative",
    "by": "member", "people": [BOB], "region": "london",
}  # fmt: skip
BROUGHT: dict[str, Any] = {
    "owner_id": BOB, "region": "south-west", "organisation": None,
    "listing": {"kind": "offer", "title": "Rotas"},
}  # fmt: skip
PARKED: dict[str, Any] = {
    "event_id": TRANSFER, "routing_key": "london.exchanges.exchange_completed",
    "region": "london", "subject": EXCHANGE, "failure": "CheckViolation: no", "kills": False,
    "attempts": 6, "first_failed_at": AT,
}  # fmt: skip
DECIDED: dict[str, Any] = {
    "event_id": TRANSFER, "at": AT, "decision": "put_back", "actor": ALICE,
    "reason": "The cause is mended.", "routing_key": "london.exchanges.exchange_completed",
    "region": "london", "failure": "CheckViolation: no",
}  # fmt: skip

OF_MEMBERS: dict[str, Any] = {
    "identify": identified,
    "cards": CARDS,
    "contacts": {BOB: {"name": "Bob Sample", "email": "bob@nhs.net"}},
    "join": OWN_MEMBER,
    "me": OWN_MEMBER,
    "get": A_MEMBER,
    "update": {**OWN_MEMBER, "version": 4},
    "leave": {"id": ALICE, "status": "left"},
    "list": page({**A_MEMBER, "escalated": False}),
    "approve": A_MEMBER,
    "refuse": {**A_MEMBER, "status": "refused"},
    "queue": {
        "as_of": AT, "regions": ["london"],
        "joiners": [{**A_MEMBER, "escalated": True, "due": AT}],
        "newcomers": [
            {"id": BOB, "name": "Bob Sample", "region": "london", "joined_at": AT, "nudges": 0}
        ],
    },
    "nudge": A_MEMBER,
    "representatives": {"london": [ALICE], "national": []},
    "covers": page(A_COVER),
    "cover": A_COVER,
    "end_cover": A_COVER,
    "keep_address_link": {"send": True},
    "keep_sign_in_link": {"send": True},
    "forget_link": None,
    "add_address": {"email": "alice@example.org"},
    "remove_address": {"email": "alice@nhs.net"},
    "make_main_address": {"email": "alice@nhs.net"},
    "audit": {**page(AUDIT_LINE), "who": None, "about": None},
    "export_audit": {"lines": 1},
    "check_sheet": A_SHEET,
    "sheet": A_SHEET,
    "sheet_rows": page(SHEET_ROW),
    "own_invitation": {"token": "from-alice"},
    "networks": {"items": [], "most": 5},
    "do_sheet": {
        **A_SHEET, "done_at": AT, "listings": [BROUGHT],
        "counts": {"wrong": 0, "ready": 0, "done": 1, "nothing": 0},
    },
    "organisations": page(A_PLACE),
    "regions": page(A_REGION),
    "register_client": A_SYSTEM,
    "clients": page(A_SYSTEM),
    "replace_client_keys": A_SYSTEM,
    "withdraw_client": {**A_SYSTEM, "withdrawn_at": AT},
    "give_consent": A_CONSENT,
    "consents": page(A_CONSENT),
    "end_consent": {"ended": [BOOK]},
    "client_keys": refused("client_not_found"),
    "client_access": None,
}  # fmt: skip
OF_NOTIFICATIONS: dict[str, Any] = {
    "send_sign_in_link": None,
    "notices": page(A_NOTICE),
    "read_notice": {**A_NOTICE, "read_at": AT},
    "preferences": CHOICES,
    "set_preferences": {**CHOICES, "version": 2},
    "subscribe": A_SUBSCRIPTION,
    "subscriptions": page(A_SUBSCRIPTION),
    "subscription": A_SUBSCRIPTION,
    "approve_subscription": {**A_SUBSCRIPTION, "state": "active"},
    "end_subscription": {**A_SUBSCRIPTION, "state": "ended"},
    "subscription_credentials": {
        "url": "amqp://sub:word@broker.test/timebank", "user": "sub", "password": "word",
        **PLACES,
    },
    "ping_subscription": {
        "id": TRANSFER, "delivered": True, "status": 204, "reason": None,
    },
    "replay_subscription": {"signals": 2},
    "webhook_deliveries": page(A_DELIVERY),
}  # fmt: skip
OF_EXCHANGES: dict[str, Any] = {
    "publish_listing": A_LISTING,
    "import_listings": {"new": 1, "known": 0},
    "listing": A_LISTING,
    "listings": page(A_LISTING),
    "matches": page(
        {"listing": A_LISTING, "reasons": [{"code": "skill", "skill": "Excel"},
                                         {"code": "region", "skill": None}]}
    ),
    "save_search": SAVED,
    "saved_searches": {**page(SAVED), "found": [A_LISTING]},
    "remove_search": {"id": SEARCH},
    "edit_listing": {**A_LISTING, "version": 2},
    "act_on_listing": {**A_LISTING, "version": 2},
    "ask": AN_EXCHANGE,
    "ask_several": {"id": ASK, "exchanges": [AN_EXCHANGE, AN_EXCHANGE]},
    "asked": {"id": ASK, "exchanges": [AN_EXCHANGE, AN_EXCHANGE]},
    "exchange": {**AN_EXCHANGE, "history": [A_STEP], "thanks": [THANKS]},
    "exchanges": page(AN_EXCHANGE),
    "act": {**AN_EXCHANGE, "version": 2},
    "act_for": {**AN_EXCHANGE, "version": 2},
    "record": AN_EXCHANGE,
    "messages": {**page({**WRITTEN, "text": "Thursday?"}), "open": True},
    "write_message": WRITTEN,
    "see_messages": {"unread_count": 0},
    "give_feedback": {"helped": "yes"},
    "raise_concern": A_CONCERN,
    "concern": {
        **HANDLED, "text": "He shouted.", "answer": None, "allowed": ["note", "close"],
        "steps": [{"action": "raise", "actor_id": ALICE, "text": None, "at": AT}],
        "messages": [{**WRITTEN, "text": "Thursday?"}],
    },
    "concerns": page(HANDLED),
    "act_on_concern": {**HANDLED, "version": 2, "allowed": ["note"]},
    "block": {"member_id": BOB, "blocked": True},
    "unblock": {"member_id": BOB, "blocked": False},
    "blocks": page({"member_id": BOB, "since": AT}),
    "queue": {
        "as_of": AT, "own": 1, "taking_part": [], "concerns": [HANDLED],
        "items": [{
            "kind": "unanswered", "since": AT, "reminders": 0, "may_remind": True,
            "exchange": AN_EXCHANGE,
        }],
    },
}  # fmt: skip
OF_LEDGER: dict[str, Any] = {
    "account": AN_ACCOUNT,
    "statement": page(AN_ENTRY),
}  # fmt: skip
OF_REPORTING: dict[str, Any] = {
    "totals": {
        "by": "region", "date_from": None, "date_to": None, "region": None,
        "items": [{"key": "london", **A_TOTAL}], "total": A_TOTAL, "as_of": AT,
    },
    "overview": {"as_of": AT, "figures": {"hours_given": A_FIGURE}},
    "definitions": {"items": [A_DEFINITION]},
}  # fmt: skip
OF_EACH_WITH_EVENTS: dict[str, Any] = {
    "parked": {"items": [PARKED], "total": 1},
    "parked_decisions": {"items": [DECIDED]},
    "decide_parked": {"event_ids": [TRANSFER]},
}
BY_SERVICE: dict[str, dict[str, Any]] = {
    "members": OF_MEMBERS,
    **{
        service: {"audit": page(), **OF_EACH_WITH_EVENTS, **own}
        for service, own in {
            "exchanges": OF_EXCHANGES,
            "ledger": OF_LEDGER,
            "notifications": OF_NOTIFICATIONS,
            "reporting": OF_REPORTING,
        }.items()
    },
}


def answers() -> dict[tuple[str, str], Any]:
    """An answer of every method the gateway asks, by service and method."""
    return {
        (service, method): answer
        for service, methods in BY_SERVICE.items()
        for method, answer in methods.items()
    }
