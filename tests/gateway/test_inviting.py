"""Inviting for a network, before a stand-in of members: what is shown, taken and refused."""

import flask
import pytest
from flask.testing import FlaskClient

from tests.gateway.standin import ASK, SLOT, Services, refused
from tests.gateway.test_pages import SESSION, csrf

SCRIPT = "<script>alert(1)</script>"
SHOWN = "&lt;script&gt;alert(1)&lt;/script&gt;"
INVITE = "/profile/invite"


@pytest.fixture
def browser(app: flask.Flask, services: Services) -> FlaskClient:
    """Alice's browser, signed in; she hosts two networks."""
    services.answers["members", "session"] = SESSION
    few = {"id": SLOT, "name": SCRIPT, "token": "of-few", "brought": None}
    many = {"id": ASK, "name": "Night Nurses", "token": "of-many", "brought": 1_200}
    services.answers["members", "networks"] = {"items": [few, many], "most": 5}
    client = app.test_client()
    client.set_cookie("timebank", "a secret")
    return client


def add(browser: FlaskClient, name: str) -> tuple[int, str]:
    page = browser.get(INVITE).text
    answer = browser.post(INVITE, data={"csrf": csrf(page), "key": "one", "name": name})
    return answer.status_code, answer.text


def test_each_network_is_shown_with_its_link_and_how_many_it_brought(browser: FlaskClient) -> None:
    page = browser.get(INVITE).text
    for token in ("from-alice", "of-few", "of-many"):
        assert f'value="http://timebank.test/join?by={token}"' in page
    assert "Fewer than 8 people joined by its link." in page
    assert "1,200 people joined by its link." in page
    assert SCRIPT not in page
    assert SHOWN in page


def test_a_network_has_a_code_of_its_own_for_its_host_alone(browser: FlaskClient) -> None:
    few = browser.get(f"{INVITE}/networks/{SLOT}/code.svg")
    many = browser.get(f"{INVITE}/networks/{ASK}/code.svg")
    assert few.mimetype == many.mimetype == "image/svg+xml"
    assert few.data != many.data
    other = "01931c6e-0000-7000-8000-0000000000ff"
    assert browser.get(f"{INVITE}/networks/{other}/code.svg").status_code == 404


def test_a_network_is_added_with_its_name(browser: FlaskClient, services: Services) -> None:
    services.answers["members", "host_network"] = {}
    assert add(browser, " Ward Managers ")[0] == 303
    (told,) = services.of("members", "host_network")
    assert told.arguments == {"body": {"name": "Ward Managers"}}
    assert told.key is not None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "Enter the name of the network"),
        ("ab", "Name of the network must be between 3 and 80 characters"),
        ("n" * 81, "Name of the network must be between 3 and 80 characters"),
    ],
)
def test_a_name_that_cannot_be_is_said_at_the_field(
    browser: FlaskClient, services: Services, name: str, said: str
) -> None:
    status, page = add(browser, name)
    assert status == 422
    assert page.count(said) == 2, "on top and at the field"
    assert "<title>Error: " in page
    assert not services.of("members", "host_network")


def test_what_members_refuses_is_said_and_the_name_kept(
    browser: FlaskClient, services: Services
) -> None:
    services.answers["members", "host_network"] = refused(
        "network_yours", "You host it already.", pointer="/name"
    )
    status, page = add(browser, "Night Nurses")
    assert status == 422
    assert page.count("You host it already.") == 2
    assert 'value="Night Nurses"' in page
    services.answers["members", "host_network"] = refused("networks_enough", "That is enough.")
    assert "That is enough." in add(browser, "One more")[1]


def test_who_hosts_as_many_as_one_may_is_not_asked_for_another(
    browser: FlaskClient, services: Services
) -> None:
    services.change("members", "networks", most=2)
    page = browser.get(INVITE).text
    assert "You can host 2. End one to add another." in page
    assert "Add the network" not in page


def test_a_network_is_ended_and_a_second_press_is_told(
    browser: FlaskClient, services: Services
) -> None:
    services.answers["members", "end_network"] = {"id": ASK}
    proof = {"csrf": csrf(browser.get(INVITE).text)}
    path = f"{INVITE}/networks/{ASK}/end"
    answer = browser.post(path, data=proof)
    assert (answer.status_code, answer.headers["Location"]) == (
        303, f"{INVITE}?said=network-ended",
    )  # fmt: skip
    assert services.of("members", "end_network")[0].arguments == {"network_id": ASK}
    services.answers["members", "end_network"] = refused("network_not_found", "It is gone.")
    again = browser.post(path, data=proof)
    assert (again.status_code, "It is gone." in again.text) == (422, True)


def test_a_stranger_reads_which_network_invites_and_who_hosts_it(
    app: flask.Flask, services: Services
) -> None:
    inviter = {"id": ASK, "name": "Bob Sample", "network": SCRIPT}
    services.answers["members", "invitation"] = inviter
    page = app.test_client().get("/join?by=of-few").text
    assert f"{SHOWN} invites you" in page
    assert "Bob Sample hosts this network" in page
    assert SCRIPT not in page
    # As members of the version before answers, while an upgrade goes on.
    services.answers["members", "invitation"] = {"id": ASK, "name": "Bob Sample"}
    page = app.test_client().get("/join?by=from-bob").text
    assert "Bob Sample invites you" in page
    assert "hosts this network" not in page
