"""Each route asks the right service the right thing, and answers with names added."""

import csv
import io
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.bus import topology
from services.contracts import asyncapi, feed
from tests.gateway.conftest import problem
from tests.gateway.standin import ALICE, BOB, EXCHANGE, LISTING, NOTICE, Services, refused

KEY = {"Idempotency-Key": "k"}
MEMBER = {"name": "Alice", "organisation": "RJ1", "region": "london"}


def told(services: Services, service: str, method: str) -> dict[str, Any]:
    (asked,) = services.of(service, method)
    return asked.arguments


class TestMembers:
    def test_joining_takes_the_address_from_the_token(
        self, nobody: FlaskClient, services: Services
    ) -> None:
        response = nobody.post("/v1/members", json=MEMBER, headers=KEY)
        assert response.status_code == 201
        assert response.headers["Location"] == f"/v1/members/{ALICE}"
        (asked,) = services.of("members", "join")
        assert asked.caller.email == "nobody@nhs.net"
        assert asked.caller.region == "london"
        assert asked.arguments["body"] == {**MEMBER, "skills_offered": [], "skills_wanted": []}

    def test_only_joining_tells_the_address(self, alice: FlaskClient, services: Services) -> None:
        alice.get("/v1/members/me")
        alice.get("/v1/account")
        assert {each.caller.email for each in services.asked} == {None}

    def test_who_joined_already_is_409(self, nobody: FlaskClient, services: Services) -> None:
        services.answers["members", "join"] = refused("already_joined")
        problem(nobody.post("/v1/members", json=MEMBER, headers=KEY), 409, "already_joined")

    def test_a_change_is_merged_and_seen_at_once(
        self, alice: FlaskClient, services: Services
    ) -> None:
        alice.get("/v1/account")
        alice.patch("/v1/members/me", json={"region": "midlands", "about": None})
        assert told(services, "members", "update")["body"] == {"region": "midlands", "about": None}
        alice.get("/v1/account")
        assert len(services.of("members", "identify")) == 2

    def test_a_member_is_asked_about_once_in_a_moment(
        self, alice: FlaskClient, services: Services, clock: Any
    ) -> None:
        alice.get("/v1/account")
        alice.get("/v1/account")
        assert len(services.of("members", "identify")) == 1
        clock.now += 2.1
        alice.get("/v1/account")
        assert len(services.of("members", "identify")) == 2

    def test_who_leaves_is_a_stranger_at_once(self, alice: FlaskClient, services: Services) -> None:
        response = alice.delete("/v1/members/me")
        assert (response.status_code, response.get_data()) == (204, b"")
        assert told(services, "members", "leave") == {"choice": "fund"}
        services.answers["members", "identify"] = None
        problem(alice.get("/v1/account"), 403, "not_a_member")

    def test_a_profile_shows_nothing_that_was_not_agreed(
        self, alice: FlaskClient, services: Services
    ) -> None:
        services.change("members", "get", secret="s3cret")
        assert "secret" not in alice.get(f"/v1/members/{BOB}").get_json()
        assert told(services, "members", "get") == {"member_id": BOB}

    def test_reps_see_who_waits_and_decide(self, alice: FlaskClient, services: Services) -> None:
        assert alice.get("/v1/members?status=waiting").status_code == 200
        assert told(services, "members", "list") == {"status": "waiting", "limit": 20}
        assert alice.post(f"/v1/members/{BOB}/approve").status_code == 200
        assert told(services, "members", "approve") == {"member_id": BOB}
        refusal = alice.post(f"/v1/members/{BOB}/refuse", json={"reason": "Not known here."})
        assert refusal.status_code == 200
        assert told(services, "members", "refuse")["reason"] == "Not known here."
        problem(alice.post(f"/v1/members/{BOB}/refuse", json={}), 422, "invalid")

    def test_others_are_not_allowed_to(self, alice: FlaskClient, services: Services) -> None:
        services.answers["members", "list"] = refused("not_allowed", "No.", "not_allowed")
        problem(alice.get("/v1/members"), 403, "not_allowed")


