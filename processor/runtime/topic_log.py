"""A topic read from its beginning to its end as it was when asked: for replay, audit and the operators' commands."""

from collections.abc import Iterator, Sequence

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition
from msgspec import Struct

from processor.runtime.headers import headers_of
from processor.runtime.partition_end import is_partition_end
from processor.runtime.watermarks import watermarks
from schemas.deployment import Deployment

RECORDS_AT_ONCE = 5_000
ANSWER_SEC = 30.0


class LogRecord(Struct, frozen=True):
    """One committed record."""

    partition: int
    offset: int
    at: int
    """Log time, epoch ms."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


def read_topic(deployment: Deployment, topic: str, partitions: Sequence[int] | None = None) -> Iterator[LogRecord]:
    """Yield the committed records of a topic, each partition in order, up to the end as it is now.

    Raises KafkaException when the broker does not answer or has no such topic.
    """
    consumer = _consumer(deployment)
    try:
        metadata = consumer.list_topics(topic, timeout=ANSWER_SEC).topics[topic]
        if metadata.error is not None:
            raise KafkaException(metadata.error)
        numbers = sorted(metadata.partitions) if partitions is None else list(partitions)
        ends = {number: watermarks(consumer, TopicPartition(topic, number)) for number in numbers}
        unread = {number for number, (start, end) in ends.items() if end > start}
        consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in unread])
        while unread:
            first = consumer.poll(0.5)  # consume() alone would wait for all that it may return
            for message in () if first is None else (first, *consumer.consume(RECORDS_AT_ONCE, 0)):
                number, offset = message.partition() or 0, message.offset() or 0
                end = ends[number][1]
                if is_partition_end(message.error()):
                    unread.discard(number)
                    continue
                if offset < end:
                    yield LogRecord(number, offset, message.timestamp()[1], message.key(), message.value(), headers_of(message))
                if offset + 1 >= end:
                    unread.discard(number)
    finally:
        consumer.close()


def read_partition(deployment: Deployment, topic: str, number: int, first: int, end: int) -> Iterator[LogRecord]:
    """Yield the committed records of one partition from one offset up to, not including, another; what is no longer there is left out.

    Raises KafkaException when the broker does not answer or has no such partition.
    """
    consumer = _consumer(deployment)
    try:
        _, written = watermarks(consumer, TopicPartition(topic, number))
        reached = min(end, written)
        consumer.assign([TopicPartition(topic, number, first)])
        at_end = first >= reached
        while not at_end:
            found = consumer.poll(0.5)  # consume() alone would wait for all that it may return
            for message in () if found is None else (found, *consumer.consume(RECORDS_AT_ONCE, 0)):
                offset = message.offset() or 0
                if is_partition_end(message.error()):
                    at_end = True
                    continue
                if offset < reached:
                    yield LogRecord(number, offset, message.timestamp()[1], message.key(), message.value(), headers_of(message))
                at_end = at_end or offset + 1 >= reached
    finally:
        consumer.close()


def _consumer(deployment: Deployment) -> Consumer:
    return Consumer(
        {
            "bootstrap.servers": deployment.bootstrap_servers,
            "group.id": "unused",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 50,
            "log_level": 3,
        }
    )
