"""What the two of an exchange write to each other: theirs alone, told once, and bounded."""

import json
from typing import Any

import psycopg
import pytest

from services.bus import idempotency
from services.bus.caller import SERVICE, Caller
from services.exchanges import errors, message_handlers
from tests.exchanges import people
from tests.exchanges.people import Bank

GIVER = people.member("london")
RECEIVER = people.member("north-west")
SECRET = "Ring me on 07700 900123 — <script>alert(1)</script>"


def write(bank: Bank, author: Caller, exchange_id: str, text: str = SECRET) -> dict[str, Any]:
    found: dict[str, Any] = bank.do(message_handlers.write, author, exchange_id, {"text": text})
    return found


def read(bank: Bank, reader: Caller, exchange_id: str, **query: Any) -> dict[str, Any]:
    found: dict[str, Any] = bank.do(message_handlers.listed, reader, exchange_id, query)
    return found


def told(bank: Bank, exchange_id: str) -> list[bool]:
    """For each message, whether the other is told of it."""
    said = bank.said(exchange_id)
    return [each["first_unread"] for each in said if each["event"] == "message_sent"]


def asked(bank: Bank) -> str:
    return str(bank.ask(RECEIVER, bank.publish(GIVER))["id"])


def test_the_two_write_and_read_from_the_request_on(bank: Bank) -> None:
    exchange_id = asked(bank)
    assert write(bank, RECEIVER, exchange_id)["number"] == 1
    write(bank, GIVER, exchange_id, "Thursday?\nOr Friday.")
    found = read(bank, RECEIVER, exchange_id)
    assert [each["text"] for each in found["items"]] == ["Thursday?\nOr Friday.", SECRET]
    assert [each["author_id"] for each in found["items"]] == [str(GIVER.id), str(RECEIVER.id)]
    assert (found["next"], found["open"]) == (None, True)


@pytest.mark.parametrize(
    ("caller", "refusal"),
    [
        (people.member("london"), errors.ExchangeNotFound),
        (people.rep("midlands"), errors.ExchangeNotFound),
        (people.rep("north-west"), errors.PrivateToTheTwo),
        (people.rep("london"), errors.PrivateToTheTwo),
        (people.national(), errors.PrivateToTheTwo),
        (people.member("london", roles=("senate",)), errors.PrivateToTheTwo),
        (SERVICE, errors.PrivateToTheTwo),
    ],
    ids=["member", "rep elsewhere", "rep", "rep of the giver", "national", "Senate", "service"],
)
def test_nobody_else_reads_or_writes_or_judges(
    bank: Bank, caller: Caller, refusal: type[Exception]
) -> None:
    exchange_id = bank.settled(GIVER, RECEIVER)
    write(bank, GIVER, exchange_id)
    for attempt in (
        lambda: read(bank, caller, exchange_id),
        lambda: write(bank, caller, exchange_id),
        lambda: bank.do(message_handlers.see, caller, exchange_id),
        lambda: bank.do(message_handlers.judge, caller, exchange_id, {"helped": "no"}),
    ):
        with pytest.raises(refusal):
            attempt()


def test_what_is_private_is_not_in_what_others_see_of_the_exchange(bank: Bank) -> None:
    exchange_id = bank.settled(GIVER, RECEIVER)
    write(bank, GIVER, exchange_id)
    bank.do(message_handlers.judge, RECEIVER, exchange_id, {"helped": "partly"})
    for other in (people.rep("north-west"), people.national(), SERVICE):
        seen = json.dumps(bank.look(other, exchange_id))
        assert "07700" not in seen
        assert "helped" not in seen
        assert "message_count" not in seen
    assert bank.look(RECEIVER, exchange_id)["helped"] == "partly"
    assert bank.look(GIVER, exchange_id)["helped"] is None


def test_no_event_has_a_word_of_it(bank: Bank) -> None:
    exchange_id = asked(bank)
    write(bank, RECEIVER, exchange_id)
    [said] = [each for each in bank.said(exchange_id) if each["event"] == "message_sent"]
    assert said.keys() == {
        "event", "routed", "exchange_id", "giver_id", "receiver_id", "actor_id", "first_unread",
    }  # fmt: skip
    [(bodies,)] = bank.execute("select string_agg(convert_from(body, 'UTF8'), ' ') from unsaid")
    assert "07700" not in bodies