class TestListings:
    OFFER = {"kind": "offer", "title": "Excel", "description": "Pivots.", "minutes": 60}  # noqa: RUF012

    def test_publishing_answers_with_the_owner(
        self, alice: FlaskClient, services: Services
    ) -> None:
        response = alice.post("/v1/listings", json=self.OFFER, headers=KEY)
        assert response.status_code == 201
        assert response.get_json()["owner"] == {
            "id": BOB, "name": "Bob Sample", "region": "south-west",
            "organisation_name": "Sample Care",
        }  # fmt: skip
        body = told(services, "exchanges", "publish_listing")["body"]
        assert body == {**self.OFFER, "online": True, "skills": []}

    def test_whoever_would_receive_sees_whether_credits_will_do(
        self, alice: FlaskClient, services: Services
    ) -> None:
        found = alice.get(f"/v1/listings/{LISTING}").get_json()
        assert found["funding"] == {
            "enough": True, "available_minutes": 240, "shortfall_minutes": 0, "ways_out": [],
        }  # fmt: skip
        services.change("ledger", "account", available_minutes=45)
        funding = alice.get(f"/v1/listings/{LISTING}").get_json()["funding"]
        assert (funding["enough"], funding["shortfall_minutes"]) == (False, 15)
        assert funding["ways_out"]

    @pytest.mark.parametrize("change", [{"kind": "request"}, {"owner": {"id": ALICE}}])
    def test_whoever_would_not_pay_is_told_nothing(
        self, alice: FlaskClient, services: Services, change: dict[str, Any]
    ) -> None:
        services.change("exchanges", "listing", **change)
        assert "funding" not in alice.get(f"/v1/listings/{LISTING}").get_json()
        assert services.of("ledger", "account") == []

    def test_null_clears_and_absence_keeps(self, alice: FlaskClient, services: Services) -> None:
        alice.patch(f"/v1/listings/{LISTING}", json={"capacity": None, "title": "New"})
        body = told(services, "exchanges", "edit_listing")["body"]
        assert body == {"capacity": None, "title": "New"}

    def test_the_kind_of_a_listing_stays(self, alice: FlaskClient) -> None:
        response = alice.patch(f"/v1/listings/{LISTING}", json={"kind": "request"})
        problem(response, 422, "invalid")

    @pytest.mark.parametrize("action", ["pause", "renew", "close"])
    def test_actions(self, alice: FlaskClient, services: Services, action: str) -> None:
        assert alice.post(f"/v1/listings/{LISTING}/{action}").status_code == 200
        expected = {"listing_id": LISTING, "action": action}
        assert told(services, "exchanges", "act_on_listing") == expected


class TestExchanges:
    ASK = {"listing_id": LISTING, "minutes": 60}  # noqa: RUF012

    def test_asking_answers_with_names_and_funding(
        self, alice: FlaskClient, services: Services
    ) -> None:
        response = alice.post("/v1/exchanges", json=self.ASK, headers=KEY)
        assert response.status_code == 201
        assert response.headers["Location"] == f"/v1/exchanges/{EXCHANGE}"
        found = response.get_json()
        assert found["giver"] == {"id": BOB, "name": "Bob Sample", "region": "south-west"}
        assert found["receiver"]["name"] == "Alice Example"
        assert found["funding"]["enough"] is True
        assert told(services, "exchanges", "ask") == {"body": self.ASK}

    def test_whoever_gives_is_told_nothing_of_funding(
        self, alice: FlaskClient, services: Services
    ) -> None:
        services.change("exchanges", "ask", receiver={"id": BOB, "region": "london"})
        found = alice.post("/v1/exchanges", json=self.ASK, headers=KEY).get_json()
        assert "funding" not in found

    def test_a_step_taken_is_answered_though_names_and_credits_are_unknown(
        self, alice: FlaskClient, services: Services
    ) -> None:
        services.answers["members", "cards"] = refused("timed_out", "Away.", "try_later")
        services.answers["ledger", "account"] = refused("timed_out", "Away.", "try_later")
        response = alice.post("/v1/exchanges", json=self.ASK, headers=KEY)
        assert response.status_code == 201
        assert response.get_json()["giver"]["name"] is None

    def test_ones_own_listing_is_409(self, alice: FlaskClient, services: Services) -> None:
        services.answers["exchanges", "ask"] = refused("own_listing")
        response = alice.post("/v1/exchanges", json=self.ASK, headers=KEY)
        problem(response, 409, "own_listing")

    def test_anothers_exchange_is_404(self, alice: FlaskClient, services: Services) -> None:
        services.answers["exchanges", "exchange"] = refused("exchange_not_found")
        problem(alice.get(f"/v1/exchanges/{EXCHANGE}"), 404, "exchange_not_found")

    @pytest.mark.parametrize(
        ("action", "body"),
        [
            ("accept", {}), ("decline", {"reason": "Busy."}), ("withdraw", {}), ("ask_fund", {}),
            ("amend", {"minutes": 30}), ("reschedule", {"starts_at": "2026-12-01T09:00:00Z"}),
            ("cancel", {"reason": "Ill."}), ("done", {"minutes": 60}), ("confirm", {}),
            ("confirm", {"minutes": 45}), ("no_show", {"reason": "Waited."}),
            ("dispute", {"reason": "Half."}), ("reverse", {"reason": "Mistake."}),
            ("resolve", {"outcome": "settle", "minutes": 30, "reason": "Agreed."}),
            ("thank", {"message": "Thanks!", "publish": True}),
        ],
    )  # fmt: skip
    def test_every_action_reaches_the_service(
        self, alice: FlaskClient, services: Services, action: str, body: dict[str, Any]
    ) -> None:
        response = alice.post(f"/v1/exchanges/{EXCHANGE}/{action}", json=body)
        assert response.status_code == 200
        expected = {"exchange_id": EXCHANGE, "action": action, "body": body}
        assert told(services, "exchanges", "act") == expected


