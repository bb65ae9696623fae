"""The steps people take in an exchange: what each asks, and what its page and buttons say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway import etags
from gateway.pages import fields, moments, turns, words
from gateway.pages.forms import STALE, Form
from gateway.schemas import exchanges as shapes
from services.bus.rpc import RpcError
from services.contracts import words as contract

NOT_POSSIBLE = "step_not_allowed"
GONE_ON = "This is not possible any more: the exchange has moved on. See below what stands now."
NO_PATIENTS = "Do not write anything about patients."
WHEN_HINT = "For example 27 3 2027 at 2:30pm"


class StepForm(Form):
    """What a step asks; the version is the one its reader decided on."""

    version = fields.Version()

    def expected_version(self) -> int:
        """The version decided on; one nothing has, when what came is none."""
        seen = self.version.seen()
        return etags.NOBODYS_VERSION if seen is None else seen

    def body(self, found: turns.Found) -> dict[str, Any]:
        """What is said with the step: every answer that was given."""
        said = {name: field.data for name, field in self._fields.items() if name != "version"}
        return {name: value for name, value in said.items() if value not in (None, "")}

    def asked(self) -> list[Any]:
        """The fields people fill in."""
        return [field for name, field in self._fields.items() if name != "version"]

    def answers(self) -> list[tuple[str, str]]:
        """What was asked and answered, in words, for when it cannot be sent any more."""
        given = [(field, field.data) for field in self.asked() if field.data]
        return [(field.label.text, _in_words(field, data)) for field, data in given]

    def take(self, refused: RpcError) -> None:
        field = self._fields.get(str(refused.detail.get("field", "")))
        if field is not None:
            field.errors = [*field.errors, refused.message]
        elif refused.code == NOT_POSSIBLE:
            self.refusals.append(GONE_ON)
        else:
            super().take(refused)
        if refused.code == STALE:
            self.stale = True

    stale = False


def _in_words(field: Any, data: Any) -> str:
    if isinstance(field, moments.Moment):
        return words.day_and_time(data)
    return words.duration(data) if isinstance(field, fields.Minutes) else str(data)


class Reason(StepForm):
    """Why, if somebody likes to say."""

    reason = fields.Words(
        "Why?",
        fields.at_most(shapes.LONGEST_REASON, "What you write"),
        hint=f"You do not have to say. The other person can read it. {NO_PATIENTS}",
    )


class GoodReason(StepForm):
    """Why, for a third person who has to judge."""

    reason = fields.Words(
        "What happened?",
        fields.required("Say what happened"),
        fields.at_most(shapes.LONGEST_REASON, "What you write"),
        hint=f"The other person and a representative can read it. {NO_PATIENTS}",
    )


class Amendment(StepForm):
    """Other minutes, another time, or both."""

    minutes = fields.Minutes("How long?", most=contract.MINUTES_MAX)
    starts_at = moments.Moment("When?", hint=f"You can leave this empty. {WHEN_HINT}")

    def body(self, found: turns.Found) -> dict[str, Any]:
        """Without the time when its boxes stand as they were: they show no seconds."""
        said = super().body(found)
        if self.starts_at.boxes == moments.boxes_of(found["starts_at"]):
            said.pop("starts_at", None)
        return said


class NewTime(StepForm):
    starts_at = moments.Moment("When will it take place?", required=True, hint=WHEN_HINT)


class Minutes(StepForm):
    """How long it really took."""

    minutes = fields.Minutes(
        "How long did it take?",
        fields.required("Choose how long it took"),
        hint="The giver’s time, to the nearest 15 minutes",
        most=contract.MINUTES_MAX,
    )


class Resolution(StepForm):
    """How a representative ends a dispute."""

    outcome = fields.Choice(
        "What do you decide?",
        fields.required("Choose what you decide"),
        choices={"settle": "It took place: hours move", "cancel": "No hours move"},
    )
    minutes = fields.Minutes("How long counts, if hours move?", most=contract.MINUTES_MAX)
    reason = fields.Words(
        "Why?",
        fields.required("Say why"),
        fields.at_most(shapes.LONGEST_REASON, "What you write"),
        hint="Both people can read it",
    )

    def body(self, found: turns.Found) -> dict[str, Any]:
        """Without the minutes when none move."""
        said = super().body(found)
        if said.get("outcome") == "cancel":
            said.pop("minutes", None)
        return said


class Thanks(StepForm):
    message = fields.Words(
        "Your thanks",
        fields.required("Write a few words of thanks"),
        fields.at_most(shapes.LONGEST_MESSAGE, "What you write"),
        hint=NO_PATIENTS,
    )
    publish = fields.Tick("Others may see my thanks on the profile of the person thanked")

    def body(self, found: turns.Found) -> dict[str, Any]:
        return {"message": self.message.data, "publish": bool(self.publish.data)}


@dataclass(frozen=True)
class Step:
    """One step as people meet it; ``{other}``, ``{minutes}`` and ``{stated}`` are filled in.

    Attributes:
        action: of the exchange.
        label: on the link or button that leads there.
        title: of its page.
        explain: what follows from it.
        button: that does it.
        filled: fields filled with what the exchange says, as far as there are such.
    """

    action: str
    label: str
    title: str
    explain: str
    button: str
    form: type[StepForm] = StepForm
    filled: tuple[str, ...] = ()

    @property
    def asks_nothing(self) -> bool:
        """Whether one press does it, without a page of its own."""
        return self.form is StepForm

    def said(self, text: str, found: turns.Found, me: str) -> str:
        """One of the step's texts, about one exchange."""
        filled = text.format(
            other=turns.other(found, me),
            minutes=words.duration(found["minutes"]),
            stated=words.duration(found.get("stated_minutes") or found["minutes"]),
        )
        return turns.opening(filled)


