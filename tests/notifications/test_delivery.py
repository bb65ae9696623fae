"""E-mails reach a real SMTP server: each once, whatever fails on the way."""

import datetime
import time
from collections import Counter
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import eventlet
import pytest

from services.bus.caller import Caller
from services.bus.transaction import Database
from services.contracts import exchanges, members
from services.notifications import delivery, handlers, mail, store
from services.notifications.delivery import Office
from tests.notifications import scene
from tests.notifications.scene import Others, Pair, Postbox


def test_an_undisturbed_exchange_sends_exactly_six_mails(
    database: Database, postbox: Postbox, office: Office, others: Others
) -> None:
    pair = Pair()
    scene.hear(database, *pair.undisturbed())
    office.run()
    subjects = {
        person: sorted(str(mail["Subject"]) for mail in postbox.to(others.address(str(person))))
        for person in (pair.giver_id, pair.receiver_id)
    }
    receiver, giver = others.name(str(pair.receiver_id)), others.name(str(pair.giver_id))
    assert subjects == {
        pair.giver_id: [
            f"Booked: “Reading a budget” with {receiver}",
            f"{receiver} asks for 1 hour of your help",
            "You have earned 1 credit",
        ],
        pair.receiver_id: [
            f"1 credit went to {giver}",
            f"Booked: “Reading a budget” with {giver}",
            f"Did you have 1 hour with {giver}?",
        ],
    }
    assert len(postbox.mails()) == 6


def test_an_event_heard_three_times_gives_one_mail_each(
    database: Database, postbox: Postbox, office: Office
) -> None:
    booked = Pair().says(exchanges.ExchangeBooked)
    scene.hear(database, booked, booked)
    office.run()
    scene.hear(database, booked)
    office.run()
    assert len(postbox.mails()) == 2


def test_two_senders_at_once_never_send_one_mail_twice(
    database: Database, postbox: Postbox, others: Others
) -> None:
    scene.hear(database, *[Pair().says(exchanges.ExchangeBooked) for _ in range(60)])
    offices = [scene.office(database, postbox, others, batch=10) for _ in range(2)]
    counts: Counter[tuple[str, str]] = Counter()
    for running in [eventlet.spawn(office.run, 30) for office in offices]:
        counts += running.wait()
    sent = Counter(str(mail["X-Timebank-Notice"]) for mail in postbox.mails())
    assert (len(sent), max(sent.values())) == (120, 1)
    assert counts == {("booked", "sent"): 120}
    for office in offices:
        office.channel.close()


def test_mail_waits_for_a_server_that_is_down_and_its_tries_do_not_count(
    database: Database, postbox: Postbox, office: Office
) -> None:
    scene.hear(database, Pair().says(exchanges.ExchangeBooked))
    postbox.close()
    for _ in range(12):
        assert office.run() == {("booked", "postponed"): 2}, "an operator sees that they wait"
        scene.advance(database, hours=1)
    found = scene.rows(database, "select state, attempts from notice where channel = 'email'")
    assert found == [("pending", 0)] * 2
    postbox.open()
    office.run()
    assert len(postbox.mails()) == 2


def test_a_connection_that_broke_is_made_anew(
    database: Database, postbox: Postbox, office: Office
) -> None:
    scene.hear(database, Pair().says(exchanges.ExchangeBooked))
    office.run()
    postbox.close()
    postbox.open()
    scene.hear(database, Pair().says(exchanges.ExchangeBooked))
    office.run()
    assert len(postbox.mails()) == 4


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("refuse@example.org", "refused_by_server"),
        ("bounce@example.org", "refused_by_server"),
        ("slam@example.org", "refused_by_server"),
        ("no address at all", "bad_address"),
        ("naïve@example.org", "bad_address"),
        ("a@example.org\r\nBcc: b@example.org", "bad_address"),
        (None, "no_address"),
    ],
)
def test_what_can_never_arrive_fails_at_once_with_its_reason(
    database: Database,
    postbox: Postbox,
    office: Office,
    others: Others,
    address: str | None,
    reason: str,
) -> None:
    pair = Pair()
    others.addresses[str(pair.giver_id)] = address
    scene.hear(database, pair.says(exchanges.ExchangeBooked))
    office.run()
    found = scene.rows(
        database,
        "select state, reason from notice where member_id = %s and channel = 'email'",
        pair.giver_id,
    )
    assert found == [("failed", reason)]
    assert len(postbox.mails()) == 1  # the other party's is untouched