class TestAccount:
    def test_the_account_is_the_callers_own(self, alice: FlaskClient, services: Services) -> None:
        assert alice.get("/v1/account").get_json()["available_minutes"] == 240
        (asked,) = services.of("ledger", "account")
        assert (str(asked.caller.id), asked.arguments) == (ALICE, {})

    def test_entries_name_the_other_side(self, alice: FlaskClient, services: Services) -> None:
        (entry,) = alice.get("/v1/account/statement").get_json()["items"]
        assert entry["counterpart"] == {"id": BOB, "name": "Bob Sample"}
        assert "counterpart_id" not in entry

    def test_an_entry_without_another_person_names_nobody(
        self, alice: FlaskClient, services: Services
    ) -> None:
        items = services.answers["ledger", "statement"]["items"]
        services.change("ledger", "statement", items=[{**items[0], "counterpart_id": None}])
        (entry,) = alice.get("/v1/account/statement").get_json()["items"]
        assert entry["counterpart"] is None


class TestNotices:
    def test_notices_speak_of_people_by_name(self, alice: FlaskClient) -> None:
        (notice,) = alice.get("/v1/notices?unread=true").get_json()["items"]
        assert notice["text"] == "Bob Sample asks for 1 hour."
        assert "people" not in notice

    def test_a_name_that_looks_like_a_placeholder_stays_a_name(
        self, alice: FlaskClient, services: Services
    ) -> None:
        services.answers["members", "cards"] = {BOB: {"name": "{0}{1}"}}
        (notice,) = alice.get("/v1/notices").get_json()["items"]
        assert notice["text"] == "{0}{1} asks for 1 hour."

    def test_without_names_they_still_say_what_happened(
        self, alice: FlaskClient, services: Services
    ) -> None:
        services.answers["members", "cards"] = {}
        (notice,) = alice.get("/v1/notices").get_json()["items"]
        assert notice["text"] == "Somebody asks for 1 hour."

    def test_reading_one(self, alice: FlaskClient, services: Services) -> None:
        assert alice.post(f"/v1/notices/{NOTICE}/read").get_json()["read_at"]
        assert told(services, "notifications", "read_notice") == {"notice_id": NOTICE}

    def test_preferences_are_merged(self, alice: FlaskClient, services: Services) -> None:
        assert alice.patch("/v1/notice-preferences", json={"email": False}).status_code == 200
        assert told(services, "notifications", "set_preferences")["body"] == {"email": False}
        wrong = alice.patch("/v1/notice-preferences", json={"kinds": {"progress": "no"}})
        assert problem(wrong, 422, "invalid")["errors"][0]["pointer"] == "/kinds/progress"


