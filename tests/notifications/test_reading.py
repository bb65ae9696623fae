"""A member reads their own list and chooses what comes by e-mail."""

from uuid import UUID, uuid4

import pytest

from services.bus.caller import Caller
from services.bus.transaction import Database
from services.contracts import exchanges
from services.notifications import errors, handlers
from tests.notifications import scene
from tests.notifications.scene import Pair

KINDS = ("progress", "thanks", "messages", "membership", "searches")
EVERYTHING = dict.fromkeys(KINDS, True)


def _page(database: Database, who: UUID, **wanted: object) -> dict[str, object]:
    arguments: dict[str, object] = {"unread": False, "limit": 20, "cursor": None, **wanted}
    with database.transaction() as tx:
        return handlers.notices(tx, Caller(id=who), **arguments)  # type: ignore[arg-type]


def _items(database: Database, who: UUID, **wanted: object) -> list[dict[str, object]]:
    return _page(database, who, **wanted)["items"]  # type: ignore[return-value]


def test_the_list_is_ones_own_newest_first_in_plain_sentences(database: Database) -> None:
    pair = Pair()
    for event in [*pair.undisturbed(), *Pair().undisturbed()]:
        scene.hear(database, event)
    assert [item["text"] for item in _items(database, pair.giver_id)] == [
        "1 credit from someone came to you.",
        "It is booked: 1 hour with someone on Tuesday 5 May 2026 at 14:00.",
        "Someone asks for 1 hour of your help.",
    ]


def test_an_item_names_people_by_id_for_whoever_may_know_them(database: Database) -> None:
    pair = Pair()
    scene.hear(database, pair.says(exchanges.ExchangeThanked, pair.receiver_id))
    item = _items(database, pair.giver_id)[0]
    assert item["people"] == [str(pair.receiver_id)]
    assert item["pattern"] == "{0} thanks you."
    assert item["exchange_id"] == str(pair.exchange_id)
    assert str(item["created_at"]).endswith("Z")
    assert item["read_at"] is None


def test_pages_follow_each_other_without_gap_or_double(database: Database) -> None:
    pair = Pair()
    for _ in range(5):
        scene.hear(database, pair.says(exchanges.ExchangeThanked, pair.receiver_id))
    seen, cursor = [], None
    while True:
        page = _page(database, pair.giver_id, limit=2, cursor=cursor)
        seen += [item["id"] for item in page["items"]]  # type: ignore[attr-defined]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 5
    assert seen == sorted(seen, reverse=True)


def test_reading_a_notice_takes_it_off_the_unread_and_keeps_the_first_time(
    database: Database,
) -> None:
    pair = Pair()
    scene.hear(database, pair.says(exchanges.ExchangeBooked))
    item = _items(database, pair.giver_id, unread=True)[0]
    with database.transaction() as tx:
        first = handlers.read_notice(tx, Caller(id=pair.giver_id), item["id"])
    scene.advance(database, hours=1)
    with database.transaction() as tx:
        again = handlers.read_notice(tx, Caller(id=pair.giver_id), item["id"])
    assert first["read_at"] == again["read_at"] is not None
    assert _items(database, pair.giver_id, unread=True) == []
    assert len(_items(database, pair.receiver_id, unread=True)) == 1


def test_anothers_notice_does_not_exist(database: Database) -> None:
    pair = Pair()
    scene.hear(database, pair.says(exchanges.ExchangeBooked))
    item = _items(database, pair.giver_id)[0]
    for who, wanted in [(pair.receiver_id, item["id"]), (pair.giver_id, "x"), (ID, str(ID))]:
        with database.transaction() as tx, pytest.raises(errors.NoSuchNotice):
            handlers.read_notice(tx, Caller(id=who), wanted)


ID = uuid4()


@pytest.mark.parametrize("limit", [0, 101, True, "20", 1.5, None])
def test_a_page_of_another_size_than_1_to_100_is_refused(database: Database, limit: object) -> None:
    with pytest.raises(errors.BadLimit):
        _page(database, ID, limit=limit)


