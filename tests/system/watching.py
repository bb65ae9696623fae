"""A real Prometheus that watches an instance by the platform's own rules, in seconds."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from deploy.local.installation import Installation
from deploy.local.places import REPOSITORY

RULES = REPOSITORY / "deploy/prometheus/rules.yaml"
PATIENCE = 60.0
"""Seconds to wait for something Prometheus should see; it looks every other second."""
LOOK = 0.2
AUDIT_EVERY = 1
HEARTBEAT_AGE = 90
"""Seconds for the rule's 180: a heartbeat is told up to 75 s old when all is well, the minute it
belongs to and how often it is said and looked at taken together."""
AUDIT_AGE = 15
"""Seconds for the rule's hour: an audit takes a second or two here, and begins every other."""
LAG = 10
"""Seconds for the rule's minute that events may be late."""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def hurried(rules: str) -> str:
    """The same rules with seconds for minutes: what they look for stays what it is."""
    sooner = re.sub(r"for: \d+m", "for: 1s", rules)
    sooner = re.sub(r"(heartbeat_last_timestamp_seconds) > 180", rf"\1 > {HEARTBEAT_AGE}", sooner)
    sooner = re.sub(r'(\{outcome="complete"\}) > 3600', rf"\1 > {AUDIT_AGE}", sooner)
    sooner = re.sub(r"(queue_lag_seconds:p95_5m) > 60", rf"\1 > {LAG}", sooner)
    return re.sub(r"\[\d+[mh]\]", "[10s]", sooner)


class Watcher:
    """What Prometheus knows, asked over its own API."""

    def __init__(self, address: str) -> None:
        self.address = address

    def _ask(self, path: str, **words: str) -> Any:
        query = f"?{urllib.parse.urlencode(words)}" if words else ""
        with urllib.request.urlopen(f"{self.address}/api/v1/{path}{query}") as answer:
            return json.load(answer)["data"]

    def is_up(self) -> bool:
        try:
            return bool(self._ask("status/buildinfo"))
        except OSError:
            return False

    def targets(self) -> Mapping[str, str]:
        """Health by address."""
        found = self._ask("targets", state="active")["activeTargets"]
        return {each["scrapeUrl"]: each["health"] for each in found}

    def value(self, expression: str) -> float | None:
        """Of an expression that is one number; None while there is nothing."""
        found = self._ask("query", query=expression)["result"]
        return float(found[0]["value"][1]) if found else None

    def firing(self) -> set[str]:
        """Names of alerts that call somebody now."""
        found = self._ask("alerts")["alerts"]
        return {each["labels"]["alertname"] for each in found if each["state"] == "firing"}


def until(
    condition: Callable[[], bool], told: Callable[[], object], seconds: float = PATIENCE
) -> float:
    """Wait for a condition; the seconds that took.

    Raises:
        AssertionError: it did not come true, with what is known instead.
    """
    began = time.monotonic()
    while not condition():
        assert time.monotonic() < began + seconds, told()
        time.sleep(LOOK)  # between two looks at the condition
    return time.monotonic() - began


@contextmanager
def auditing(place: Installation, more: Mapping[str, str]) -> Iterator[str]:
    """The watching audit of an instance, and where it tells its figures."""
    port = free_port()
    url = place.audit_urls["ledger"].replace("/timebank_ledger", "/timebank_{service}")
    settings = {
        "TIMEBANK_AUDIT_DATABASE_URL": url,
        "TIMEBANK_AMQP_URL": place.amqp_url,
        "TIMEBANK_AUDIT_EVERY": str(AUDIT_EVERY),
        "TIMEBANK_HTTP_PORT": str(port),
        **more,
    }
    command = [sys.executable, "-m", "deploy.audit_watch"]
    with _running(command, settings):
        yield f"127.0.0.1:{port}"


@contextmanager
def watching(
    place: Installation, metrics_port: int, folder: Path, more: Mapping[str, str] | None = None
) -> Iterator[Watcher]:
    """Prometheus, asking every process of an instance and its broker again and again.

    Args:
        metrics_port: of the broker.
        folder: for what Prometheus keeps.
        more: settings of the watching audit.
    """
    with auditing(place, more or {}) as audit:
        asked = [urllib.parse.urlsplit(url).netloc for name, url in place.health_urls.items()
                 if name != "mailbox"]  # fmt: skip
        config = _config([*asked, audit], f"127.0.0.1:{metrics_port}")
        (folder / "prometheus.yaml").write_text(yaml.safe_dump(config))
        (folder / "rules.yaml").write_text(hurried(RULES.read_text()))
        address = f"127.0.0.1:{free_port()}"
        command = ["prometheus", f"--config.file={folder / 'prometheus.yaml'}"]
        command += [f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address={address}"]
        with _running(command, {}):
            watcher = Watcher(f"http://{address}")
            until(watcher.is_up, lambda: "Prometheus does not start")
            yield watcher


def _config(processes: list[str], at_broker: str) -> dict[str, Any]:
    """As in deploy/prometheus/compose.yaml, with other addresses and more often."""
    config: dict[str, Any] = yaml.safe_load(RULES.with_name("compose.yaml").read_text())
    config["global"] = {
        # A process whose database is away answers after a second of asking for it.
        "scrape_interval": "2s",
        "scrape_timeout": "2s",
        "evaluation_interval": "1s",
    }
    for job in config["scrape_configs"]:
        ours = job["job_name"] == "timebank"
        job["static_configs"] = [{"targets": processes if ours else [at_broker]}]
    return config


@contextmanager
def _running(command: list[str], settings: Mapping[str, str]) -> Iterator[None]:
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **settings}
    process = subprocess.Popen(
        command, cwd=REPOSITORY, env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)
