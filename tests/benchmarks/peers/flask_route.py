"""A plain Flask route on the server the gateway uses, answering a constant.

python -m tests.benchmarks.peers.flask_route PORT
"""

import sys

import eventlet

eventlet.monkey_patch()

from typing import Any

import flask
from eventlet import wsgi

app = flask.Flask(__name__)


@app.get("/constant")
def constant() -> Any:
    return {"items": [], "next": None}


if __name__ == "__main__":
    listener = eventlet.listen(("127.0.0.1", int(sys.argv[1])))
    wsgi.server(listener, app, log_output=False)
