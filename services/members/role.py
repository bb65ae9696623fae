"""Roles beyond plain membership: which there are, and how a set of them is changed."""

from collections.abc import Collection
from dataclasses import dataclass

from services.members import errors

REGIONS = (
    "london",
    "south-west",
    "south-east",
    "midlands",
    "east-of-england",
    "north-west",
    "north-east-and-yorkshire",
)
GRANTABLE = (
    "coordinator",
    "national",
    "senate",
    "integrator",
    *(f"rep:{region}" for region in REGIONS),
)
"""``member`` is not among them: it comes with approval and goes with leaving."""


@dataclass(frozen=True)
class Change:
    """Which roles to grant and which to revoke, each in a stable order."""

    grant: tuple[str, ...]
    revoke: tuple[str, ...]


def known(role: str) -> str:
    """The role itself.

    Raises:
        errors.Invalid: there is no such role.
    """
    if role not in GRANTABLE:
        fault = {"pointer": "/roles", "message": f"{role!r} is none of {', '.join(GRANTABLE)}."}
        raise errors.Invalid(errors=[fault])
    return role


def change(held: Collection[str], wanted: Collection[str]) -> Change:
    """What turns the roles held into the roles wanted; ``member`` is ignored.

    Raises:
        errors.Invalid: a role that does not exist.
    """
    asked = {known(role) for role in wanted if role != "member"}
    return Change(tuple(sorted(asked - set(held))), tuple(sorted(set(held) - asked)))
