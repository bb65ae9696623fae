"""The life of an exchange as a table: who may do what, what follows, and by when."""

import datetime
from dataclasses import dataclass

PARTIES = ("giver", "receiver")
FINAL = (
    "settled",
    "declined",
    "withdrawn",
    "expired",
    "cancelled",
    "lapsed",
    "no_show",
    "reversed",
)
OPEN = ("requested", "accepted", "unfunded", "booked", "awaiting_confirmation", "disputed")
"""What takes up a listing's capacity; a completed exchange only waits for the ledger."""
AGREED = ("booked", "awaiting_confirmation", "completed", "disputed", "settled")
"""Between saying yes and coming to nothing: the two may know how to reach each other."""

NO_SHOW_ANSWERABLE = datetime.timedelta(hours=72)
REVERSIBLE = datetime.timedelta(days=90)
SECOND_APPROVER_ABOVE_MINUTES = 120


@dataclass(frozen=True)
class Step:
    """One row: a step that may be taken in a state.

    Attributes:
        state: in which it may be taken.
        action: of the API, or the name of what happens by itself.
        by: ``next`` (the party whose turn it is), ``giver``, ``receiver``, ``either``,
            ``asker``, ``other`` (than the one who took the last step), ``rep`` (who is no
            party; the national team counts as one everywhere), ``ledger``, ``members``,
            ``parting`` (one of the two, who blocks the other), ``rival`` (an acceptance of
            another exchange of the same ask) or ``clock``.
        then: the states that may follow.
        says: the events that may be said.
        notices: templates of what people are told, named like the events.
    """

    state: str
    action: str
    by: str
    then: tuple[str, ...]
    says: tuple[str, ...]
    notices: tuple[str, ...]


@dataclass(frozen=True)
class Wait:
    """Who must act next in a state, for how long, and what happens otherwise.

    Attributes:
        within: counted from entering the state, or from the agreed end if that is later.
        outcome: the action of the row that the clock takes at the deadline.
    """

    state: str
    next_actor: str
    within: datetime.timedelta
    outcome: str


def _step(state: str, action: str, by: str, then: str, says: str) -> Step:
    """One row; states and events are lists of words, an event without its ``exchange_``."""
    events = tuple(f"exchange_{word}" for word in says.split())
    told = tuple(event for event in events if event not in UNTOLD)
    return Step(state, action, by, tuple(then.split()), events, told)


UNTOLD = ("exchange_accepted", "exchange_completed")
"""Questions to the ledger: people hear of them when they are answered."""

_AWAITING = "awaiting_confirmation"

