"""Audits an installation again and again, and tells the figures as metrics.

    python -m deploy.audit_watch

Reads where ``python -m deploy.audit`` does, and answers ``/_ping``, ``/_status`` and
``/metrics`` on the address every process of the platform has. It is well while its last
audit could look everywhere, whatever it saw. Beside that it tells how far the databases'
replicas are behind, when the feed's heartbeats were said, and when certificates end.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import psycopg
import structlog

from deploy import audit, audit_sources, watched_servers
from deploy.local.places import DEMO, Problem
from services.bus import settings
from services.telemetry import health, logs, metrics

log = structlog.get_logger(__name__)

EVERY = settings.Setting(
    "TIMEBANK_AUDIT_EVERY",
    "seconds from the end of one audit to the beginning of the next.",
    settings.seconds(1, 86_400),
    "600",
    "1 to 86400 s",
)


def _certificates(text: str) -> tuple[str, ...]:
    found = () if text == "none" else settings.some_of(text)
    for name in found:
        if not name.startswith("https://") and not Path(name).is_file():
            raise ValueError(f"{name!r} is neither an https address nor a file.")
    return found


CERTIFICATES = settings.Setting(
    "TIMEBANK_WATCHED_CERTIFICATES",
    "certificates that shall not end unnoticed, beside those of the broker and the databases: a"
    " comma list of https addresses and PEM files, or 'none'.",
    _certificates,
    "none",
)
OFTEN = 30.0
"""Seconds between two looks at what changes within minutes."""


@dataclass
class Watch:
    """Audits one installation, and remembers whether the last audit could look everywhere."""

    sources: audit_sources.Sources
    certificates: tuple[str, ...] = ()
    looked: bool = field(default=True)
    ends: dict[watched_servers.Place, float] = field(default_factory=dict)

    def look(self) -> Mapping[str, int]:
        """One audit; its figures, none where it could not look."""
        try:
            found = audit.run(self.sources.databases, audit.IN_FLIGHT, self.sources.amqp_url)
        except (Problem, psycopg.Error) as error:
            self.looked = False
            metrics.audit_failed(time.time())
            log.warning("the audit could not look", reason=type(error).__name__)
            return {}
        self.looked = True
        metrics.audited(found, time.time())
        wrong = {code: figure for code, figure in found.items() if figure}
        if wrong:
            log.error("the audit is not zero", figures=wrong)
        return found

    def look_at_replicas(self) -> None:
        """Tell how far each is behind; of a server that does not answer, nothing is told."""
        behind = {}
        for service, url in self.sources.databases.items():
            with contextlib.suppress(psycopg.Error):
                behind[service] = watched_servers.replicas(url)
        metrics.replicas(behind)

    def look_at_heartbeats(self) -> None:
        """Tell when each region's was said last; while nobody answers, that gets older."""
        with contextlib.suppress(psycopg.Error):
            said = watched_servers.heartbeats(self.sources.databases["exchanges"])
            metrics.heartbeats(said)

    def look_at_certificates(self) -> None:
        """Tell when each ends. One that cannot be seen now ends when it did; one that never could
        be seen ended long ago, so that somebody looks why."""
        found = watched_servers.certificates(
            self.sources.databases, self.sources.amqp_url, self.certificates
        )
        for place, ends in found.items():
            if ends is None:
                log.warning("a certificate cannot be seen", kind=place.kind, at=place.at)
            self.ends[place] = ends.timestamp() if ends else self.ends.get(place, 0.0)
            metrics.certificate_ends(place.kind, place.at, self.ends[place])

    def checks(self) -> dict[str, bool]:
        return {"looked": self.looked}


class _Silent(WSGIRequestHandler):
    """A line for every scrape would be all there is in the log."""

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


def serve(watch: Watch, host: str, port: int) -> WSGIServer:
    """Answer for health and metrics in a thread; the server, whose port may have been chosen."""
    application = health.application("audit", watch.checks)
    server = make_server(host, port, application, handler_class=_Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def main() -> int:
    with settings.refusing_to_start():
        logs.configure("audit", settings.LOG_LEVEL.read())
        every, port = EVERY.read(), settings.HTTP_PORT.read()
        try:
            watch = Watch(audit_sources.find(DEMO), CERTIFICATES.read())
            serve(watch, settings.HTTP_HOST.read(), port)
        except (Problem, OSError) as error:
            raise settings.SettingError(str(error)) from None
    while True:
        watch.look()
        watch.look_at_certificates()
        _rest(watch, every)


def _rest(watch: Watch, seconds: float) -> None:
    """Until the next audit, with looks at what changes sooner."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        watch.look_at_replicas()
        watch.look_at_heartbeats()
        time.sleep(min(left, OFTEN))


if __name__ == "__main__":
    sys.exit(main())
