"""An open-loop sender: messages at a fixed rate, whatever becomes of them.

`python -m bench.sender FIRST COUNT RATE CONVERSATIONS`, settings from the environment. Message n is due n / RATE seconds after the first;
one that goes out late counts from when it was due. Prints a line of JSON when it begins, another at the end.
"""

import json
import sys
import time

from confluent_kafka import Producer

from bench.load import Load
from schemas.codec import Codec
from schemas.deployment import Deployment

_PAUSE_SEC = 0.001


def main(first: int, count: int, rate: float, conversations: int) -> None:
    """Send, and say when it began (epoch seconds) and by how much the latest message was late."""
    deployment = Deployment.from_environment()
    records = list(Load(conversations, Codec()).records(first, count))
    producer = Producer(
        {
            "bootstrap.servers": deployment.bootstrap_servers,
            "enable.idempotence": True,
            "partitioner": "murmur2_random",
            "linger.ms": 5,
            "log_level": 3,
        }
    )
    inbound = deployment.topics.inbound
    # The first message goes before the clock runs: until then the client connects and gets its producer id, which may take seconds.
    key, value = records[0]
    producer.produce(inbound, value, key)
    unsent = producer.flush(30)
    began = time.time()
    print(json.dumps({"began": began}), flush=True)
    sent, latest = 1, 0.0
    while sent < count:
        due = min(count, int((time.time() - began) * rate) + 1)
        if due == sent:
            producer.poll(0)
            time.sleep(_PAUSE_SEC)
            continue
        latest = max(latest, time.time() - began - sent / rate)
        for key, value in records[sent:due]:
            producer.produce(inbound, value, key)
        sent = due
    unsent += producer.flush(30)
    print(json.dumps({"latest_sec": latest, "unsent": unsent}), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