STEPS: Mapping[str, Step] = {
    "accept": Step(
        "accept", "Say yes", "Say yes to this",
        "It is then booked, with {minutes} set aside.", "Say yes",
    ),
    "confirm": Step(
        "confirm", "Confirm {stated}", "Confirm that it took {stated}",
        "The hours move at once.", "Confirm {stated}",
    ),
    "ask_fund": Step(
        "ask_fund", "Ask the community fund", "Ask the community fund",
        "If the fund can make up what is missing, it is booked.", "Ask the fund",
    ),
    "reschedule": Step(
        "reschedule", "Set or change the time", "Set or change the time",
        "It stays booked. {other} is told the new time.", "Save the time", NewTime,
        ("starts_at",),
    ),
    "done": Step(
        "done", "Say that it took place", "Say that it took place",
        "Say how long it really took, even when that is not what you agreed.",
        "It took place", Minutes, ("minutes",),
    ),
    "correct": Step(
        "confirm", "It took more or less time", "Say how long it took",
        "More than was stated moves at once. If it took less, {other} is asked to agree.",
        "Send", Minutes,
    ),
    "amend": Step(
        "amend", "Suggest other minutes or another time", "Suggest a change",
        "{other} is asked to agree. A booking is let go until then.", "Send", Amendment,
        ("minutes", "starts_at"),
    ),
    "decline": Step(
        "decline", "Say no", "Say no to this",
        "{other} is told. Nothing else follows from it.", "Say no", Reason,
    ),
    "withdraw": Step(
        "withdraw", "Take it back", "Take this back",
        "{other} is told, and need not answer any more.", "Take it back", Reason,
    ),
    "no_show": Step(
        "no_show", "We did not meet", "You did not meet",
        "The hours that are held go back. {other} can answer within 72 hours. "
        "Nobody else can see it.", "We did not meet", Reason,
    ),
    "cancel": Step(
        "cancel", "Cancel it", "Cancel what is booked",
        "{other} is told. The hours that are held go back.", "Cancel the booking", Reason,
    ),
    "dispute": Step(
        "dispute", "I do not agree", "Say that you do not agree",
        "A representative who is neither of you decides. No hours move until then.",
        "Send", GoodReason,
    ),
    "resolve": Step(
        "resolve", "Decide", "Decide what counts",
        "Both people are told. You cannot change it afterwards.", "Decide", Resolution,
        ("minutes",),
    ),
    "reverse": Step(
        "reverse", "Undo it", "Undo this exchange",
        "The hours go back. Above 2 hours a second person has to do the same.",
        "Undo it", GoodReason,
    ),
    "remind": Step(
        "remind", "Send a reminder", "Send a reminder",
        "Whoever is next is told once more.", "Send a reminder",
    ),
    "thank": Step(
        "thank", "Say thank you", "Say thank you",
        "{other} is told. You can do this once.", "Send", Thanks,
    ),
}  # fmt: skip
"""By the last word of the page's address, in the order they are offered."""


def possible(found: turns.Found, me: str) -> list[str]:
    """The steps a reader may take now, in the order they are offered."""
    thanked = {each["author_id"] for each in found.get("thanks", ())}
    return [
        name
        for name, step in STEPS.items()
        if step.action in found["allowed"]
        and not (name == "thank" and me in thanked)
        and not (name == "correct" and turns.side(found, me) != "receiver")
    ]
