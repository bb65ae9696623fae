"""Audits an installation again and again, and tells the figures as metrics.

    python -m deploy.audit_watch

Reads where ``python -m deploy.audit`` does, and answers ``/_ping``, ``/_status`` and
``/metrics`` on the address every process of the platform has. It is well while its last
audit could look everywhere, whatever it saw.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import psycopg
import structlog

from deploy import audit, audit_sources
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


@dataclass
class Watch:
    """Audits one installation, and remembers whether the last audit could look everywhere."""

    sources: audit_sources.Sources
    looked: bool = field(default=True)

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
            watch = Watch(audit_sources.find(DEMO))
            serve(watch, settings.HTTP_HOST.read(), port)
        except (Problem, OSError) as error:
            raise settings.SettingError(str(error)) from None
    while True:
        watch.look()
        time.sleep(every)


if __name__ == "__main__":
    sys.exit(main())
