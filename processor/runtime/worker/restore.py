"""Bringing a partition's local store up to the changelog before its first event."""

import logging
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from confluent_kafka import OFFSET_INVALID, Consumer, TopicPartition

from processor.engine.codec import FORMAT
from processor.runtime.partition_end import is_partition_end
from processor.runtime.watermarks import watermarks
from processor.runtime.worker.context import WorkerContext
from processor.runtime.worker.partition import POSITIONS_KEY
from processor.state.positions import Positions
from processor.state.store import PartitionStore
from schemas.codec import Codec

log = logging.getLogger(__name__)

RECORDS_AT_ONCE = 2_000


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
    store: PartitionStore, changelog: TopicPartition, committed: Mapping[str, int], context: WorkerContext, keep_alive: Callable[[], None]
) -> None:
    """Read the changelog's committed records from the store's position to the end.

    `committed` are the group's stable offsets of the inputs (KIP-447): no batch can be committed before the changelog shows at least these,
    so that reading goes on until it does, however long a dead worker's transaction is still open.
    """
    reached, number = store.positions, changelog.partition
    consumer = Consumer(
        {
            "bootstrap.servers": context.deployment.bootstrap_servers,
            "log_level": 3,
            "group.id": "unused",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 10,  # a changelog that is read to its end says so at once
        }
    )
    try:
        consumer.assign([TopicPartition(changelog.topic, number, reached.changelog)])
        _, end = watermarks(consumer, changelog)
        first = reached.changelog
        context.progress(number, 0, max(0, end - first))
        while True:
            at_end, payloads, found = _read(consumer, context.codec)
            if payloads or found is not None:
                position, positions = found if found is not None else (reached.changelog, reached)
                reached = Positions(positions.inbound, positions.ticks, positions.responses, positions.journal_sequence, position)
                store.restore(payloads, reached)
                context.progress(number, reached.changelog - first, max(end - first, reached.changelog - first))
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
    first = consumer.poll(0.2)  # consume() alone would wait for all that it may return
    for message in () if first is None else (first, *consumer.consume(RECORDS_AT_ONCE, 0)):
        at_end = is_partition_end(message.error())
        if at_end:
            continue
        name, datum = codec.decode(message.value())
        key, offset = message.key(), message.offset()
        if key is None or offset is None or (name == "conversation_state" and datum["format"] != FORMAT):
            raise ChangelogUnreadable(
                f"{message.topic()} {message.partition()} offset {offset}: expected a state of format {FORMAT}; found {name}"
            )
        if key == POSITIONS_KEY:
            found = offset + 1, Positions(datum["inbound"], datum["ticks"], datum["responses"], datum["journal_sequence"])
        else:
            payloads[key.decode()] = datum["payload"]
    return at_end, payloads, found
