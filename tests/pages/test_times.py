"""Times of offers: said by the giver on a page, asked for by one press, each once."""

from __future__ import annotations

import datetime
import re

import pytest
from playwright.sync_api import expect

from deploy.client import Person
from deploy.local.installation import Installation
from tests.pages.conftest import BrowserOf, Look
from tests.pages.helping import GIVER, RECEIVER, Visit, joined, listed

YEAR = datetime.date.today().year + 1


@pytest.fixture(scope="module")
def giver(filled: Installation) -> Person:
    return joined(filled.gateway_url, "Tamsin Example", GIVER)


@pytest.fixture(scope="module")
def asker(filled: Installation) -> Person:
    return joined(filled.gateway_url, "Rafi Example", RECEIVER)


def slot(month: int, day: int = 4) -> dict[str, object]:
    return {"starts_at": f"{YEAR}-{month:02}-{day:02}T13:00:00Z", "minutes": 60}


def offered(giver: Person, title: str, *slots: dict[str, object]) -> str:
    """The path of a new offer with times."""
    body = {"kind": "offer", "title": title, "description": "x", "minutes": 60, "slots": slots}
    return f"/listings/{giver.post('/v1/listings', body)['id']}"


def test_a_giver_says_when_and_another_takes_it_by_one_press(
    browser_of: BrowserOf, look: Look, scripts: bool, giver: Person, asker: Person
) -> None:
    path = f"/listings/{listed(giver, 'Carillon', minutes=30)}"
    page = browser_of(giver.email, scripts=scripts)
    page.goto(path)
    page.get_by_role("link", name="Say when you can help").click()
    page.get_by_role("button", name="Add this time").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter a day, month, year and time")
    look(page, "times-error")
    for month in ("6", "1"):
        for box, value in {"Day": "4", "Month": month, "Year": str(YEAR), "Time": "2pm"}.items():
            page.get_by_label(box, exact=True).fill(value)
        page.get_by_role("button", name="Add this time").click()
        expect(page.get_by_role("alert")).to_contain_text("The time is shown with your offer")
    look(page, "times")
    page.get_by_role("button", name=re.compile("Remove .* January")).click()
    expect(page.get_by_role("alert")).to_contain_text("The time is gone")

    other = browser_of(asker.email, scripts=scripts)
    other.goto(path)
    expect(other.get_by_role("main")).to_contain_text("Choose a time")
    look(other, "listing-times")
    other.get_by_role("button", name=re.compile(rf"Ask for .* 4 June {YEAR} at 2pm")).click()
    expect(other.get_by_role("alert")).to_contain_text("It is on its way")
    expect(other.get_by_role("main")).to_contain_text(f"4 June {YEAR} at 2pm")
    page.goto(f"{path}/times")
    expect(page.get_by_role("main")).to_contain_text("taken")


def test_a_time_somebody_else_took_meanwhile_is_told(giver: Person, asker: Person) -> None:
    path = offered(giver, "Celesta", slot(3), slot(4))
    visit = Visit.of(asker)
    page = visit.get(path).text
    first, second = re.findall(rf'action="({path}/times/[^"]+/ask)"', page)
    quicker = joined(giver.gateway, "Quick Example", RECEIVER)
    chosen = giver.get(f"/v1{path}")["slots"][0]
    body = {"listing_id": path.rpartition("/")[2], "slot_id": chosen["id"], "minutes": 60}
    quicker.post("/v1/exchanges", body)

    csrf = {"csrf": re.findall(r'name="csrf" value="([0-9a-f]{64})"', page)[0]}
    told = visit.send(first, **csrf)
    assert told.status_code == 422
    assert "Somebody else has taken this time" in told.text
    assert first not in told.text
    assert second in told.text


def test_nobody_but_the_owner_says_when_and_no_other_site_asks(
    giver: Person, asker: Person
) -> None:
    path = offered(giver, "Clavichord", slot(7))
    visit = Visit.of(asker)
    assert visit.get(f"{path}/times").status_code == 403
    (ask,) = re.findall(rf'action="({path}/times/[^"]+/ask)"', visit.get(path).text)
    assert visit.send(ask, csrf="0" * 64).status_code == 403
    remove = ask.replace("/ask", "/remove")
    csrf = re.findall(r'name="csrf" value="([0-9a-f]{64})"', visit.get(path).text)[0]
    assert visit.send(remove, csrf=csrf).status_code == 403
    assert len(giver.get(f"/v1{path}")["slots"]) == 1
