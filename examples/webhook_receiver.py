"""Receives signals of the timebank as webhooks, and refuses what is not signed.

    SECRET=whsec_... python examples/webhook_receiver.py 8080

The secret is what `POST /v1/subscriptions/{id}/credentials` answers. Behind your https.
"""

import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

webhook = Webhook(os.environ["SECRET"])
seen: set[str] = set()  # yours will outlive the process: delivery is at least once


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            signal = webhook.verify(body, dict(self.headers))
        except WebhookVerificationError:
            self.send_error(401)
            return
        if signal["id"] not in seen:
            seen.add(signal["id"])
            print(signal["type"], signal["subject"], signal["dataref"], flush=True)
        self.send_response(204)
        self.end_headers()


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver)
print(f"listening on {server.server_port}", flush=True)
server.serve_forever()
