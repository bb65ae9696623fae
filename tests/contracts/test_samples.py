"""Proves that every event keeps the shape its golden sample shows."""

import pytest
from marshmallow import ValidationError, fields, validate

from services.contracts import event
from tests.contracts import catalogue

KINDS = sorted(catalogue.EVENTS)

PERSONAL = frozenset(
    {"name", "names", "email", "mail", "phone", "title", "description", "message", "address"}
    | {"text", "comment", "skills", "place", "birth", "postcode", "ethnicity", "disability"}
)
"""Parts of a field's name that smell of a person or of a person's words."""

OPEN_TEXTS = frozenset(
    {"category", "pathway", "organisation", "giver_organisation", "receiver_organisation"}
    | {"severity", "template", "reason", "about_event_id"}
)
"""Texts that no closed list bounds: codes, slugs, ids and the names of employers."""


def test_every_event_has_one_sample_and_every_sample_an_event():
    assert sorted(path.stem for path in catalogue.SAMPLES.glob("*.json")) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_sample_is_read_and_written_without_a_change(kind):
    contract = catalogue.EVENTS[kind]()
    body = catalogue.sample(kind)

    written = contract.dump(contract.load(body))

    assert written == body
    assert list(written) == list(body)


@pytest.mark.parametrize("kind", KINDS)
def test_a_body_that_lacks_a_field_is_refused_by_writer_and_reader(kind):
    contract = catalogue.EVENTS[kind]()
    values = contract.load(catalogue.sample(kind))

    for name in contract.fields:
        with pytest.raises(ValueError, match=name):
            contract.dump({key: value for key, value in values.items() if key != name})
        body = catalogue.sample(kind)
        del body[name]
        with pytest.raises(ValidationError):
            contract.load(body)


@pytest.mark.parametrize("kind", KINDS)
def test_a_field_nobody_agreed_on_is_refused(kind):
    with pytest.raises(ValidationError):
        catalogue.EVENTS[kind]().load({**catalogue.sample(kind), "name": "Ama"})


@pytest.mark.parametrize("kind", KINDS)
def test_no_field_smells_of_a_person(kind):
    for name in catalogue.EVENTS[kind]().fields:
        assert not PERSONAL & set(name.split("_")), f"{kind} carries {name}"
        assert name != "about", f"{kind} carries what a member says of themselves"


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_is_one_of_a_closed_list_or_known_to_be_open(kind):
    for name, field in catalogue.EVENTS[kind]().fields.items():
        if type(field) is fields.String and name not in OPEN_TEXTS:
            closed = [check for check in field.validators if isinstance(check, validate.OneOf)]
            assert closed, f"anything could be written into {name} of {kind}"


BAD_MINUTES = [True, False, "60", 60.0, 1.5, 0, -15, 14, 20, 1455, 10**9, None, [60], {}]


@pytest.mark.parametrize("minutes", BAD_MINUTES, ids=repr)
def test_minutes_are_whole_multiples_of_fifteen_and_nothing_else(minutes):
    for kind, contract in catalogue.EVENTS.items():
        for name, field in contract().fields.items():
            if isinstance(field, event.Minutes) and not (minutes is None and field.allow_none):
                with pytest.raises(ValidationError):
                    contract().load({**catalogue.sample(kind), name: minutes})


@pytest.mark.parametrize("minutes", [15, 60, 1440])
def test_minutes_within_the_rule_are_taken(minutes):
    kind = "exchanges.exchange_requested"

    loaded = catalogue.EVENTS[kind]().load({**catalogue.sample(kind), "minutes": minutes})

    assert loaded["minutes"] == minutes


@pytest.mark.parametrize("count", [True, "1", 1.0, 1.5, None, [1]], ids=repr)
def test_counts_are_whole_numbers_and_nothing_else(count):
    for kind, contract in catalogue.EVENTS.items():
        for name, field in contract().fields.items():
            if isinstance(field, event.Count):
                with pytest.raises(ValidationError):
                    contract().load({**catalogue.sample(kind), name: count})


@pytest.mark.parametrize("time", ["2026-10-05", "2026-10-05T09:00:00", 1780000000, "soon"])
def test_a_time_without_its_zone_is_refused(time):
    for kind, contract in catalogue.EVENTS.items():
        for name, field in contract().fields.items():
            if isinstance(field, fields.AwareDateTime):
                with pytest.raises(ValidationError):
                    contract().load({**catalogue.sample(kind), name: time})
