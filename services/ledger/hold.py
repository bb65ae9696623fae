"""Minutes reserved for a booked exchange: who gets them, and how a hold ends."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from services.ledger import errors, transfer
from services.ledger.account import FUND, Account, Change
from services.ledger.transfer import Cause, Transfer


@dataclass(frozen=True)
class Hold:
    """A request to reserve minutes, and what became of it.

    Attributes:
        id: given by exchanges, one for each attempt to book.
        account_id: the receiver's.
        state: ``held``, ``refused``, ``posted`` or ``released``.
        fund_minutes: of these, made up by the community fund.
        available_minutes: before the answer; ``None`` when the hold was released
            before it was asked for.
        shortfall_minutes: what was lacking, when refused.
        posted_minutes: what the exchange took of it in the end.
        region: slug of the exchange's region.
    """

    id: UUID
    exchange_id: UUID
    account_id: UUID
    minutes: int
    state: str
    region: str
    fund_minutes: int = 0
    available_minutes: int | None = None
    shortfall_minutes: int | None = None
    posted_minutes: int | None = None

    @property
    def was_answered(self) -> bool:
        """Whether it was ever held or refused."""
        return self.available_minutes is not None


@dataclass(frozen=True)
class Question:
    """Exchanges asks to hold ``minutes`` of ``account_id``."""

    hold_id: UUID
    exchange_id: UUID
    account_id: UUID
    minutes: int
    from_fund: bool
    cause: Cause


@dataclass(frozen=True)
class Completion:
    """Exchanges asks to post ``minutes`` from a hold to the giver."""

    hold_id: UUID
    exchange_id: UUID
    giver_id: UUID
    receiver_id: UUID
    minutes: int
    cause: Cause


@dataclass(frozen=True)
class Answers:
    """The holds to be written, and what the fund gives towards them."""

    holds: list[Hold]
    from_fund: list[Transfer]


def answer(questions: Iterable[Question], accounts: Mapping[UUID, Account]) -> Answers:
    """Decide about questions in their order, each on what those before it left.

    The fund makes up what an exchange lacks, never debt from before: it helps with no
    more than the minutes of the hold.

    Args:
        accounts: those asked about, and the fund where a question asks it for help.
    """
    left = {key: account.available_minutes or 0 for key, account in accounts.items()}
    answers = Answers([], [])
    for question in questions:
        available = left[question.account_id]
        shortfall = max(0, question.minutes - available)
        helped = question.from_fund and shortfall <= min(question.minutes, left[FUND])
        given = shortfall if helped else 0
        held = given == shortfall
        if held:
            left[question.account_id] += given - question.minutes
        if given:
            left[FUND] -= given
            answers.from_fund.append(
                transfer.from_fund(question.hold_id, question.account_id, given, question.cause)
            )
        answers.holds.append(
            Hold(
                id=question.hold_id,
                exchange_id=question.exchange_id,
                account_id=question.account_id,
                minutes=question.minutes,
                state="held" if held else "refused",
                region=question.cause.region,
                fund_minutes=given,
                available_minutes=available,
                shortfall_minutes=None if held else shortfall,
            )
        )
    return answers


def tombstone(question: Question) -> Hold:
    """A hold that was released before it was asked for: the late question finds it ended."""
    return Hold(
        id=question.hold_id,
        exchange_id=question.exchange_id,
        account_id=question.account_id,
        minutes=question.minutes,
        state="released",
        region=question.cause.region,
    )


def to_post(
    completions: Iterable[Completion], holds: Mapping[UUID, Hold]
) -> tuple[list[Completion], list[Completion]]:
    """Which completions are due, and which were posted before and only ask again.

    Raises:
        HoldUnknown: one came before the question for its hold.
        HoldEnded: one's hold was refused or released.
        Contradiction: one names another exchange's hold, other minutes than posted
            before, or more minutes than held.
    """
    due: dict[UUID, Completion] = {}
    repeated: list[Completion] = []
    for completion in completions:
        hold = holds.get(completion.hold_id)
        if hold is None:
            raise errors.HoldUnknown(f"hold {completion.hold_id} has not been asked for yet")
        _check(completion, hold)
        if hold.state == "posted":
            repeated.append(completion)
        elif due.setdefault(hold.id, completion).minutes != completion.minutes:
            raise errors.Contradiction(f"hold {hold.id} would be posted with different minutes")
    return list(due.values()), repeated


def _check(completion: Completion, hold: Hold) -> None:
    if hold.state not in ("held", "posted"):
        raise errors.HoldEnded(f"hold {hold.id} is {hold.state} and cannot be posted")
    if (hold.exchange_id, hold.account_id) != (completion.exchange_id, completion.receiver_id):
        raise errors.Contradiction(f"hold {hold.id} was made for another exchange or receiver")
    if hold.posted_minutes not in (None, completion.minutes):
        raise errors.Contradiction(f"hold {hold.id} was posted with {hold.posted_minutes} minutes")
    if completion.minutes > hold.minutes:
        raise errors.Contradiction(f"hold {hold.id} is of {hold.minutes} minutes only")


def postings(due: Sequence[Completion], holds: Mapping[UUID, Hold]) -> Iterator[Transfer]:
    """The transfers that settle, and what goes back to the fund unneeded."""
    for completion in due:
        hold = holds[completion.hold_id]
        yield transfer.of_exchange(
            hold.exchange_id, hold.id, hold.account_id, completion.giver_id,
            completion.minutes, completion.cause,
        )  # fmt: skip
        unneeded = _unneeded(hold, completion.minutes)
        if unneeded:
            yield transfer.back_to_fund(hold.id, hold.account_id, unneeded, completion.cause)


def returns(reversals: Iterable[Transfer], posted: Mapping[UUID, Hold]) -> Iterator[Transfer]:
    """What the fund gave towards exchanges that are taken back, and has not had back yet.

    The receiver gets the whole of an exchange back, so what the fund had made up of it would
    else stay with somebody who was given no help.

    Args:
        reversals: transfers that take an exchange's transfer back.
        posted: the holds those exchanges were posted from, by exchange.
    """
    for reversal in reversals:
        assert reversal.exchange_id is not None, "only an exchange's transfer is reversed"
        hold = posted[reversal.exchange_id]
        spent = hold.fund_minutes - _unneeded(hold, reversal.minutes)
        if spent:
            why = Cause(reversal.region, reversal.correlation_id, reversal.posted_at)
            yield transfer.taken_back_to_fund(hold.id, hold.account_id, spent, why)


def _unneeded(hold: Hold, posted_minutes: int) -> int:
    """What the fund gave for a hold beyond what the exchange took in the end."""
    return min(hold.fund_minutes, hold.minutes - posted_minutes)


def freed(ended: Iterable[Hold]) -> Iterator[Change]:
    """What the end of holds does to what their accounts have reserved."""
    for hold in ended:
        yield Change(hold.account_id, held_minutes=-hold.minutes)


def reserved(holds: Iterable[Hold]) -> Iterator[Change]:
    """What new holds reserve of their accounts."""
    for hold in holds:
        if hold.state == "held":
            yield Change(hold.account_id, held_minutes=hold.minutes)


def to_release(
    questions: Iterable[Question], holds: Mapping[UUID, Hold]
) -> tuple[list[Hold], list[Hold]]:
    """Which holds end now, and the tombstones for those not asked for yet.

    Args:
        questions: what ends, in the words of the question that made or will make it.

    Raises:
        HoldEnded: one was posted already.
    """
    ending: dict[UUID, Hold] = {}
    unasked: dict[UUID, Hold] = {}
    for question in questions:
        hold = holds.get(question.hold_id)
        if hold is None:
            unasked[question.hold_id] = tombstone(question)
        elif hold.state == "posted":
            raise errors.HoldEnded(f"hold {hold.id} is posted and cannot be released")
        elif hold.state == "held":
            ending[hold.id] = replace(hold, state="released")
    return list(ending.values()), list(unasked.values())


def enlarged(hold: Hold, account: Account, minutes: int) -> Hold:
    """The hold with more minutes; unchanged when it has as many already.

    Raises:
        HoldNotEnlarged: it has ended, or the account has not the minutes.
    """
    available = account.available_minutes or 0
    if hold.state != "held":
        raise errors.HoldNotEnlarged(f"The hold is {hold.state}.", state=hold.state)
    if minutes - hold.minutes > max(0, available):
        raise errors.HoldNotEnlarged(
            available_minutes=available, shortfall_minutes=minutes - hold.minutes - available
        )
    return replace(hold, minutes=max(hold.minutes, minutes))
