"""Counts what is known of the whole bank: the overview's figures, and what Prometheus is told."""

import datetime

from services.bus.transaction import Transaction
from services.reporting import figure_store, measure


def figures(tx: Transaction) -> list[measure.Figure]:
    """One figure per definition, in their order."""
    settled = figure_store.settled(tx.conn)
    people = figure_store.participation(tx.conn)
    days = datetime.timedelta
    joiners = figure_store.activation(
        tx.conn, tx.now - days(measure.ACTIVATION_DAYS), days(measure.ACTIVATION_DAYS)
    )
    waits = figure_store.waits(tx.conn)
    requests = figure_store.requests(tx.conn, tx.now - days(measure.UNMET_AFTER_DAYS))
    feedback = figure_store.feedback(tx.conn)
    known = settled.both_organisations_known
    return [
        measure.Figure("exchanges_settled", settled.exchanges),
        measure.Figure("minutes_given", settled.minutes),
        measure.Figure("hours_given", settled.minutes / 60),
        measure.Figure("members_taking_part", people.members),
        measure.share("activation", joiners.activated, joiners.joined),
        measure.median_hours("time_to_first_answer", waits.answer, waits.answered, waits.requested),
        measure.median_hours("time_to_match", waits.booking, waits.booked, waits.requested),
        measure.share("fill_rate", requests.filled, requests.published),
        measure.Figure("unmet_demand", requests.unmet),
        measure.share("reciprocity", people.both_ways, people.members),
        measure.share("repeat_rate", people.again, people.members),
        measure.Figure("connections", settled.connections),
        measure.share("cross_region_share", settled.cross_region, settled.exchanges),
        measure.share("cross_organisation_share", settled.cross_organisation, known),
        measure.Figure("minutes_in_circulation", figure_store.circulation(tx.conn).minutes),
        measure.share("helped", feedback.helped, feedback.answered),
        measure.Figure("notices_sent", figure_store.notices(tx.conn).sent),
    ]


def gauges(tx: Transaction) -> list[measure.Gauge]:
    """Exchanges and minutes by every grouping told to Prometheus."""
    return figure_store.gauges(tx.conn)
