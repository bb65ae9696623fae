"""One answer per caller and key, whatever is repeated and however close together."""

import pytest

from services.bus import idempotency
from services.bus.caller import Caller
from services.bus.idempotency import Key
from services.bus.transaction import Database, new_id

KEY = Key("k1", "POST /v1/exchanges", "abc")


@pytest.fixture
def database(service_database):
    made = Database(service_database("services.bus"), size=4)
    made.open()
    yield made
    made.close()


@pytest.fixture
def caller():
    return Caller(id=new_id())


def once(database, caller, key, answer):
    with database.transaction() as tx:
        return idempotency.once(tx, caller, key, lambda: answer)


def test_a_repeated_key_is_answered_as_before(database, caller):
    first = once(database, caller, KEY, {"id": 1})

    assert once(database, caller, KEY, {"id": 2}) == first


def test_another_payload_under_the_same_key_is_refused(database, caller):
    once(database, caller, KEY, {"id": 1})

    with pytest.raises(idempotency.KeyReused):
        once(database, caller, Key("k1", KEY.route, "other"), {"id": 2})


def test_two_callers_may_use_the_same_key(database, caller):
    once(database, caller, KEY, {"id": 1})

    assert once(database, Caller(id=new_id()), KEY, {"id": 2}) == {"id": 2}


def test_a_key_in_use_right_now_is_refused_instead_of_waited_for(database, caller):
    with database.transaction() as tx:
        idempotency.once(tx, caller, KEY, lambda: {"id": 1})

        with pytest.raises(idempotency.StillRunning):
            once(database, caller, KEY, {"id": 2})


def test_what_failed_leaves_its_key_free(database, caller):
    def fail():
        with database.transaction() as tx:
            idempotency.once(tx, caller, KEY, broken)

    def broken():
        raise LookupError

    with pytest.raises(LookupError):
        fail()

    assert once(database, caller, KEY, {"id": 3}) == {"id": 3}


def test_without_a_key_every_call_acts(database, caller):
    once(database, caller, None, {"id": 1})

    assert once(database, caller, None, {"id": 2}) == {"id": 2}
