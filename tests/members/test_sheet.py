"""A table of people, row by row: what is read of it, and what is to become of each."""

import pytest

from services.members import errors, sheet
from services.members.sheet import INVITATIONS, MEMBERS, Known

LONDON = Known(("london",))
HEADING = "email,name,organisation,region,hours,offers\n"


def codes(kind: str, text: str, known: Known = LONDON) -> list[str]:
    return [each.code for each in sheet.judged(kind, sheet.read(kind, text), known)]


def test_rows_are_numbered_as_spreadsheets_do_and_empty_ones_left_out() -> None:
    found = sheet.read(INVITATIONS, "email,name\nada@nhs.net,Ada\n,\nbo@nhs.net,\n")
    assert [(row.number, row.address) for row in found] == [(2, "ada@nhs.net"), (4, "bo@nhs.net")]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_what_separates_cells_is_found_out_by_the_heading(separator: str) -> None:
    text = f"\ufeffEmail{separator}Name\r\nada@nhs.net{separator}Ada\r\n"
    (row,) = sheet.read(INVITATIONS, text)
    assert row.cells == {"email": "ada@nhs.net", "name": "Ada"}


def test_headings_are_taken_as_people_write_them() -> None:
    text = "EMAIL,Name,Organisation,Can help with,Would-like\na@nhs.net,A,RJ1,Rotas; Budgets,\n"
    (row,) = sheet.read(MEMBERS, text)
    assert sheet.person(row, ("london",))["skills_offered"] == ["Rotas", "Budgets"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "CSV"),
        ("email\n", "nobody"),
        ("email,shoe size\nada@nhs.net,39\n", "shoe_size"),
        ("name\nAda\n", "needed once: email"),
        ("email,email\na@nhs.net,b@nhs.net\n", "needed once"),
        ('email\n"ada@nhs.net\n', "CSV"),
        ("email\nada\0@nhs.net\n", "CSV"),
        ("email\n\ud800@nhs.net\n", "CSV"),
        ("email\n" + "ada@nhs.net\n" * 1_001, "1,000 rows"),
    ],
)
def test_what_is_no_table_of_people_is_refused_with_why(text: str, said: str) -> None:
    with pytest.raises(errors.SheetNotReadable, match=said) as refused:
        sheet.read(INVITATIONS, text)
    assert refused.value.detail == {"pointer": "/table"}


def test_each_row_is_judged_by_itself() -> None:
    known = Known(
        ("london",),
        {"in@nhs.net": "approved", "waits@nhs.net": "waiting", "no@nhs.net": "refused"},
        invited={"lately@nhs.net"},
    )  # fmt: skip
    text = (
        "email,name,region\nNew@nhs.net,,\nnew@NHS.net,,\nnot an address,,\nin@nhs.net,,\n"
        "waits@nhs.net,,\nno@nhs.net,,\nlately@nhs.net,,\na@nhs.net,,Narnia\n"
        "b@nhs.net,,North West\nc@nhs.net,,London,more\nd@nhs.net,,london\n"
    )
    assert codes(INVITATIONS, text, known) == [
        "ready", "repeated", "bad_address", "already_member", "already_waiting", "refused_before",
        "invited_lately", "region_unknown", "other_region", "too_many_cells", "ready",
    ]  # fmt: skip


def test_an_address_with_what_stands_between_addresses_is_told_before_anybody_is_let_in() -> None:
    text = HEADING + "<a@nhs.net>,A,RJ1,,,\nb@nhs.net;,B,RJ1,,,\nc@nhs..net,C,RJ1,,,\n"
    assert codes(MEMBERS, text) == ["bad_address"] * 3


def test_who_answers_for_several_regions_says_which() -> None:
    both = Known(("london", "north-west"))
    text = "email,region\na@nhs.net,\nb@nhs.net,North West\n"
    assert codes(INVITATIONS, text, both) == ["region_missing", "ready"]


def test_an_organisation_nobody_knows_is_told_and_taken() -> None:
    known = Known(("london",), organisations={"rj1"})
    text = HEADING + "a@nhs.net,A,RJ1,,,\nb@nhs.net,B,Sunny Care Ltd,,,\n"
    verdicts = list(sheet.judged(MEMBERS, sheet.read(MEMBERS, text), known))
    assert [each.code for each in verdicts] == ["ready", "organisation_unknown"]
    assert {each.outcome for each in verdicts} == {"ready"}


@pytest.mark.parametrize(
    ("written", "minutes"),
    [("", 0), ("6.5", 390), ("0.25", 15), ("200", 12_000), ("-3", 0), ("1.5", 90)],
)
def test_hours_are_read_to_the_quarter(written: str, minutes: int) -> None:
    (row,) = sheet.read(MEMBERS, HEADING + f"a@nhs.net,A,RJ1,,{written},\n")
    assert sheet.minutes(row) == minutes


@pytest.mark.parametrize("written", ["6h", "0.1", "390", "1e2", "200.25", "1.234", "٣"])
def test_what_are_no_hours_is_told(written: str) -> None:
    assert codes(MEMBERS, HEADING + f"a@nhs.net,A,RJ1,,{written},\n") == ["hours_not_valid"]


def test_a_debt_is_not_brought_over_and_that_is_told() -> None:
    assert codes(MEMBERS, HEADING + "a@nhs.net,A,RJ1,,-2.5,\n") == ["debt_left_behind"]


def test_offers_stand_apart_by_semicolons_each_once() -> None:
    (row,) = sheet.read(MEMBERS, HEADING + "a@nhs.net,A,RJ1,,,Rotas; Budgets;Rotas;\n")
    assert [(each["kind"], each["title"]) for each in sheet.listings(row)] == [
        ("offer", "Rotas"),
        ("offer", "Budgets"),
    ]


@pytest.mark.parametrize("offers", ["x" * 201, ";".join(str(n) for n in range(11))])
def test_too_many_or_too_long_offers_are_told(offers: str) -> None:
    assert codes(MEMBERS, HEADING + f"a@nhs.net,A,RJ1,,,{offers}\n") == ["listings_not_valid"]
