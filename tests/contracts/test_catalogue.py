"""Proves that no agreed event was renamed or lost."""

import re

from services.contracts import exchanges, ledger, members, notifications, words
from tests.contracts import catalogue

AGREED = {
    "members": "member_joined member_approved member_changed member_left",
    "exchanges": (
        "listing_published listing_closed listing_expired exchange_requested exchange_amended"
        " exchange_accepted exchange_declined exchange_withdrawn exchange_expired"
        " exchange_unfunded exchange_booked exchange_rescheduled exchange_cancelled"
        " exchange_lapsed exchange_no_show exchange_done exchange_completed exchange_disputed"
        " exchange_resolved exchange_settled exchange_reversed exchange_thanked concern_raised"
    ),
    "ledger": (
        "minutes_held hold_refused hold_released minutes_transferred transfer_reversed"
        " minutes_granted limit_neared"
    ),
    "notifications": "notice_sent notice_failed",
}
"""Names other systems were promised: more may come, none may go."""


def test_every_agreed_event_is_there():
    agreed = {f"{who}.{name}" for who, names in AGREED.items() for name in names.split()}

    assert agreed <= set(catalogue.EVENTS)


def test_an_event_is_named_in_the_past_tense_of_its_producer():
    for module, producer in (
        (members, "members"),
        (exchanges, "exchanges"),
        (ledger, "ledger"),
        (notifications, "notifications"),
    ):
        for name, contract in module.EVENTS.items():
            assert contract.producer == producer
            assert re.fullmatch(r"[a-z]+(_[a-z]+)+", name)
            assert contract.__name__ == "".join(part.title() for part in name.split("_"))


def test_no_two_producers_use_one_name():
    names = [kind.partition(".")[2] for kind in catalogue.EVENTS]

    assert len(set(names)) == len(names)


def test_the_words_of_a_list_are_distinct():
    lists = {name: value for name, value in vars(words).items() if isinstance(value, tuple)}

    assert lists["ROUTES"] == (*lists["REGIONS"], "national")
    for value in lists.values():
        assert len(set(value)) == len(value)
