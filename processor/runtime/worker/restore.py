"""Bringing a partition's local store up to the changelog before its first event."""

import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from confluent_kafka import OFFSET_INVALID, Consumer, KafkaError, KafkaException, TopicPartition

from processor.engine.codec import FORMAT
from processor.runtime.worker.partition import POSITIONS_KEY
from processor.state.positions import Positions
from processor.state.store import PartitionStore
from schemas.codec import Codec

log = logging.getLogger(__name__)

RECORDS_AT_ONCE = 2_000

Progress = Callable[[int, int, int], None]
"""Called with partition, records of the changelog read so far, and how many there are about."""


class ChangelogUnreadable(RuntimeError):
    """The changelog holds what is none of ours: a worker must not go on from it."""


def discard_foreign(folder: Path, end: int) -> None:
    """Delete a local store that claims to have read more of the changelog than there is: it belongs to another log."""
    if not folder.exists():
        return
    store = PartitionStore(folder)
    ahead = store.positions.changelog > end
    store.close()
    if ahead:
        log.warning("local store %s is ahead of the changelog, which ends at %d: rebuilding it", folder, end)
        shutil.rmtree(folder)


def restore(
    store: PartitionStore,
    topic: str,
    number: int,
    committed: dict[str, int],
    consumer_config: dict[str, Any],
    codec: Codec,
    progress: Progress,
    keep_alive: Callable[[], None],
) -> None:
    """Read the changelog's committed records from the store's position to the end.

    `committed` are the group's stable offsets of the inputs (KIP-447): no batch can be committed before the changelog shows at least these,
    so that reading goes on until it does, however long a dead worker's transaction is still open.
    """
    reached = store.positions
    consumer = Consumer({**consumer_config, "group.id": "unused", "enable.auto.commit": False, "isolation.level": "read_committed", "enable.partition.eof": True})
    try:
        consumer.assign([TopicPartition(topic, number, reached.changelog)])
        _, end = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=30)
        first = reached.changelog
        progress(number, 0, max(0, end - first))
        while True:
            at_end, payloads, found = _read(consumer, codec)
            if payloads or found is not None:
                position, positions = found if found is not None else (reached.changelog, reached)
                reached = Positions(positions.inbound, positions.ticks, positions.responses, positions.journal_sequence, position)
                store.restore(payloads, reached)
                progress(number, reached.changelog - first, max(end - first, reached.changelog - first))
            if at_end and all(getattr(reached, name) >= offset for name, offset in committed.items() if offset != OFFSET_INVALID):
                return
            keep_alive()
    finally:
        consumer.close()


def _read(consumer: Consumer, codec: Codec) -> tuple[bool, dict[str, bytes], tuple[int, Positions] | None]:
    """Return whether the end was met, the newest record of each conversation, and the newest positions with the offset after them."""
    payloads: dict[str, bytes] = {}
    found = None
    at_end = False
    for message in consumer.consume(RECORDS_AT_ONCE, 0.2):
        error = message.error()
        if error is not None:
            if error.code() != KafkaError._PARTITION_EOF:
                raise KafkaException(error)
            at_end = True
            continue
        at_end = False
        name, datum = codec.decode(message.value())
        key, offset = message.key(), message.offset()
        if key is None or offset is None or (name == "conversation_state" and datum["format"] != FORMAT):
            raise ChangelogUnreadable(f"{message.topic()} {message.partition()} offset {offset}: expected a state of format {FORMAT}; found {name}")
        if key == POSITIONS_KEY:
            found = offset + 1, Positions(datum["inbound"], datum["ticks"], datum["responses"], datum["journal_sequence"])
        else:
            payloads[key.decode()] = datum["payload"]
    return at_end, payloads, found
