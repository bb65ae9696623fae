"""Who is told what by which event: a table, and the functions that read it."""

import datetime
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.notifications.told import (
    Completed,
    Concern,
    Found,
    Invited,
    Limit,
    Membership,
    Step,
    Told,
    Written,
)

IN_APP = ("in_app",)
EMAIL = ("email",)
EMAIL_AND_IN_APP = ("email", "in_app")


@dataclass(frozen=True)
class Role:
    """Whoever holds a role when the notice goes out: ``rep:<region>`` or ``national``."""

    name: str


Addressees = tuple[UUID | Role, ...]


def the_one_asked(step: Step, region: str) -> Addressees:
    return (step.receiver_id if step.asker_id == step.giver_id else step.giver_id,)


def the_asker(step: Step, region: str) -> Addressees:
    return (step.asker_id,)


def the_giver(step: Step, region: str) -> Addressees:
    return (step.giver_id,)


def the_receiver(step: Step, region: str) -> Addressees:
    return (step.receiver_id,)


def both(step: Step, region: str) -> Addressees:
    return (step.giver_id, step.receiver_id)


def who_did_not(step: Step, region: str) -> Addressees:
    """The parties who did not take the step: both when a rep, a deadline or nobody did."""
    return tuple(person for person in both(step, region) if person != step.actor_id)


def the_next(step: Step, region: str) -> Addressees:
    """The party who must act now; where that is no party, those who did not take the step."""
    parties = {"giver": the_giver, "receiver": the_receiver}
    return parties.get(step.next_actor or "", who_did_not)(step, region)


def the_rep(step: Step, region: str) -> Addressees:
    return (Role("national" if step.next_actor == "national" else f"rep:{region}"),)


def the_other(told: Written, region: str) -> Addressees:
    return (told.receiver_id if told.actor_id == told.giver_id else told.giver_id,)


def who_raised_it(told: Concern, region: str) -> Addressees:
    return (told.raised_by_id,)


def who_holds_it(told: Concern, region: str) -> Addressees:
    """Where somebody may be at risk, the national team from the beginning."""
    holder = Role("national") if told.holder == "national" else Role(f"rep:{region}")
    also = told.severity == "safeguarding" and told.holder != "national"
    return (holder, Role("national")) if also else (holder,)


def the_national_team(told: Any, region: str) -> Addressees:
    return (Role("national"),)


TO_ROLES = (the_rep, who_holds_it, the_national_team)
"""Those that name no person: who holds the role is asked when it is told."""


def the_member(told: Membership | Found, region: str) -> Addressees:
    return (told.member_id,)


def the_holder(told: Limit, region: str) -> Addressees:
    """A member's account has the member's id."""
    return (told.account_id,)


def the_invited(told: Invited, region: str) -> Addressees:
    """Nobody's member id: members knows the address under the invitation's own."""
    return (told.invitation_id,)


def always(told: Any) -> bool:
    return True


def giver_must_act(step: Step) -> bool:
    return step.next_actor == "giver"


def somebody_else_must_act(step: Step) -> bool:
    return step.next_actor != "giver"


def is_with_the_reps(step: Step) -> bool:
    return step.next_actor != "national"


def is_with_the_national_team(step: Step) -> bool:
    return step.next_actor == "national"


def is_the_first_unread(told: Written) -> bool:
    return told.first_unread


def the_national_team_was_not_told(told: Concern) -> bool:
    return told.severity != "safeguarding"


def nobody_did_it(step: Completed) -> bool:
    """A deadline completed it just now; asking the ledger again later is no news."""
    return step.actor_id is None and step.happened_at == step.completed_at


def is_waiting(told: Membership) -> bool:
    return told.status == "waiting"


def is_approved(told: Membership) -> bool:
    return told.status == "approved"


def was_refused(told: Membership) -> bool:
    return told.status == "refused"


def near_the_floor(told: Limit) -> bool:
    return told.side == "floor"


def near_the_ceiling(told: Limit) -> bool:
    return told.side == "ceiling"


@dataclass(frozen=True)
class Rule:
    """One line of the table.

    Attributes:
        to: gives the addressees, from what is told and the event's region.
        template: name of the notice's wording.
        channels: where it appears.
        when: whether the line applies.
        once: one such notice for the whole life of what it is about, although
            several events may call for it.
    """

    to: Callable[[Any, str], Addressees]
    template: str
    channels: tuple[str, ...] = EMAIL_AND_IN_APP
    when: Callable[[Any], bool] = always
    once: bool = False


