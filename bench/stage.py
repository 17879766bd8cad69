"""Where the contenders meet: topics of their own on one Kafka, the published flow, and one run of messages for all."""

import secrets
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from bench.contender import BenchFailed, Contender, Running, topic_specs
from bench.load import Load
from processor.actions import action_types
from processor.engine.definitions import DefinitionLog
from processor.flow.document import load as load_document
from processor.flow.publication import key_of, prepare
from processor.runtime.watermarks import watermarks
from schemas.codec import Codec
from schemas.deployment import Deployment
from smart_routing.topic_admin import TopicAdmin

ACTIONS_PER_MESSAGE = 3
"""Actions of flow.yaml that a message leads through; the tests count them in the journal."""

DOCUMENTS = ("entry_point.yaml", "flow.yaml")

_ANSWER_SEC = 30.0
_LOOK_SEC = 0.1
_STALLED_SEC = 60.0
_MOST_UNSENT = 200_000
_COORDINATOR_MOVES = (KafkaError.NOT_COORDINATOR, KafkaError.COORDINATOR_NOT_AVAILABLE, KafkaError.COORDINATOR_LOAD_IN_PROGRESS)

Advanced = Callable[[float], None]
"""Called with the share of the messages that is done, from 0 to 1."""


def _silent(share: float) -> None:
    """Show nothing."""


class Stage:
    """One Kafka with the benchmark's topics."""

    def __init__(self, bootstrap_servers: str, folder: Path, *, partitions: int, conversations: int, batch_events: int) -> None:
        """Make the topics and publish the flow.

        Raises KafkaUnreachableError or TopicsRefusedError.
        """
        self.deployment = Deployment(
            bootstrap_servers=bootstrap_servers, topic_prefix=f"bench-{secrets.token_hex(4)}.", partitions=partitions
        )
        self.codec = Codec()
        self.load = Load(conversations, self.codec)
        self.batch_events = batch_events
        self.sent = 0
        """Messages sent so far; the number of the next one."""

        self._folder = folder
        specs = topic_specs(self.deployment)
        self._topics = [spec.name for spec in specs]
        with TopicAdmin(bootstrap_servers) as admin:
            admin.create(specs)
        self._publish()

    def remove(self) -> None:
        """Delete the topics."""
        with TopicAdmin(self.deployment.bootstrap_servers) as admin:
            admin.delete(self._topics)

    def start(self, contender: Contender) -> Running:
        """Start a contender's process where it stopped last time."""
        return Running(contender, self.deployment, self._folder, self.batch_events)

    def send(self, count: int) -> None:
        """Put the next messages on `inbound`, as fast as they go."""
        producer = self._producer()
        for unsent, (key, value) in enumerate(self.load.records(self.sent, count)):
            producer.produce(self.deployment.topics.inbound, value, key)
            if unsent % _MOST_UNSENT == _MOST_UNSENT - 1:
                self._flush(producer)
        self._flush(producer)
        self.sent += count

    def finish(self, running: Running, done: Advanced = _silent) -> None:
        """Wait until a contender has committed all that was sent.

        Raises BenchFailed where its process ends, or nothing moves for a minute.
        """
        inbound = [TopicPartition(self.deployment.topics.inbound, number) for number in range(self.deployment.partitions)]
        group = running.contender.group(self.deployment)
        consumer = Consumer({"bootstrap.servers": self.deployment.bootstrap_servers, "group.id": group, "log_level": 3})
        try:
            moved_at = time.monotonic()
            first = before = _committed(consumer, inbound)
            while True:
                running.check()
                committed = _committed(consumer, inbound)
                done((committed - first) / max(1, self.sent - first))
                if committed >= self.sent:
                    return
                if committed > before:
                    moved_at, before = time.monotonic(), committed
                elif time.monotonic() - moved_at > _STALLED_SEC:
                    raise running.failed(f"expected {self.sent} messages to be done, found {committed} and none for {_STALLED_SEC:.0f} s")
                time.sleep(_LOOK_SEC)
        finally:
            consumer.close()

    def _publish(self) -> None:
        documents = [(name, load_document((files("bench") / name).read_bytes())) for name in DOCUMENTS]
        at = time.time_ns() // 1_000_000
        publication = prepare(documents, DefinitionLog(), action_types(), author="bench", at=at)
        producer = self._producer()
        for record in publication.records:
            producer.produce(self.deployment.topics.definitions, self.codec.encode("definition", record), key_of(record))
        self._flush(producer)

    def _producer(self) -> Producer:
        return Producer(
            {
                "bootstrap.servers": self.deployment.bootstrap_servers,
                "enable.idempotence": True,
                "partitioner": "murmur2_random",
                "compression.type": "lz4",
                "linger.ms": 5,
                "queue.buffering.max.messages": 2 * _MOST_UNSENT,
                "log_level": 3,
            }
        )

    def _flush(self, producer: Producer) -> None:
        left = producer.flush(_ANSWER_SEC)
        if left:
            raise BenchFailed(f"expected Kafka to take all messages within {_ANSWER_SEC:.0f} s; {left} are left")


def _committed(consumer: Consumer, partitions: list[TopicPartition]) -> int:
    """Return how many messages a group has committed; nothing but messages is on `inbound`, so that offsets count them."""
    try:
        return sum(max(0, found.offset) for found in consumer.committed(partitions, timeout=_ANSWER_SEC))
    except KafkaException as error:
        if error.args[0].code() in _COORDINATOR_MOVES:
            return 0
        raise


class Outputs:
    """A contender's committed commands from a moment on, as a reader of committed records gets them."""

    def __init__(self, stage: Stage, contender: Contender) -> None:
        """Begin at the end as it is now."""
        self._contender = contender
        self._topic = contender.output(stage.deployment)
        self._consumer = Consumer(
            {
                "bootstrap.servers": stage.deployment.bootstrap_servers,
                "group.id": "unused",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "fetch.wait.max.ms": 100,
                "log_level": 3,
            }
        )
        ends = []
        for number in range(stage.deployment.partitions):
            _, end = watermarks(self._consumer, TopicPartition(self._topic, number))
            ends.append(TopicPartition(self._topic, number, end))
        self._consumer.assign(ends)

    def next(self, timeout_sec: float) -> tuple[bytes, int] | None:
        """Return key and log time (epoch ms) of the next command as soon as it can be read; None when there is none in time."""
        message = self._consumer.poll(timeout_sec)
        if message is None:
            return None
        error = message.error()
        if error is not None:
            raise KafkaException(error)
        return message.key() or b"", message.timestamp()[1]

    def take(self, count: int) -> list[int]:
        """Return the log times (epoch ms) of so many commands that have been committed.

        Raises BenchFailed where there are fewer or more.
        """
        times: list[int] = []
        wanted = count + 1
        while len(times) < wanted:
            found = self.next(_ANSWER_SEC if len(times) < count else 1.0)
            if found is None:
                break
            times.append(found[1])
        if len(times) != count:
            more = "at least " if len(times) > count else ""
            raise BenchFailed(f"{self._contender.title}: expected {count} commands, one for each message; found {more}{len(times)}")
        return times

    def close(self) -> None:
        """Let go of the topic."""
        self._consumer.close()
