"""Networks by themselves: how many one member hosts, and how few people are not counted."""

import uuid

import pytest

from services.members import errors, network, schemas
from services.members.network import Network


def named(name: str, brought: int = 0) -> Network:
    return Network(uuid.uuid4(), name, "a token of some length", brought)


@pytest.mark.parametrize(("brought", "told"), [(0, None), (7, None), (8, 8), (1_234, 1_234)])
def test_fewer_than_eight_people_are_not_counted(brought: int, told: int | None) -> None:
    assert named("Ward Managers", brought).told == told


def test_a_member_hosts_five_networks_and_no_more() -> None:
    held = [named(f"Network {number}") for number in range(network.MOST)]
    network.require_room(held[1:], "One more")
    with pytest.raises(errors.NetworksEnough):
        network.require_room(held, "One more")


def test_no_two_networks_of_one_host_have_the_same_name() -> None:
    held = [named("Ward Managers")]
    network.require_room(held, "Ward Managers North")
    with pytest.raises(errors.NetworkYours) as refused:
        network.require_room(held, "ward MANAGERS")
    assert refused.value.detail == {"pointer": "/name"}


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("abc", "abc"),
        ("  Ward   Managers’ Network ", "Ward Managers’ Network"),
        ("Réseau\u2028des sages-femmes", "Réseau des sages-femmes"),
        ("<b>Nurses</b>", "<b>Nurses</b>"),
        ("n" * 80, "n" * 80),
    ],
)
def test_a_name_is_one_line_of_plain_text(written: str, kept: str) -> None:
    assert schemas.load(schemas.Hosting, {"name": written}) == {"name": kept}


@pytest.mark.parametrize(
    "name", [None, 5, "", "ab", " a  b"[:3], "n" * 81, "two\nlines", "nu\0rses", "n\u202eurses",
             "n\u200burses", "\ud800urses"],
)  # fmt: skip
def test_a_name_that_is_none_or_hides_something_is_refused(name: object) -> None:
    with pytest.raises(errors.Invalid) as refused:
        schemas.load(schemas.Hosting, {"name": name})
    assert [each["pointer"] for each in refused.value.detail["errors"]] == ["/name"]
