"""Proves that ports are chosen once, remembered, and given up when somebody else has them."""

from __future__ import annotations

import socket
from pathlib import Path

from deploy.local import ports


def test_a_port_is_remembered(tmp_path: Path) -> None:
    first = ports.choose(tmp_path / "ports.json", ["broker", "database"], {})
    assert ports.choose(tmp_path / "ports.json", ["broker", "database"], {}) == first
    assert len(set(first.values())) == 2


def test_a_remembered_port_that_somebody_took_is_chosen_anew(tmp_path: Path) -> None:
    first = ports.choose(tmp_path / "ports.json", ["broker"], {})
    with socket.create_server(("127.0.0.1", first["broker"])):
        second = ports.choose(tmp_path / "ports.json", ["broker"], {})
    assert second != first
    assert ports.remembered(tmp_path / "ports.json") == second


def test_a_wished_port_is_taken_when_it_is_free_and_left_when_it_is_not(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        assert ports.choose(tmp_path / "one", ["gateway"], {"gateway": number})["gateway"] != number
    assert ports.choose(tmp_path / "two", ["gateway"], {"gateway": number})["gateway"] == number


def test_a_port_somebody_listens_on_everywhere_is_taken() -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:
        assert not ports.is_free(taken.getsockname()[1])


def test_nonsense_in_the_file_counts_as_nothing_remembered(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    for text in ("", "[1]", '{"broker": "x"}'):
        file.write_text(text)
        assert ports.remembered(file) == {}
