"""Routes about notices: what a member was told, and how they want to be told."""

from typing import Any
from uuid import UUID

from gateway import asking, etags, names, paging
from gateway.blueprint import Blueprint
from gateway.schemas import notices as shapes

routes = Blueprint("notices", "What members are told, and how.")


@routes.get("/v1/notices")
@routes.arguments(shapes.NoticesQuery, location="query")
@routes.response(200, shapes.Notices)
def notices(wanted: dict[str, Any]) -> Any:
    """One's own notices, newest first."""
    found = asking.ask("notifications", "notices", **wanted)
    return paging.page(found, names.in_notices(found["items"]))


@routes.post("/v1/notices/<uuid:notice_id>/read")
@routes.idempotent
@routes.raises(404)
@routes.response(200, shapes.Notice)
def read(notice_id: UUID) -> Any:
    """Mark a notice as read."""
    found = asking.tell("notifications", "read_notice", notice_id=str(notice_id))
    return names.in_notices([found])[0]


@routes.get("/v1/notice-preferences")
@routes.response(200, shapes.Preferences)
@routes.versioned
def preferences() -> Any:
    """What one wants to be told by e-mail."""
    return asking.ask("notifications", "preferences")


@routes.patch("/v1/notice-preferences")
@routes.arguments(shapes.PreferencesPatch)
@routes.response(200, shapes.Preferences)
@routes.expects_version
@routes.versioned
def change(wanted: dict[str, Any]) -> Any:
    """Change what one wants to be told by e-mail; what is not named stays."""
    return asking.tell(
        "notifications", "set_preferences", body=wanted, expected_version=etags.expected()
    )