def test_the_other_is_told_once_until_they_have_looked(bank: Bank) -> None:
    exchange_id = asked(bank)
    for _ in range(3):
        write(bank, RECEIVER, exchange_id)
    assert told(bank, exchange_id) == [True, False, False]
    assert bank.look(GIVER, exchange_id)["unread_count"] == 3
    read(bank, GIVER, exchange_id)  # a program that asks has not looked
    write(bank, RECEIVER, exchange_id)
    assert told(bank, exchange_id)[-1] is False
    read(bank, GIVER, exchange_id, seen=True)
    assert bank.look(GIVER, exchange_id)["unread_count"] == 0
    write(bank, RECEIVER, exchange_id)
    assert told(bank, exchange_id)[-1] is True
    bank.do(message_handlers.see, GIVER, exchange_id)
    write(bank, RECEIVER, exchange_id)
    assert told(bank, exchange_id)[-1] is True


def test_ones_own_look_does_not_hide_what_the_other_has_not_seen(bank: Bank) -> None:
    exchange_id = asked(bank)
    write(bank, RECEIVER, exchange_id)
    read(bank, RECEIVER, exchange_id, seen=True)
    write(bank, RECEIVER, exchange_id)
    write(bank, GIVER, exchange_id)
    assert told(bank, exchange_id) == [True, False, True]
    assert bank.look(RECEIVER, exchange_id)["unread_count"] == 1


def test_pages_go_back_by_number(bank: Bank) -> None:
    exchange_id = asked(bank)
    for number in range(1, 6):
        write(bank, RECEIVER, exchange_id, f"Number {number}")
    first = read(bank, GIVER, exchange_id, limit=2)
    then = read(bank, GIVER, exchange_id, limit=2, cursor=first["next"])
    last = read(bank, GIVER, exchange_id, limit=2, cursor=then["next"])
    pages = [[each["number"] for each in page["items"]] for page in (first, then, last)]
    assert (pages, last["next"]) == ([[5, 4], [3, 2], [1]], None)
    with pytest.raises(errors.BadCursor):
        read(bank, GIVER, exchange_id, cursor="x")


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 2001, "a\0b", "\ud800", None, 7])
def test_a_message_is_some_plain_text_of_bounded_length(bank: Bank, text: Any) -> None:
    exchange_id = asked(bank)
    with pytest.raises(errors.Invalid):
        write(bank, GIVER, exchange_id, text)
    assert read(bank, GIVER, exchange_id)["items"] == []


def test_two_thousand_characters_are_taken_and_kept_as_they_are(bank: Bank) -> None:
    exchange_id = asked(bank)
    text = "ä<b>&amp;\n" * 199 + "z" * 10
    write(bank, GIVER, exchange_id, text)
    assert read(bank, RECEIVER, exchange_id)["items"][0]["text"] == text


def test_nobody_writes_more_than_fifty_messages_a_day(bank: Bank) -> None:
    exchange_id = asked(bank)
    bank.execute(
        "insert into message select %s, n, %s, 'x', %s from generate_series(1, 50) n",
        exchange_id, GIVER.id, bank.now(),
    )  # fmt: skip
    with pytest.raises(errors.TooManyMessages):
        write(bank, GIVER, exchange_id)
    assert write(bank, RECEIVER, exchange_id)["number"] == 51
    bank.advance(days=1, seconds=1)
    assert write(bank, GIVER, exchange_id)["number"] == 52


def test_a_month_after_its_end_nothing_more_is_written_but_all_is_still_read(bank: Bank) -> None:
    exchange_id = bank.settled(GIVER, RECEIVER)
    bank.advance(days=29)
    write(bank, GIVER, exchange_id)
    bank.advance(days=2)
    with pytest.raises(errors.MessagesClosed):
        write(bank, GIVER, exchange_id)
    found = read(bank, RECEIVER, exchange_id)
    assert (len(found["items"]), found["open"]) == (1, False)


def test_before_a_request_is_sent_nobody_is_written_to(bank: Bank) -> None:
    waiting = people.member(approved=False)
    exchange_id = bank.ask(waiting, bank.publish(GIVER))["id"]
    with pytest.raises(errors.MessagesClosed):
        write(bank, waiting, exchange_id)
    with pytest.raises(errors.ExchangeNotFound):
        write(bank, GIVER, exchange_id)


def test_a_repeated_call_writes_once_and_the_kept_answer_has_no_words(bank: Bank) -> None:
    exchange_id, key = asked(bank), idempotency.Key("a message", "POST /messages", "hash")

    def once(tx: Any) -> Any:
        return idempotency.once(
            tx, GIVER, key,
            lambda: message_handlers.write(tx, GIVER, exchange_id, {"text": SECRET}),
        )  # fmt: skip

    assert bank.do(once) == bank.do(once)
    assert len(read(bank, RECEIVER, exchange_id)["items"]) == 1
    [(kept,)] = bank.execute("select answer::text from idempotency where key = 'a message'")
    assert "07700" not in kept


