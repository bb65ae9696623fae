"""The table of rules: who is told what by which event, and nobody twice."""

import dataclasses
import json
from uuid import uuid4

import pytest

from services.contracts import exchanges, members, readers, words
from services.notifications import handlers, notice, render
from services.notifications.subscription import Placed
from tests.contracts.catalogue import SAMPLES
from tests.notifications import scene
from tests.notifications.scene import Pair

GIVER, RECEIVER, REP = "giver", "receiver", notice.Role("rep:london")
ASIDE = uuid4()
"""A rep who is neither party."""


def told(event: object, pair: Pair) -> dict[str, set[object]]:
    """Addressees by channel: ``giver``, ``receiver`` or a role."""
    names = {pair.giver_id: GIVER, pair.receiver_id: RECEIVER}
    found: dict[str, set[object]] = {"email": set(), "in_app": set()}
    for each in _notices(event):
        found[each.channel].add(names.get(each.to, each.to))  # type: ignore[arg-type]
    return found


def _notices(event: object) -> list[notice.Notice]:
    return list(
        notice.notices(event.type, event.id, event.region, event.correlation_id, event.data)  # type: ignore[attr-defined]
    )


def test_every_event_that_is_heard_has_rules_and_no_rule_waits_in_vain() -> None:
    heard = set(readers.READERS["notifications"])
    for_other_systems = {
        name for name, each in handlers.SUBSCRIPTIONS.items() if each.reads is Placed
    }
    assert heard == set(handlers.SUBSCRIPTIONS) == set(notice.RULES) | for_other_systems


def test_every_event_of_an_exchange_is_told_but_the_question_to_the_ledger() -> None:
    steps = {f"exchanges.{name}" for name in exchanges.EVENTS if name.startswith("exchange_")}
    assert steps - set(notice.RULES) == {"exchanges.exchange_accepted"}


def test_every_rule_has_its_words_and_every_wording_a_rule() -> None:
    rules = [rule for found in notice.RULES.values() for rule in found]
    assert {rule.template for rule in rules} == render.TEMPLATES
    assert {rule.template for rule in rules if "email" in rule.channels} == render.IN_EMAIL


def test_the_rules_that_name_a_role_and_no_person_are_known_as_such() -> None:
    for kind, rules in notice.RULES.items():
        sample = json.loads((SAMPLES / f"{kind}.json").read_text())
        reads = handlers.SUBSCRIPTIONS[kind].reads
        event = reads(**{field.name: sample[field.name] for field in dataclasses.fields(reads)})
        for rule in rules:
            to = rule.to(event, "london")
            named = any(isinstance(each, notice.Role) for each in to)
            assert named == (rule.to in notice.TO_ROLES), f"{kind}: {rule.template}"


def test_only_notices_with_an_email_can_be_muted_and_none_of_an_undisturbed_exchange() -> None:
    assert set(notice.KIND_OF) <= render.IN_EMAIL
    always = {"requested", "booked", "done", "settled", "disputed", "reversed"}
    assert always.isdisjoint(notice.KIND_OF)


def test_an_undisturbed_exchange_gives_six_mails_and_the_askers_receipt() -> None:
    pair = Pair()
    by_step = [told(event, pair) for event in pair.undisturbed()]
    assert [step["email"] for step in by_step] == [
        {GIVER}, {GIVER, RECEIVER}, {RECEIVER}, set(), {GIVER, RECEIVER},
    ]  # fmt: skip
    assert [step["in_app"] for step in by_step] == [
        {GIVER, RECEIVER}, {GIVER, RECEIVER}, {RECEIVER}, set(), {GIVER, RECEIVER},
    ]  # fmt: skip


def test_the_one_asked_is_the_receiver_when_the_giver_asked() -> None:
    pair = Pair()
    event = pair.says(exchanges.ExchangeRequested, pair.giver_id, asker_id=pair.giver_id)
    assert told(event, pair) == {"email": {RECEIVER}, "in_app": {GIVER, RECEIVER}}


@pytest.mark.parametrize(
    ("schema", "actor", "next_actor", "expected"),
    [
        (exchanges.ExchangeAmended, GIVER, "receiver", {RECEIVER}),
        (exchanges.ExchangeDeclined, GIVER, None, {RECEIVER}),
        (exchanges.ExchangeWithdrawn, RECEIVER, None, {GIVER}),
        (exchanges.ExchangeExpired, None, None, {GIVER, RECEIVER}),
        (exchanges.ExchangeUnfunded, None, "receiver", {RECEIVER}),
        (exchanges.ExchangeRescheduled, RECEIVER, None, {GIVER}),
        (exchanges.ExchangeCancelled, GIVER, None, {RECEIVER}),
        (exchanges.ExchangeCancelled, "rep", None, {GIVER, RECEIVER}),
        (exchanges.ExchangeLapsed, None, None, {GIVER, RECEIVER}),
        (exchanges.ExchangeNoShow, RECEIVER, None, {GIVER}),
        (exchanges.ExchangeDone, RECEIVER, "giver", {GIVER}),
        (exchanges.ExchangeDisputed, RECEIVER, "rep", {GIVER, REP}),
        (
            exchanges.ExchangeDisputed, None, "national",
            {GIVER, RECEIVER, notice.Role("national")},
        ),
        (exchanges.ExchangeResolved, "rep", "ledger", {GIVER, RECEIVER}),
        (exchanges.ExchangeReversed, "rep", None, {GIVER, RECEIVER, REP}),
        (exchanges.ExchangeThanked, RECEIVER, None, {GIVER}),
        (exchanges.ExchangeCompleted, RECEIVER, "ledger", set()),
        (exchanges.ExchangeCompleted, None, "ledger", {GIVER, RECEIVER}),
    ],
)  # fmt: skip
def test_every_other_step_tells_whoever_did_not_take_it(
    schema: type, actor: str | None, next_actor: str | None, expected: set[object]
) -> None:
    pair = Pair()
    actors = {GIVER: pair.giver_id, RECEIVER: pair.receiver_id, "rep": ASIDE, None: None}
    event = pair.says(schema, actors[actor], next_actor=next_actor)
    assert told(event, pair)["email"] == expected