def test_what_is_turned_away_for_now_is_tried_on_the_schedule_then_fails(
    database: Database, postbox: Postbox, office: Office, others: Others
) -> None:
    pair = Pair()
    others.addresses[str(pair.giver_id)] = "busy@example.org"
    scene.hear(database, pair.says(exchanges.ExchangeRequested, pair.receiver_id))
    tries = []
    for wait in (0, 60, 300, 1800, 7200, 21600):
        scene.advance(database, seconds=wait - 5)
        office.run()
        tries.append(_of_giver(database, pair))
        scene.advance(database, seconds=10)
        office.run()
    assert tries == [("pending", count) for count in range(6)]
    assert _of_giver(database, pair) == ("failed", 6)


@pytest.mark.parametrize("address", ["leave@example.org", "drop@example.org"])
def test_a_mail_over_which_the_server_hangs_up_holds_up_no_other_and_fails_after_its_tries(
    database: Database, postbox: Postbox, office: Office, others: Others, address: str
) -> None:
    pair = Pair()
    others.addresses[str(pair.giver_id)] = address
    neighbours = [pair] + [Pair() for _ in range(3)]
    scene.hear(
        database, *[each.says(exchanges.ExchangeRequested, each.receiver_id) for each in neighbours]
    )
    assert office.run() == {("requested", "postponed"): 4}
    scene.advance(database, seconds=6)
    assert office.run() == {("requested", "sent"): 3}
    for tries, wait in enumerate(office.settings.schedule, 1):
        assert _of_giver(database, pair) == ("pending", tries)
        scene.advance(database, seconds=wait)
        fresh = Pair()
        scene.hear(database, fresh.says(exchanges.ExchangeRequested, fresh.receiver_id))
        office.run()
        assert postbox.to(others.address(str(fresh.giver_id))), "what was tried comes last"
    assert _of_giver(database, pair) == ("failed", 6)
    said = scene.rows(
        database, "select convert_from(body, 'utf8')::json ->> 'reason' from unsaid"
        " where routing_key like '%%.notice_failed'",
    )  # fmt: skip
    assert said == [("connection_dropped",)]


def _of_giver(database: Database, pair: Pair) -> tuple[str, int]:
    found: tuple[str, int] = scene.rows(
        database,
        "select state, attempts from notice where member_id = %s and channel = 'email'",
        pair.giver_id,
    )[0]
    return found


def test_mail_waits_while_nobody_can_tell_the_addresses(
    database: Database, postbox: Postbox, office: Office, others: Others
) -> None:
    scene.hear(database, Pair().says(exchanges.ExchangeBooked))
    others.away = True
    office.run()
    assert postbox.mails() == []
    others.away = False
    office.run()
    assert postbox.mails() == []  # not yet due again
    scene.advance(database, seconds=6)
    office.run()
    assert len(postbox.mails()) == 2


def test_mail_in_the_hands_of_a_sender_that_died_is_taken_over(
    database: Database, postbox: Postbox, office: Office, others: Others
) -> None:
    scene.hear(database, Pair().says(exchanges.ExchangeBooked))

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    dead = scene.office(database, postbox, others)
    dead.channel.send = dies  # type: ignore[method-assign, assignment]
    with pytest.raises(KeyboardInterrupt):
        dead.run()
    office.run()
    assert postbox.mails() == []
    scene.advance(database, seconds=61)
    office.run()
    assert len(postbox.mails()) == 2


