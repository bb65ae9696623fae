"""Hears signals of the timebank with plain pika.

    python examples/pika_subscriber.py 'amqp://sub-...:...@host:port/timebank'

The address is what `POST /v1/subscriptions/{id}/credentials` answers.
"""

import json
import sys

import pika

parameters = pika.URLParameters(sys.argv[1])
seen: set[str] = set()  # yours will outlive the process: delivery is at least once


def heard(channel, method, properties, body):
    signal = json.loads(body)
    if signal["id"] not in seen:
        seen.add(signal["id"])
        print(signal["type"], signal["subject"], signal["dataref"], flush=True)
    channel.basic_ack(method.delivery_tag)


with pika.BlockingConnection(parameters) as connection:
    channel = connection.channel()
    channel.basic_qos(prefetch_count=100)
    # The queue is there already, bound and bounded; declaring it is not ours to do.
    channel.basic_consume(f"{parameters.credentials.username}.signals", heard)
    print("listening", flush=True)
    channel.start_consuming()
