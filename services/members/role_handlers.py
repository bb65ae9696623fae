"""What members does about roles: give, take, and say who holds them."""

from typing import Any
from uuid import UUID

from services.bus.caller import Caller
from services.bus.errors import NotAllowed
from services.bus.transaction import Transaction, new_id
from services.contracts import members as contract
from services.contracts import words
from services.members import answers, case, cover_store, errors, role, role_store, schemas, store
from services.members.member import Member


def set_roles(tx: Transaction, caller: Caller, member_id: str, roles: Any, reason: Any) -> Any:
    """Give a member exactly these roles beside plain membership.

    Args:
        roles: of ``role.GRANTABLE``; ``member`` among them is ignored.
        reason: kept with the change.

    Raises:
        NotAllowed: the caller is not of the national team.
        errors.OwnMatter, errors.MemberNotFound, errors.Invalid, errors.ReasonMissing.
    """
    if not caller.is_national:
        raise NotAllowed("Only the national team gives roles.")
    if caller.id == case.parsed(member_id):
        raise errors.OwnMatter
    wanted = schemas.load(schemas.Giving, {"roles": roles})["roles"]
    why = case.why(reason)
    found = case.locked(tx, case.parsed(member_id))
    change = role.change(found.granted, wanted)
    return answers.with_roles(_give(tx, caller.id, found, change, why))


def grant(tx: Transaction, email: str, name: str, reason: str) -> Member:
    """Give one role by an operator's command.

    Raises:
        errors.MemberNotFound, errors.Invalid.
    """
    found = _by_email(tx, email)
    return _give(tx, None, found, role.change(found.granted, {*found.granted, name}), reason)


def revoke(tx: Transaction, email: str, name: str, reason: str) -> Member:
    """Take one role by an operator's command.

    Raises:
        errors.MemberNotFound, errors.Invalid.
    """
    found = _by_email(tx, email)
    left = set(found.granted) - {role.known(name)}
    return _give(tx, None, found, role.change(found.granted, left), reason)


def history(tx: Transaction, email: str) -> list[role_store.Grant]:
    """Every role somebody has held, oldest first.

    Raises:
        errors.MemberNotFound.
    """
    return role_store.grants(tx.conn, _by_email(tx, email).id)


def representatives(tx: Transaction, caller: Caller, present: bool = False) -> Any:
    """Who represents each region, and the national team: ``{region or national: [ids]}``.

    Who covers a region now stands behind its own representatives.

    Args:
        present: leave out whoever is away and covered for.

    Raises:
        NotAllowed: only services may ask.
    """
    caller.require_service()
    found: dict[str, list[str]] = {region: [] for region in words.ROUTES}
    held = role_store.holders(tx.conn, [name for name in role.GRANTABLE if _decides(name)])
    for name, holder in held:
        found[name.removeprefix("rep:")].append(str(holder))
    at_work = {holder for _, holder in held}
    for each in cover_store.standing(tx.conn, words.REGIONS, tx.now):
        answering, colleague, away = found[each.region], str(each.covering_id), str(each.away_id)
        if each.covering_id not in at_work or away not in answering:
            continue  # a cover falls with either role
        if colleague not in answering:
            answering.append(colleague)
        if present:
            answering.remove(away)
    return found


def _by_email(tx: Transaction, email: str) -> Member:
    found = store.find_by_email(tx.conn, email)
    if found is None:
        raise errors.MemberNotFound
    return case.locked(tx, found.id)


def _give(
    tx: Transaction, actor: UUID | None, found: Member, change: role.Change, reason: str
) -> Member:
    """Grant and revoke, keep why, and count the change; nothing to change changes nothing."""
    if not (change.grant or change.revoke):
        return found
    for name in change.grant:
        role_store.grant(tx.conn, new_id(), found.id, name, actor, reason, tx.now)
        case.record(tx, actor, "grant", found.id, name, reason)
    role_store.revoke(tx.conn, found.id, change.revoke, actor, tx.now)
    for name in change.revoke:
        case.record(tx, actor, "revoke", found.id, name, reason)
    store.touch(tx.conn, found.id)
    changed = case.one(tx, found.id)
    case.say(tx, contract.MemberChanged, changed)
    return changed


def _decides(name: str) -> bool:
    return name == "national" or name.startswith("rep:")
