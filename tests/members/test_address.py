"""One member's addresses: which may be added, which may go, and what a link is good for."""

import datetime
from uuid import uuid4

import pytest

from services.members import address, errors
from services.members.address import Link

NOW = datetime.datetime(2026, 11, 2, 9, 30, tzinfo=datetime.UTC)
OLD, NEW, OWN = "ada@old.nhs.uk", "ada@new.nhs.uk", "ada@example.org"


def test_one_has_an_address_once_and_three_at_most() -> None:
    address.require_room([OLD, NEW], OWN)
    with pytest.raises(errors.AddressYours):
        address.require_room([OLD, NEW], OLD.upper())
    with pytest.raises(errors.AddressesEnough):
        address.require_room([OLD, NEW, OWN], "ada@fourth.nhs.uk")


def test_notices_go_on_where_they_went_unless_that_is_what_goes() -> None:
    assert address.main_without([OLD, NEW], OLD, NEW) == OLD
    assert address.main_without([OLD, NEW], OLD, OLD.upper()) == NEW


def test_the_last_address_stays_and_nobody_elses_goes() -> None:
    with pytest.raises(errors.LastAddress):
        address.main_without([OLD], OLD, OLD)
    with pytest.raises(errors.AddressNotFound):
        address.main_without([OLD, NEW], OLD, OWN)


def test_a_link_is_good_once_for_an_hour_for_who_asked_for_it() -> None:
    ada, bo = uuid4(), uuid4()
    link = Link(ada, NEW, NOW, None)
    soon, late = NOW + datetime.timedelta(minutes=59), NOW + datetime.timedelta(hours=1)
    assert address.usable(link, ada, soon)
    assert not address.usable(link, ada, late)
    assert not address.usable(link, bo, soon)
    assert not address.usable(link, None, soon)
    assert not address.usable(Link(ada, NEW, NOW, NOW), ada, soon)
