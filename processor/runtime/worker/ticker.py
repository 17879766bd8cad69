"""Makes time pass: a record a second on `ticks` for each partition that the worker owns. Ticking twice is harmless."""

import time
from collections.abc import Iterable

from confluent_kafka import Producer

from schemas.codec import Codec
from schemas.deployment import Deployment


class Ticker:
    """Produces ticks. What fires deadlines is their log time, set by the broker."""

    def __init__(self, deployment: Deployment, slot: str, codec: Codec) -> None:
        self._topic = deployment.topics.ticks
        self._slot = slot
        self._codec = codec
        self._producer = Producer(
            {
                "bootstrap.servers": deployment.bootstrap_servers,
                "enable.idempotence": True,
                "linger.ms": 0,
                "message.timeout.ms": 5_000,
                "log_level": 3,
            }
        )

    def tick(self, partitions: Iterable[int]) -> None:
        """Send a tick to each partition. One that does not arrive is made up for by the next."""
        value = self._codec.encode("tick", {"ticked_at": time.time_ns() // 1_000_000, "ticker": self._slot})
        for partition in partitions:
            self._producer.produce(self._topic, value, str(partition).encode(), partition)
        self._producer.poll(0)

    def close(self) -> None:
        """Send what is left and leave the broker."""
        self._producer.flush(2)
        del self._producer  # its connections end with it, not when the broker goes