RULES: dict[str, tuple[Rule, ...]] = {
    # An undisturbed exchange: six e-mails.
    "exchanges.exchange_requested": (
        Rule(the_one_asked, "requested"),
        Rule(the_asker, "request_receipt", IN_APP),
    ),
    # Of what took place before, the other is asked; in whose name it was set down hears so.
    "exchanges.exchange_recorded": (
        Rule(the_one_asked, "recorded"),
        Rule(the_asker, "recorded_receipt", IN_APP),
    ),
    "exchanges.exchange_reminded": (Rule(the_next, "reminded"),),
    "exchanges.exchange_booked": (Rule(both, "booked"),),
    "exchanges.exchange_done": (
        Rule(the_next, "done", when=somebody_else_must_act),
        Rule(the_giver, "done_fewer", when=giver_must_act),
    ),
    "exchanges.exchange_settled": (Rule(both, "settled"),),
    # Every other step: whoever did not take it.
    "exchanges.exchange_amended": (Rule(who_did_not, "amended"),),
    "exchanges.exchange_declined": (Rule(who_did_not, "declined"),),
    "exchanges.exchange_withdrawn": (Rule(who_did_not, "withdrawn"),),
    # Somebody else has said yes: one who was asked need not answer any more, and whoever
    # asked hears of the booking.
    "exchanges.exchange_superseded": (Rule(the_one_asked, "superseded"),),
    "exchanges.exchange_expired": (Rule(who_did_not, "expired"),),
    "exchanges.exchange_unfunded": (
        Rule(the_receiver, "unfunded"),
        # The giver said yes and can do nothing: a line in the list, no mail about
        # somebody else's credits.
        Rule(the_giver, "unfunded_giver", IN_APP),
    ),
    "exchanges.exchange_rescheduled": (Rule(who_did_not, "rescheduled"),),
    "exchanges.exchange_cancelled": (Rule(who_did_not, "cancelled"),),
    "exchanges.exchange_lapsed": (Rule(who_did_not, "lapsed"),),
    "exchanges.exchange_no_show": (Rule(who_did_not, "no_show"),),
    # A confirmation by a person is told by its settling.
    "exchanges.exchange_completed": (
        Rule(both, "confirmed_by_silence", when=nobody_did_it, once=True),
    ),
    "exchanges.exchange_disputed": (
        Rule(who_did_not, "disputed", when=is_with_the_reps),
        Rule(both, "escalated", when=is_with_the_national_team),
        Rule(the_rep, "disputed_rep"),
    ),
    "exchanges.exchange_resolved": (Rule(who_did_not, "resolved"),),
    "exchanges.exchange_reversed": (
        Rule(who_did_not, "reversed"),
        Rule(the_rep, "reversed_rep"),
    ),
    "exchanges.exchange_thanked": (Rule(who_did_not, "thanked"),),
    # Told once: until the other has looked, further messages are no news.
    "exchanges.message_sent": (Rule(the_other, "message", when=is_the_first_unread),),
    # Whom a concern is about is told nothing of it.
    "exchanges.concern_raised": (
        Rule(who_holds_it, "concern_rep"),
        Rule(who_raised_it, "concern_receipt", IN_APP),
    ),
    "exchanges.concern_acknowledged": (Rule(who_raised_it, "concern_acknowledged"),),
    "exchanges.concern_handed_on": (
        Rule(the_national_team, "concern_rep", when=the_national_team_was_not_told),
    ),
    "exchanges.concern_closed": (Rule(who_raised_it, "concern_closed"),),
    # One a day at most: exchanges looks no sooner.
    "exchanges.listings_found": (Rule(the_member, "found"),),
    "members.member_joined": (
        Rule(the_member, "waiting", when=is_waiting),
        # Let in at once; should an approval be said as well, there is still one welcome.
        Rule(the_member, "welcome", when=is_approved, once=True),
    ),
    "members.member_approved": (Rule(the_member, "welcome", once=True),),
    "members.member_nudged": (Rule(the_member, "nudged"),),
    "members.person_invited": (Rule(the_invited, "invited", EMAIL),),
    "members.member_left": (Rule(the_member, "refused", when=was_refused, once=True),),
    "ledger.limit_neared": (
        Rule(the_holder, "low_balance", IN_APP, when=near_the_floor),
        Rule(the_holder, "plenty", IN_APP, when=near_the_ceiling),
    ),
}

KINDS: dict[str, tuple[str, ...]] = {
    "progress": (
        "amended", "declined", "withdrawn", "superseded", "expired", "unfunded", "lapsed",
        "no_show", "escalated",
    ),
    "thanks": ("thanked",),
    "messages": ("message",),
    "membership": ("waiting", "welcome", "nudged", "invited"),
    "searches": ("found",),
}  # fmt: skip
"""The e-mails a member may do without, by kind. All others are essential: they ask for
an act nobody else can take, move an appointment, or move minutes."""

KIND_OF: dict[str, str] = {
    template: kind for kind, templates in KINDS.items() for template in templates
}


@dataclass(frozen=True)
class Notice:
    """One thing told to one person, or one role, on one channel."""

    event_id: str
    to: UUID | Role
    channel: str
    template: str
    region: str
    exchange_id: UUID | None
    facts: dict[str, Any]
    correlation_id: str


def notices(
    event_type: str, event_id: str, region: str, correlation_id: str, told: Told
) -> Iterator[Notice]:
    """The notices one event gives.

    Args:
        event_type: ``<producer>.<event>``.
        event_id: the event's id.
        region: slug of the queue it came by.
        correlation_id: of the call that began it all.
        told: what the event says, as far as notices need it.
    """
    rules = [rule for rule in RULES[event_type] if rule.when(told)]
    kept = facts(told) if rules else {}
    for rule in rules:
        about = f"{rule.template}:{told.subject}" if rule.once else event_id
        for addressee in rule.to(told, region):
            for channel in rule.channels:
                yield Notice(
                    event_id=about,
                    to=addressee,
                    channel=channel,
                    template=rule.template,
                    region=region,
                    exchange_id=told.exchange_id if isinstance(told, Step | Written) else None,
                    facts=kept,
                    correlation_id=correlation_id,
                )


def facts(told: Told) -> dict[str, Any]:
    """What is kept of an event: JSON-ready ids, minutes, times and states, nothing personal."""
    return {
        name: _plain(value)
        for name, value in vars(told).items()
        if value is not None and name != "giver_region"
    }


SPOKEN_OF = ("giver_id", "receiver_id", "invited_by")
"""Facts that are people whose names a notice may tell."""


def people(facts: Mapping[str, Any], reader: UUID) -> tuple[UUID, ...]:
    """Whom a notice speaks of: the other party, both for somebody who is neither, who invites."""
    parties = [UUID(facts[key]) for key in SPOKEN_OF if key in facts]
    return tuple(party for party in parties if party != reader)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")
    return str(value) if isinstance(value, UUID) else value
