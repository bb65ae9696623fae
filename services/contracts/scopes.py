"""What another system may do for a member who agreed: the scopes, and the steps they open."""

READ_LISTINGS = "listings:read"
READ_EXCHANGES = "exchanges:read"
BOOK = "exchanges:book"
READ_ACCOUNT = "account:read"

SCOPES = {
    READ_LISTINGS: "Read what members offer and ask for.",
    READ_EXCHANGES: "Read the member's exchanges.",
    BOOK: "Ask for help in the member's name, agree a time, change or cancel it.",
    READ_ACCOUNT: "Read the member's hours and statement.",
}
"""Every scope, with what a member agrees to in giving it."""

BOOKING = frozenset({"accept", "decline", "amend", "withdraw", "reschedule", "cancel"})
"""Steps of an exchange that ``exchanges:book`` opens beside asking.

What says that help took place, how long it was, or what it was worth is a person's own word.
"""
