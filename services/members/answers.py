"""A member as JSON, for each of those who may look."""

import datetime
from typing import Any

from services.members.member import Member


def public(found: Member) -> dict[str, Any]:
    """What other members may see: never the address, and where somebody works if they like."""
    if found.shows_employer:
        return whole(found)
    return {**whole(found), "organisation": None, "organisation_name": None}


def whole(found: Member) -> dict[str, Any]:
    """What those see who decide about somebody; never the address."""
    return {
        "id": str(found.id),
        "name": found.name,
        "organisation": found.organisation_code or found.organisation_name,
        "organisation_name": found.organisation_name,
        "region": found.region,
        "about": found.about,
        "skills_offered": found.skills_offered,
        "skills_wanted": found.skills_wanted,
        "status": found.status,
        "joined_at": _time(found.joined_at),
        "version": found.version,
    }


def with_roles(found: Member) -> dict[str, Any]:
    """What the national team sees of somebody whose roles it has set."""
    return {**whole(found), "roles": found.roles}


def own(found: Member) -> dict[str, Any]:
    """What somebody sees of themselves: everything."""
    return {
        **whole(found),
        "email": found.email,
        "roles": found.roles,
        "shows_employer": found.shows_employer,
        "shows_email": found.shows_email,
    }


def queued(found: Member, *, escalated: bool, with_address: bool) -> dict[str, Any]:
    """A member in a representative's list; who decides about a joiner needs the address."""
    shown = {**whole(found), "escalated": escalated}
    return {**shown, "email": found.email} if with_address else shown


def _time(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")