def test_a_message_is_told_to_the_other_and_only_when_they_have_read_what_came_before() -> None:
    pair = Pair()
    for author, other in ((pair.giver_id, RECEIVER), (pair.receiver_id, GIVER)):
        first = pair.says(exchanges.MessageSent, author)
        assert told(first, pair) == {"email": {other}, "in_app": {other}}
        assert _notices(pair.says(exchanges.MessageSent, author, first_unread=False)) == []


@pytest.mark.parametrize(
    ("schema", "fields", "expected"),
    [
        (exchanges.ConcernRaised, {}, {REP}),
        (exchanges.ConcernRaised, {"holder": "national"}, {notice.Role("national")}),
        (
            exchanges.ConcernRaised, {"severity": "safeguarding"},
            {REP, notice.Role("national")},
        ),
        (exchanges.ConcernHandedOn, {"holder": "national"}, {notice.Role("national")}),
        (exchanges.ConcernHandedOn, {"holder": "national", "severity": "safeguarding"}, set()),
        (exchanges.ConcernAcknowledged, {}, {GIVER}),
        (exchanges.ConcernClosed, {}, {GIVER}),
    ],
)  # fmt: skip
def test_a_concern_is_told_to_who_looks_into_it_and_to_its_author_never_to_whom_it_is_about(
    schema: type, fields: dict[str, str], expected: set[object]
) -> None:
    pair = Pair()
    event = scene.concerned(pair.giver_id, pair.receiver_id, schema, **fields)
    found = told(event, pair)
    assert found["email"] == expected
    assert RECEIVER not in found["in_app"]


def test_asking_the_ledger_again_is_no_news() -> None:
    pair = Pair()
    event = pair.says(exchanges.ExchangeCompleted, None, happened_at=scene.STARTS_AT)
    assert _notices(event) == []


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (scene.joined(ASIDE, status="waiting"), [("waiting", "email"), ("waiting", "in_app")]),
        (scene.joined(ASIDE), [("welcome", "email"), ("welcome", "in_app")]),
        (
            scene.joined(ASIDE, members.MemberApproved),
            [("welcome", "email"), ("welcome", "in_app")],
        ),
        (
            scene.joined(ASIDE, members.MemberLeft, status="refused"),
            [("refused", "email"), ("refused", "in_app")],
        ),
        (scene.joined(ASIDE, members.MemberLeft, status="left"), []),
        (scene.invited(ASIDE, uuid4()), [("invited", "email")]),
        (scene.neared(ASIDE, "floor"), [("low_balance", "in_app")]),
        (scene.neared(ASIDE, "ceiling"), [("plenty", "in_app")]),
        (scene.found(ASIDE), [("found", "email"), ("found", "in_app")]),
    ],
    ids=str,
)
def test_members_hear_of_their_own_membership_and_account(
    event: object, expected: list[tuple[str, str]]
) -> None:
    found = _notices(event)
    assert [(each.template, each.channel) for each in found] == expected
    assert {each.to for each in found} <= {ASIDE}


def test_facts_are_ids_minutes_times_and_states_and_nothing_else() -> None:
    allowed = {*words.EXCHANGE_STATES, *words.NEXT_ACTORS, "settle", "cancel", True}
    allowed |= set(words.CONCERN_SEVERITIES)
    pair = Pair()
    for schema in exchanges.EVENTS.values():
        if f"exchanges.{schema.event}" not in notice.RULES:
            continue
        if issubclass(schema, exchanges.ConcernEvent):
            event = scene.concerned(pair.giver_id, pair.receiver_id, schema)
        elif schema is exchanges.ListingsFound:
            event = scene.found(pair.giver_id)
        else:
            event = pair.says(schema, pair.giver_id, next_actor="giver")
        told_as = ("_id", "_at", "_by", "deadline", "minutes", "sequence", "listings")
        for name, value in notice.facts(event.data).items():
            if name.endswith(told_as):
                continue
            assert value in allowed, (name, value)
        assert json.loads(json.dumps(notice.facts(event.data))) == notice.facts(event.data)


def test_a_notice_reads_only_what_its_event_carries() -> None:
    for subscription in handlers.SUBSCRIPTIONS.values():
        carried = set(subscription.schema._declared_fields)
        assert {field.name for field in dataclasses.fields(subscription.reads)} <= carried
