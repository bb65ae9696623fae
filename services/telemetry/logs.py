"""Log lines as JSON, one object a line, with the correlation id and nothing personal."""

import logging
import sys
from typing import Any

import structlog

from services.telemetry import faults

FORBIDDEN = frozenset({"name", "email", "title", "message", "description", "about", "address"})
"""Keys that could carry something personal: replaced, whoever logs them."""


def configure(service: str, level: str = "INFO") -> None:
    """Send every log line of this process to standard output as JSON.

    Args:
        service: put on every line.
        level: least severe level that is written.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _stamp(service),
        _without_personal_keys,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.ExceptionRenderer(faults.traced),
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    handler.addFilter(_quoting_nobody)
    logging.basicConfig(handlers=[handler], level=level, force=True)
    # nameko logs every refused call with its arguments; ours says what matters without them
    for noisy in ("nameko", "amqp", "kombu", "psycopg.pool"):
        logging.getLogger(noisy).setLevel("ERROR")
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _quoting_nobody(record: logging.LogRecord) -> bool:
    """nameko writes the text of whatever ended a worker into its line."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            faults.told(each) if isinstance(each, BaseException) else each for each in record.args
        )
    return True


def _stamp(service: str) -> Any:
    def add(_: Any, __: str, line: dict[str, Any]) -> dict[str, Any]:
        line["service"] = service
        return line

    return add


def _without_personal_keys(_: Any, __: str, line: dict[str, Any]) -> dict[str, Any]:
    return {key: "(left out)" if key in FORBIDDEN else value for key, value in line.items()}
