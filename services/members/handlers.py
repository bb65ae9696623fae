"""Joining, letting in, changing and leaving: load, decide, save, and say what happened."""

from collections.abc import Collection
from typing import Any

from services.bus.caller import Caller
from services.bus.errors import NotAllowed
from services.bus.transaction import Transaction, new_id
from services.contracts import members as contract
from services.contracts import words
from services.members import (
    address_store,
    answers,
    case,
    consent_handlers,
    errors,
    invitation_handlers,
    invitation_store,
    invitee,
    invitee_store,
    member,
    network_store,
    organisation,
    organisation_store,
    role_store,
    schemas,
    session_handlers,
    sheet_store,
    store,
)
from services.members.member import Member, Profile


def join(tx: Transaction, caller: Caller, body: Any, known_domains: Collection[str]) -> Any:
    """Keep a joiner, let in at once or waiting for a representative.

    At once comes who has an address at a known domain, or was invited by that address by a
    representative of the region chosen.

    Args:
        caller: whose e-mail address comes from the token.
        body: see ``schemas.Joining``.
        known_domains: whose people are let in at once.

    Raises:
        errors.NoAddress, errors.Invalid, errors.AlreadyJoined.
    """
    email = member.address(caller.email)
    wanted = schemas.load(schemas.Joining, body)
    invited = invitee_store.take(tx.conn, email)
    vouched = invited if invitee.vouched_for(invited, wanted["region"]) else None
    status = member.APPROVED if vouched else member.status_on_joining(email, known_domains)
    joiner_id = new_id()
    if not store.add(tx.conn, joiner_id, email, profile(tx, wanted), status, tx.now):
        raise errors.AlreadyJoined
    invitation_handlers.accepted(tx, joiner_id, wanted["invitation"], invited)
    if vouched:
        case.record(tx, vouched.invited_by, "approve", joiner_id, detail="invited by name")
    joined = case.one(tx, joiner_id)
    case.say(tx, contract.MemberJoined, joined)
    if joined.approved:
        by = vouched.invited_by if vouched else None
        case.say(tx, contract.MemberApproved, joined, approved_by=by)
    return answers.own(joined)


def me(tx: Transaction, caller: Caller) -> Any:
    """Everything kept of the caller's profile, with who invited them and for which network.

    Raises:
        errors.NotAMember: the caller has not joined, or has left.
    """
    found = _self(tx, caller)
    brought = invitation_store.of_joiner(tx.conn, found.id)
    return {
        **answers.own(found),
        "addresses": address_store.of_member(tx.conn, found.id),
        "invited_by": str(brought.inviter_id) if brought else None,
        "invited_through": brought.network if brought else None,
    }


def get(tx: Transaction, caller: Caller, member_id: str) -> Any:
    """A member's public profile; of people not let in only for those who decide.

    Raises:
        errors.MemberNotFound: nobody, or nobody the caller may see.
        NotAllowed: the caller is not let in yet.
    """
    if not (caller.is_service or caller.approved or str(caller.id) == member_id):
        raise NotAllowed("You can see other people's profiles once you are let in.")
    found = case.one(tx, case.parsed(member_id))
    deciders = caller.represents(found.region) or caller.sees_everything
    if caller.is_service or deciders or caller.id == found.id:
        return answers.whole(found)
    if found.approved:
        return answers.public(found)
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
    store.change(tx.conn, found.id, profile(tx, {**_kept(found), **changes}))
    changed = case.one(tx, found.id)
    case.say(tx, contract.MemberChanged, changed)
    return answers.own(changed)


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
    role_store.revoke(tx.conn, found.id, found.granted, found.id, tx.now)
    session_handlers.forget(tx, address_store.of_member(tx.conn, found.id))
    address_store.forget_links(tx.conn, found.id)
    store.erase(tx.conn, found.id)
    invitation_store.forget(tx.conn, found.id)
    invitation_store.forget_inviter(tx.conn, found.id)
    network_store.forget(tx.conn, found.id, tx.now)
    invitee_store.forget_inviter(tx.conn, found.id)
    sheet_store.forget_maker(tx.conn, found.id)
    store.forget_answers(tx.conn, found.id, found.email)
    consent_handlers.end_all(tx, found.id)
    case.record(tx, found.id, "leave", found.id)
    left = store.find(tx.conn, found.id)
    assert left is not None, "who leaves stays as a pseudonym"
    case.say(tx, contract.MemberLeft, left)
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
    items = [
        answers.queued(
            each,
            escalated=member.escalated(each, tx.now),
            with_address=not each.approved
            and (caller.is_national or caller.represents(each.region)),
        )
        for each in found[:limit]
    ]
    return {"items": items, "next": items[-1]["id"] if len(found) > limit else None}


def approve(tx: Transaction, caller: Caller, member_id: str) -> Any:
    """Let a joiner in.

    Raises:
        errors.MemberNotFound, errors.OwnMatter, errors.NotYourRegion, errors.AlreadyDecided.
    """
    joiner = _to_decide(tx, caller, member_id)
    store.decide(tx.conn, joiner.id, member.APPROVED)
    case.record(tx, caller.id, "approve", joiner.id)
    approved = case.one(tx, joiner.id)
    case.say(tx, contract.MemberApproved, approved, approved_by=caller.id)
    return answers.whole(approved)


def refuse(tx: Transaction, caller: Caller, member_id: str, reason: Any) -> Any:
    """Turn a joiner away; the reason stays in the audit.

    Raises:
        errors.ReasonMissing, errors.Invalid, and those of ``approve``.
    """
    why = case.why(reason)
    joiner = _to_decide(tx, caller, member_id)
    store.decide(tx.conn, joiner.id, member.REFUSED)
    case.record(tx, caller.id, "refuse", joiner.id, reason=why)
    refused = case.one(tx, joiner.id)
    case.say(tx, contract.MemberLeft, refused)
    return answers.whole(refused)


def _self(tx: Transaction, caller: Caller, lock: bool = False) -> Member:
    if caller.id is None:
        raise errors.NotAMember
    try:
        return case.locked(tx, caller.id) if lock else case.one(tx, caller.id)
    except errors.MemberNotFound:
        raise errors.NotAMember from None


def _to_decide(tx: Transaction, caller: Caller, member_id: str) -> Member:
    joiner = case.locked(tx, case.parsed(member_id))
    member.may_decide(
        caller.id,
        joiner,
        represents=caller.represents(joiner.region),
        national=caller.is_national,
    )
    return joiner


def profile(tx: Transaction, values: Any) -> Profile:
    """A profile as sent, its organisation looked up: a known one is kept by its code."""
    written = values["organisation"]
    code = organisation_store.code_of(tx.conn, organisation.as_code(written), written)
    return Profile(
        name=values["name"],
        about=values["about"] or None,
        skills_offered=values["skills_offered"],
        skills_wanted=values["skills_wanted"],
        organisation_code=code,
        organisation_written=None if code else written,
        region=values["region"],
        shows_employer=values.get("shows_employer", True),
        shows_email=values.get("shows_email", True),
    )


def _kept(found: Member) -> dict[str, Any]:
    return {
        "name": found.name,
        "about": found.about,
        "skills_offered": found.skills_offered,
        "skills_wanted": found.skills_wanted,
        "organisation": found.organisation_code or found.organisation_name,
        "region": found.region,
        "shows_employer": found.shows_employer,
        "shows_email": found.shows_email,
    }
