"""The gateway as a nameko service: a web server that carries the Flask application."""

from typing import Any

import eventlet
import flask
import structlog
from eventlet import wsgi
from nameko.extensions import Entrypoint

from gateway import app, settings
from services.bus import settings as process_settings
from services.bus.entrypoints import Bus
from services.bus.settings import SettingError
from services.contracts import readers

log = structlog.get_logger(__name__)

BACKLOG = 512
"""Connections the kernel keeps for us while we are busy."""
CONNECTIONS = 512
"""Open at once, idle ones included: half of the usual 1,024 file descriptors."""
IDLE = 75
"""Seconds an idle connection is kept; longer than the 60 s proxies keep theirs, so that
they close first and never send into a connection we just closed."""
SLOW = 30
"""Seconds a client may take for the next bytes of a request or of our answer."""
DRAIN = 20
"""Seconds requests in flight get when stopping: more than the longest call may take,
less than the 30 an orchestrator gives before it kills."""


class Door(Entrypoint):
    """Listens, and hands requests to the Flask application.

    Eventlet's own server rather than nameko's ``WebServer``: that one ends the whole
    process when a client's connection breaks in an unusual way, and cuts off what is
    in flight when stopping; this one closes idle connections and waits for the rest.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._listener: Any = None
        self._application: flask.Flask | None = None
        self._serving: Any = None

    def setup(self) -> None:
        self.prepare()

    def prepare(self) -> None:
        """Read the settings and take the port.

        Raises:
            SettingError: a setting, or the port, cannot be used.
        """
        if self._listener is not None:
            return
        bus: Bus = next(each for each in self.container.dependencies if isinstance(each, Bus))
        bus.prepare()
        self._application = app.create(bus, settings.read(), checks=bus.checks)
        self._listener = _listen()

    def start(self) -> None:
        self._serving = self.container.spawn_managed_thread(self._serve, identifier="http")

    def stop(self) -> None:
        """Take no more connections; answer what is in flight."""
        self._serving.kill()
        self._listener.close()  # eventlet would do so only after the last answer
        with eventlet.Timeout(DRAIN, False):
            try:
                self._serving.wait()
            except eventlet.greenlet.GreenletExit:
                return
        log.warning("requests were cut off")

    def _serve(self) -> None:
        wsgi.server(
            self._listener,
            self._application,
            max_size=CONNECTIONS,
            keepalive=IDLE,
            socket_timeout=SLOW,
            log_output=False,
            debug=False,
        )


def _listen() -> Any:
    address = (process_settings.HTTP_HOST.read(), process_settings.HTTP_PORT.read())
    try:
        return eventlet.listen(address, backlog=BACKLOG, reuse_port=False)
    except OSError as error:
        raise SettingError(
            f"{process_settings.HTTP_PORT.name} cannot be used: "
            f"{address[0]}:{address[1]} {error.strerror}."
        ) from None


door = Door.decorator


class Gateway:
    name = "gateway"
    serves_http = True
    bus = Bus(readers.TOPOLOGY, database=False)

    @door
    def serve(self) -> None:
        """Requests go from the server straight to the application; no worker sees them."""
