"""A change of the API that breaks a client fails here; an addition does not."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.contracts import release
from tests.contracts.breaks import breaks

Change = Callable[[dict[str, Any]], Any]


def document() -> dict[str, Any]:
    """A small API with one of everything that can break."""
    thing = {
        "type": "object",
        "required": ["id", "state"],
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "state": {"type": "string", "enum": ["open", "closed"]},
            "minutes": {"type": "integer"},
            "owner": {"$ref": "#/components/schemas/Owner"},
            "words": {"type": "array", "items": {"type": "string"}},
        },
    }
    body = {
        "type": "object",
        "additionalProperties": False,
        "required": ["minutes"],
        "properties": {
            "minutes": {"type": "integer", "minimum": 15, "maximum": 1440, "multipleOf": 15},
            "note": {"type": ["string", "null"], "maxLength": 100},
            "kind": {"type": "string", "enum": ["offer", "request"]},
        },
    }
    problem = {"description": "No.", "content": {"application/problem+json": {"schema": {}}}}
    shown = {
        "description": "A thing.",
        "headers": {"ETag": {"schema": {"type": "string"}}},
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
    }
    made = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Body"}}}}
    page = {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 100}}
    return {
        "x-problem-codes": {"not_found": 404, "own_thing": 409},
        "paths": {
            "/things": {
                "get": {
                    "operationId": "get_things", "parameters": [page], "x-scope": "things:read",
                    "responses": {"200": shown, "404": problem},
                },
                "post": {
                    "operationId": "post_things",
                    "requestBody": {"required": True, **made},
                    "responses": {"201": shown},
                },
            },
            "/things/{id}": {
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
                ],
                "get": {"operationId": "get_thing", "responses": {"200": shown}},
            },
        },
        "components": {
            "schemas": {
                "Thing": thing,
                "Body": body,
                "Owner": {"type": "object", "properties": {"name": {"type": "string"}}},
            }
        },
    }  # fmt: skip


def changed(change: Change) -> list[str]:
    new = document()
    change(new)
    return breaks(document(), new)


def thing(new: dict[str, Any]) -> Any:
    return new["components"]["schemas"]["Thing"]["properties"]


def body(new: dict[str, Any]) -> Any:
    return new["components"]["schemas"]["Body"]["properties"]


def get(new: dict[str, Any]) -> Any:
    return new["paths"]["/things"]["get"]


def post(new: dict[str, Any]) -> Any:
    return new["paths"]["/things"]["post"]


BREAKING: dict[str, tuple[Change, str]] = {
    "a path is gone": (lambda new: new["paths"].pop("/things/{id}"), "/things/{id} is gone"),
    "a method is gone": (lambda new: new["paths"]["/things"].pop("post"), "POST /things is gone"),
    "a generated name is another": (
        lambda new: get(new).update(operationId="things"), "operationId get_things is gone"),
    "a field of an answer is gone": (lambda new: thing(new).pop("minutes"), "/minutes is gone"),
    "a field deep in an answer is gone": (
        lambda new: new["components"]["schemas"]["Owner"]["properties"].pop("name"),
        "/owner/name is gone"),
    "a field is not always there any more": (
        lambda new: new["components"]["schemas"]["Thing"]["required"].remove("state"),
        "/state is required"),
    "a field of an answer may be null now": (
        lambda new: thing(new)["minutes"].update(type=["integer", "null"]), "may be null"),
    "a field of an answer is of another type": (
        lambda new: thing(new)["minutes"].update(type="string"), "may be string"),
    "an item of a list is of another type": (
        lambda new: thing(new)["words"]["items"].update(type="integer"), "[] may be integer"),
    "an answer may say a new word": (
        lambda new: thing(new)["state"]["enum"].append("lost"), "may say lost"),
    "an id is no id any more": (lambda new: thing(new)["id"].pop("format"), "format uuid"),
    "a status is answered no more": (
        lambda new: get(new)["responses"].pop("404"), "404 is answered no more"),
    "a header is gone": (
        lambda new: get(new)["responses"]["200"].pop("headers"), "header ETag is gone"),
    "an answer is of another kind": (
        lambda new: get(new)["responses"]["200"].update(content={"text/html": {}}),
        "not answered as application/json"),
    "a body has a new required field": (
        lambda new: new["components"]["schemas"]["Body"]["required"].append("kind"),
        "/kind is required"),
    "a field of a body is not taken any more": (
        lambda new: body(new).pop("note"), "/note is taken"),
    "a body may not be null where it might": (
        lambda new: body(new)["note"].update(type="string"), "may be null"),
    "a body takes fewer words": (
        lambda new: body(new)["kind"]["enum"].remove("offer"), "may say offer"),
    "a lower limit rises": (lambda new: body(new)["minutes"].update(minimum=30), "minimum"),
    "an upper limit falls": (lambda new: body(new)["minutes"].update(maximum=60), "maximum"),
    "a text may be less long": (lambda new: body(new)["note"].update(maxLength=10), "maxLength"),
    "a step grows": (lambda new: body(new)["minutes"].update(multipleOf=30), "multiple of 30"),
    "a pattern is new": (lambda new: body(new)["kind"].update(pattern="^o"), "pattern"),
    "a parameter is gone": (lambda new: get(new).pop("parameters"), "parameter limit is gone"),
    "a parameter is required now": (
        lambda new: get(new)["parameters"][0].update(required=True), "limit is required now"),
    "a parameter takes less": (
        lambda new: get(new)["parameters"][0]["schema"].update(maximum=10), "maximum"),
    "a new parameter is required": (
        lambda new: get(new)["parameters"].append(
            {"name": "X", "in": "header", "required": True, "schema": {}}),
        "new and required"),
    "a body is required where there was none": (
        lambda new: get(new).update(requestBody={"required": True, "content": {}}),
        "a body is required"),
    "a body is of another kind": (
        lambda new: post(new)["requestBody"].update(content={"text/plain": {}}),
        "application/json is not taken"),
    "another scope is needed": (lambda new: get(new).update({"x-scope": "more"}), "scope was"),
    "a problem code is gone": (
        lambda new: new["x-problem-codes"].pop("own_thing"), "own_thing is gone"),
    "a problem code has another status": (
        lambda new: new["x-problem-codes"].update(own_thing=422), "comes with 422"),
}  # fmt: skip


@pytest.mark.parametrize("name", BREAKING)
def test_what_breaks_a_client_is_found_and_named(name: str) -> None:
    change, said = BREAKING[name]

    found = changed(change)

    assert found, f"{name}, and nobody noticed"
    assert any(said in each for each in found), found


ADDING: dict[str, Change] = {
    "a path": lambda new: new["paths"].update({"/more": get(new)}),
    "a method": lambda new: new["paths"]["/things"].update(delete=get(new)),
    "a field of an answer": lambda new: thing(new).update(more={"type": "string"}),
    "a field of an answer that is always there": lambda new: (
        new["components"]["schemas"]["Thing"]["required"].append("minutes")),
    "an optional field of a body": lambda new: body(new).update(more={"type": "string"}),
    "an optional parameter": lambda new: get(new)["parameters"].append(
        {"name": "q", "in": "query", "schema": {"type": "string"}}),
    "a word a body may say": lambda new: body(new)["kind"]["enum"].append("swap"),
    "a lower lower limit": lambda new: body(new)["minutes"].update(minimum=5),
    "a longer text": lambda new: body(new)["note"].update(maxLength=1_000),
    "a required field that need not be sent any more": lambda new: (
        new["components"]["schemas"]["Body"]["required"].clear()),
    "a status": lambda new: get(new)["responses"].update({"403": {"description": "No."}}),
    "a problem code": lambda new: new["x-problem-codes"].update(more=409),
    "a word an answer no longer says": lambda new: thing(new)["state"]["enum"].remove("closed"),
    "another name of a schema": lambda new: new["components"]["schemas"].update(
        Person=new["components"]["schemas"]["Owner"]),
    "a description": lambda new: get(new).update(summary="More."),
}  # fmt: skip


@pytest.mark.parametrize("name", ADDING)
def test_what_is_added_breaks_nobody(name: str) -> None:
    assert changed(ADDING[name]) == []


def test_the_api_of_today_breaks_no_client_of_the_released_one() -> None:
    found = breaks(release.released(), release.today())

    assert not found, "\n".join(
        [
            "Clients would break. If that is meant: python -m tests.contracts.release --anyway",
            *found,
        ]
    )


def test_a_break_of_our_own_document_is_found() -> None:
    now = release.today()
    then = copy.deepcopy(now)
    schemas = then["components"]["schemas"]
    schemas["Exchange"]["properties"]["colour"] = {"type": "string"}
    schemas["ExchangeBody"]["properties"]["minutes"]["minimum"] = 5

    found = "\n".join(breaks(then, now))

    assert "POST /v1/exchanges: 201/colour is gone" in found
    assert "GET /v1/exchanges: 200/items[]/colour is gone" in found
    assert "POST /v1/exchanges: body/minutes: minimum" in found