@pytest.mark.parametrize("cursor", ["x", 7, "' or 1=1"])
def test_a_cursor_of_somebodys_own_making_is_refused(database: Database, cursor: object) -> None:
    with pytest.raises(errors.BadCursor):
        _page(database, ID, cursor=cursor)


def test_who_has_not_joined_has_no_notices(database: Database) -> None:
    with database.transaction() as tx, pytest.raises(errors.NotAMember):
        handlers.notices(tx, Caller(), False, 20, None)


def test_without_a_choice_everything_comes(database: Database) -> None:
    with database.transaction() as tx:
        found = handlers.preferences(tx, Caller(id=ID))
    assert found == {"email": True, "kinds": EVERYTHING, "version": 0}


def test_a_choice_changes_what_it_names_and_nothing_else(database: Database) -> None:
    _set(database, {"kinds": {"thanks": False}})
    found = _set(database, {"email": False})
    assert found["email"] is False
    assert found["kinds"] == {**EVERYTHING, "thanks": False}


def test_the_same_choice_again_changes_no_version(database: Database) -> None:
    assert _set(database, {"email": False}) == _set(database, {"email": False})


def test_a_choice_made_on_an_older_version_is_refused(database: Database) -> None:
    version = _set(database, {"email": False})["version"]
    _set(database, {"email": True}, version)
    with pytest.raises(errors.VersionConflict):
        _set(database, {"email": False}, version)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"email": "yes"}, "/email"),
        ({"email": 1}, "/email"),
        ({"sms": True}, "/sms"),
        ({"kinds": {"settled": False}}, "/kinds/settled"),
        ({"kinds": {"thanks": None}}, "/kinds/thanks"),
        ({"kinds": []}, "/kinds"),
        ([], ""),
    ],
)
def test_a_choice_that_does_not_exist_is_refused_with_its_place(
    database: Database, body: object, pointer: str
) -> None:
    with pytest.raises(errors.UnknownPreference) as caught:
        _set(database, body)
    assert caught.value.detail["pointer"] == pointer


def _set(database: Database, body: object, version: int | None = None) -> dict[str, int]:
    with database.transaction() as tx:
        return handlers.set_preferences(tx, Caller(id=ID), body, version)


def test_the_link_in_a_mail_stops_its_kind_for_its_reader_only(database: Database) -> None:
    pair = Pair()
    scene.hear(database, pair.says(exchanges.ExchangeExpired))
    mails = dict(scene.rows(database, "select member_id, id from notice where channel = 'email'"))
    for _ in range(2):
        with database.transaction() as tx:
            stopped = handlers.unsubscribe(tx, str(mails[pair.giver_id]))
        assert stopped == {"kind": "progress"}
    with database.transaction() as tx:
        giver = handlers.preferences(tx, Caller(id=pair.giver_id))
        receiver = handlers.preferences(tx, Caller(id=pair.receiver_id))
    assert giver["kinds"] == {**EVERYTHING, "progress": False}
    assert receiver["kinds"] == EVERYTHING


def test_an_essential_notice_cannot_be_stopped_by_link(database: Database) -> None:
    pair = Pair()
    scene.hear(database, pair.says(exchanges.ExchangeSettled))
    ids = dict(scene.rows(database, "select member_id, id from notice where channel = 'email'"))
    with database.transaction() as tx:
        assert handlers.unsubscribe(tx, str(ids[pair.giver_id])) == {"kind": None}
        assert handlers.preferences(tx, Caller(id=pair.giver_id))["kinds"] == EVERYTHING


@pytest.mark.parametrize("notice_id", [str(ID), "x", None])
def test_a_link_that_was_never_sent_stops_nothing(database: Database, notice_id: object) -> None:
    with database.transaction() as tx, pytest.raises(errors.NoSuchNotice):
        handlers.unsubscribe(tx, notice_id)
