"""Proves that what services keep for the audit and what the gateway asks for are the same words."""

from __future__ import annotations

import pytest

from gateway.pages import national_audit
from services.bus.audit import MESSAGES, OF_BOTH, Source
from services.contracts import audit, words
from services.exchanges import audit_handlers as exchanges
from services.ledger import audit_handlers as ledger
from services.members import audit_handlers as members
from services.notifications import audit_handlers as notifications

KEPT: dict[str, tuple[Source, ...]] = {
    "members": members.DECIDED,
    "exchanges": (*exchanges.DECIDED, MESSAGES),
    "ledger": (*ledger.DECIDED, MESSAGES),
    "notifications": (*notifications.DECIDED, MESSAGES),
    "reporting": (MESSAGES,),
}


def test_every_service_is_asked() -> None:
    assert KEPT.keys() == audit.ACTIONS.keys()


@pytest.mark.parametrize("service", sorted(KEPT))
def test_a_service_keeps_what_it_is_asked_for_and_nothing_else(service: str) -> None:
    kept = [word for source in KEPT[service] for word in source.actions]
    assert sorted(kept) == sorted(audit.ACTIONS[service])


def test_every_word_has_its_sentence_on_the_page_and_no_other_has() -> None:
    assert set(national_audit.ACTIONS) == set(audit.WORDS)
    assert set(national_audit.PLACES) == set(words.ROUTES)


def test_one_word_means_one_thing_wherever_it_is_kept() -> None:
    shared = [word for words_ in audit.ACTIONS.values() for word in words_]
    assert {word for word in shared if shared.count(word) > 1} == set(audit.OF_MESSAGES)
    assert MESSAGES.where == OF_BOTH