def test_a_restart_of_the_database_after_sending_repeats_and_delays_no_mail(
    database: Database, postbox: Postbox, office: Office
) -> None:
    scene.hear(database, *[Pair().says(exchanges.ExchangeBooked) for _ in range(15)])
    keep = office._keep

    def away(_: object, done: list[object]) -> None:
        if done:
            raise ConnectionError

    office._keep = away  # type: ignore[method-assign, assignment]
    with pytest.raises(ConnectionError):
        office.run()
    office._keep = keep  # type: ignore[method-assign]
    assert len(postbox.mails()) == delivery.GROUP
    office.run()
    sent = Counter(str(mail["X-Timebank-Notice"]) for mail in postbox.mails())
    assert (len(sent), max(sent.values())) == (30, 1)


def test_a_sender_that_was_slow_leaves_alone_what_another_has_taken_over(
    database: Database,
) -> None:
    scene.hear(database, Pair().says(exchanges.ExchangeBooked))
    lease = datetime.timedelta(seconds=60)
    with database.transaction() as tx:
        slow = tx.now + lease
        taken = {due.id for due in store.claim(tx.conn, "london", tx.now, slow, 10)}
        assert store.claim(tx.conn, "london", tx.now, slow, 10) == []
    scene.advance(database, seconds=61)
    with database.transaction() as tx:
        quick = tx.now + lease
        assert {due.id for due in store.claim(tx.conn, "london", tx.now, quick, 10)} == taken
        assert store.keep_in_hand(tx.conn, taken, slow, tx.now) == set()
        assert store.keep_in_hand(tx.conn, taken, quick, quick + lease) == taken


