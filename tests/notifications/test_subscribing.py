"""Proves who may subscribe, who lets in, and how a subscription ends."""

from uuid import UUID, uuid4

import pytest

from services.bus.caller import Caller
from services.bus.errors import NotAllowed
from services.bus.transaction import Database
from services.contracts import members
from services.notifications import (
    errors,
    management,
    subscription,
    subscription_handlers,
    subscription_store,
)
from tests.notifications import scene, subscribing
from tests.notifications.subscribing import ANOTHER, INTEGRATOR, NATIONAL, SENATE


def test_what_is_asked_for_waits_until_the_national_team_lets_it_in(database: Database) -> None:
    asked = subscribing.subscribe(database)
    assert (asked["state"], asked["approved_at"]) == ("waiting", None)
    with database.transaction() as tx:
        approved = subscription_handlers.approve(tx, NATIONAL, asked["id"])
    assert (approved["state"], approved["version"]) == ("active", asked["version"] + 1)
    with database.transaction() as tx, pytest.raises(errors.NotWaiting):
        subscription_handlers.approve(tx, NATIONAL, asked["id"])


@pytest.mark.parametrize(
    "caller",
    [
        Caller(id=uuid4(), roles=frozenset({"member", "national"}), approved=True),
        Caller(id=uuid4(), roles=frozenset({"member", "integrator"}), approved=False),
        Caller(roles=frozenset({"integrator"}), approved=True),
    ],
    ids=["no integrator", "not let in", "not joined"],
)
def test_only_an_integrator_who_was_let_in_can_ask(database: Database, caller: Caller) -> None:
    with pytest.raises(errors.NotAnIntegrator):
        subscribing.subscribe(database, caller)


def test_nobody_else_lets_in_and_nobody_their_own(database: Database) -> None:
    asked = subscribing.subscribe(database)["id"]
    for caller in (INTEGRATOR, ANOTHER, SENATE):
        with database.transaction() as tx, pytest.raises(NotAllowed):
            subscription_handlers.approve(tx, caller, asked)
    both = Caller(id=uuid4(), roles=frozenset({"integrator", "national"}), approved=True)
    own = subscribing.subscribe(database, both)["id"]
    with database.transaction() as tx, pytest.raises(errors.OwnMatter):
        subscription_handlers.approve(tx, both, own)


def test_one_sees_ones_own_and_the_national_team_and_senate_see_all(database: Database) -> None:
    mine = subscribing.subscribe(database)["id"]
    theirs = subscribing.subscribe(database, ANOTHER)["id"]
    for caller, expected in (
        (INTEGRATOR, [mine]), (ANOTHER, [theirs]), (NATIONAL, [theirs, mine]),
        (SENATE, [theirs, mine]),
    ):  # fmt: skip
        with database.transaction() as tx:
            found = subscription_handlers.page(tx, caller, 20, None)
        assert [each["id"] for each in found["items"]] == expected
    with database.transaction() as tx:
        first = subscription_handlers.page(tx, NATIONAL, 1, None)
        second = subscription_handlers.page(tx, NATIONAL, 1, first["next"])
    assert [first["items"][0]["id"], second["items"][0]["id"]] == [theirs, mine]
    assert second["next"] is None
    with pytest.raises(errors.NoSuchSubscription):
        subscribing.one(database, theirs, INTEGRATOR)


def test_credentials_are_their_owners_alone(database: Database) -> None:
    mine, _ = subscribing.active(database, "http://127.0.0.1:9/")
    for caller in (ANOTHER, NATIONAL, SENATE):
        with pytest.raises(errors.NoSuchSubscription):
            subscribing.credentials(database, mine, caller)


def test_a_queue_is_refused_where_no_users_can_be_made_at_the_broker(database: Database) -> None:
    with pytest.raises(errors.FeedNotOffered):
        subscribing.subscribe(database, kind="amqp", url=None)


def test_nobody_has_more_than_a_few(database: Database) -> None:
    made = [subscribing.subscribe(database)["id"] for _ in range(subscription.MOST)]
    with pytest.raises(errors.TooManySubscriptions):
        subscribing.subscribe(database)
    with database.transaction() as tx:
        subscription_handlers.end(tx, INTEGRATOR, made[0])
    assert subscribing.subscribe(database)["state"] == "waiting"


def test_an_end_is_for_the_owner_and_the_national_team_and_can_be_repeated(
    database: Database,
) -> None:
    asked = subscribing.subscribe(database)["id"]
    with database.transaction() as tx, pytest.raises(NotAllowed):
        subscription_handlers.end(tx, SENATE, asked)
    with database.transaction() as tx, pytest.raises(errors.NoSuchSubscription):
        subscription_handlers.end(tx, ANOTHER, asked)
    for caller in (NATIONAL, INTEGRATOR):
        with database.transaction() as tx:
            ended = subscription_handlers.end(tx, caller, asked)
        assert (ended["state"], ended["end_reason"]) == ("ended", "withdrawn")
    with pytest.raises(errors.NotActive):
        subscribing.credentials(database, asked)
    assert scene.rows(database, "select count(*) from webhook_secret") == [(0,)]


def test_who_leaves_takes_their_subscriptions_along(database: Database) -> None:
    mine = subscribing.subscribe(database)["id"]
    theirs = subscribing.subscribe(database, ANOTHER)["id"]
    assert INTEGRATOR.id is not None
    scene.hear(database, scene.joined(INTEGRATOR.id, members.MemberLeft, status="left"))
    assert subscribing.one(database, mine)["end_reason"] == "owner_left"
    assert subscribing.one(database, theirs, ANOTHER)["state"] == "waiting"


def test_an_ended_user_is_removed_from_a_broker_that_was_away_once_it_is_back(
    database: Database,
) -> None:
    _ended_queue(database)
    nobody = management.Broker("http://user:word@127.0.0.1:9", "timebank")
    with pytest.raises(errors.BrokerAway):
        subscription_handlers.dismiss(database.transaction, nobody)
    due = "select dismiss_at > now() from subscription"
    assert scene.rows(database, due) == [(True,)]


class _Busy(management.Broker):
    """A broker that makes the user again, by its owner's request, while it is removed."""

    def __init__(self, database: Database, ended: str) -> None:
        super().__init__("http://user:word@127.0.0.1:9", "timebank")
        self.database, self.ended, self.removed = database, UUID(ended), 0

    def dismiss(self, user: str, queue: str) -> None:
        self.removed += 1
        if self.removed == 1:
            with self.database.transaction() as tx:
                subscription_store.dismiss_again(tx.conn, self.ended, tx.now)


def test_a_user_made_while_it_was_removed_is_removed_again_and_then_left_alone(
    database: Database,
) -> None:
    ended = _ended_queue(database)
    broker = _Busy(database, ended)
    for removed in (1, 2, 2):
        subscription_handlers.dismiss(database.transaction, broker)
        assert broker.removed == removed
    assert scene.rows(database, "select dismiss_at from subscription") == [(None,)]


def _ended_queue(database: Database) -> str:
    """A subscription that has ended, as if it had been by AMQP."""
    asked: str = subscribing.subscribe(database)["id"]
    with database.transaction() as tx:
        tx.conn.execute("update subscription set kind = 'amqp', url = null where id = %s", [asked])
        subscription_handlers.end(tx, INTEGRATOR, asked)
    return asked


def test_what_does_not_exist_is_not_found(database: Database) -> None:
    for wanted in (str(uuid4()), "nonsense", None, 7):
        with pytest.raises(errors.NoSuchSubscription):
            subscribing.one(database, wanted)  # type: ignore[arg-type]
