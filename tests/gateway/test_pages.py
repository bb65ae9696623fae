"""The pages refuse what must fail, and send browsers what keeps people safe."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import flask
import pytest
import segno
from flask.testing import FlaskClient
from joserfc import jwk

from gateway import app as application
from gateway import settings as gateway_settings
from gateway.pages import links, static
from gateway.settings import Settings
from services.bus.settings import SettingError
from tests.gateway.standin import ALICE, LISTING, Asked, Services, refused

SESSION: dict[str, Any] = {
    "email": "alice@nhs.net",
    "trusted": False,
    "member": {
        "id": ALICE,
        "name": "Alice Invented",
        "region": "london",
        "organisation": "RJ1",
        "roles": ["member"],
        "approved": True,
        "status": "approved",
    },
}
HTML = {"Accept": "text/html"}


@pytest.fixture
def browser(app: flask.Flask, services: Services) -> FlaskClient:
    """Alice's browser, signed in."""
    services.answers["members", "session"] = SESSION
    services.answers["members", "close_session"] = {"ended": 1}
    client = app.test_client()
    client.set_cookie("timebank", "a secret")
    return client


def csrf(page: str) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page)
    assert found
    return found[1]


def test_a_page_loads_and_runs_nothing_but_our_own_files(browser: FlaskClient) -> None:
    answer = browser.get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert not re.search(r"\son[a-z]+=|\sstyle=", answer.text)
    assert answer.text.count("<script") == 2, "the layout's own, allowed by its hash, and a file"


def test_a_file_is_kept_for_a_year_under_an_address_that_changes_with_it(
    anybody: FlaskClient,
) -> None:
    answer = anybody.get(static.url("nhsuk/nhsuk-frontend.min.css"))
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.content_type == "text/css; charset=utf-8"
    other = anybody.get("/assets/000000000000/nhsuk/nhsuk-frontend.min.css")
    assert other.headers["Cache-Control"] == "no-cache"
    assert other.data == answer.data
    assert anybody.get(static.url("start.js").replace("start.js", "../x")).status_code == 404


def test_no_style_sheet_or_script_names_another_host() -> None:
    for name, file in static.FILES.items():
        if name.endswith((".css", ".js")):
            assert not re.search(rb"url\(\s*['\"]?(https?:)?//", file.content), name
            assert b"assets.nhs.uk" not in file.content or name.endswith(".js"), name


def test_who_is_not_signed_in_is_led_to_sign_in_and_back(anybody: FlaskClient) -> None:
    answer = anybody.get("/listings?q=rota")
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        "/sign-in?next=%2Flistings%3Fq%3Drota",
    )


def test_who_has_not_joined_is_led_to_join(app: flask.Flask, services: Services) -> None:
    services.answers["members", "session"] = {**SESSION, "member": None}
    client = app.test_client()
    client.set_cookie("timebank", "a secret")
    assert client.get("/hours").headers["Location"] == "/join?next=%2Fhours"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.example", "/\\evil.example", "https://evil.example", "evil.example", "/\t/evil",
        "javascript:alert(1)", "/%0d%0aSet-Cookie:x=1\r\n", "/ok\n", "///evil", "/" + "a" * 600,
    ],
)  # fmt: skip
def test_nobody_is_led_to_another_host(browser: FlaskClient, elsewhere: str) -> None:
    answer = browser.get("/sign-in", query_string={"next": elsewhere})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


@pytest.mark.parametrize("path", ["/", "/listings", "/listings?q=a%20b&region=london", "/hours"])
def test_an_address_of_our_own_is_gone_back_to(browser: FlaskClient, path: str) -> None:
    assert links.local(path) == path


def test_a_form_without_our_proof_does_nothing(browser: FlaskClient, services: Services) -> None:
    page = browser.get("/")
    for proof in (None, "", "0" * 64, csrf(page.text)[:-1], csrf(page.text) + "0"):
        answer = browser.post("/sign-out", data={"csrf": proof} if proof is not None else {})
        assert answer.status_code == 403
        assert "This page was open too long" in answer.text
    assert not services.of("members", "close_session")
    assert browser.post("/sign-out", data={"csrf": csrf(page.text)}).status_code == 303
    assert services.of("members", "close_session")


def test_the_proof_of_one_browser_is_worth_nothing_in_another(
    browser: FlaskClient, app: flask.Flask
) -> None:
    proof = csrf(browser.get("/").text)
    other = app.test_client()
    other.set_cookie("timebank", "another secret")
    assert other.post("/sign-out", data={"csrf": proof}).status_code == 403


