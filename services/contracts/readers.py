"""Who hears what: for each consuming service the events it handles.

Every process declares the whole of it before it publishes anything, so that no
event can be confirmed while the queue of one of its readers is still missing.
A test holds each row against the handlers the service really has.
"""

from services.contracts import words

READERS: dict[str, tuple[str, ...]] = {
    "exchanges": (
        "members.member_approved",
        "members.member_changed",
        "members.member_left",
        "ledger.minutes_held",
        "ledger.hold_refused",
        "ledger.minutes_transferred",
    ),
    "ledger": (
        "members.member_joined",
        "members.member_approved",
        "members.member_changed",
        "members.member_left",
        "members.balance_imported",
        "exchanges.exchange_accepted",
        "exchanges.exchange_amended",
        "exchanges.exchange_withdrawn",
        "exchanges.exchange_cancelled",
        "exchanges.exchange_lapsed",
        "exchanges.exchange_no_show",
        "exchanges.exchange_completed",
        "exchanges.exchange_reversed",
    ),
    "notifications": (
        "exchanges.listing_published",
        "exchanges.listing_closed",
        "exchanges.listing_expired",
        "exchanges.listings_found",
        "exchanges.exchange_requested",
        "exchanges.exchange_recorded",
        "exchanges.exchange_reminded",
        "exchanges.exchange_amended",
        "exchanges.exchange_declined",
        "exchanges.exchange_withdrawn",
        "exchanges.exchange_superseded",
        "exchanges.exchange_expired",
        "exchanges.exchange_unfunded",
        "exchanges.exchange_booked",
        "exchanges.exchange_rescheduled",
        "exchanges.exchange_cancelled",
        "exchanges.exchange_lapsed",
        "exchanges.exchange_no_show",
        "exchanges.exchange_done",
        "exchanges.exchange_completed",
        "exchanges.exchange_disputed",
        "exchanges.exchange_resolved",
        "exchanges.exchange_settled",
        "exchanges.exchange_reversed",
        "exchanges.exchange_thanked",
        "exchanges.heartbeat_said",
        "exchanges.message_sent",
        "exchanges.concern_raised",
        "exchanges.concern_acknowledged",
        "exchanges.concern_handed_on",
        "exchanges.concern_closed",
        "members.member_joined",
        "members.member_approved",
        "members.member_nudged",
        "members.person_invited",
        "members.member_left",
        "ledger.limit_neared",
    ),
    "reporting": ("#",),
}
"""``#`` hears everything: it is what lets every event be published as mandatory."""

TOPOLOGY = (words.ROUTES, READERS)
"""Regions and readers: all the bus needs to name and bind every queue."""
