"""Proves that a process dies where it is told to, once, and that untold it costs nothing."""

import ast
import os
import signal
import subprocess
import sys
import timeit

import pytest

from services.bus import failpoint
from services.bus.settings import SettingError
from tests.architecture import house

CHILD = """
import sys
from services.bus import failpoint

failpoint.arm()
for point in sys.argv[1:]:
    failpoint.reach(point)
print("lived")
"""


def run(setting, *points):
    """Reach points in a process of their own; its exit code and what it printed."""
    environment = {**os.environ, "TIMEBANK_FAILPOINT": setting}
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *points],
        env=environment,
        cwd=house.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.strip()


def test_the_nth_reaching_of_the_named_point_is_the_end():
    assert run("received:3", *["received", "mid_batch"] * 2) == (0, "lived")
    assert run("received:3", *["received"] * 3) == (-signal.SIGKILL, "")


def test_each_line_of_a_file_arms_one_life_and_not_the_next(tmp_path):
    armed = tmp_path / "armed"
    armed.write_text("before_commit:1\nreceived:2\n")

    assert run(f"@{armed}", "before_commit") == (-signal.SIGKILL, "")
    assert run(f"@{armed}", "before_commit", "received", "received") == (-signal.SIGKILL, "")
    assert run(f"@{armed}", "before_commit", "received", "received") == (0, "lived")
    assert run(f"@{tmp_path / 'absent'}", "before_commit") == (0, "lived")


def test_a_living_process_is_armed_and_disarmed_by_a_signal(tmp_path):
    armed = tmp_path / "armed"
    signals = """
import os, signal, sys
from pathlib import Path
from services.bus import failpoint

failpoint.arm()
for text in sys.argv[2:]:
    Path(sys.argv[1]).write_text(text)
    os.kill(os.getpid(), signal.SIGUSR1)
failpoint.reach("received")
print("lived")
"""

    def code(*texts):
        command = [sys.executable, "-c", signals, str(armed), *texts]
        environment = {**os.environ, "TIMEBANK_FAILPOINT": f"@{armed}"}
        done = subprocess.run(command, env=environment, cwd=house.ROOT, check=False)
        return done.returncode

    assert code() == 0
    assert code("received:1") == -signal.SIGKILL
    assert code("received:1", "") == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [("nowhere:1", "is none of"), ("received:0", "whole number"), ("received:x", "whole number")],
)
def test_a_point_that_does_not_exist_refuses_to_start(monkeypatch, text, reason):
    monkeypatch.setenv("TIMEBANK_FAILPOINT", text)

    with pytest.raises(SettingError, match=reason):
        failpoint.arm()


def test_unarmed_it_costs_less_than_a_microsecond():
    # Short pieces: on a busy machine some of them have the processor to themselves.
    reached, pieces = 1_000, 100
    took = timeit.repeat(lambda: failpoint.reach("received"), number=reached, repeat=pieces)

    assert min(took) < reached / 1e6


def reached_in(module):
    """The points a module passes, as its text says."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "failpoint.reach":
            (point,) = node.args
            assert isinstance(point, ast.Constant)
            yield point.value


def test_every_point_is_passed_in_exactly_one_place():
    passed = [point for module in house.modules("services") for point in reached_in(module)]

    assert sorted(passed) == sorted(failpoint.POINTS)
