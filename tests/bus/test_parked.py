"""What an operator sees of parked messages, and how one is sent again."""

import pytest

from services.bus import parked, retries
from services.bus.intake import Delivery
from services.bus.transaction import Database

DELIVERY = Delivery("london.echo.said", "london", {"ce-id": "e1"}, b"{not json", False)


@pytest.fixture
def place(service_database, monkeypatch):
    url = service_database("services.bus")
    monkeypatch.setenv("TIMEBANK_DATABASE_URL", url)
    database = Database(url, size=2)
    database.open()
    with database.transaction() as tx:
        retries.park(tx, DELIVERY, "not an event")
    yield database
    database.close()


def test_the_list_names_message_and_reason(place, capsys):
    assert parked.main(["list"]) == 0

    said = capsys.readouterr().out
    assert "e1  london.echo.said  tries=1" in said
    assert "not an event" in said
    assert said.endswith("1 parked\n")


def test_one_message_is_shown_whole(place, capsys):
    assert parked.main(["show", "e1"]) == 0

    assert "{not json" in capsys.readouterr().out


def test_a_message_that_is_not_there_is_told_with_exit_code_1(place, capsys):
    assert parked.main(["show", "e2"]) == 1

    assert capsys.readouterr().err == "There is no message e2.\n"


def test_a_message_sent_again_is_due_at_once(place, capsys):
    assert parked.main(["resend", "e1"]) == 0

    with place.transaction() as tx:
        assert retries.listed(tx) == []
        due = retries.take_due(tx, ["london"])
        assert due is not None
        assert due.event_id == "e1"


def test_sending_nothing_again_is_told_with_exit_code_1(place):
    assert parked.main(["resend", "e2"]) == 1
