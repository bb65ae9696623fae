"""Runs one service as one process: settings checked, event loop patched, clean stop.

python -m services.bus.runner services.ledger.service
"""

# The order matters: psycopg chooses how to wait when it is first imported, and its C
# loop would stop every greenlet of the process, heartbeats included.
import gc
import os

os.environ["PSYCOPG_WAIT_FUNC"] = "wait_select"

import eventlet

eventlet.monkey_patch()

import importlib
import inspect
import signal
import sys
import time
from typing import Any

import psycopg.waiting
import structlog
from eventlet import wsgi
from nameko.constants import MAX_WORKERS_CONFIG_KEY
from nameko.extensions import ENTRYPOINT_EXTENSIONS_ATTR
from nameko.runners import ServiceRunner

from services.bus import detour, failpoint, settings
from services.bus.entrypoints import Bus
from services.telemetry import health, logs, metrics

log = structlog.get_logger(__name__)

TICK = 0.25
"""Seconds: wakes the loop, so that a signal is never left waiting, and measures how late it is."""
COLLECTED = (20_000, 20, 100)
"""Objects made before the youngest are looked at, and how often each older generation is: a
batch of five hundred makes some ten thousand, all gone by its end."""
MAX_WORKERS = 400
"""Greenlets at work at most: more than all queues and calls in flight together (with eight regions
up to 45 calls of each), because a full pool would block the greenlet that reads the broker. The
database pool is the limit."""


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python -m services.bus.runner MODULE", file=sys.stderr)
        return 2
    assert psycopg.waiting.wait is psycopg.waiting.wait_select, "psycopg would block the process"
    with settings.refusing_to_start():
        service = find(arguments[0])
        logs.configure(service.name, settings.LOG_LEVEL.read())
        failpoint.arm()
        _set_aside_what_stays()
        runner = _started(service)
    return _run(runner, service)


def _set_aside_what_stays() -> None:
    """Keep the collector away from the imported modules, and let it come less often.

    Nothing that is handled leaves cycles behind; looking for them among all that was imported
    cost a twelfth of the ledger's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED)


def find(module: str) -> Any:
    """The one class with entrypoints in a module.

    Raises:
        settings.SettingError: there is no such module, or not one such class.
    """
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name and module.startswith(error.name):
            raise settings.SettingError(f"There is no module {module}.") from None
        raise
    classes = [
        candidate
        for _, candidate in inspect.getmembers(found, inspect.isclass)
        if candidate.__module__ == module and _has_entrypoints(candidate)
    ]
    if len(classes) != 1:
        raise settings.SettingError(f"{module} has {len(classes)} services, not one.")
    return classes[0]


def _has_entrypoints(candidate: type) -> bool:
    return any(hasattr(member, ENTRYPOINT_EXTENSIONS_ATTR) for member in vars(candidate).values())


def _started(service: Any) -> ServiceRunner:
    """Start the service.

    An extension that reads settings does so in ``prepare``, which may be called twice.

    Raises:
        settings.SettingError: from whichever part of the service reads the setting.
    """
    runner = ServiceRunner({MAX_WORKERS_CONFIG_KEY: MAX_WORKERS})
    runner.add_service(service)
    for container in runner.containers:
        for extension in container.extensions:
            # Here rather than in a greenlet of nameko's, where eventlet prints a traceback
            # before the one sentence that a bad setting deserves.
            getattr(extension, "prepare", lambda: None)()
    runner.start()
    if not getattr(service, "serves_http", False):
        _serve_health(runner, service.name)
    return runner


def _serve_health(runner: ServiceRunner, name: str) -> None:
    bus: Any = next(
        dependency
        for container in runner.containers
        for dependency in container.dependencies
        if isinstance(dependency, Bus)
    )
    address = (settings.HTTP_HOST.read(), settings.HTTP_PORT.read())
    try:
        listener = eventlet.listen(address, reuse_port=False)
    except OSError as error:
        raise settings.SettingError(
            f"{settings.HTTP_PORT.name} cannot be used: {address[0]}:{address[1]} {error.strerror}."
        ) from None
    application = _application(name, bus)
    eventlet.spawn(wsgi.server, listener, application, log_output=False, debug=False)


def _application(name: str, bus: Any) -> Any:
    """Health and metrics, and the second road for calls where a secret protects it."""
    application = health.application(name, bus.checks)
    secret = settings.RPC_SECRET.read()
    if secret is None or bus.server is None:
        return application
    return detour.Entrance(bus.server.begin, secret, bus.server.concurrency, application)


def _run(runner: ServiceRunner, service: Any) -> int:
    signal.signal(signal.SIGTERM, lambda *_: eventlet.spawn_n(runner.stop))
    signal.signal(signal.SIGINT, lambda *_: eventlet.spawn_n(runner.stop))
    eventlet.spawn(_tick, service.name)
    log.info("started")
    waiting = eventlet.spawn(runner.wait)
    while True:
        try:
            waiting.wait()
        except InterruptedError:
            continue  # a signal arrived while the loop was waiting on a socket
        except Exception:
            log.critical("stopped by an error", exc_info=True)
            return 1
        log.info("stopped")
        return 0


def _tick(name: str) -> None:
    while True:
        asked = time.monotonic() + TICK
        eventlet.sleep(TICK)
        metrics.stalled(name, time.monotonic() - asked)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(code)  # greenlets left behind have nothing to finish: everything is committed or not