def test_who_leaves_takes_their_words_along_and_the_other_keeps_theirs(bank: Bank) -> None:
    exchange_id = bank.settled(GIVER, RECEIVER)
    write(bank, GIVER, exchange_id)
    write(bank, RECEIVER, exchange_id, "Thank you")
    bank.do(message_handlers.judge, GIVER, exchange_id, {"helped": "yes"})
    bank.left(GIVER)
    texts = [each["text"] for each in read(bank, RECEIVER, exchange_id)["items"]]
    assert texts == ["Thank you", None]
    assert bank.execute("select count(*) from feedback") == [(0,)]


def test_one_takes_along_what_one_wrote_and_nothing_of_the_others(bank: Bank) -> None:
    for _ in range(2):
        exchange_id = asked(bank)
        write(bank, GIVER, exchange_id, "One")
        write(bank, RECEIVER, exchange_id)
        write(bank, GIVER, exchange_id, "Two")
    first = bank.do(message_handlers.written, GIVER, {"limit": 3})
    then = bank.do(message_handlers.written, GIVER, {"limit": 3, "cursor": first["next"]})
    assert [each["text"] for each in first["items"]] == ["One", "Two", "One"]
    assert ([each["text"] for each in then["items"]], then["next"]) == (["Two"], None)
    for cursor in ("x", "x:1", f"{exchange_id}:x"):
        with pytest.raises(errors.BadCursor):
            bank.do(message_handlers.written, GIVER, {"cursor": cursor})


def test_the_database_refuses_a_second_message_of_a_number_and_a_longer_one(bank: Bank) -> None:
    exchange_id = asked(bank)
    write(bank, GIVER, exchange_id)
    insert = "insert into message values (%s, %s, %s, %s, now())"
    with pytest.raises(psycopg.errors.UniqueViolation):
        bank.execute(insert, exchange_id, 1, GIVER.id, "x")
    with pytest.raises(psycopg.errors.CheckViolation):
        bank.execute(insert, exchange_id, 2, GIVER.id, "x" * 2001)


def test_contact_details_are_open_from_the_booking_until_it_comes_to_nothing(bank: Bank) -> None:
    exchange_id = asked(bank)
    assert bank.look(RECEIVER, exchange_id)["contact_open"] is False
    bank.act(GIVER, exchange_id, "accept")
    bank.held(exchange_id)
    for one in (GIVER, RECEIVER):
        assert bank.look(one, exchange_id)["contact_open"] is True
    assert "contact_open" not in bank.look(people.rep("london"), exchange_id)
    bank.act(GIVER, exchange_id, "cancel")
    assert bank.look(RECEIVER, exchange_id)["contact_open"] is False


def test_whether_it_helped_is_said_once_it_is_settled_and_may_be_said_otherwise(
    bank: Bank,
) -> None:
    booked = bank.booked(GIVER, RECEIVER)
    with pytest.raises(errors.FeedbackClosed):
        bank.do(message_handlers.judge, RECEIVER, booked, {"helped": "yes"})
    settled = bank.settled(GIVER, RECEIVER)
    with pytest.raises(errors.Invalid):
        bank.do(message_handlers.judge, RECEIVER, settled, {"helped": "very"})
    for answer in ("yes", "yes", "no"):
        bank.do(message_handlers.judge, RECEIVER, settled, {"helped": answer})
    assert bank.look(RECEIVER, settled)["helped"] == "no"
    bank.advance(days=91)
    assert bank.look(RECEIVER, settled)["feedback_open"] is False
    with pytest.raises(errors.FeedbackClosed):
        bank.do(message_handlers.judge, RECEIVER, settled, {"helped": "yes"})


def test_what_is_said_of_it_names_neither_person_nor_exchange_and_can_be_counted(
    bank: Bank,
) -> None:
    settled = bank.settled(GIVER, RECEIVER)
    for answer in ("yes", "yes", "no"):
        bank.do(message_handlers.judge, RECEIVER, settled, {"helped": answer})
    rows = bank.execute(
        "select headers ->> 'ce-subject', convert_from(body, 'UTF8')::jsonb from unsaid"
        " where headers ->> 'ce-type' = 'feedback_given' order by id"
    )
    assert [(each["helped"], each["instead_of"]) for _, each in rows] == [
        ("yes", None), ("no", "yes"),
    ]  # fmt: skip
    for subject, body in rows:
        assert subject == "north-west"
        assert not {settled, str(GIVER.id), str(RECEIVER.id)} & set(map(str, body.values()))
