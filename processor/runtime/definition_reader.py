"""The topic `definitions`, read into a DefinitionLog."""

import logging
import time
from collections.abc import Mapping

from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition

from processor.engine.action import Action
from processor.engine.definitions import DefinitionLog, Definitions
from processor.flow.publication import absorb
from processor.runtime.partition_end import is_partition_end
from processor.runtime.watermarks import watermarks
from schemas.codec import Codec, UndecodableRecord
from schemas.deployment import Deployment

log = logging.getLogger(__name__)


class DefinitionReader:
    """Follows the topic without a group: every reader sees all of it, from the first definition on."""

    def __init__(self, deployment: Deployment, codec: Codec, action_types: Mapping[str, type[Action]]) -> None:
        self.log = DefinitionLog()
        self.unread: dict[bytes, str] = {}
        """What is wrong with the newest record of a key, where that could not be read."""
        self._topic = deployment.topics.definitions
        self._codec = codec
        self._action_types = action_types
        self._next_offset = 0
        self._consumer = Consumer(
            {
                "bootstrap.servers": deployment.bootstrap_servers,
                "group.id": "unused",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "isolation.level": "read_committed",
                "fetch.wait.max.ms": 100,
                "log_level": 3,
            }
        )
        self._consumer.assign([TopicPartition(self._topic, 0, OFFSET_BEGINNING)])

    def newest(self) -> Definitions:
        """Return the definitions read so far."""
        return self.log.newest()

    def poll(self) -> None:
        """Take in what is there, at once."""
        while (message := self._consumer.poll(0)) is not None:
            self._take(message)

    def catch_up(self, timeout_sec: float) -> None:
        """Read up to the topic's end as the broker knows it now.

        Raises TimeoutError, or KafkaException when the broker does not answer.
        """
        until = time.monotonic() + timeout_sec
        _, end = watermarks(self._consumer, TopicPartition(self._topic, 0), timeout_sec)
        while self._next_offset < end:
            message = self._consumer.poll(0.1)
            if message is not None:
                self._take(message)
            elif time.monotonic() > until:
                raise TimeoutError(
                    f"{self._topic}: expected to read up to offset {end} within {timeout_sec:.0f} s; found offset {self._next_offset}"
                )

    def close(self) -> None:
        """Leave the topic."""
        self._consumer.close()

    def _take(self, message: Message) -> None:
        offset = message.offset() or 0
        if is_partition_end(message.error()):
            self._next_offset = max(self._next_offset, offset)  # past what transactions leave at a topic's end
            return
        self._next_offset = offset + 1
        try:
            name, datum = self._codec.decode(message.value())
            problem = (
                absorb(self.log, offset, datum, self._action_types) if name == "definition" else f"expected a definition, found a {name}"
            )
        except UndecodableRecord as refused:
            problem = refused.detail
        self.unread.pop(message.key() or b"", None)
        if problem is not None:
            self.log.skip(offset)
            self.unread[message.key() or b""] = problem
            log.warning("definition at offset %d is passed over: %s", offset, problem)
