"""Routes about exchanges: asking, reading, and every step of their life."""

from typing import Any
from uuid import UUID

import flask

from gateway import asking, etags, funding, names, paging, talk
from gateway.blueprint import Blueprint
from gateway.schemas import exchanges as shapes
from services.contracts import scopes

routes = Blueprint("exchanges", "One agreed piece of help between a giver and a receiver.")

ACTIONS: dict[str, tuple[type, str]] = {
    "accept": (shapes.Nothing, "Accept what is proposed; the receiver's minutes are then held."),
    "decline": (shapes.Reason, "Say no to what is proposed."),
    "amend": (shapes.Amendment, "Propose other minutes or another time."),
    "withdraw": (shapes.Reason, "Take one's own request back."),
    "ask_fund": (shapes.Nothing, "Ask the community fund to make up what is missing."),
    "reschedule": (shapes.NewTime, "Agree another time for what is booked."),
    "cancel": (shapes.Reason, "Cancel what is booked; the hold is released."),
    "done": (shapes.Done, "Say that it took place; the receiver's word completes at once."),
    "no_show": (shapes.Reason, "Say that the other did not come."),
    "confirm": (shapes.Confirmation, "Confirm the stated minutes, or others."),
    "dispute": (shapes.GoodReason, "Say that the stated minutes are wrong; a rep decides."),
    "resolve": (shapes.Resolution, "End a dispute, as a rep who is no party."),
    "reverse": (shapes.GoodReason, "Undo what was settled, as a rep, within 90 days."),
    "remind": (shapes.Nothing, "Remind whoever is next, as a rep: once in 3 days, 3 times."),
    "thank": (shapes.Thanks, "Say thank you; nobody else reads it unless it is to be published."),
}
"""Each action's body and what it is for."""
OPTIONAL = (shapes.Nothing, shapes.Reason, shapes.Confirmation)
"""Bodies that may be left out."""


@routes.post("/v1/exchanges")
@routes.open_to_systems(scopes.BOOK)
@routes.creates
@routes.arguments(shapes.ExchangeBody)
@routes.raises(404, 409)
@routes.response(201, shapes.Exchange)
@routes.versioned
def ask(wanted: dict[str, Any]) -> Any:
    """Ask for what a listing offers, or offer what it asks for."""
    found = asking.tell("exchanges", "ask", body=wanted)
    flask.g.location = f"/v1/exchanges/{found['id']}"
    answer = names.in_exchanges([found])[0]
    caller_receives = answer["receiver"]["id"] == str(asking.caller().id)
    if caller_receives and (compared := funding.of(answer["minutes"], funding.WHEN_ASKED)):
        answer["funding"] = compared
    return answer


@routes.get("/v1/exchanges")
@routes.open_to_systems(scopes.READ_EXCHANGES)
@routes.arguments(shapes.ExchangesQuery, location="query")
@routes.response(200, shapes.Exchanges)
def exchanges(wanted: dict[str, Any]) -> Any:
    """One's own exchanges; for reps, those of their region."""
    mine = {"true": True, "false": False}.get(wanted.get("mine", ""), wanted.get("mine"))
    found = asking.ask("exchanges", "exchanges", **{**wanted, "mine": mine})
    return paging.page(found, names.in_exchanges(found["items"]))


@routes.get("/v1/exchanges/<uuid:exchange_id>")
@routes.open_to_systems(scopes.READ_EXCHANGES)
@routes.raises(404)
@routes.response(200, shapes.Exchange)
@routes.versioned
def exchange(exchange_id: UUID) -> Any:
    """One exchange, with what the caller may do now."""
    found = asking.ask("exchanges", "exchange", exchange_id=str(exchange_id))
    answer = names.in_exchanges([found])[0]
    if "contact_open" in answer:
        answer["contact"] = talk.contact(answer)
    return answer


def _for_people(view: Any) -> Any:
    """A step only a person takes."""
    return view


def _act(action: str, body: type, summary: str) -> None:
    @routes.post(f"/v1/exchanges/<uuid:exchange_id>/{action}", endpoint=action)
    @(routes.open_to_systems(scopes.BOOK) if action in scopes.BOOKING else _for_people)
    @routes.idempotent
    @routes.arguments(body, required=body not in OPTIONAL)
    @routes.raises(404, 409)
    @routes.response(200, shapes.Exchange)
    @routes.expects_version
    @routes.versioned
    @routes.doc(summary=summary)
    def act(wanted: dict[str, Any], exchange_id: UUID) -> Any:
        found = asking.tell(
            "exchanges",
            "act",
            exchange_id=str(exchange_id),
            action=action,
            body=wanted,
            expected_version=etags.expected(),
        )
        return names.in_exchanges([found])[0]


for _action, (_body, _summary) in ACTIONS.items():
    _act(_action, _body, _summary)