def test_a_sender_that_was_answered_late_sends_nothing_that_another_has_taken_over(
    database: Database,
    postbox: Postbox,
    office: Office,
    others: Others,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene.hear(database, Pair().says(exchanges.ExchangeBooked))
    late = 0.0
    monkeypatch.setattr(
        delivery, "time", SimpleNamespace(monotonic=lambda: time.monotonic() + late)
    )
    quick = scene.office(database, postbox, others)

    def ask(service: str, method: str, **arguments: Any) -> Any:
        nonlocal late
        if method == "contacts":
            late += 61
            scene.advance(database, seconds=61)
            assert quick.run() == {("booked", "sent"): 2}
        return others(service, method, **arguments)

    office.ask = ask
    assert office.run() == {}
    assert len(postbox.mails()) == 2
    quick.channel.close()


def test_what_became_of_a_mail_is_said_once_and_without_address(
    database: Database, office: Office, others: Others
) -> None:
    pair = Pair()
    others.addresses[str(pair.giver_id)] = None
    scene.hear(database, pair.says(exchanges.ExchangeBooked))
    office.run()
    office.run()
    said = scene.rows(
        database, "select routing_key, convert_from(body, 'utf8')::json ->> 'member_id' from unsaid"
    )
    assert sorted(said) == [
        ("london.notifications.notice_failed", str(pair.giver_id)),
        ("london.notifications.notice_sent", str(pair.receiver_id)),
    ]
    kept = scene.rows(database, "select body, headers::text from unsaid")
    assert not any(b"@" in body or "@" in headers for body, headers in kept)


def test_one_question_to_each_service_serves_a_whole_batch(
    database: Database, office: Office, others: Others
) -> None:
    scene.hear(database, *[Pair().says(exchanges.ExchangeBooked) for _ in range(20)])
    office.run()
    assert others.asked == ["members.contacts", "exchanges.summaries"]


def test_a_member_who_turned_mail_off_gets_none_and_keeps_the_list(
    database: Database, postbox: Postbox, office: Office
) -> None:
    pair = Pair()
    _choose(database, pair.giver_id, {"email": False})
    scene.hear(database, pair.says(exchanges.ExchangeBooked))
    counts = office.run()
    assert counts == {("booked", "sent"): 1, ("booked", "suppressed"): 1}
    in_app = scene.rows(
        database,
        "select state from notice where member_id = %s and channel = 'in_app'",
        pair.giver_id,
    )
    assert in_app == [("sent",)]


def test_a_muted_kind_is_not_sent_and_an_essential_one_is(
    database: Database, office: Office
) -> None:
    pair = Pair()
    _choose(database, pair.giver_id, {"kinds": {"thanks": False}})
    scene.hear(
        database,
        pair.says(exchanges.ExchangeThanked, pair.receiver_id),
        pair.says(exchanges.ExchangeCancelled, pair.receiver_id),
    )
    assert office.run() == {("thanked", "suppressed"): 1, ("cancelled", "sent"): 1}


def test_who_saved_a_search_is_told_by_title_what_is_new_and_can_stop_it(
    database: Database, postbox: Postbox, office: Office, others: Others
) -> None:
    seeker, digest = uuid4(), uuid4()
    others.found[str(digest)] = ["Excel <b>for</b> wards", "Rotas"]
    scene.hear(database, scene.found(seeker, digest), scene.found(seeker, listings=1))
    assert office.run() == {("found", "sent"): 2}
    named, gone = sorted(postbox.mails(), key=lambda mail: "Excel" not in mail.as_string())
    text = named.get_body(("plain",))
    assert text is not None
    lines = text.get_content().splitlines()
    assert lines[lines.index("- Excel <b>for</b> wards") + 1] == "- Rotas"
    assert named["Subject"] == "2 new things fit what you look for"
    assert gone["Subject"] == "Something new fits what you look for"
    assert "unsubscribe" in named["List-Unsubscribe"]
    assert others.asked == ["members.contacts", "exchanges.found_listings"]

    _choose(database, seeker, {"kinds": {"searches": False}})
    scene.hear(database, scene.found(seeker))
    assert office.run() == {("found", "suppressed"): 1}


def test_who_is_asked_beside_others_hears_so_and_is_thanked_when_another_was_first(
    database: Database, postbox: Postbox, office: Office, others: Others
) -> None:
    pair, alone = Pair(), Pair()
    others.others_asked.add(str(pair.exchange_id))
    for each in (pair, alone):
        asked = each.says(exchanges.ExchangeRequested, each.receiver_id, next_actor="giver")
        scene.hear(database, asked)
    scene.hear(database, pair.says(exchanges.ExchangeSuperseded, state="withdrawn"))
    office.run()
    subjects = [mail["Subject"] for mail in postbox.to(str(pair.giver_id))]
    assert any("has found help, thank you" in subject for subject in subjects)
    assert not postbox.to(str(pair.receiver_id))
    said = [
        "asked other colleagues" in mail.as_string().replace("=\n", "")
        for who in (pair, alone)
        for mail in postbox.to(str(who.giver_id))
        if "asks for" in str(mail["Subject"])
    ]
    assert said == [True, False]


def test_nothing_goes_to_somebody_who_left_whatever_the_order(
    database: Database, postbox: Postbox, office: Office
) -> None:
    pair = Pair()
    scene.hear(database, pair.says(exchanges.ExchangeBooked))
    scene.hear(database, scene.joined(pair.giver_id, members.MemberLeft, status="left"))
    scene.hear(database, pair.says(exchanges.ExchangeCancelled))
    office.run()
    assert len(postbox.mails()) == 2
    assert not any(str(pair.giver_id) in str(mail["To"]) for mail in postbox.mails())


@pytest.mark.parametrize("who", ["a rep of the region", "the national team"])
def test_a_dispute_is_told_to_somebody_who_is_no_party(
    database: Database, postbox: Postbox, office: Office, others: Others, who: str
) -> None:
    pair, rep, boss = Pair(), uuid4(), uuid4()
    others.holders = {"london": [str(pair.giver_id)], "national": [str(boss)]}
    if who == "a rep of the region":
        others.holders["london"].append(str(rep))
    told = rep if who == "a rep of the region" else boss
    disputed = pair.says(
        exchanges.ExchangeDisputed, pair.receiver_id, state="disputed", next_actor="rep"
    )
    scene.hear(database, disputed, disputed)
    office.run()
    scene.hear(database, disputed)
    office.run()
    assert Counter(str(mail["To"]) for mail in postbox.mails()) == {
        _to(others, pair.giver_id): 1,
        _to(others, told): 1,
    }


def test_a_mail_about_a_concern_goes_to_nobody_in_it_and_says_nothing_of_it(
    database: Database, postbox: Postbox, office: Office, others: Others
) -> None:
    author, about, rep, boss = (uuid4() for _ in range(4))
    others.holders = {"london": [str(about), str(rep)], "national": [str(author), str(boss)]}
    raised = scene.concerned(author, about, severity="safeguarding")
    scene.hear(database, raised, raised)
    office.run()
    assert Counter(str(mail["To"]) for mail in postbox.mails()) == {
        _to(others, rep): 1,
        _to(others, boss): 1,
    }
    for each in postbox.mails():
        body = each.get_body(("plain",))
        assert body is not None
        text = body.get_content()
        assert others.name(str(about)) not in text
        assert others.name(str(author)) not in text
        assert f"/concerns/{raised.data.concern_id}" in text


def test_a_mail_about_a_message_names_the_writer_and_can_be_switched_off(
    database: Database, postbox: Postbox, office: Office, others: Others
) -> None:
    pair = Pair()
    scene.hear(database, pair.says(exchanges.MessageSent, pair.giver_id))
    office.run()
    (mail,) = postbox.mails()
    assert mail["Subject"] == f"{others.name(str(pair.giver_id))} has written to you"
    assert mail["List-Unsubscribe"]
    _choose(database, pair.receiver_id, {"kinds": {"messages": False}})
    scene.hear(database, pair.says(exchanges.MessageSent, pair.giver_id))
    office.run()
    assert len(postbox.mails()) == 1


def _to(others: Others, person: UUID) -> str:
    return f"{others.name(str(person))} <{others.address(str(person))}>"


def test_a_rep_is_told_when_members_answers_again(
    database: Database, postbox: Postbox, office: Office, others: Others
) -> None:
    pair, rep = Pair(), uuid4()
    others.holders = {"london": [str(rep)]}
    others.away = True
    scene.hear(database, pair.says(exchanges.ExchangeReversed, uuid4(), state="reversed"))
    office.run()
    others.away = False
    scene.advance(database, seconds=6)
    office.run()
    assert len(postbox.mails()) == 3
    assert len(postbox.to(others.address(str(rep)))) == 1


def _choose(database: Database, member_id: UUID, body: dict[str, object]) -> None:
    with database.transaction() as tx:
        handlers.set_preferences(tx, Caller(id=member_id), body, None)


def test_a_mail_that_cannot_be_written_does_not_stop_its_neighbour(
    database: Database, postbox: Postbox, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = Pair()
    scene.hear(database, pair.says(exchanges.ExchangeBooked))
    write = delivery.compose

    def broken(due: object, *rest: object) -> bytes:
        if due.member_id == pair.giver_id:  # type: ignore[attr-defined]
            raise LookupError("a template with a mistake")
        return write(due, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(delivery, "compose", broken)
    assert office.run() == {("booked", "sent"): 1, ("booked", "postponed"): 1}
    assert _of_giver(database, pair) == ("pending", 1)


def test_a_password_never_crosses_in_the_clear_by_a_server_without_tls(postbox: Postbox) -> None:
    channel = mail.Channel(postbox.url.replace("smtp://", "smtp+starttls://u:p@"), 5)
    with pytest.raises(mail.ServerAway):
        channel.wake()
