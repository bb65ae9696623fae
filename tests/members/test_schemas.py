"""What is sent: trimmed, measured, and refused with a pointer to the fault."""

from typing import Any

import pytest

from services.members import errors, schemas

WHOLE = {"name": "Ada", "organisation": "RJ1", "region": "london"}


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": "   "}, "/name"),
        ({"name": "a" * 201}, "/name"),
        ({"name": 7}, "/name"),
        ({"name": "a\0b"}, "/name"),
        ({"name": "a\ud800b"}, "/name"),
        ({"name": "a\nb"}, "/name"),
        ({"name": None}, "/name"),
        ({"region": "wales"}, "/region"),
        ({"region": "national"}, "/region"),
        ({"organisation": ""}, "/organisation"),
        ({"about": "a" * 2001}, "/about"),
        ({"skills_offered": ["a"] * 30 + [""]}, "/skills_offered/30"),
        ({"skills_offered": [str(n) for n in range(31)]}, "/skills_offered"),
        ({"skills_wanted": ["a" * 101]}, "/skills_wanted/0"),
        ({"skills_wanted": "Mentoring"}, "/skills_wanted"),
        ({"email": "ada@nhs.net"}, "/email"),
        ({"status": "approved"}, "/status"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_a_pointer(
    changes: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(errors.Invalid) as refused:
        schemas.load(schemas.Joining, {**WHOLE, **changes})
    assert [fault["pointer"] for fault in refused.value.detail["errors"]] == [pointer]


@pytest.mark.parametrize("body", [None, [], "name", 1])
def test_a_body_that_is_no_object_is_refused(body: Any) -> None:
    for schema in (schemas.Joining, schemas.Changing):
        with pytest.raises(errors.Invalid):
            schemas.load(schema, body)


@pytest.mark.parametrize(
    "body", [{"name": None}, {"organisation": None}, {"email": "b@nhs.net"}, {"roles": []}]
)
def test_what_cannot_be_changed_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(errors.Invalid):
        schemas.load(schemas.Changing, body)


def test_the_same_skill_twice_counts_once_and_texts_are_trimmed() -> None:
    joining = {**WHOLE, "name": " Ada ", "skills_offered": ["Excel ", "excel", "Mentoring"]}
    loaded = schemas.load(schemas.Joining, joining)
    assert (loaded["name"], loaded["skills_offered"]) == ("Ada", ["Excel", "Mentoring"])


def test_what_is_left_out_when_joining_is_empty_and_when_changing_stays() -> None:
    assert schemas.load(schemas.Joining, WHOLE) == {
        **WHOLE, "about": None, "skills_offered": [], "skills_wanted": [],
        "invitation": None,
    }  # fmt: skip
    assert schemas.load(schemas.Changing, {}) == {}


@pytest.mark.parametrize(
    "page",
    [{"limit": 0}, {"limit": 101}, {"limit": "5"}, {"limit": 1.5}, {"limit": True},
     {"cursor": "x"}, {"status": "left"}, {"more": 1}],
)  # fmt: skip
def test_a_page_that_does_not_exist_is_refused(page: dict[str, Any]) -> None:
    with pytest.raises(errors.Invalid):
        schemas.load(schemas.Waiting, page)