def test_signing_in_changes_the_secret_and_hides_it_from_the_services(
    app: flask.Flask, services: Services
) -> None:
    services.answers["members", "use_sign_in_link"] = {"email": "alice@nhs.net"}
    services.answers["members", "open_session"] = None
    services.answers["members", "close_session"] = {"ended": 1}
    services.answers["members", "session"] = None
    client = app.test_client()
    client.set_cookie("timebank", "planted by somebody else")
    page = client.get("/sign-in/link/token")
    client.post("/sign-in/link/token", data={"csrf": csrf(page.text)})
    cookie = client.get_cookie("timebank")
    assert cookie is not None
    assert cookie.value != "planted by somebody else"
    (opened,) = services.of("members", "open_session")
    assert cookie.value not in json.dumps(opened.arguments)


def test_over_https_cookies_are_bound_to_the_host(
    services: Services, issuer_key: jwk.ECKey
) -> None:
    settings = Settings("local", "https://timebank.test", development_key=issuer_key)
    client = application.create(services, settings).test_client()
    (cookie,) = client.get("/sign-in/email").headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-timebank-visit=")
    for word in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert word in cookie
    assert "Domain" not in cookie


def test_words_of_members_are_shown_and_never_run(browser: FlaskClient, services: Services) -> None:
    script = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    wanted = dict.fromkeys(("title", "description", "place"), script)
    services.change("exchanges", "listing", **wanted, skills=[script], online=False)
    answer = browser.get(f"/listings/{LISTING}", headers=HTML)
    assert answer.status_code == 200
    assert "<img" not in answer.text
    assert answer.text.count("&lt;script&gt;alert(1)") >= 4


def test_a_person_gets_a_page_and_a_program_a_problem_document(
    browser: FlaskClient, services: Services
) -> None:
    assert browser.get("/nowhere", headers=HTML).content_type.startswith("text/html")
    assert browser.get("/v1/nowhere", headers=HTML).content_type == "application/problem+json"
    assert browser.get("/nowhere").content_type == "application/problem+json"
    services.answers["ledger", "account"] = refused("try_later", "Away.", "try_later")
    answer = browser.get("/hours")
    assert answer.status_code == 503
    assert "not available just now" in answer.text
    assert answer.headers["Retry-After"]


def test_a_page_that_breaks_says_sorry_and_nothing_else(
    browser: FlaskClient, services: Services
) -> None:
    def broken(_: Asked) -> Any:
        raise ZeroDivisionError("a secret of the code")

    services.answers["ledger", "account"] = broken
    answer = browser.get("/hours")
    assert answer.status_code == 500
    assert "secret of the code" not in answer.text


def provider(folder: Path, **changes: Any) -> str:
    key = folder / "key.json"
    key.write_text(json.dumps(jwk.ECKey.generate_key("P-256").as_dict(private=True)))
    known = {
        "name": "nhs-net", "label": "NHS.net Connect", "issuer": "https://login.example",
        "client_id": "us", "secret_file": str(key),
    }  # fmt: skip
    return json.dumps([{**known, **changes}])


def test_sign_in_services_are_read_from_the_settings(tmp_path: Path) -> None:
    (found,) = gateway_settings.SIGN_IN.parse(provider(tmp_path, domains=["NHS.net"]))
    assert (found.method, found.algorithm) == ("private_key_jwt", "ES256")
    assert found.domains == ("nhs.net",)


@pytest.mark.parametrize(
    "changes",
    [{"method": "none"}, {"name": "a/b"}, {"secret_file": "nowhere"}, {"unknown": "x"}],
)
def test_a_sign_in_service_that_cannot_be_used_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, changes: dict[str, Any]
) -> None:
    monkeypatch.setenv("TIMEBANK_SIGN_IN", provider(tmp_path, **changes))
    with pytest.raises(SettingError):
        gateway_settings.SIGN_IN.read()


def test_an_invitation_is_drawn_by_ourselves_and_shows_its_link(
    browser: FlaskClient, services: Services
) -> None:
    services.answers["members", "own_invitation"] = {"token": "from-alice"}
    answer = browser.get("/profile/invite/code.svg")
    assert answer.content_type == "image/svg+xml; charset=utf-8"
    expected = io.BytesIO()
    segno.make("http://timebank.test/join?by=from-alice", error="m").save(
        expected, kind="svg", scale=8, border=4, light="#fff"
    )
    assert answer.data == expected.getvalue()
    assert b"<script" not in answer.data


def test_who_waits_to_be_let_in_has_no_invitation_to_draw(
    browser: FlaskClient, services: Services
) -> None:
    services.answers["members", "own_invitation"] = refused("not_allowed", "Later.", "not_allowed")
    assert browser.get("/profile/invite/code.svg").status_code == 403
