"""Metrics are declared once, logs tell nothing personal, health tells alive from working."""

import inspect
import json
import logging
import subprocess
import sys

import pytest

from services.telemetry import health, metrics


def test_every_metric_has_a_meaning_with_a_sentence_and_says_where_to_look():
    for metric in metrics.METRICS:
        assert metric.meaning.endswith("."), metric.name
        assert metric.look.endswith((".", "?", "`.")), metric.name
        assert metric.name.startswith("timebank_")


def test_every_metric_is_declared_once_and_moved_by_a_verb():
    names = [metric.name for metric in metrics.METRICS]
    verbs = "".join(
        inspect.getsource(verb)
        for _, verb in inspect.getmembers(metrics, inspect.isfunction)
        if verb.__module__ == metrics.__name__
    )

    assert len(set(names)) == len(names)
    for name in names:
        assert f'"{name}"' in verbs, name


def test_a_verb_moves_its_metric():
    metrics.minutes_transferred("exchange", "london", 45)

    _, _, body = health.page("ledger", dict, "/metrics")
    line = 'timebank_minutes_transferred_total{kind="exchange",region="london"}'
    assert line in body.decode()


def test_a_process_that_lives_but_does_not_consume_says_both():
    alive, _, _ = health.page("ledger", lambda: {"consuming": False}, "/_ping")
    status, _, body = health.page("ledger", lambda: {"consuming": False}, "/_status")

    assert alive == "200 OK"
    assert status == "503 Service Unavailable"
    assert json.loads(body)["checks"] == {"consuming": False}


def test_a_process_that_does_its_work_says_so():
    status, _, body = health.page("ledger", lambda: {"consuming": True}, "/_status")

    assert status == "200 OK"
    assert json.loads(body)["status"] == "pass"


def test_the_metrics_say_what_a_process_lacks_at_the_moment_they_are_asked():
    there = {"database": True}
    for well, told in ((True, "1.0"), (False, "0.0")):
        there["database"] = well
        _, _, body = health.page("ledger", lambda: there, "/metrics")
        line = f'timebank_check_up{{check="database",service="ledger"}} {told}'
        assert line in body.decode()


def test_an_unknown_path_is_not_found():
    assert health.page("ledger", dict, "/elsewhere")[0] == "404 Not Found"


@pytest.fixture
def lines():
    """Log lines of a process of their own: configuring logs would change the tests' own."""

    def logged(statement):
        program = (
            "import logging, structlog; from services.telemetry import logs;"
            f"logs.configure('ledger'); {statement}"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        )
        return [json.loads(line) for line in done.stdout.splitlines()]

    return logged


def test_a_log_line_is_json_with_its_service(lines):
    (line,) = lines("structlog.get_logger('x').info('posted', minutes=60, correlation_id='c1')")

    assert line["service"] == "ledger"
    assert (line["event"], line["minutes"], line["correlation_id"]) == ("posted", 60, "c1")
    assert line["level"] == logging.getLevelName(logging.INFO).lower()


@pytest.mark.parametrize("key", ["name", "email", "title", "message"])
def test_a_log_line_never_carries_a_personal_value(lines, key):
    (line,) = lines(f"structlog.get_logger('x').info('joined', {key}='Asha Invented')")

    assert "Asha" not in json.dumps(line)


BROKEN = """
import psycopg
def broken():
    with psycopg.connect({url!r}) as conn:
        conn.execute("create temp table person (name text check (name = ''))")
        conn.execute("insert into person values (%s)", [{name!r}])
try:
    try:
        broken()
    except psycopg.Error as error:
        raise RuntimeError("it broke") from error
except RuntimeError as error:
    structlog.get_logger("x").error("a call broke", exc_info=error)
    logging.getLogger("nameko.containers").exception("error in %s: %s", "w", error.__cause__)
"""


def test_a_traceback_in_the_log_names_the_place_and_no_value_of_a_row(lines, database_server):
    program = BROKEN.format(url=database_server, name="Asha Invented")

    ours, namekos = lines("\n" + program)

    for line in (ours, namekos):
        assert "in broken" in line["exception"]
        assert 'CheckViolation 23514: new row for relation "person"' in line["exception"]
        assert line["exception"].endswith("RuntimeError: it broke")
        assert "Asha" not in str(line)
    assert namekos["event"].startswith("error in w: CheckViolation 23514")
