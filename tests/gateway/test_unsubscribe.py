"""Stopping a kind of e-mail by its link: opening the link changes nothing, pressing does."""

from tests.gateway import standin

PATH = f"/notices/{standin.NOTICE}/unsubscribe"


def test_opening_the_link_shows_a_button_and_asks_nobody(anybody, services):
    answer = anybody.get(PATH)

    assert answer.status_code == 200
    assert "<button" in answer.text
    assert services.asked == []


def test_pressing_the_button_stops_the_kind_without_signing_in(anybody, services):
    services.answers["notifications", "unsubscribe"] = {"kind": "thanks"}

    answer = anybody.post(PATH)

    assert answer.status_code == 200
    assert "E-mails stopped" in answer.text


def test_what_cannot_be_stopped_is_said(anybody, services):
    services.answers["notifications", "unsubscribe"] = {"kind": None}

    assert "cannot be stopped" in anybody.post(PATH).text


def test_the_page_allows_no_script_and_no_foreign_form(anybody):
    policy = anybody.get(PATH).headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
