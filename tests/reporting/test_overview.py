"""Proves each national figure against a bank small enough to count by hand."""

import datetime

import pytest

from services.bus.caller import Caller
from services.reporting import errors, figure_handlers, figure_store, handlers, measure
from tests.reporting import story

MEMBER = Caller(id=story.an("ama"), approved=True)


@pytest.fixture
def figures(database):
    def ask(days_later=0):
        with database.transaction() as tx:
            tx.now = story.MORNING + datetime.timedelta(days=days_later)
            return {figure.name: figure for figure in figure_handlers.figures(tx)}

    return ask


@pytest.fixture
def bank(database):
    story.hear(database, story.bank())


def test_every_definition_has_its_figure_in_its_order(database):
    with database.transaction() as tx:
        answer = handlers.overview(tx, MEMBER)
        figures = figure_handlers.figures(tx)

    names = [definition.name for definition in measure.DEFINITIONS]
    assert [figure.name for figure in figures] == names
    assert list(answer["figures"]) == names
    assert [item["name"] for item in handlers.definitions()["items"]] == names
    assert answer["as_of"].endswith("Z")


def test_an_empty_bank_has_no_shares_and_counts_of_zero(figures):
    found = figures()

    assert found["exchanges_settled"].value == 0
    assert found["reciprocity"].value is None
    assert found["time_to_first_answer"].value is None


def test_hours_are_the_ledgers_less_what_was_reversed(bank, figures):
    found = figures()

    assert found["exchanges_settled"].value == 3
    assert found["minutes_given"].value == 180
    assert found["hours_given"].value == 3.0


def test_people_who_gave_and_received_and_people_who_came_back(bank, figures):
    found = figures()

    assert found["members_taking_part"].value == 3
    assert (found["reciprocity"].part, found["reciprocity"].whole) == (2, 3)
    assert (found["repeat_rate"].part, found["repeat_rate"].whole) == (2, 3)
    assert found["connections"].value == 2


def test_help_that_crossed_borders(bank, figures):
    found = figures()

    assert found["cross_region_share"].value == pytest.approx(2 / 3)
    assert found["cross_organisation_share"].value == pytest.approx(2 / 3)


def test_an_unknown_employer_is_neither_the_same_nor_another(database, figures):
    story.hear(database, story.Exchange("one", giver_organisation=None).undisturbed())

    assert figures()["cross_organisation_share"].whole == 0


def test_waiting_times_are_medians_from_the_request(bank, figures):
    found = figures()

    assert found["time_to_first_answer"].value == 2.0
    assert (found["time_to_first_answer"].part, found["time_to_first_answer"].whole) == (5, 5)
    assert found["time_to_match"].value == 3.0
    assert found["time_to_match"].part == 4


def test_requests_that_were_met_and_not_met(bank, figures):
    assert (figures()["fill_rate"].part, figures()["fill_rate"].whole) == (1, 2)
    assert figures(29)["unmet_demand"].value == 0
    assert figures(31)["unmet_demand"].value == 1


def test_requests_of_a_large_bank_are_counted_together_and_not_one_after_the_other(database):
    with database.transaction() as tx:
        for rows in LARGE:
            tx.conn.execute(rows)
        tx.conn.execute("analyze listing_fact, exchange_fact, transfer_fact")
        tx.conn.execute("set local statement_timeout = '5s'")
        found = figure_store.requests(tx.conn, tx.now)

    assert (found.published, found.filled, found.unmet) == (10_000, 5_000, 2_500)


LARGE = (
    """
    insert into listing_fact (listing_id, version, told_at, state, owner_id, kind, region,
        published_at)
    select md5('l' || i)::uuid, 1, now(), 'open', md5('m')::uuid, 'request', 'london', now()
    from generate_series(1, 10000) as i
    """,
    # of four one after the other: settled, settled, booked, asked only
    """
    insert into exchange_fact (exchange_id, version, happened_at, state, listing_id, giver_id,
        receiver_id, asker_id, minutes, region, giver_region, receiver_region, requested_at,
        booked_at)
    select md5('e' || i)::uuid, 1, now(), 'settled', md5('l' || i)::uuid, md5('g')::uuid,
        md5('r')::uuid, md5('r')::uuid, 60, 'london', 'london', 'london', now(),
        case when i % 4 < 3 then now() end
    from generate_series(1, 10000) as i
    """,
    """
    insert into transfer_fact (transfer_id, kind, exchange_id, minutes, posted_at, region)
    select md5('t' || i)::uuid, 'exchange', md5('e' || i)::uuid, 60, now(), 'london'
    from generate_series(1, 10000) as i where i % 4 < 2
    """,
)


def test_credit_in_circulation_is_what_was_granted(bank, figures):
    assert figures()["minutes_in_circulation"].value == 180


def test_joiners_count_once_their_thirty_days_are_over(bank, figures):
    assert figures(29)["activation"].whole == 0
    assert (figures(30)["activation"].part, figures(30)["activation"].whole) == (3, 3)


def test_help_after_thirty_days_does_not_activate(database, figures):
    late = story.MORNING + 31 * story.DAY
    story.hear(database, [story.member("ama"), story.member("ben")])
    story.hear(database, story.Exchange("late", completed_at=late).undisturbed())

    assert (figures(40)["activation"].part, figures(40)["activation"].whole) == (0, 2)


def test_help_recorded_late_activates_by_when_it_took_place(database, figures):
    story.hear(database, [story.member("ama"), story.member("ben")])
    recorded = story.Exchange(
        "recorded",
        starts_at=story.MORNING + 3 * story.DAY,
        completed_at=story.MORNING + 31 * story.DAY,
    )
    story.hear(database, recorded.undisturbed())

    assert figures(40)["activation"].part == 2


def test_a_refused_joiner_is_not_expected_to_take_part(database, figures):
    story.hear(database, [story.member("ama", status="refused")])

    assert figures(40)["activation"].whole == 0


def test_whether_it_helped_is_the_last_word_of_those_who_received(database, figures):
    assert figures()["helped"].value is None
    story.hear(
        database,
        [
            story.feedback("yes"),
            story.feedback("partly"),
            story.feedback("yes", instead_of="partly"),
            story.feedback("yes", category="projects"),
            story.feedback("no", instead_of="yes"),
            story.feedback("yes", side="giver"),
        ],
    )

    assert (figures()["helped"].part, figures()["helped"].whole) == (2, 3)


def test_notices_sent_are_counted(database, figures):
    story.hear(database, [story.notice("one"), story.notice("two")])

    assert figures()["notices_sent"].value == 2


def test_who_is_not_let_in_sees_no_overview(database):
    with database.transaction() as tx, pytest.raises(errors.ForMembersOnly):
        handlers.overview(tx, Caller())
