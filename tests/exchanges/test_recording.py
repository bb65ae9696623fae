"""Help that took place before it was written down: confirmed by the other, or it ends."""

import datetime
from typing import Any

import pytest

from services.bus.caller import Caller
from services.exchanges import errors, recording_handlers, schemas
from tests.exchanges import people
from tests.exchanges.people import Bank

GIVER = people.member("london")
RECEIVER = people.member("north-west")


def record(
    bank: Bank, caller: Caller, other: Caller, role: str = "giver", **more: Any
) -> dict[str, Any]:
    """Recorded by the caller, for themselves or for ``for_``."""
    recorder = more.pop("for_", caller)
    body = {
        "title": "A rota that worked",
        "with_member_id": str(other.id),
        "role": role,
        "minutes": 60,
        **({"for_member_id": str(recorder.id)} if recorder is not caller else {}),
        **more,
    }
    cards = {
        str(each.id): {"region": each.region, "organisation": each.organisation}
        for each in (recorder, other)
    }
    said = schemas.load(schemas.Record, body)
    found: dict[str, Any] = bank.do(recording_handlers.record, caller, recorder.id, said, cards)
    return found


def test_the_others_yes_moves_the_hours_at_once(bank: Bank) -> None:
    yesterday = (bank.now() - datetime.timedelta(days=1)).isoformat()
    recorded = record(bank, GIVER, RECEIVER, took_place_at=yesterday)
    assert (recorded["state"], recorded["next_actor"]) == ("requested", "receiver")
    assert (recorded["took_place_before"], recorded["region"]) == (True, "north-west")
    bank.act(RECEIVER, recorded["id"], "accept")
    bank.held(recorded["id"])
    assert bank.state(recorded["id"]) == "completed"
    bank.transferred(recorded["id"])
    assert bank.events(recorded["id"]) == ["recorded", "accepted", "completed", "settled"]


def test_the_receiver_may_record_too_and_the_giver_is_asked(bank: Bank) -> None:
    recorded = record(bank, RECEIVER, GIVER, role="receiver")
    assert (recorded["giver"]["id"], recorded["next_actor"]) == (str(GIVER.id), "giver")


def test_silence_confirms_nothing(bank: Bank) -> None:
    recorded = record(bank, GIVER, RECEIVER)
    bank.wait(days=7, seconds=1)
    assert bank.state(recorded["id"]) == "expired"


def test_other_minutes_go_back_to_who_recorded_it_whose_yes_completes_it(bank: Bank) -> None:
    recorded = record(bank, GIVER, RECEIVER)
    bank.act(RECEIVER, recorded["id"], "amend", minutes=30)
    bank.act(GIVER, recorded["id"], "accept")
    bank.held(recorded["id"], 30)
    assert bank.state(recorded["id"]) == "completed"


def test_a_representative_records_for_a_member_of_their_region_with_their_name(
    bank: Bank,
) -> None:
    rep = people.rep("london")
    recorded = record(bank, rep, RECEIVER, for_=GIVER)
    (first,) = bank.look(RECEIVER, recorded["id"])["history"]
    assert (first["action"], first["actor_id"], first["for_id"]) == (
        "record",
        str(rep.id),
        str(GIVER.id),
    )
    assert bank.act(RECEIVER, recorded["id"], "accept")["state"] == "accepted"


def test_who_may_not_record_is_refused(bank: Bank) -> None:
    with pytest.raises(errors.NotAllowed):
        record(bank, people.rep("midlands"), RECEIVER, for_=GIVER)
    with pytest.raises(errors.NotAllowed):
        record(bank, people.member("london", roles=("senate",)), RECEIVER, for_=GIVER)
    with pytest.raises(errors.NotAllowed):
        record(bank, people.member("london"), RECEIVER, for_=GIVER)
    rep = people.rep("london")
    with pytest.raises(errors.OwnMatter):
        record(bank, rep, rep, for_=GIVER)
    with pytest.raises(errors.NotWithOneself):
        record(bank, GIVER, GIVER)
    bank.left(RECEIVER)
    with pytest.raises(errors.PartyNotFound):
        record(bank, GIVER, RECEIVER)


@pytest.mark.parametrize("days", [-1, 91], ids=["ahead", "too far back"])
def test_when_it_took_place_lies_in_the_last_90_days(bank: Bank, days: int) -> None:
    moment = (bank.now() - datetime.timedelta(days=days)).isoformat()
    with pytest.raises(errors.TookPlaceInvalid):
        record(bank, GIVER, RECEIVER, took_place_at=moment)


def test_what_it_stands_under_is_found_by_nobody(bank: Bank) -> None:
    record(bank, GIVER, RECEIVER)
    assert bank.search(RECEIVER)["items"] == []
