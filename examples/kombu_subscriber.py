"""Hears signals of the timebank with kombu.

    python examples/kombu_subscriber.py 'amqp://sub-...:...@host:port/timebank'

The address is what `POST /v1/subscriptions/{id}/credentials` answers.
"""

import json
import sys

from kombu import Connection, Consumer, Queue

seen: set[str] = set()  # yours will outlive the process: delivery is at least once


def heard(message):
    signal = json.loads(message.body)
    if signal["id"] not in seen:
        seen.add(signal["id"])
        print(signal["type"], signal["subject"], signal["dataref"], flush=True)
    message.ack()


with Connection(sys.argv[1]) as connection:
    # The queue is there already, bound and bounded; declaring it is not ours to do.
    queue = Queue(f"{connection.userid}.signals", no_declare=True)
    with Consumer(connection, [queue], on_message=heard, prefetch_count=100):
        print("listening", flush=True)
        while True:
            connection.drain_events()
