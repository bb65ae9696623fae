"""Who asks: carried by every call, so that rights are checked where the data is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from services.bus.errors import NotAllowed


@dataclass(frozen=True)
class Caller:
    """The person, or the service, on whose behalf a call is made.

    Attributes:
        id: the member's id; ``None`` for somebody who has not joined and for services.
        region: the member's home region, ``national`` where there is none.
        organisation: ODS code or name of the employer, if known.
        roles: ``member``, ``coordinator``, ``national``, ``senate``, ``integrator``,
            ``service``, and ``rep:<region>`` for each region represented.
        approved: whether the member has been let in.
        email: only on the calls to members that need it; never logged.
        client: another system's id, where it acts for the member ``id``.
        scopes: what the member lets that system do; nothing else is open to it.
    """

    id: UUID | None = None
    region: str = "national"
    organisation: str | None = None
    roles: frozenset[str] = frozenset()
    approved: bool = False
    email: str | None = None
    client: UUID | None = None
    scopes: frozenset[str] = frozenset()

    @property
    def owner_of_keys(self) -> str:
        """Whose idempotency keys come with the call: a system's are apart from the member's."""
        who = str(self.id or self.email or "")
        return f"{who} by {self.client}" if self.client else who

    @property
    def is_service(self) -> bool:
        return "service" in self.roles

    @property
    def is_national(self) -> bool:
        return "national" in self.roles

    @property
    def sees_everything(self) -> bool:
        """The national team acts everywhere, the Senate reads everywhere."""
        return self.is_national or "senate" in self.roles

    def require_service(self) -> None:
        """Let only our own services pass.

        Raises:
            NotAllowed: a person asks, or another system.
        """
        if not self.is_service:
            raise NotAllowed

    def represents(self, region: str) -> bool:
        """Whether the caller is a representative of ``region`` (a slug)."""
        return f"rep:{region}" in self.roles

    def as_json(self) -> dict[str, Any]:
        return {
            "id": str(self.id) if self.id else None,
            "region": self.region,
            "organisation": self.organisation,
            "roles": sorted(self.roles),
            "approved": self.approved,
            **({"email": self.email} if self.email else {}),
            **({"client": str(self.client), "scopes": sorted(self.scopes)} if self.client else {}),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Caller":
        return cls(
            id=UUID(data["id"]) if data.get("id") else None,
            region=data.get("region") or "national",
            organisation=data.get("organisation"),
            roles=frozenset(data.get("roles", ())),
            approved=bool(data.get("approved")),
            email=data.get("email"),
            client=UUID(data["client"]) if data.get("client") else None,
            scopes=frozenset(data.get("scopes", ())),
        )


SERVICE = Caller(roles=frozenset({"service"}), approved=True)
"""One of our own services asking for itself."""


def service_in(region: str) -> Caller:
    """One of our own services, asking on behalf of a region (a slug)."""
    return replace(SERVICE, region=region)
