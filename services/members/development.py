"""Ready-made accounts of every role for a local installation; every name is invented.

    python -m services.members.development

Safe to repeat: what is there already stays as it is.
"""

import sys
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.bus import settings
from services.bus.caller import Caller
from services.bus.transaction import Database
from services.contracts import scopes, words
from services.members import client_handlers, client_store, errors, handlers, role_handlers, roles
from services.members import settings as own_settings
from services.members.client import Client

DOMAIN = "dev.nhs.uk"
"""Nobody has an address there."""
SANDBOX = UUID("01a20000-0000-7000-8000-00005a9db0c5")
"""The id of the ready-made system, the same in every local installation."""


@dataclass(frozen=True)
class Account:
    """Somebody a developer can sign in as.

    Attributes:
        organisation: ODS code of the invented person's employer.
        roles: beside plain membership.
    """

    email: str
    name: str
    organisation: str
    region: str
    roles: tuple[str, ...] = ()
    skills_offered: tuple[str, ...] = ()
    skills_wanted: tuple[str, ...] = ()


def _account(
    who: str, name: str, organisation: str, region: str, *held: str, **skills: tuple[str, ...]
) -> Account:
    return Account(f"{who}@{DOMAIN}", f"{name} (invented)", organisation, region, held, **skills)


ACCOUNTS = (
    _account(
        "member", "Mina Example", "RJ1", "london",
        skills_offered=("Spreadsheets", "Presenting"), skills_wanted=("Interview practice",),
    ),
    _account(
        "another.member", "Noel Sample", "RA9", "south-west",
        skills_offered=("Interview practice", "Mentoring"), skills_wanted=("Spreadsheets",),
    ),
    _account("coordinator", "Cora Ordinary", "R0A", "north-west", "coordinator"),
    _account("rep.london", "Lonnie Rep", "RJ1", "london", "rep:london"),
    _account("rep.south-west", "Sowe Rep", "RH8", "south-west", "rep:south-west"),
    _account("rep.south-east", "Soea Rep", "RTH", "south-east", "rep:south-east"),
    _account("rep.midlands", "Midi Rep", "RRK", "midlands", "rep:midlands"),
    _account(
        "rep.east-of-england", "Estella Rep", "RGT", "east-of-england", "rep:east-of-england"
    ),
    _account("rep.north-west", "Nowe Rep", "RM3", "north-west", "rep:north-west"),
    _account(
        "rep.north-east-and-yorkshire", "Nora Rep", "RTD", "north-east-and-yorkshire",
        "rep:north-east-and-yorkshire",
    ),
    _account("national.one", "Nat One", "QKK", "london", "national"),
    _account("national.two", "Nat Two", "QWO", "north-east-and-yorkshire", "national"),
    _account("senate", "Sena Torial", "QUA", "midlands", "senate"),
    _account("integrator", "Inge Grator", "RHM", "south-east", "integrator"),
)  # fmt: skip


def create(database: Database) -> list[str]:
    """Let the accounts that are missing join, and give each its roles.

    Returns:
        The addresses of those that were missing.
    """
    return [account.email for account in ACCOUNTS if _create(database, account)]


def _create(database: Database, account: Account) -> bool:
    body = {
        "name": account.name,
        "organisation": account.organisation,
        "region": account.region,
        "about": "A development account; nobody real.",
        "skills_offered": list(account.skills_offered),
        "skills_wanted": list(account.skills_wanted),
    }
    with database.transaction() as tx:
        try:
            handlers.join(tx, Caller(email=account.email), body, (DOMAIN,))
            missing = True
        except errors.AlreadyJoined:
            missing = False
        for name in account.roles:
            role_handlers.grant(tx, account.email, name, "a development account")
    return missing


def create_client(database: Database, key: dict[str, Any]) -> bool:
    """Register the ready-made system, or know it by a key made anew; whether it was missing."""
    with database.transaction() as tx:
        new = Client(
            id=SANDBOX,
            name="Sandbox rota (invented)",
            organisation="RJ1",
            keys=[key],
            scopes=list(scopes.SCOPES),
            regions=list(words.REGIONS),
            registered_at=tx.now,
        )
        missing = client_handlers.add(tx, None, new)
        if not missing:
            client_store.replace_keys(tx.conn, SANDBOX, new.keys)
    return missing


def main() -> int:
    with settings.refusing_to_start():
        environment = settings.ENVIRONMENT.read()
        url = settings.DATABASE_URL.read()
        key = own_settings.DEVELOPMENT_CLIENT_KEY.read()
    if environment != "local":
        print(
            f"Development accounts exist only where {settings.ENVIRONMENT.name} is local.",
            file=sys.stderr,
        )
        return 2
    with roles.opened(url) as database:
        made = create(database)
        if key is not None:
            create_client(database, key)
    print(f"{len(made)} development accounts made, {len(ACCOUNTS) - len(made)} were there.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
