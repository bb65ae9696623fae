"""Routes of representatives: their list, several rows at once, acting for a member, cover."""

from typing import Any
from uuid import UUID

import flask

from gateway import asking, etags, names, queue, queue_actions
from gateway.blueprint import Blueprint
from gateway.queue_actions import Wanted
from gateway.ranking import CONCERNS, Ranked, within
from gateway.schemas import exchanges as exchange_shapes
from gateway.schemas import members as member_shapes
from gateway.schemas import representatives as shapes

routes = Blueprint("representatives", "What representatives see and do.")


@routes.get("/v1/queue")
@routes.arguments(shapes.QueueQuery, location="query")
@routes.response(200, shapes.Queue)
def waiting(wanted: dict[str, Any]) -> Any:
    """What waits in one's region, ranked; for national and Senate, what is escalated."""
    found = queue.load()
    chosen = within(found.ranked, wanted.get("minutes"))
    return {
        "items": [_item(each) for each in chosen if each.item.kind not in CONCERNS],
        "concerns": [_concern(each) for each in chosen if each.item.kind in CONCERNS],
        "next": None,
        "total": len(found.ranked),
        "own": found.own,
    }


def _concern(found: Ranked) -> dict[str, Any]:
    """Apart from the rest: who reads the list by its kinds knows none of these."""
    about = found.item.about["concern"]
    return {**about, "score": found.score, "reason": found.reason, "since": about["acted_at"]}


def _item(found: Ranked) -> dict[str, Any]:
    item = found.item
    return {
        "kind": item.kind,
        "id": item.id,
        "region": item.region,
        "score": found.score,
        "reason": found.reason,
        "since": item.since.isoformat(),
        "due": item.due.isoformat() if item.due else None,
        "act": item.act,
        "minutes": found.minutes,
        "name": item.about.get("name"),
        "exchange": item.about.get("exchange"),
    }


@routes.post("/v1/queue")
@routes.idempotent
@routes.arguments(shapes.Rows)
@routes.response(200, shapes.Outcomes)
def several(wanted: dict[str, Any]) -> Any:
    """Let in, encourage or remind several at once: an outcome for each, in their order."""
    outcomes = queue_actions.do(Wanted(each["act"], each["id"]) for each in wanted["items"])
    return {
        "items": [
            {
                "id": each.wanted.id,
                "act": each.wanted.act,
                "done": each.done,
                "code": each.code,
                "text": each.text,
            }
            for each in outcomes
        ]
    }


@routes.post("/v1/members/<uuid:member_id>/nudge")
@routes.idempotent
@routes.raises(404, 409)
@routes.response(200, member_shapes.Member)
def nudge(member_id: UUID) -> Any:
    """Encourage somebody to a first exchange: once a week, three times."""
    return asking.tell("members", "nudge", member_id=str(member_id))


@routes.post("/v1/exchanges/<uuid:exchange_id>/for/<uuid:member_id>/<action>")
@routes.idempotent
@routes.arguments(shapes.StepFor, required=False)
@routes.raises(404, 409)
@routes.response(200, exchange_shapes.Exchange)
@routes.expects_version
@routes.versioned
def act_for(wanted: dict[str, Any], exchange_id: UUID, member_id: UUID, action: str) -> Any:
    """Take a step for a party of one's region; the history says who took it for whom."""
    found = asking.tell(
        "exchanges",
        "act_for",
        exchange_id=str(exchange_id),
        member_id=str(member_id),
        action=action,
        body=wanted,
        expected_version=etags.expected(),
    )
    return names.in_exchanges([found])[0]


@routes.post("/v1/recorded-exchanges")
@routes.creates
@routes.arguments(shapes.Record)
@routes.raises(404, 409)
@routes.response(201, exchange_shapes.Exchange)
@routes.versioned
def record(wanted: dict[str, Any]) -> Any:
    """Write down help that took place; when the other says yes, the hours move."""
    found = asking.tell("exchanges", "record", body=wanted)
    flask.g.location = f"/v1/exchanges/{found['id']}"
    return names.in_exchanges([found])[0]


@routes.get("/v1/covers")
@routes.response(200, shapes.Covers)
def covers() -> Any:
    """Who covers whom now, in one's regions."""
    return asking.ask("members", "covers")


@routes.post("/v1/covers")
@routes.creates
@routes.arguments(shapes.CoverBody)
@routes.raises(404, 409)
@routes.response(201, shapes.Cover)
def cover(wanted: dict[str, Any]) -> Any:
    """Name the colleague who answers for one's region while one is away."""
    return asking.tell("members", "cover", body=wanted)


@routes.delete("/v1/covers/<uuid:cover_id>")
@routes.raises(404)
@routes.response(204)
def end(cover_id: UUID) -> None:
    """End a cover earlier than agreed."""
    asking.tell("members", "end_cover", cover_id=str(cover_id))
