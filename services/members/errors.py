"""What members refuses, and how it says so.

Refused
├── Invalid             a field is missing or wrong; ``detail.errors`` says which
├── MemberNotFound      no such member, or none the caller may see
├── NotAMember          the caller has not joined yet
├── AlreadyJoined       the address belongs to a member
├── AlreadyDecided      somebody approved or refused the joiner before
├── VersionConflict     the profile changed since the caller read it
├── ReasonMissing       a refusal without a reason
├── ChoiceNotOffered    a way to leave that does not exist
├── LinkNotValid        a sign-in link that is unknown, used or too old
├── AddressYours        an address that is the member's already
├── AddressesEnough     more addresses than a member may have
├── LastAddress         the only way to sign in
├── AddressNotFound     none of the member's addresses
├── LinksEnough         many links asked for lately
├── NetworkYours        the member hosts a network of that name already
├── NetworksEnough      more networks than a member may host
├── NetworkNotFound     no such network, or somebody else's
├── ClientNotFound      no such system, or one that was withdrawn
├── AssertionRefused    a system's proof that expired or was used before
├── ScopeNotGranted     more than the national team lets the system do
├── NudgedEnough        encouraged lately, or as often as anybody is
├── CoverNotFound       no such cover
├── CoverTooLong        it ends in the past, or too far ahead
├── NoColleague         somebody who is neither a representative nor of the national team
├── SheetNotReadable    a table of people that is none
├── TooManyLines        more of the audit than one export holds
├── SheetNotFound       no such table, or somebody else's
├── NotTheirRegion      who is away does not represent the region
└── NotAllowed
    ├── ConsentMissing  the member has not agreed, or there is no such member
    ├── ClientOtherRegion  the system does not serve the member's region
    ├── NoAddress       the token carries no usable e-mail address
    ├── NotYourRegion   the joiner is of another region
    └── OwnMatter       nobody decides about themselves
"""

from services.bus.errors import NotAllowed, Refused


class Invalid(Refused):
    """Some of what was sent cannot be used."""

    code = "invalid"


class MemberNotFound(Refused):
    """There is no such member."""

    code = "member_not_found"


class NotAMember(Refused):
    """You have not joined yet."""

    code = "not_a_member"


class AlreadyJoined(Refused):
    """Somebody with this e-mail address has already joined."""

    code = "already_joined"


class AlreadyDecided(Refused):
    """This joiner is no longer waiting."""

    code = "already_decided"


class VersionConflict(Refused):
    """The profile has changed since you read it."""

    code = "version_conflict"


class ReasonMissing(Refused):
    """A refusal needs a reason."""

    code = "reason_missing"


class ChoiceNotOffered(Refused):
    """Credit left behind goes to the community fund."""

    code = "choice_not_offered"


class LinkNotValid(Refused):
    """This link has been used or is too old; ask for a new one."""

    code = "link_not_valid"


class AddressYours(Refused):
    """You have this e-mail address already."""

    code = "address_yours"


class AddressesEnough(Refused):
    """You can have 3 e-mail addresses: remove one first."""

    code = "addresses_enough"


class LastAddress(Refused):
    """This is your only e-mail address: add another first."""

    code = "last_address"


class AddressNotFound(Refused):
    """This is none of your e-mail addresses."""

    code = "address_not_found"


class LinksEnough(Refused):
    """You have asked for many links: wait an hour."""

    code = "links_enough"


class NetworkYours(Refused):
    """You host a network of this name already."""

    code = "network_yours"


class NetworksEnough(Refused):
    """You can host 5 networks: end one first."""

    code = "networks_enough"


class NetworkNotFound(Refused):
    """You host no such network."""

    code = "network_not_found"


class ClientNotFound(Refused):
    """There is no such system."""

    code = "client_not_found"


class AssertionRefused(Refused):
    """The assertion has expired, or is good for more than five minutes."""

    code = "assertion_refused"


class ScopeNotGranted(Refused):
    """This system was not given that scope."""

    code = "scope_not_granted"


class ConsentMissing(NotAllowed):
    """This member has not agreed that the system acts for them."""

    code = "consent_missing"


class ClientOtherRegion(NotAllowed):
    """This system does not serve the member's region."""

    code = "client_other_region"


class NudgedEnough(Refused):
    """They were encouraged lately, or often enough."""

    code = "nudged_enough"


class CoverNotFound(Refused):
    """There is no such cover."""

    code = "cover_not_found"


class CoverTooLong(Refused):
    """A cover ends in the future, at most three months ahead."""

    code = "cover_too_long"


class NoColleague(Refused):
    """Only a representative or somebody of the national team can cover a region."""

    code = "no_colleague"


class SheetNotReadable(Refused):
    """This is not a table we can read: save it as CSV (UTF-8), with a heading."""

    code = "sheet_not_readable"


class TooManyLines(Refused):
    """That is more than one export holds: choose a person, a kind or a shorter time."""

    code = "too_many_lines"


class SheetNotFound(Refused):
    """There is no such table."""

    code = "sheet_not_found"


class NotTheirRegion(Refused):
    """Who is away does not represent this region."""

    code = "not_their_region"


class NoAddress(NotAllowed):
    """Sign in with a work or personal e-mail address to join."""

    code = "no_address"


class NotYourRegion(NotAllowed):
    """Only a representative of this region or the national team may do this."""

    code = "not_your_region"


class OwnMatter(NotAllowed):
    """Nobody decides about themselves."""

    code = "own_matter"
