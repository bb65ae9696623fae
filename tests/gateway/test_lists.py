"""Lists are pages: the same shape everywhere, and a link to the next."""

from flask.testing import FlaskClient

from tests.gateway.conftest import Clock
from tests.gateway.standin import ALICE, BOB, EXCHANGE, LISTING, Services

LISTS = {
    "/v1/listings": ("exchanges", "listings"),
    "/v1/exchanges": ("exchanges", "exchanges"),
    "/v1/account/statement": ("ledger", "statement"),
    "/v1/notices": ("notifications", "notices"),
    "/v1/members": ("members", "list"),
    "/v1/organisations": ("members", "organisations"),
}


def test_a_page_with_a_next_links_to_it(alice: FlaskClient, services: Services) -> None:
    for path, asked in LISTS.items():
        services.change(*asked, next="c 1&2")
        response = alice.get(f"{path}?limit=1")
        assert response.get_json()["next"] == "c 1&2"
        assert response.headers["Link"] == f'<{path}?limit=1&cursor=c+1%262>; rel="next"'


def test_the_last_page_links_nowhere(alice: FlaskClient) -> None:
    for path in LISTS:
        response = alice.get(path)
        assert response.get_json()["next"] is None
        assert "Link" not in response.headers


def test_following_the_link_asks_for_the_next_page(alice: FlaskClient, services: Services) -> None:
    services.change("exchanges", "listings", next="second")
    link = alice.get("/v1/listings?kind=offer&limit=5").headers["Link"]
    alice.get(link.split(">")[0].lstrip("<"))
    _, second = services.of("exchanges", "listings")
    assert second.arguments == {"kind": "offer", "limit": 5, "cursor": "second"}


def test_filters_reach_the_service_in_its_own_types(alice: FlaskClient, services: Services) -> None:
    query = "q=excel+help&online=false&mine=true&region=london&state=open"
    alice.get(f"/v1/listings?{query}&owner={BOB.upper()}")
    (asked,) = services.of("exchanges", "listings")
    assert asked.arguments == {
        "q": "excel help", "online": False, "mine": True, "region": "london", "state": "open",
        "limit": 20, "owner": BOB,
    }  # fmt: skip


def test_sides_of_exchanges_can_be_asked_for(alice: FlaskClient, services: Services) -> None:
    for mine in ("true", "giver"):
        alice.get(f"/v1/exchanges?mine={mine}&waiting_on_me=true&unread=true&state=booked")
    first, second = (each.arguments for each in services.of("exchanges", "exchanges"))
    assert (first["mine"], second["mine"]) == (True, "giver")
    assert (first["waiting_on_me"], first["unread"], first["state"]) == (True, True, "booked")


def test_a_list_says_where_there_are_new_messages_and_who_was_quicker(
    alice: FlaskClient, services: Services
) -> None:
    (one,) = services.answers["exchanges", "exchanges"]["items"]
    told = {**one, "unread_count": 2, "superseded": True}
    others = {key: told[key] for key in told if key != "unread_count"}
    services.change("exchanges", "exchanges", items=[told, others])
    first, second = alice.get("/v1/exchanges").get_json()["items"]
    assert (first["unread_count"], first["superseded"]) == (2, True)
    assert "unread_count" not in second


def test_names_are_asked_for_once_a_page(alice: FlaskClient, services: Services) -> None:
    items = services.answers["exchanges", "exchanges"]["items"]
    services.change("exchanges", "exchanges", items=[*items, *items, *items])
    found = alice.get("/v1/exchanges").get_json()["items"]
    assert [each["giver"]["name"] for each in found] == ["Bob Sample"] * 3
    (asked,) = services.of("members", "cards")
    assert asked.arguments == {"ids": [ALICE, BOB]}
    assert asked.caller.is_service
    assert asked.caller.region == "london"


def test_a_name_is_remembered_for_a_moment(
    alice: FlaskClient, services: Services, clock: Clock
) -> None:
    alice.get("/v1/exchanges")
    alice.get("/v1/exchanges")
    assert len(services.of("members", "cards")) == 1
    clock.now += 5.1
    alice.get("/v1/exchanges")
    assert len(services.of("members", "cards")) == 2


def test_a_name_one_changes_is_seen_by_oneself_at_once(
    alice: FlaskClient, services: Services
) -> None:
    alice.get("/v1/exchanges")
    alice.patch("/v1/members/me", json={"name": "Alicia"})
    services.answers["members", "cards"] = {ALICE: {"name": "Alicia"}}
    (found,) = alice.get("/v1/exchanges").get_json()["items"]
    assert found["receiver"]["name"] == "Alicia"
    assert found["giver"]["name"] == "Bob Sample"


def test_an_empty_page_asks_for_no_names(alice: FlaskClient, services: Services) -> None:
    services.change("exchanges", "listings", items=[])
    assert alice.get("/v1/listings").get_json() == {"items": [], "next": None}
    assert services.of("members", "cards") == []


def test_ids_in_addresses_are_handed_on_as_text(alice: FlaskClient, services: Services) -> None:
    alice.get(f"/v1/listings/{LISTING.upper()}")
    alice.get(f"/v1/exchanges/{EXCHANGE}")
    assert services.of("exchanges", "listing")[0].arguments == {"listing_id": LISTING}
    assert services.of("exchanges", "exchange")[0].arguments == {"exchange_id": EXCHANGE}
