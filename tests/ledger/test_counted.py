"""The metric counts each posting once, however often it is said."""

from prometheus_client import REGISTRY

from services.ledger import service
from tests.ledger.bank import LONDON, Bank, Deal, hear


def counted() -> float:
    """Minutes of exchanges in London so far, as this process tells them."""
    name, labels = "timebank_minutes_transferred_total", {"kind": "exchange", "region": LONDON}
    return REGISTRY.get_sample_value(name, labels) or 0.0


def completed(bank: Bank, deal: Deal) -> None:
    with bank.transaction() as tx:
        hear(tx, deal.completed())
        service.moved(tx.said)


def test_a_posting_is_counted_when_it_is_made_and_not_when_it_is_said_again(bank: Bank) -> None:
    giver, receiver = bank.members(2)
    deal = Deal(giver, receiver, 60)
    bank.hear(deal.accepted())
    before = counted()

    completed(bank, deal)
    assert counted() - before == 60
    completed(bank, deal)

    assert counted() - before == 60
