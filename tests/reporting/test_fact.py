"""Proves what reporting believes, whatever the order and repetition of what was said."""

from services.contracts import exchanges
from services.reporting import fact, handlers
from tests.reporting import story


def said(*events):
    return [handlers.said(event) for event in events]


def test_the_newest_step_of_an_exchange_stands_whatever_came_last():
    exchange = story.Exchange("one")

    told = said(exchange.booked(), exchange.requested(), exchange.booked())

    (newest,) = fact.exchanges(told)
    assert newest.state == "booked"
    assert newest.version == 3


def test_steps_of_the_same_version_are_ordered_by_their_time():
    exchange = story.Exchange("one")
    early = exchange.step(exchanges.ExchangeDisputed, 4, "disputed", stated_minutes=60)
    late = exchange.step(
        exchanges.ExchangeThanked,
        4,
        "settled",
        happened_at=exchange.requested_at + 9 * story.HOUR,
    )

    assert fact.exchanges(said(early, late)) == fact.exchanges(said(late, early))
    assert fact.exchanges(said(early, late))[0].state == "settled"


def test_the_first_answer_is_that_of_the_one_asked():
    exchange = story.Exchange("one")
    own_change = exchange.step(
        exchanges.ExchangeAmended, 2, "requested", exchange.receiver_id, hold_id=None
    )
    answer = exchange.step(
        exchanges.ExchangeAmended, 3, "requested", exchange.giver_id, hold_id=None
    )
    later = exchange.step(exchanges.ExchangeDeclined, 4, "declined", exchange.giver_id)

    assert fact.milestones(said(own_change)) == []
    (reached,) = fact.milestones(said(later, own_change, answer))
    assert reached.answered_at == exchange.requested_at + 3 * story.HOUR


def test_milestones_of_one_exchange_are_gathered():
    exchange = story.Exchange("one")

    (reached,) = fact.milestones(said(*reversed(exchange.undisturbed())))

    assert reached == fact.Milestones(
        exchange.id,
        answered_at=exchange.requested_at + 2 * story.HOUR,
        booked_at=exchange.requested_at + 3 * story.HOUR,
        completed_at=exchange.completed_at,
    )


def test_a_transfer_is_one_fact_however_often_it_is_said():
    exchange = story.Exchange("one")

    told = said(exchange.transferred(), exchange.taken_back(), exchange.transferred())

    assert [(t.kind, t.minutes) for t in fact.transfers(told)] != []
    assert sorted(t.kind for t in fact.transfers(told)) == ["exchange", "reversal"]


def test_a_renewed_listing_was_published_when_it_was_first_published():
    told = said(story.listing("one", version=3), story.listing("one", version=1))

    (first,) = fact.publications(told)
    assert first.published_at == story.MORNING + story.HOUR


def test_a_closed_listing_is_closed_though_its_publication_is_heard_later():
    closed = story.listing("one", version=2, contract=exchanges.ListingClosed)

    (listing,) = fact.listings(said(closed, story.listing("one", version=1)))

    assert listing.state == "closed"


def test_what_facts_do_not_follow_from_is_passed_over():
    concern = story.event(
        exchanges.ConcernRaised,
        "london",
        {
            "concern_id": story.an("c"),
            "exchange_id": None,
            "severity": "low",
            "holder": "rep",
            "raised_by_id": story.an("ama"),
            "concerned_id": story.an("ben"),
            "acknowledge_by": story.MORNING,
        },
        story.MORNING,
    )

    told = said(concern)

    assert fact.exchanges(told) == fact.transfers(told) == fact.members(told) == []
