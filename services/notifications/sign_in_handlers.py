"""Sends the link that proves an address: at once, to the address they gave, kept nowhere."""

import datetime
from email.utils import parseaddr
from typing import Any

from services.bus.caller import Caller
from services.bus.errors import TryLater
from services.bus.transaction import new_id
from services.notifications import errors, mail, render, settings


def send_link(
    caller: Caller,
    email: Any,
    link: Any,
    purpose: Any,
    wanted: settings.Mail,
    now: datetime.datetime,
) -> None:
    """Send a link that signs in, or that adds the address to a member's.

    It is not kept for a second try: whoever waits for it asks for another, and a link in a
    table would be a way in for whoever reads the table. An address that is refused is not
    told to the asker, who might be trying out addresses.

    Args:
        email: whom it is for, joined or not.
        link: an address of our own pages.
        purpose: of ``render.LINK_LETTERS``.

    Raises:
        NotAllowed: only our own services may ask.
        errors.BadLink: the link leads elsewhere.
        TryLater: the mail server does not answer.
    """
    caller.require_service()
    if not isinstance(link, str) or not link.startswith(f"{wanted.public_url}/"):
        raise errors.BadLink
    if purpose not in render.LINK_LETTERS:
        raise errors.BadLink("There are no words for such a link.")
    if not mail.is_address(email):
        return
    content = mail.message(
        notice_id=new_id(),
        exchange_id=None,
        name="",
        email=email,
        letter=render.link_letter(purpose, link),
        entry=None,
        unsubscribe=None,
        mail_from=wanted.mail_from,
        now=now,
    )
    # A connection of its own: the office's may be in the middle of somebody's mail.
    channel = mail.Channel(wanted.smtp_url, wanted.timeout)
    try:
        channel.send(parseaddr(wanted.mail_from)[1], email, content)
    except mail.ServerAway:
        raise TryLater from None
    except mail.Refused as refused:
        if not refused.for_ever:
            raise TryLater from None
    finally:
        channel.close()
