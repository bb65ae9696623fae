"""What is known of the owners of listings: asked for when they change, whatever comes first."""

from typing import Any

import pytest

from services.bus.caller import Caller
from services.bus.rpc import RpcError
from services.exchanges import handlers, owner_handlers
from tests.exchanges import people
from tests.exchanges.people import Bank


class Members:
    """What the members service, which is another's, would answer."""

    def __init__(self) -> None:
        self.skills: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, list[str]]] = []
        self.away = False

    def says(self, who: Caller, version: int, *, wanted: list[str]) -> None:
        self.skills[str(who.id)] = {"version": version, "offered": [], "wanted": wanted}

    def __call__(self, service: str, method: str, *, caller: Caller, ids: list[str]) -> Any:
        assert (service, method) == ("members", "skills")
        if self.away:
            raise RpcError("no_answer", "Nobody answers.", {}, "try_later")
        self.asked.append((caller.region, ids))
        return {each: self.skills[each] for each in ids if each in self.skills}


@pytest.fixture
def members() -> Members:
    return Members()


@pytest.fixture
def owner(bank: Bank) -> Caller:
    found = people.member("midlands")
    bank.publish(found, title="Excel", description="An hour")
    return found


def learn(bank: Bank, members: Members, regions: tuple[str, ...] = people.REGIONS) -> None:
    owner_handlers.learn(bank.database.transaction, members, regions)


def changed(bank: Bank, who: Caller, version: int) -> None:
    assert who.id
    bank.hear("members.member_changed", handlers.Member(who.id, version))


def in_return(bank: Bank) -> list[str]:
    found = bank.matches(people.member("london"), wanted=["Excel"], offered=["Yoga", "Chess"])
    return [
        reason["skill"]
        for each in found
        for reason in each["reasons"]
        if reason["code"] == "in_return"
    ]


def test_an_owner_is_asked_about_once_and_again_when_they_change(
    bank: Bank, members: Members, owner: Caller
) -> None:
    members.says(owner, 4, wanted=["Yoga"])
    learn(bank, members)
    learn(bank, members)
    assert members.asked == [("midlands", [str(owner.id)])]
    assert in_return(bank) == ["Yoga"]

    members.says(owner, 5, wanted=["Chess"])
    changed(bank, owner, 5)
    learn(bank, members)

    assert in_return(bank) == ["Chess"]
    assert len(members.asked) == 2


def test_a_change_heard_twice_or_late_asks_nothing_again(
    bank: Bank, members: Members, owner: Caller
) -> None:
    members.says(owner, 5, wanted=["Yoga"])
    learn(bank, members)

    changed(bank, owner, 5)
    changed(bank, owner, 3)
    learn(bank, members)

    assert len(members.asked) == 1


def test_a_region_is_asked_about_by_its_own_pools(
    bank: Bank, members: Members, owner: Caller
) -> None:
    learn(bank, members, regions=("london",))
    assert members.asked == []

    learn(bank, members, regions=("london", "midlands"))
    assert [region for region, _ in members.asked] == ["midlands"]


def test_while_members_are_away_it_stays_to_be_asked(
    bank: Bank, members: Members, owner: Caller
) -> None:
    members.says(owner, 1, wanted=["Yoga"])
    members.away = True
    learn(bank, members)
    assert in_return(bank) == []

    members.away = False
    learn(bank, members)
    assert in_return(bank) == ["Yoga"]


def test_nothing_is_kept_of_those_who_own_nothing_or_have_left(
    bank: Bank, members: Members, owner: Caller
) -> None:
    changed(bank, people.member(), 3)
    learn(bank, members)
    assert [ids for _, ids in members.asked] == [[str(owner.id)]]

    assert bank.execute("select count(*) from owner_profile") == [(0,)]  # members know them not
    bank.publish(owner, title="Rotas")
    bank.left(owner)
    assert bank.execute("select count(*) from owner_profile") == [(0,)]