class TestInsight:
    def test_totals_by_what_and_when(self, alice: FlaskClient, services: Services) -> None:
        query = "by=month&from=2026-11-01&to=2026-11-30&region=london"
        found = alice.get(f"/v1/insight/totals?{query}").get_json()
        assert found["total"]["hours"] == 1.5
        assert told(services, "reporting", "totals") == {
            "by": "month", "date_from": "2026-11-01", "date_to": "2026-11-30", "region": "london",
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("query", "headers"), [("?format=csv", {}), ("", {"Accept": "text/csv"})]
    )
    def test_totals_as_csv(self, alice: FlaskClient, query: str, headers: dict[str, str]) -> None:
        response = alice.get(f"/v1/insight/totals{query}", headers=headers)
        assert response.mimetype == "text/csv"
        rows = list(csv.reader(io.StringIO(response.get_data(as_text=True))))
        assert rows == [
            ["region", "exchanges", "minutes", "hours"],
            ["london", "2", "90", "1.5"],
            ["total", "2", "90", "1.5"],
        ]

    @pytest.mark.parametrize("accept", ["application/json", "*/*", "text/html"])
    def test_json_is_what_most_get(self, alice: FlaskClient, accept: str) -> None:
        response = alice.get("/v1/insight/totals", headers={"Accept": accept})
        assert response.mimetype == "application/json"

    def test_no_key_is_run_as_a_formula(self, alice: FlaskClient, services: Services) -> None:
        total = services.answers["reporting", "totals"]["total"]
        services.change("reporting", "totals", items=[{"key": "=1+1", **total}])
        text = alice.get("/v1/insight/totals?format=csv").get_data(as_text=True)
        assert "'=1+1" in text

    @pytest.mark.parametrize(
        "query", ["from=1.11.2026", "to=2026-02-30", "by=person", "format=xls"]
    )
    def test_what_cannot_be_asked_is_refused(self, alice: FlaskClient, query: str) -> None:
        problem(alice.get(f"/v1/insight/totals?{query}"), 422, "invalid")

    def test_figures_and_their_definitions(self, alice: FlaskClient) -> None:
        figures = alice.get("/v1/insight/overview").get_json()["figures"]
        (definition,) = alice.get("/v1/insight/definitions").get_json()["items"]
        assert figures[definition["name"]]["unit"] == definition["unit"]


class TestOperations:
    def test_alive_asks_nobody(self, anybody: FlaskClient, services: Services) -> None:
        assert anybody.get("/_ping").get_json()["status"] == "pass"
        assert services.asked == []

    def test_metrics_count_by_route_and_never_by_address(
        self, alice: FlaskClient, anybody: FlaskClient
    ) -> None:
        alice.get(f"/v1/exchanges/{EXCHANGE}")
        text = anybody.get("/metrics").get_data(as_text=True)
        assert 'route="/v1/exchanges/<uuid:exchange_id>"' in text
        assert EXCHANGE not in text

    def test_an_invented_method_makes_no_metric_of_its_own(self, anybody: FlaskClient) -> None:
        problem(anybody.open("/v1/account", method="INVENTED"), 405, "method_not_allowed")
        text = anybody.get("/metrics").get_data(as_text=True)
        assert "INVENTED" not in text
        assert 'method="other"' in text

    def test_event_types_are_told_with_a_sample(self, alice: FlaskClient) -> None:
        found = {each["type"]: each for each in alice.get("/v1/event-types").get_json()["items"]}
        booked = found["timebank-exchange-booked-1"]
        assert set(found) == {signal.type for signal in feed.SIGNALS}
        assert booked["sample"] == feed.sample(feed.BY_EVENT["exchange_booked"])
        assert booked["routing_key"] == topology.public_key("<region>", booked["type"])
        assert [each["name"] for each in booked["body"]] == list(booked["sample"])

    def test_the_feed_is_described_for_tools_to_anybody(self, anybody: FlaskClient) -> None:
        answer = anybody.get("/asyncapi.json")
        assert answer.status_code == 200
        assert answer.get_json() == asyncapi.document()
