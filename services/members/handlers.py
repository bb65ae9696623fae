"""What members does when asked: load, decide, save, and say what happened."""

import datetime
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from services.bus.caller import Caller
from services.bus.errors import NotAllowed
from services.bus.transaction import Transaction, new_id
from services.contracts import members as contract
from services.contracts import words
from services.members import errors, member, organisation, role, schemas, store
from services.members.member import Member, Profile

MOST_CARDS = 200
MOST_CONTACTS = 500
"""Ids in one question: a page of a list, a batch of notices."""


def join(tx: Transaction, caller: Caller, body: Any, known_domains: Collection[str]) -> Any:
    """Keep a joiner, let in at once or waiting for a representative.

    Args:
        caller: whose e-mail address comes from the token.
        body: see ``schemas.Joining``.
        known_domains: whose people are let in at once.

    Raises:
        errors.NoAddress, errors.Invalid, errors.AlreadyJoined.
    """
    email = member.address(caller.email)
    profile = _profile(tx, schemas.load(schemas.Joining, body))
    status = member.status_on_joining(email, known_domains)
    joiner_id = new_id()
    if not store.add(tx.conn, joiner_id, email, profile, status, tx.now):
        raise errors.AlreadyJoined
    joined = _found(tx, joiner_id)
    _say(tx, contract.MemberJoined, joined)
    if joined.approved:
        _say(tx, contract.MemberApproved, joined, approved_by=None)
    return _own(joined)


def me(tx: Transaction, caller: Caller) -> Any:
    """Everything kept of the caller's profile.

    Raises:
        errors.NotAMember: the caller has not joined, or has left.
    """
    return _own(_self(tx, caller))


def get(tx: Transaction, caller: Caller, member_id: str) -> Any:
    """A member's public profile; of people not let in only for those who decide.

    Raises:
        errors.MemberNotFound: nobody, or nobody the caller may see.
        NotAllowed: the caller is not let in yet.
    """
    if not (caller.is_service or caller.approved or str(caller.id) == member_id):
        raise NotAllowed("You can see other people's profiles once you are let in.")
    found = _found(tx, _id(member_id))
    deciders = caller.represents(found.region) or caller.sees_everything
    if found.approved or caller.is_service or deciders or caller.id == found.id:
        return _public(found)
    raise errors.MemberNotFound


def update(tx: Transaction, caller: Caller, body: Any, expected_version: int | None) -> Any:
    """Change some of the caller's own profile.

    Args:
        body: see ``schemas.Changing``; what is absent stays.
        expected_version: the version the caller has seen; ``None`` overwrites any.

    Raises:
        errors.NotAMember, errors.Invalid, errors.VersionConflict.
    """
    changes = schemas.load(schemas.Changing, body)
    found = _self(tx, caller, lock=True)
    member.unchanged_since(found, expected_version)
    store.change(tx.conn, found.id, _profile(tx, {**_kept(found), **changes}))
    changed = _found(tx, found.id)
    _say(tx, contract.MemberChanged, changed)
    return _own(changed)


def leave(tx: Transaction, caller: Caller, choice: Any) -> Any:
    """Erase the caller; a pseudonym stays so that old entries still balance.

    Args:
        choice: where credit left behind goes; the fund is all there is to choose.

    Raises:
        errors.NotAMember, errors.ChoiceNotOffered.
    """
    if choice != "fund":
        raise errors.ChoiceNotOffered
    found = _self(tx, caller, lock=True)
    store.revoke(tx.conn, found.id, found.granted, found.id, tx.now)
    store.erase(tx.conn, found.id)
    store.forget_answers(tx.conn, found.id, found.email)
    _record(tx, found.id, "leave", found.id)
    left = store.find(tx.conn, found.id)
    assert left is not None, "who leaves stays as a pseudonym"
    _say(tx, contract.MemberLeft, left)
    return {"id": str(left.id), "status": left.status}


def listed(tx: Transaction, caller: Caller, page: Any) -> Any:
    """Members of a status: a representative's own regions, or all for national and Senate.

    Args:
        page: see ``schemas.Waiting``.

    Raises:
        NotAllowed: the caller decides about nobody.
    """
    wanted = schemas.load(schemas.Waiting, page)
    regions = [r for r in words.REGIONS if caller.sees_everything or caller.represents(r)]
    if not regions:
        raise NotAllowed("Only representatives and the national team see who waits.")
    limit = wanted["limit"]
    found = store.listed(tx.conn, wanted["status"], regions, wanted["cursor"], limit + 1)
    items = [_queued(tx, caller, one) for one in found[:limit]]
    return {"items": items, "next": items[-1]["id"] if len(found) > limit else None}


