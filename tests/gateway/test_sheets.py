"""Tables of people at the door: what is taken, what is asked, and what is handed on."""

import csv
import io

import flask
import pytest
from flask.testing import FlaskClient

from gateway import body, sheets
from gateway.pages import console_sheets, links
from gateway.schemas.sheets import SheetBody
from tests.gateway.conftest import problem
from tests.gateway.standin import ALICE, BOB, TRANSFER, Services, refused
from tests.gateway.test_pages import SESSION, csrf

KEY = {"Idempotency-Key": "k"}
TABLE = "email,name\nbob@example.org,Bob Sample\n"


def test_a_table_is_handed_to_members_as_it_came(alice: FlaskClient, services: Services) -> None:
    response = alice.post("/v1/sheets", json={"kind": "invitations", "table": TABLE}, headers=KEY)
    assert response.status_code == 201
    assert response.headers["Location"] == f"/v1/sheets/{TRANSFER}"
    (asked,) = services.of("members", "check_sheet")
    assert asked.arguments["body"] == {"kind": "invitations", "table": TABLE}
    assert str(asked.caller.id) == ALICE


def test_a_table_may_be_larger_than_other_bodies_but_not_endless(
    alice: FlaskClient, services: Services
) -> None:
    large = {"kind": "invitations", "table": "x" * (2 * body.LARGEST)}
    assert alice.post("/v1/sheets", json=large, headers=KEY).status_code == 201
    endless = {"kind": "invitations", "table": "x" * body.LARGEST_TABLE}
    problem(alice.post("/v1/sheets", json=endless, headers=KEY), 413, "body_too_large")
    problem(alice.post("/v1/covers", json=large, headers=KEY), 413, "body_too_large")


def test_a_table_that_is_none_is_told_at_its_field(alice: FlaskClient, services: Services) -> None:
    services.answers["members", "check_sheet"] = refused(
        "sheet_not_readable", "There is nobody in this table.", pointer="/table"
    )
    response = alice.post("/v1/sheets", json={"kind": "members", "table": "email"}, headers=KEY)
    found = problem(response, 422, "sheet_not_readable")
    assert found["errors"][0]["pointer"] == "/table"


def test_the_report_comes_in_pages(alice: FlaskClient, services: Services) -> None:
    services.change("members", "sheet_rows", next="2")
    response = alice.get(f"/v1/sheets/{TRANSFER}/rows?outcome=ready&limit=1")
    assert response.get_json()["items"][0]["code"] == "ready"
    assert "cursor=2" in response.headers["Link"]
    (asked,) = services.of("members", "sheet_rows")
    assert asked.arguments == {"sheet_id": TRANSFER, "outcome": "ready", "limit": 1}


def test_offers_that_came_with_people_go_to_exchanges_in_bounded_calls(
    alice: FlaskClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "LISTINGS_AT_ONCE", 2)
    done = services.answers["members", "do_sheet"]
    services.change("members", "do_sheet", listings=done["listings"] * 3)
    found = alice.post(f"/v1/sheets/{TRANSFER}/do", headers=KEY).get_json()
    assert found["listings"] == {"new": 2, "known": 0}
    asked = services.of("exchanges", "import_listings")
    assert [len(each.arguments["items"]) for each in asked] == [2, 1]
    assert asked[0].arguments["items"][0]["owner_id"] == BOB
    assert asked[0].caller.is_service


def test_somebody_elses_table_is_404(alice: FlaskClient, services: Services) -> None:
    for method in ("sheet", "sheet_rows", "do_sheet"):
        services.answers["members", method] = refused("sheet_not_found")
    problem(alice.get(f"/v1/sheets/{TRANSFER}"), 404, "sheet_not_found")
    problem(alice.get(f"/v1/sheets/{TRANSFER}/rows"), 404, "sheet_not_found")
    problem(alice.post(f"/v1/sheets/{TRANSFER}/do", headers=KEY), 404, "sheet_not_found")


@pytest.fixture
def rep(app: flask.Flask, services: Services) -> FlaskClient:
    """A representative's browser, signed in."""
    member = {**SESSION["member"], "roles": ["member", "rep:london"]}
    services.answers["members", "session"] = {**SESSION, "member": member}
    client = app.test_client()
    client.set_cookie("timebank", "a secret")
    return client


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_page_takes_what_spreadsheets_write(
    rep: FlaskClient, services: Services, encoding: str
) -> None:
    table = "email,name\r\nbob@example.org,Zoë Sample\r\n"
    sent = {
        "csrf": csrf(rep.get(links.CONSOLE_SHEETS).text),
        "kind": "invitations",
        "table": (io.BytesIO(table.encode(encoding)), "people.csv"),
    }
    answer = rep.post(links.CONSOLE_SHEETS, data=sent)
    assert (answer.status_code, answer.headers["Location"]) == (303, links.sheet(TRANSFER))
    (asked,) = services.of("members", "check_sheet")
    assert asked.arguments["body"] == {"kind": "invitations", "table": table}


def test_another_file_under_the_same_key_is_not_taken_for_the_first(
    rep: FlaskClient, services: Services
) -> None:
    proof = csrf(rep.get(links.CONSOLE_SHEETS).text)
    for text in ("email\na@example.org\n", "email\nb@example.org\n"):
        file = (io.BytesIO(text.encode()), "people.csv")
        data = {"csrf": proof, "key": "one", "kind": "invitations", "table": file}
        rep.post(links.CONSOLE_SHEETS, data=data)
    first, second = (each.key for each in services.of("members", "check_sheet"))
    assert first
    assert second
    assert (first.key, first.payload_hash != second.payload_hash) == (second.key, True)


def test_a_page_without_a_table_asks_for_it(rep: FlaskClient, services: Services) -> None:
    proof = csrf(rep.get(links.CONSOLE_SHEETS).text)
    answer = rep.post(links.CONSOLE_SHEETS, data={"csrf": proof, "kind": "members"})
    assert answer.status_code == 422
    assert "Choose your table" in answer.text
    assert not services.of("members", "check_sheet")


def test_the_page_is_for_representatives(alices: FlaskClient) -> None:
    assert alices.get(links.CONSOLE_SHEETS).status_code == 403


@pytest.fixture
def alices(app: flask.Flask, services: Services) -> FlaskClient:
    """A member's browser, signed in."""
    services.answers["members", "session"] = SESSION
    client = app.test_client()
    client.set_cookie("timebank", "a secret")
    return client


@pytest.mark.parametrize("kind", list(console_sheets.EXAMPLES))
def test_the_examples_are_tables_with_the_columns_the_api_names(
    rep: FlaskClient, kind: str
) -> None:
    answer = rep.get(links.sheet_example(kind))
    assert answer.content_type == "text/csv; charset=utf-8"
    heading, row = csv.reader(io.StringIO(answer.text))
    assert len(heading) == len(row)
    told = SheetBody().fields["table"].metadata["description"]
    assert all(f"`{column}`" in told for column in heading)
