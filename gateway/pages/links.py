"""Where every page is: templates and views take addresses from here, never write them."""

import re
import urllib.parse
from collections.abc import Collection
from typing import Any

HOME = "/"
FIND = "/listings"
WAITING = "/waiting"
EXCHANGES = "/exchanges"
HOURS = "/hours"
PROFILE = "/profile"
JOIN = "/join"
JOIN_GIVE = "/join/give"
JOIN_LIKE = "/join/like"
JOIN_CHECK = "/join/check"
FIRST = "/first"
MATCHES = "/matches"
SEARCHES = "/searches"
ASK_SEVERAL = "/asks/new"
NEW_LISTING = "/listings/new"
MY_LISTINGS = "/listings/mine"
PROFILE_ABOUT = "/profile/about"
PROFILE_WORK = "/profile/work"
PROFILE_E_MAILS = "/profile/e-mails"
PROFILE_ADDRESSES = "/profile/addresses"
PROFILE_PRIVACY = "/profile/privacy"
PROFILE_INVITE = "/profile/invite"
PROFILE_INVITE_CODE = "/profile/invite/code.svg"
PROFILE_SYSTEMS = "/profile/systems"
PROFILE_DOWNLOAD = "/profile/download"
PROFILE_LEAVE = "/profile/leave"
PROFILE_BLOCKED = "/profile/blocked"
CONCERNS = "/concerns"
CONSOLE = "/console"
CONSOLE_COVER = "/console/cover"
CONSOLE_RECORD = "/console/record"
CONSOLE_SHEETS = "/console/sheets"
CONSOLE_CONCERNS = "/console/concerns"
NATIONAL = "/national"
NATIONAL_ROLES = "/national/roles"
NATIONAL_AUDIT = "/national/audit"
NATIONAL_AUDIT_EXPORT = "/national/audit/export"
NATIONAL_PARKED = "/national/parked"
SIGN_IN = "/sign-in"
SIGN_IN_BY_EMAIL = "/sign-in/email"
SIGN_IN_LINK_SENT = "/sign-in/email/sent"
SIGN_IN_KEYS = "/sign-in/jwks.json"
SIGN_IN_LINK = "/sign-in/link"
SIGN_OUT = "/sign-out"

NAVIGATION = (
    ("Find", FIND),
    ("Waiting on you", WAITING),
    ("My exchanges", EXCHANGES),
    ("My hours", HOURS),
    ("Profile", PROFILE),
)
"""The header's, for members; what is not built yet is left out."""


def navigation_of(roles: Collection[str]) -> tuple[tuple[str, str], ...]:
    """The header's, for somebody with these roles."""
    represents = any(role.startswith("rep:") for role in roles)
    oversees = {"national", "senate"} & set(roles)
    return (
        *NAVIGATION,
        *((("Console", CONSOLE),) if represents or oversees else ()),
        *((("National", NATIONAL),) if oversees else ()),
    )


LONGEST = 500
"""Characters of an address somebody is to be led back to."""
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LOCAL = re.compile(r"/(?:[A-Za-z0-9._~!$&'()*+,;=:@%?-][A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?")


def listing(listing_id: str) -> str:
    return f"{FIND}/{listing_id}"


def ask(listing_id: str) -> str:
    """Where one asks for what a listing offers."""
    return f"{FIND}/{listing_id}/ask"


def ask_for_slot(listing_id: str, slot_id: str) -> str:
    """Where one press asks for one of an offer's times."""
    return f"{FIND}/{listing_id}/times/{slot_id}/ask"


def times(listing_id: str) -> str:
    """Where the owner of an offer says when they can help."""
    return f"{FIND}/{listing_id}/times"


def remove_slot(listing_id: str, slot_id: str) -> str:
    return f"{times(listing_id)}/{slot_id}/remove"


def remove_search(search_id: str) -> str:
    return f"{SEARCHES}/{search_id}/remove"


def new_listing(kind: str, title: str | None = None) -> str:
    """Where one offers something or asks for it, perhaps with its title filled in."""
    return with_query(NEW_LISTING, kind=kind, title=title)


def change_listing(listing_id: str) -> str:
    return f"{FIND}/{listing_id}/change"


def act_on_listing(listing_id: str, action: str) -> str:
    """``pause``, ``renew`` or ``close`` a listing of one's own."""
    return f"{FIND}/{listing_id}/{action}"