def approve(tx: Transaction, caller: Caller, member_id: str) -> Any:
    """Let a joiner in.

    Raises:
        errors.MemberNotFound, errors.OwnMatter, errors.NotYourRegion, errors.AlreadyDecided.
    """
    joiner = _to_decide(tx, caller, member_id)
    store.decide(tx.conn, joiner.id, member.APPROVED)
    _record(tx, caller.id, "approve", joiner.id)
    approved = _found(tx, joiner.id)
    _say(tx, contract.MemberApproved, approved, approved_by=caller.id)
    return _public(approved)


def refuse(tx: Transaction, caller: Caller, member_id: str, reason: Any) -> Any:
    """Turn a joiner away; the reason stays in the audit.

    Raises:
        errors.ReasonMissing, errors.Invalid, and those of ``approve``.
    """
    why = _reason(reason)
    joiner = _to_decide(tx, caller, member_id)
    store.decide(tx.conn, joiner.id, member.REFUSED)
    _record(tx, caller.id, "refuse", joiner.id, reason=why)
    refused = _found(tx, joiner.id)
    _say(tx, contract.MemberLeft, refused)
    return _public(refused)


def set_roles(
    tx: Transaction, caller: Caller, member_id: str, roles: Sequence[str], reason: Any
) -> Any:
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
    if caller.id == _id(member_id):
        raise errors.OwnMatter
    change = role.change((), roles)  # a role that does not exist is told before anything else
    why = _reason(reason)
    found = _locked(tx, _id(member_id))
    return _own_of_another(
        _give(tx, caller.id, found, role.change(found.granted, change.grant), why)
    )


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


def identify(tx: Transaction, caller: Caller, email: str) -> Any:
    """Who an address belongs to, as a caller is described; ``None`` for nobody.

    Raises:
        NotAllowed: only services may ask.
    """
    _services_only(caller)
    found = store.find_by_email(tx.conn, email) if email.isprintable() else None
    return found and {
        "id": str(found.id),
        "region": found.region,
        "organisation": found.organisation_code,
        "roles": found.roles,
        "approved": found.approved,
        "status": found.status,
    }


def cards(tx: Transaction, caller: Caller, ids: Any) -> Any:
    """Names, regions and organisations for a screen, by id; unknown ids are left out.

    Raises:
        errors.Invalid: more than ``MOST_CARDS`` ids, or one that is none.
        NotAllowed: the caller has not joined.
    """
    if not (caller.is_service or caller.id):
        raise NotAllowed
    return {
        str(card.id): {
            "name": card.name or member.FORMER,
            "region": card.region,
            "organisation": card.organisation_code,
            "organisation_name": card.organisation_name,
        }
        for card in store.cards(tx.conn, _ids(ids, MOST_CARDS))
    }


def contacts(tx: Transaction, caller: Caller, ids: Any) -> Any:
    """Where to write to members, by id; those who left are left out.

    Raises:
        NotAllowed: only services may ask.
        errors.Invalid: more than ``MOST_CONTACTS`` ids, or one that is none.
    """
    _services_only(caller)
    return {
        str(contact.id): {
            "name": contact.name,
            "email": contact.email,
            "region": contact.region,
        }
        for contact in store.contacts(tx.conn, _ids(ids, MOST_CONTACTS))
    }


def representatives(tx: Transaction, caller: Caller) -> Any:
    """Who represents each region, and the national team: ``{region or national: [ids]}``.

    Raises:
        NotAllowed: only services may ask.
    """
    _services_only(caller)
    found: dict[str, list[str]] = {region: [] for region in words.ROUTES}
    held = store.holders(tx.conn, [name for name in role.GRANTABLE if _decides(name)])
    for name, holder in held:
        found[name.removeprefix("rep:")].append(str(holder))
    return found


def organisations(tx: Transaction, page: Any) -> Any:
    """Search organisations by name or code, as they stood on a day (today by default).

    Args:
        page: see ``schemas.Searching``.
    """
    wanted = schemas.load(schemas.Searching, page)
    day = wanted["on"] or tx.now.date()
    limit = wanted["limit"]
    found = store.places(tx.conn, day, wanted["q"], wanted["region"], wanted["cursor"], limit + 1)
    items = [vars(place) for place in found[:limit]]
    return {"items": items, "next": items[-1]["code"] if len(found) > limit else None}


def regions(tx: Transaction) -> Any:
    """The seven regions with the boards that belong to them today."""
    boards = store.boards(tx.conn, tx.now.date())
    return {
        "items": [
            {
                **vars(region),
                "icbs": [
                    {"code": board.code, "name": board.name}
                    for board in boards
                    if board.region == region.slug
                ],
            }
            for region in store.regions(tx.conn)
        ],
        "next": None,
    }


# What the above have in common


