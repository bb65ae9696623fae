"""One's own profile and other people's: seeing, changing, leaving."""

import uuid
from typing import Any

import pytest

from services.bus import idempotency
from services.bus.caller import SERVICE, Caller
from services.bus.errors import NotAllowed
from services.members import errors, handlers, lookup_handlers, role_handlers
from tests.members.bank import KNOWN, Bank, member_id

PERSONAL = {
    "name": "Persephone Quillfeather",
    "about": "I restore lighthouses",
    "organisation": "Quillfeather Care Cottage",
    "skills_offered": ["Lampwork"],
    "skills_wanted": ["Knotting"],
}


def test_a_profile_is_seen_by_members_without_the_address(bank: Bank) -> None:
    ada = bank.somebody("ada@nhs.net", about="Hello")
    seen = bank.do(handlers.get, bank.somebody("bea@nhs.net"), member_id(ada))
    assert seen["name"] == "Ada Invented"
    assert seen["about"] == "Hello"
    assert "email" not in seen
    assert "roles" not in seen


def test_oneself_sees_everything(bank: Bank) -> None:
    ada = bank.somebody("ada@nhs.net", "coordinator")
    seen = bank.do(handlers.me, ada)
    assert seen["email"] == "ada@nhs.net"
    assert seen["roles"] == ["member", "coordinator"]


def test_who_has_not_joined_has_no_profile(bank: Bank) -> None:
    for nobody in (Caller(email="x@nhs.net"), Caller(id=uuid.uuid4(), approved=True)):
        with pytest.raises(errors.NotAMember):
            bank.do(handlers.me, nobody)


def test_who_waits_is_seen_by_the_regions_representative_and_no_other_member(bank: Bank) -> None:
    waiting = bank.join("jo@example.org")
    rep = bank.somebody("rep@nhs.net", "rep:london")
    assert bank.do(handlers.get, rep, waiting["id"])["name"] == "Ada Invented"
    for other in (bank.somebody("bea@nhs.net"), bank.somebody("cy@nhs.net", "rep:midlands")):
        with pytest.raises(errors.MemberNotFound):
            bank.do(handlers.get, other, waiting["id"])


def test_who_waits_sees_themselves_and_nobody_else(bank: Bank) -> None:
    ada = bank.somebody("ada@nhs.net")
    bank.join("jo@example.org")
    waiting = bank.caller("jo@example.org")
    assert bank.do(handlers.get, waiting, member_id(waiting))["status"] == "waiting"
    with pytest.raises(NotAllowed):
        bank.do(handlers.get, waiting, member_id(ada))


def test_what_is_not_named_stays(bank: Bank) -> None:
    ada = bank.somebody("ada@nhs.net", about="Hello")
    changed = bank.do(handlers.update, ada, {"name": "Ada B."}, 1)
    assert (changed["name"], changed["about"], changed["version"]) == ("Ada B.", "Hello", 2)
    assert changed["organisation"] == "RJ1"
    assert bank.said()[-1].name == "member_changed"


def test_another_employer_and_region_keep_the_person(bank: Bank) -> None:
    ada = bank.somebody("ada@nhs.net")
    written = {"organisation": "A Care Home", "region": "north-west"}
    assert bank.do(handlers.update, ada, written, None)["organisation"] == "A Care Home"
    said = bank.said()[-1]
    assert (said.region, said.data["organisation"]) == ("north-west", None)
    kept = bank.do(handlers.update, ada, {"about": "still there"}, None)
    assert (kept["organisation"], kept["id"]) == ("A Care Home", member_id(ada))
    assert bank.do(handlers.update, ada, {"organisation": "R0A"}, None)["organisation"] == "R0A"


def test_a_stale_version_changes_nothing(bank: Bank) -> None:
    ada = bank.somebody("ada@nhs.net")
    bank.do(handlers.update, ada, {"about": "first"}, 1)
    with pytest.raises(errors.VersionConflict) as refused:
        bank.do(handlers.update, ada, {"about": "second"}, 1)
    assert refused.value.detail == {"version": 2}
    assert bank.do(handlers.me, ada)["about"] == "first"


def test_leaving_erases_the_person_and_keeps_a_pseudonym(bank: Bank) -> None:
    ada = bank.somebody("ada@example.nhs.uk", "rep:london", **PERSONAL)
    assert bank.do(handlers.leave, ada, "fund") == {"id": member_id(ada), "status": "left"}
    kept = str(bank.sql("select * from member"))
    assert not any(value in kept for value in ("Perseph", "Quill", "ada@", "light", "Lamp", "Knot"))
    assert bank.said()[-1].name == "member_left"
    assert bank.do(lookup_handlers.identify, SERVICE, "ada@example.nhs.uk") is None
    assert bank.do(lookup_handlers.contacts, SERVICE, [member_id(ada)]) == {}
    card = bank.do(lookup_handlers.cards, SERVICE, [member_id(ada)])[member_id(ada)]
    assert (card["name"], card["organisation_name"]) == ("Former member", None)
    assert bank.do(role_handlers.representatives, SERVICE)["london"] == []
    with pytest.raises(errors.NotAMember):
        bank.do(handlers.me, ada)
    with pytest.raises(errors.MemberNotFound):
        bank.do(handlers.get, bank.somebody("bea@nhs.net"), member_id(ada))


def test_who_left_may_join_again_as_a_new_person_even_with_the_old_key(bank: Bank) -> None:
    key = idempotency.Key("k1", "POST /v1/members", "hash")
    caller = Caller(email="ada@nhs.net")
    body = {"name": "Ada", "organisation": "RJ1", "region": "london"}

    def join() -> Any:
        with bank.database.transaction() as tx:
            return idempotency.once(tx, caller, key, lambda: handlers.join(tx, caller, body, KNOWN))

    first = join()
    assert join() == first
    bank.do(handlers.leave, bank.caller("ada@nhs.net"), "fund")
    assert "Ada" not in str(bank.sql("select * from idempotency"))
    assert join()["id"] != first["id"]


def test_credit_can_only_go_to_the_fund(bank: Bank) -> None:
    ada = bank.somebody("ada@nhs.net")
    with pytest.raises(errors.ChoiceNotOffered):
        bank.do(handlers.leave, ada, "my cousin")
    assert bank.do(handlers.me, ada)["status"] == "approved"


def test_no_event_carries_anything_personal(bank: Bank) -> None:
    bank.join("persephone@example.org", **PERSONAL)
    joiner = bank.caller("persephone@example.org")
    rep = bank.somebody("rep@nhs.net", "rep:london", name="Zebedee Ottershaw")
    bank.do(handlers.update, joiner, {"about": "I mend clocks"}, None)
    bank.do(handlers.approve, rep, member_id(joiner))
    bank.do(handlers.leave, joiner, "fund")
    said = bank.said()
    assert {event.name for event in said} == {
        "member_joined", "member_approved", "member_changed", "member_left",
    }  # fmt: skip
    secrets = ("ersephone", "uillfeather", "example.org", "lighthouse", "clocks", "ampwork",
               "notting", "ebedee", "ttershaw", "nhs.net")  # fmt: skip
    assert [event for event in said if any(secret in event.raw for secret in secrets)] == []