def exchange(exchange_id: str) -> str:
    return f"{EXCHANGES}/{exchange_id}"


def step(exchange_id: str, name: str) -> str:
    """Where one takes a step in an exchange; ``name`` is a key of ``steps.STEPS``."""
    return f"{exchange(exchange_id)}/{name}"


def step_for(exchange_id: str, member_id: str, name: str) -> str:
    """Where a representative takes a step for one of the two."""
    return f"{exchange(exchange_id)}/for/{member_id}/{name}"


def calendar(exchange_id: str) -> str:
    return f"{exchange(exchange_id)}/calendar.ics"


def messages(exchange_id: str) -> str:
    """What the two of an exchange write to each other."""
    return f"{exchange(exchange_id)}/messages"


def feedback(exchange_id: str) -> str:
    """Where one says, to nobody else, whether it helped."""
    return f"{exchange(exchange_id)}/feedback"


def concern_about(exchange_id: str) -> str:
    """Where one raises a concern about the other of an exchange."""
    return f"{exchange(exchange_id)}/concern"


def concern_about_member(member_id: str) -> str:
    return f"{member(member_id)}/concern"


def block(member_id: str) -> str:
    """Where one blocks somebody."""
    return f"{member(member_id)}/block"


def concern(concern_id: str) -> str:
    """A concern, for who raised it; whoever looks into it is led on."""
    return f"{CONCERNS}/{concern_id}"


def handled(concern_id: str) -> str:
    """A concern as whoever looks into it sees it."""
    return f"{CONSOLE_CONCERNS}/{concern_id}"


def member(member_id: str) -> str:
    return f"/members/{member_id}"


def network_code(network_id: str) -> str:
    """The link of a network one hosts, as a picture."""
    return f"{PROFILE_INVITE}/networks/{network_id}/code.svg"


def end_network(network_id: str) -> str:
    return f"{PROFILE_INVITE}/networks/{network_id}/end"


def confirm_address(token: str) -> str:
    """Where the link in an e-mail leads that adds its address."""
    return f"{PROFILE_ADDRESSES}/confirm/{token}"


def system(client_id: str) -> str:
    """Where one says what another system may do in one's name."""
    return f"{PROFILE_SYSTEMS}/{client_id}"


def record_with(member_id: str) -> str:
    """Where one writes down help that took place with somebody."""
    return f"{member(member_id)}/record"


def joiner(member_id: str) -> str:
    """A joiner as their representative sees them."""
    return f"{CONSOLE}/joiners/{member_id}"


def sheet(sheet_id: str) -> str:
    """The report of a table of people."""
    return f"{CONSOLE_SHEETS}/{sheet_id}"


def sheet_example(kind: str) -> str:
    """A table to begin with."""
    return f"{CONSOLE_SHEETS}/{kind}.csv"


def limits(region: str) -> str:
    return f"{NATIONAL}/limits/{region}"


def parked(service: str, event_id: str | None = None) -> str:
    """Where the national team decides about a message a service could not handle."""
    return with_query(f"{NATIONAL_PARKED}/{service}", message=event_id)


def sign_in(back_to: str = HOME) -> str:
    return with_query(SIGN_IN, next=back_to if back_to != HOME else None)


def sign_in_with(provider: str) -> str:
    return f"{SIGN_IN}/with/{provider}"


def join(back_to: str = HOME) -> str:
    return with_query(JOIN, next=back_to if back_to != HOME else None)


def with_query(path: str, **query: Any) -> str:
    """The path with what is not ``None`` or empty behind a question mark."""
    given = {name: value for name, value in query.items() if value not in (None, "")}
    return f"{path}?{urllib.parse.urlencode(given)}" if given else path


def after(path: str, said: str) -> str:
    """Where to go after something was done; ``said`` is a key of ``words.SAID``."""
    return with_query(path, said=said)


def is_id(text: str | None) -> bool:
    """Whether an address can be made of it: what is damaged may say anything."""
    return bool(text and _ID.fullmatch(text))


def local(text: str | None) -> str:
    """An address of our own to go to next; anything else leads home.

    Only plain paths pass: browsers take ``//host``, ``/\\host`` and tabs in between for
    another host.
    """
    return text if text and len(text) <= LONGEST and _LOCAL.fullmatch(text) else HOME
