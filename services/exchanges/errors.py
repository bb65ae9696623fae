"""Why the exchanges service refuses.

Refused
├── Invalid                an argument has the wrong shape
├── BadCursor              not one of ours
├── ListingNotFound        no such listing, or not one the caller may see
├── ExchangeNotFound       no such exchange, or another's
├── AskNotFound            no such ask, or another's
├── SearchNotFound         no such saved search, or another's
├── AlreadySaved           one looks for this already
├── TooManySearches        as many are saved as anybody has
├── UnknownAction          not a step there is
├── OwnListing             one cannot ask oneself
├── ListingClosed          paused, closed or expired
├── CapacityFull           as many exchanges are open as its owner wants
├── SlotNotFound           no such time, or it has passed
├── SlotTaken              somebody was quicker
├── OnlyOffers             several can be asked for help, not offered it
├── SameGiver              one ask goes to different people
├── StepNotAllowed         not in this state, or not by this person
├── VersionConflict        it changed since the caller looked
├── StartsAtInvalid        in the past, or too far ahead
├── ExpiresAtInvalid       in the past, or too far ahead
├── NothingToChange        an amendment that amends nothing
├── MinutesNotAgreed       the giver may agree to what was offered, not to another figure
├── HoldTooSmall           more minutes than are held: the ledger is to be asked first
├── HoldNotEnlarged        the ledger was asked, and refused
├── AlreadyThanked         one thanks per person and exchange
├── SecondApproverNeeded   a large reversal takes two people
├── RemindedLately         a reminder went out a short while ago
├── RemindedEnough         as many reminders as anybody gets
├── TookPlaceInvalid       what is recorded lies ahead, or too far back
├── NotWithOneself         an exchange takes two people
├── PartyNotFound          no such member to record an exchange with
├── MessagesClosed         the two can no longer write to each other here
├── TooManyMessages        one person has written too many in a day
├── FeedbackClosed         it is not settled, or settled too long ago
├── ConcernNotFound        no such concern, or one that others look into
├── ConcernClosed          a closed concern is only written about
├── TooManyConcerns        as many of one person are open as may be
├── TooManyBlocked         as many people are blocked as anybody may block
└── NotAllowed
    ├── NotAMember         has not joined
    ├── NotApproved        has joined, and waits to be let in
    ├── OnlyInPerson       a system may not say this for a member
    ├── PrivateToTheTwo    what lies between the two is for nobody else
    └── OwnMatter          nobody decides about what they are a party to
"""

from services.bus.errors import NotAllowed, Refused

__all__ = ["NotAllowed", "Refused"]


class Invalid(Refused):
    """Something in the request has the wrong shape."""

    code = "invalid"


class BadCursor(Refused):
    """The cursor is not one this list gave out."""

    code = "bad_cursor"


class ListingNotFound(Refused):
    """There is no such listing."""

    code = "listing_not_found"


class ExchangeNotFound(Refused):
    """There is no such exchange."""

    code = "exchange_not_found"


class AskNotFound(Refused):
    """There is no such ask."""

    code = "ask_not_found"


class SlotNotFound(Refused):
    """This time is not offered any more. Choose another."""

    code = "slot_not_found"


class SlotTaken(Refused):
    """Somebody else has taken this time. Choose another."""

    code = "slot_taken"


class OnlyOffers(Refused):
    """Several people can be asked for help at once; offer yours to one at a time."""

    code = "only_offers"


class SameGiver(Refused):
    """Choose offers of different people: one ask goes to each of them once."""

    code = "same_giver"


class SearchNotFound(Refused):
    """There is no such saved search."""

    code = "search_not_found"


class AlreadySaved(Refused):
    """You have saved this search already."""

    code = "already_saved"


class TooManySearches(Refused):
    """You have saved 10 searches. Remove one to save another."""

    code = "too_many_searches"


class UnknownAction(Refused):
    """There is no such action."""

    code = "action_unknown"


class OwnListing(Refused):
    """This listing is your own."""

    code = "own_listing"


class ListingClosed(Refused):
    """This listing is not open at the moment."""

    code = "listing_closed"


class CapacityFull(Refused):
    """As many exchanges are open on this listing as its owner can take."""

    code = "capacity_full"


class StepNotAllowed(Refused):
    """This step is not possible now."""

    code = "step_not_allowed"


class VersionConflict(Refused):
    """This has changed since you looked at it."""

    code = "version_conflict"


class StartsAtInvalid(Refused):
    """The time must lie in the future, at most a year ahead."""

    code = "starts_at_invalid"


class ExpiresAtInvalid(Refused):
    """A listing expires in the future, at most a year ahead."""

    code = "expires_at_invalid"


class NothingToChange(Refused):
    """Say which minutes or which time you propose."""

    code = "invalid_amendment"


class MinutesNotAgreed(Refused):
    """You can agree to the minutes offered, or dispute them."""

    code = "minutes_not_agreed"


class HoldTooSmall(Refused):
    """More minutes are wanted than are held."""

    code = "hold_too_small"


class HoldNotEnlarged(Refused):
    """The receiver's credits do not cover so many minutes; nothing was changed."""

    code = "hold_not_enlarged"


class AlreadyThanked(Refused):
    """You have said thank you for this exchange."""

    code = "already_thanked"


class SecondApproverNeeded(Refused):
    """A reversal of more than two hours takes a second person."""

    code = "second_approver_needed"


class RemindedLately(Refused):
    """A reminder went out less than three days ago."""

    code = "reminded_lately"


class RemindedEnough(Refused):
    """Three reminders went out; reach them in another way."""

    code = "reminded_enough"


class TookPlaceInvalid(Refused):
    """What took place lies in the past, at most 90 days ago."""

    code = "took_place_invalid"


class NotWithOneself(Refused):
    """An exchange takes two people."""

    code = "not_with_oneself"


class PartyNotFound(Refused):
    """There is no such member."""

    code = "member_not_found"


class MessagesClosed(Refused):
    """You can write to each other while an exchange is open, and for 30 days after it."""

    code = "messages_closed"


class TooManyMessages(Refused):
    """You have written many messages today; wait for an answer."""

    code = "too_many_messages"


class FeedbackClosed(Refused):
    """You can say whether it helped for 90 days after the hours have moved."""

    code = "feedback_closed"


class ConcernNotFound(Refused):
    """There is no such concern."""

    code = "concern_not_found"


class ConcernClosed(Refused):
    """This concern is closed; only a note can be added."""

    code = "concern_closed"


class TooManyConcerns(Refused):
    """Several concerns of yours are still open; add to what you said by telling your contact."""

    code = "too_many_concerns"


class TooManyBlocked(Refused):
    """You have blocked as many people as one can."""

    code = "too_many_blocked"


class NotAMember(NotAllowed):
    """Join first, then you can do this."""

    code = "not_a_member"


class NotApproved(NotAllowed):
    """You can do this once you have been let in."""

    code = "not_approved"


class OnlyInPerson(NotAllowed):
    """Only the member can say this, in person."""

    code = "only_in_person"


class OwnMatter(NotAllowed):
    """Somebody who is no party to this exchange must decide it."""

    code = "own_matter"


class PrivateToTheTwo(NotAllowed):
    """This is private to the two who take part."""

    code = "private_to_the_two"