STEPS = (
    # state, action, by, then, says
    _step("requested", "accept", "next", "accepted", "accepted"),
    _step("requested", "decline", "next", "declined", "declined"),
    _step("requested", "amend", "next", "requested", "amended"),
    _step("requested", "withdraw", "asker", "withdrawn", "withdrawn"),
    _step("requested", "let_in", "members", "requested", "requested"),
    _step("requested", "left", "members", "withdrawn", "withdrawn"),
    _step("requested", "end", "parting", "withdrawn", "withdrawn"),
    _step("requested", "supersede", "rival", "withdrawn", "superseded"),
    _step("requested", "remind", "rep", "requested", "reminded"),
    _step("requested", "expire", "clock", "expired", "expired"),
    _step("accepted", "held", "ledger", "booked", "booked"),
    _step("accepted", "held_as_ruled", "ledger", "completed", "completed"),
    _step("accepted", "refused", "ledger", "unfunded", "unfunded"),
    _step("accepted", "ask_again", "clock", "accepted", "accepted"),
    _step("accepted", "left", "members", "withdrawn", "withdrawn"),
    _step("accepted", "end", "parting", "withdrawn", "withdrawn"),
    _step("unfunded", "amend", "receiver", "requested", "amended"),
    _step("unfunded", "ask_fund", "receiver", "accepted", "accepted"),
    _step("unfunded", "withdraw", "receiver", "withdrawn", "withdrawn"),
    _step("unfunded", "left", "members", "withdrawn", "withdrawn"),
    _step("unfunded", "end", "parting", "withdrawn", "withdrawn"),
    _step("unfunded", "remind", "rep", "unfunded", "reminded"),
    _step("unfunded", "expire", "clock", "expired", "expired"),
    _step("booked", "reschedule", "either", "booked", "rescheduled"),
    _step("booked", "amend", "either", "requested", "amended"),
    _step("booked", "cancel", "either", "cancelled", "cancelled"),
    _step("booked", "done", "either", "awaiting_confirmation completed", "done completed"),
    _step("booked", "no_show", "either", "no_show", "no_show"),
    _step("booked", "remind", "rep", "booked", "reminded"),
    _step("booked", "left", "members", "cancelled", "cancelled"),
    _step("booked", "end", "parting", "cancelled", "cancelled"),
    _step("booked", "lapse", "clock", "lapsed", "lapsed"),
    _step(_AWAITING, "confirm", "next", "completed awaiting_confirmation", "completed done"),
    _step(_AWAITING, "dispute", "next", "disputed", "disputed"),
    _step(_AWAITING, "remind", "rep", _AWAITING, "reminded"),
    _step(_AWAITING, "confirmed_by_silence", "clock", "completed lapsed", "completed lapsed"),
    _step(_AWAITING, "agreed_by_silence", "clock", "completed", "completed"),
    _step("completed", "posted", "ledger", "settled", "settled"),
    _step("completed", "ask_again", "clock", "completed", "completed"),
    _step("completed", "thank", "either", "completed", "thanked"),
    _step(
        "disputed", "resolve", "rep", "completed cancelled accepted",
        "resolved completed cancelled accepted",
    ),
    _step("disputed", "escalate", "clock", "disputed", "disputed"),
    _step("disputed", "settle_lower", "clock", "completed cancelled", "completed cancelled"),
    _step("settled", "thank", "either", "settled", "thanked"),
    _step("settled", "reverse", "rep", "settled reversed", "reversed"),
    _step("no_show", "dispute", "other", "disputed", "disputed"),
)  # fmt: skip

WAITS = (
    Wait("requested", "giver", datetime.timedelta(days=7), "expire"),
    Wait("requested", "receiver", datetime.timedelta(days=7), "expire"),
    # Kept back until its asker is let in, which has an escalation of its own.
    Wait("requested", "rep", datetime.timedelta(days=28), "expire"),
    Wait("accepted", "ledger", datetime.timedelta(minutes=15), "ask_again"),
    Wait("unfunded", "receiver", datetime.timedelta(days=7), "expire"),
    Wait("booked", "both", datetime.timedelta(days=14), "lapse"),
    Wait("awaiting_confirmation", "receiver", datetime.timedelta(days=14), "confirmed_by_silence"),
    Wait("awaiting_confirmation", "giver", datetime.timedelta(days=7), "agreed_by_silence"),
    Wait("completed", "ledger", datetime.timedelta(minutes=15), "ask_again"),
    Wait("disputed", "rep", datetime.timedelta(days=14), "escalate"),
    Wait("disputed", "national", datetime.timedelta(days=14), "settle_lower"),
)

_STEPS = {(step.state, step.action): step for step in STEPS}
_WAITS = {(wait.state, wait.next_actor): wait for wait in WAITS}


def step(state: str, action: str) -> Step | None:
    """The row for an action in a state, if there is one."""
    return _STEPS.get((state, action))


def steps_in(state: str) -> tuple[Step, ...]:
    return tuple(step for step in STEPS if step.state == state)


def outcome(state: str, next_actor: str | None) -> str | None:
    """What the clock does at the deadline; nothing in a final state."""
    wait = _WAITS.get((state, next_actor or ""))
    return wait.outcome if wait else None


def deadline(
    state: str,
    next_actor: str | None,
    now: datetime.datetime,
    agreed_end: datetime.datetime | None,
) -> datetime.datetime | None:
    """When the one who is next must have acted.

    Args:
        now: when the state was entered.
        agreed_end: when the help is to be over, if a time is agreed; only a booking,
            which cannot be done before, counts from there.
    """
    wait = _WAITS.get((state, next_actor or ""))
    if wait is None:
        return None
    start = max(now, agreed_end) if state == "booked" and agreed_end else now
    return start + wait.within


def transitions() -> frozenset[tuple[str, str]]:
    """Every change of state there is, as the database holds it too."""
    return frozenset(
        (step.state, after) for step in STEPS for after in step.then if after != step.state
    )
