"""How far a partition goes, asked of its leader."""

import stamina
from confluent_kafka import Consumer, KafkaException, TopicPartition

ANSWER_SEC = 30.0
ATTEMPT_SEC = 10.0


def _may_pass(error: Exception) -> bool:
    """Tell errors of a broker that is starting, moving a leader or away for a moment from others."""
    return isinstance(error, KafkaException) and (error.args[0].retriable() or error.args[0].name() in _PASSING)


_PASSING = {"NOT_LEADER_FOR_PARTITION", "LEADER_NOT_AVAILABLE", "_TRANSPORT", "_TIMED_OUT", "_ALL_BROKERS_DOWN"}


def watermarks(consumer: Consumer, partition: TopicPartition, timeout_sec: float = ANSWER_SEC) -> tuple[int, int]:
    """Return a partition's first offset and the one after its last committed record.

    Raises KafkaException when the broker does not answer in time, or has no such partition.
    """
    for attempt in stamina.retry_context(on=_may_pass, attempts=None, timeout=timeout_sec, wait_initial=0.05, wait_max=1.0):
        with attempt:
            first, end = consumer.get_watermark_offsets(partition, timeout=min(timeout_sec, ATTEMPT_SEC))
            return first, end
    raise AssertionError("the retry either returns or raises")
