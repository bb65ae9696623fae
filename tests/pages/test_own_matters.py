"""Nobody acts in their own matter, by page or API; it goes to somebody else by itself."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from deploy.client import Answer, Person
from deploy.local.installation import Installation
from tests.pages import waiting_region
from tests.pages.helping import Two, Visit
from tests.pages.newcomers import Visitor, somebody_new
from tests.pages.visiting import csrf_of, eventually
from tests.pages.waiting_region import REGION, REP

NATIONAL, COLLEAGUE = "national.one@dev.nhs.uk", "rep.midlands@dev.nhs.uk"


@pytest.fixture(scope="module")
def own(filled: Installation) -> dict[str, Any]:
    """An exchange of the representative's own that the two see differently."""
    pair = waiting_region.pair(filled.gateway_url, 6)
    two = Two(pair.giver, Person(filled.gateway_url, REP), pair.offer)
    found: dict[str, Any] = two.receiver.get(f"/v1/exchanges/{waiting_region.disputed(two)}")
    return found


def listed(gateway: str, email: str, exchange_id: str) -> str | None:
    """The reason an exchange stands in somebody's list for; none where it does not."""
    items = Person(gateway, email).get("/v1/queue")["items"]
    return next((each["reason"] for each in items if each["id"] == exchange_id), None)


@pytest.mark.parametrize(
    ("action", "body"),
    [("resolve", {"outcome": "cancel", "reason": "No."}), ("remind", {})],
)
def test_a_party_does_not_judge_by_the_api(
    filled: Installation, own: dict[str, Any], action: str, body: dict[str, Any]
) -> None:
    rep = Person(filled.gateway_url, REP)
    with pytest.raises(Answer) as refused:
        rep.post(f"/v1/exchanges/{own['id']}/{action}", body)
    assert refused.value.problem["code"] in ("own_matter", "step_not_allowed")
    with pytest.raises(Answer) as refused:
        rep.post(f"/v1/exchanges/{own['id']}/for/{own['giver']['id']}/cancel", {"reason": "x"})
    assert (refused.value.status, refused.value.problem["code"]) == (403, "own_matter")


def test_a_party_does_not_judge_on_the_pages(filled: Installation, own: dict[str, Any]) -> None:
    visit, path = Visit.of(Person(filled.gateway_url, REP)), f"/exchanges/{own['id']}"
    page = visit.get(path)
    assert page.status_code == 200
    assert f"{path}/resolve" not in page.text
    csrf = csrf_of(page.text)
    ruling = {"csrf": csrf, "version": str(own["version"]), "outcome": "cancel", "reason": "No."}
    assert visit.send(f"{path}/resolve", **ruling).status_code in (403, 422)
    acting = f"{path}/for/{own['giver']['id']}/cancel"
    assert visit.send(acting, **ruling).status_code == 403
    assert "not done" in visit.send("/console", csrf=csrf, one=f"remind:{own['id']}").text
    now = Person(filled.gateway_url, REP).get(f"/v1/exchanges/{own['id']}")
    assert (now["state"], now["version"]) == ("disputed", own["version"])


def test_it_goes_to_the_national_team_and_while_somebody_covers_to_them(
    filled: Installation, own: dict[str, Any]
) -> None:
    gateway = filled.gateway_url
    assert listed(gateway, REP, own["id"]) is None
    assert "left to a colleague" in Visit.of(Person(gateway, REP)).get("/console").text
    reason = listed(gateway, NATIONAL, own["id"])
    assert reason is not None
    assert "Their representative takes part in it." in reason
    back = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=2)
    covering = {"region": REGION, "colleague_email": COLLEAGUE, "reason": "On leave.",
                "until": back.strftime("%Y-%m-%dT%H:%M:%SZ")}  # fmt: skip
    cover = Person(gateway, REP).post("/v1/covers", covering)
    eventually(lambda: listed(gateway, COLLEAGUE, own["id"]))
    assert listed(gateway, NATIONAL, own["id"]) is None
    colleague = Visit.of(Person(gateway, COLLEAGUE))
    assert colleague.get(f"/exchanges/{own['id']}/resolve").status_code == 200
    Person(gateway, REP).delete(f"/v1/covers/{cover['id']}")
    eventually(lambda: listed(gateway, NATIONAL, own["id"]))


def test_nobody_lets_themselves_in_by_the_pages(filled: Installation) -> None:
    joiner = Visitor(filled.gateway_url, somebody_new("example.org"))
    joiner.join(region=REGION, organisation="")
    me: Any = Person(filled.gateway_url, joiner.email)
    row = me.get("/v1/members/me")["id"]
    csrf = csrf_of(joiner.open("/profile").text)
    for path, form in (
        ("/console", {"one": f"approve:{row}"}),
        (f"/console/joiners/{row}", {"decision": "approve"}),
    ):
        assert joiner.post(path, {"csrf": csrf, **form}).status_code == 403
    assert me.get("/v1/members/me")["status"] == "waiting"
