"""Proves what is told to Prometheus and that every measure is defined once."""

from services.reporting import measure


def test_every_definition_has_a_name_of_its_own_and_a_known_unit():
    names = [definition.name for definition in measure.DEFINITIONS]

    assert len(set(names)) == len(names)
    assert {d.unit for d in measure.DEFINITIONS} <= {"count", "minutes", "hours", "share"}
    assert all(d.meaning.endswith(".") and d.rule.endswith(".") for d in measure.DEFINITIONS)


def test_a_share_of_nothing_has_no_value():
    assert measure.share("fill_rate", 0, 0).value is None
    assert measure.share("fill_rate", 1, 4).value == 0.25


def test_a_key_that_is_gone_is_told_as_zero_once_more():
    now = [measure.Gauge("region", "london", 1, 60)]

    told = measure.gauges(now, {("region", "london"): 60, ("category", "projects"): 60})

    assert told == [*now, measure.Gauge("category", "projects", 0, 0)]


def test_the_smallest_employers_share_a_key_and_the_sum_stays():
    many = [
        measure.Gauge("organisation", f"R{number:04}", 1, 15 * number)
        for number in range(1, measure.ORGANISATIONS_GAUGED + 3)
    ]

    told = measure.gauges(many, {})

    assert len(told) == measure.ORGANISATIONS_GAUGED + 1
    assert measure.Gauge("organisation", "others", 2, 45) in told
    assert sum(g.minutes for g in told) == sum(g.minutes for g in many)