def _profile(tx: Transaction, values: Any) -> Profile:
    """A profile as sent, its organisation looked up: a known one is kept by its code."""
    written = values["organisation"]
    code = store.code_of(tx.conn, organisation.as_code(written), written)
    return Profile(
        name=values["name"],
        about=values["about"] or None,
        skills_offered=values["skills_offered"],
        skills_wanted=values["skills_wanted"],
        organisation_code=code,
        organisation_written=None if code else written,
        region=values["region"],
    )


def _kept(found: Member) -> dict[str, Any]:
    return {
        "name": found.name,
        "about": found.about,
        "skills_offered": found.skills_offered,
        "skills_wanted": found.skills_wanted,
        "organisation": found.organisation_code or found.organisation_name,
        "region": found.region,
    }


def _found(tx: Transaction, member_id: UUID) -> Member:
    found = store.find(tx.conn, member_id)
    if found is None or found.status == member.LEFT:
        raise errors.MemberNotFound
    return found


def _locked(tx: Transaction, member_id: UUID) -> Member:
    store.lock(tx.conn, member_id)
    return _found(tx, member_id)


def _self(tx: Transaction, caller: Caller, lock: bool = False) -> Member:
    if caller.id is None:
        raise errors.NotAMember
    try:
        return _locked(tx, caller.id) if lock else _found(tx, caller.id)
    except errors.MemberNotFound:
        raise errors.NotAMember from None


def _by_email(tx: Transaction, email: str) -> Member:
    found = store.find_by_email(tx.conn, email)
    if found is None:
        raise errors.MemberNotFound
    return _locked(tx, found.id)


def _to_decide(tx: Transaction, caller: Caller, member_id: str) -> Member:
    joiner = _locked(tx, _id(member_id))
    member.may_decide(
        caller.id,
        joiner,
        represents=caller.represents(joiner.region),
        national=caller.is_national,
    )
    return joiner


def _give(
    tx: Transaction, actor: UUID | None, found: Member, change: role.Change, reason: str
) -> Member:
    """Grant and revoke, keep why, and count the change; nothing to change changes nothing."""
    if not (change.grant or change.revoke):
        return found
    for name in change.grant:
        store.grant(tx.conn, new_id(), found.id, name, actor, reason, tx.now)
        _record(tx, actor, "grant", found.id, name, reason)
    store.revoke(tx.conn, found.id, change.revoke, actor, tx.now)
    for name in change.revoke:
        _record(tx, actor, "revoke", found.id, name, reason)
    store.touch(tx.conn, found.id)
    changed = _found(tx, found.id)
    _say(tx, contract.MemberChanged, changed)
    return changed


def _record(
    tx: Transaction,
    actor: UUID | None,
    action: str,
    subject: UUID,
    detail: str | None = None,
    reason: str | None = None,
) -> None:
    store.record(tx.conn, new_id(), actor, action, subject, detail, reason, tx.now)


def _say(tx: Transaction, schema: Any, about: Member, **more: Any) -> None:
    """Nothing personal: not even an organisation's name, which may be the member's own words."""
    data = {
        "member_id": about.id,
        "version": about.version,
        "status": about.status,
        "region": about.region,
        "organisation": about.organisation_code,
        "joined_at": about.joined_at,
    }
    tx.emit(schema, region=about.region, subject=about.id, data={**data, **more})


def _public(found: Member) -> dict[str, Any]:
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


def _own_of_another(found: Member) -> dict[str, Any]:
    return {**_public(found), "roles": found.roles}


def _own(found: Member) -> dict[str, Any]:
    return {**_public(found), "email": found.email, "roles": found.roles}


def _queued(tx: Transaction, caller: Caller, found: Member) -> dict[str, Any]:
    """A member in a representative's list; who decides about a joiner needs the address."""
    shown = {**_public(found), "escalated": member.escalated(found, tx.now)}
    decides = caller.is_national or caller.represents(found.region)
    return {**shown, "email": found.email} if decides and not found.approved else shown


def _decides(name: str) -> bool:
    return name == "national" or name.startswith("rep:")


def _services_only(caller: Caller) -> None:
    if not caller.is_service:
        raise NotAllowed


def _reason(text: Any) -> str:
    if text is None or (isinstance(text, str) and not text.strip()):
        raise errors.ReasonMissing
    reason: str = schemas.load(schemas.Deciding, {"reason": text})["reason"]
    return reason


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except (ValueError, AttributeError, TypeError):
        raise errors.MemberNotFound from None


def _ids(texts: Any, most: int) -> list[UUID]:
    if not isinstance(texts, list) or len(texts) > most:
        fault = {"pointer": "/ids", "message": f"Must be a list of at most {most} ids."}
        raise errors.Invalid(errors=[fault])
    return [_id(text) for text in texts]


def _time(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")
