"""The partition processor: poll a batch of what is there, apply, commit one transaction, write RocksDB. Knows nothing of actions.

State changelog, commands, journal and input offsets of a batch are one Kafka transaction; the local store is written after the commit,
in one write with the changelog's position, so that it is never ahead of the log (design, promise 2). A worker of an old generation cannot
commit (KIP-447). Whatever goes wrong, the session is given up and a new one starts from the log.
"""

import logging
import threading
import time
from collections.abc import Iterable
from functools import partial
from typing import Any

from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition

from processor.engine.definitions import Definitions
from processor.runtime.definition_reader import DefinitionReader
from processor.runtime.headers import headers_of
from processor.runtime.partition_end import is_partition_end
from processor.runtime.watermarks import watermarks
from processor.runtime.worker.context import WorkerContext
from processor.runtime.worker.lanes import INPUTS, Lane, Lanes
from processor.runtime.worker.outputs import Output
from processor.runtime.worker.partition import InputRecord, Partition
from processor.runtime.worker.restore import discard_foreign, restore
from schemas.topics import LARGEST_RECORD_BYTES

log = logging.getLogger(__name__)

RETRY_SEC = 1.0
IDLE_SEC = 0.1
OPERATION_SEC = 30.0
COMMITTED_SEC = 60.0
MOST_BUFFERED = 10_000


class RegroupedDuringRestore(Exception):
    """The group changed while a partition was restored: the session starts anew."""


class PartitionProcessor:
    """Runs in a thread of its own, because it blocks. One consumer, one transactional producer."""

    def __init__(self, context: WorkerContext) -> None:
        self._context = context
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="partition-processor", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, timeout_sec: float = 30.0) -> None:
        """Finish the batch under way, give the partitions up and end the thread."""
        self._stopping.set()
        self._thread.join(timeout_sec)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                session = _Session(self._context)
                try:
                    session.run(self._stopping)
                finally:
                    session.close()
            except Exception:
                # The state is in the log: whatever happened, the next session starts from what was committed.
                self._context.metrics.session_failed()
                log.exception("worker %s: session given up; a new one starts in %s s", self._context.settings.slot, RETRY_SEC)
                self._stopping.wait(RETRY_SEC)


class _Session:
    """From joining the group to the first error: nothing that it holds in memory outlives it."""

    def __init__(self, context: WorkerContext) -> None:
        self._context = context
        self._deployment = deployment = context.deployment
        self._settings = settings = context.settings
        self._metrics = context.metrics
        self._topics = deployment.topics
        self._turn = 0
        self._short = {full: full.removeprefix(deployment.topic_prefix) for full in self._topics.inputs}
        self._full = {short: full for full, short in self._short.items()}
        self._partitions: dict[int, Partition] = {}
        self._lanes: dict[int, Lanes] = {}
        self._assigned: list[int] | None = None
        """Partitions that the group gave and that are not open yet."""
        self._base = {"bootstrap.servers": deployment.bootstrap_servers, "log_level": 3}
        self._producer = Producer(
            {
                **self._base,
                "transactional.id": f"{deployment.topic_prefix}worker-{settings.slot}",
                "transaction.timeout.ms": settings.transaction_timeout_ms,
                "message.max.bytes": LARGEST_RECORD_BYTES,
                "partitioner": "murmur2_random",
                "compression.type": "lz4",
                "linger.ms": 5,
                # While the coordinator still finishes the transaction before, the next one is refused and tried again this much later.
                "retry.backoff.ms": 5,
                "queue.buffering.max.messages": 1_000_000,
            }
        )
        self._producer.init_transactions(OPERATION_SEC)
        self._in_transaction = False
        self._definitions = DefinitionReader(deployment, context.codec, context.action_types)
        self._definitions.catch_up(OPERATION_SEC)
        self._consumer = Consumer(self._consumer_config())
        self._consumer.subscribe(list(self._topics.inputs), on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_revoke)

    def run(self, stopping: threading.Event) -> None:
        """Process until told to stop."""
        busy = False
        while not stopping.is_set():
            self._fetch(wait=not busy)
            if self._assigned is not None:
                self._open(self._assigned)
            self._definitions.poll()
            self._metrics.definitions_offset = self._definitions.log.offset
            busy = self._batch()

    def close(self) -> None:
        """Give everything free. What was not committed is aborted by the broker."""
        self._close_partitions()
        self._consumer.close()
        self._definitions.close()
        del self._producer

    def _consumer_config(self) -> dict[str, Any]:
        membership = {} if self._deployment.embedded else {"group.instance.id": self._settings.slot}
        return {
            **self._base,
            **membership,
            "group.id": self._deployment.processor_group,
            "partition.assignment.strategy": "range",
            "session.timeout.ms": self._settings.session_timeout_ms,
            "heartbeat.interval.ms": max(300, self._settings.session_timeout_ms // 5),
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 50,
            "queued.max.messages.kbytes": 65_536,
        }

    # Group membership

    def _on_assign(self, consumer: Consumer, assigned: list[TopicPartition]) -> None:
        consumer.assign([])  # nothing is read before the state is there
        self._assigned = sorted({topic_partition.partition for topic_partition in assigned})

    def _on_revoke(self, consumer: Consumer, revoked: list[TopicPartition]) -> None:
        self._assigned = None
        self._close_partitions()

    def _close_partitions(self) -> None:
        for partition in self._partitions.values():
            partition.close()
        self._partitions.clear()
        self._lanes.clear()
        self._metrics.owned(())

    def _open(self, numbers: list[int]) -> None:
        """Restore each partition from the changelog, then read its inputs from where the changelog says."""
        self._assigned = None
        starts: list[TopicPartition] = []
        for number in numbers:
            partition = self._restored(number)
            if self._regrouped():
                return
            positions = partition.reached
            self._lanes[number] = Lanes(number, {topic: getattr(positions, topic) for topic in INPUTS})
            starts.extend(TopicPartition(full, number, getattr(positions, short)) for full, short in self._short.items())
        self._consumer.assign(starts)
        self._metrics.owned(numbers)
        log.info("worker %s owns partitions %s", self._settings.slot, numbers)

    def _restored(self, number: int) -> Partition:
        folder = self._settings.state_folder / f"{self._deployment.topic_prefix}{number}"
        state = TopicPartition(self._topics.state, number)
        _, end = watermarks(self._consumer, state)
        discard_foreign(folder, end)
        partition = Partition(number, folder, self._context)
        self._partitions[number] = partition
        inputs = [TopicPartition(full, number) for full in self._short]
        # Waits, too, until the broker has decided every transaction of the worker that had the partition before.
        committed = {self._short[found.topic]: found.offset for found in self._consumer.committed(inputs, timeout=COMMITTED_SEC)}
        restore(partition.store, state, committed, self._context, self._keep_alive)
        partition.reached = partition.store.positions
        return partition

    def _keep_alive(self) -> None:
        """Serve the group while a restore takes its time; no input is read yet."""
        self._consumer.poll(0)
        if self._regrouped():
            raise RegroupedDuringRestore

    def _regrouped(self) -> bool:
        """Tell whether the group has changed since the partitions that are being opened were given."""
        return self._assigned is not None or not self._partitions

    # One batch

    def _fetch(self, *, wait: bool) -> None:
        """Take in what is there; when nothing is, wait a moment for the first."""
        first = self._consumer.poll(IDLE_SEC if wait else 0)
        if first is not None:
            self._take((first, *self._consumer.consume(self._settings.batch_events, 0)))

    def _take(self, messages: Iterable[Message]) -> None:
        for message in messages:
            at_end = is_partition_end(message.error())
            lanes = self._lanes.get(message.partition() or 0)
            if lanes is None:
                continue  # of a partition that was revoked meanwhile
            lane = lanes[self._short[message.topic() or ""]]
            offset = message.offset() or 0
            if at_end:
                lane.end_reached(offset)
            elif offset >= lane.next_offset:
                lane.add(message.timestamp()[1], message)

    def _batch(self) -> bool:
        """Apply and commit one batch. Returns whether there was anything to do."""
        left = self._settings.batch_events
        touched: list[Partition] = []
        self._turn += 1
        numbers = list(self._lanes)
        for place in range(len(numbers)):
            number = numbers[(place + self._turn) % len(numbers)]  # no partition is always last
            used = self._apply(self._partitions[number], self._lanes[number], left)
            self._hold_back(number)
            if used:
                touched.append(self._partitions[number])
                left -= used
            if left <= 0:
                break
        if touched:
            self._commit(touched)
            self._metrics.batch(self._settings.batch_events - left)
        return bool(touched)

    def _apply(self, partition: Partition, lanes: Lanes, limit: int) -> int:
        """Apply what may be applied, at most so many records and deadlines; returns how many there were."""
        # Deadlines left over from the batch before go first, but messages do not wait for all of them.
        used = partition.fire(self._definitions.newest(), limit // 2)
        while used < limit:
            popped = lanes.pop(self._is_at_end, partial(self._end_if_due, partition))
            if popped is None:
                break
            at, topic, message = popped
            record = InputRecord(topic, partition.number, message.offset() or 0, at, message.key(), message.value(), headers_of(message))
            partition.apply(record, self._definitions.newest, self._refreshed)
            used += 1
            if topic == "ticks":
                used += partition.fire(self._definitions.newest(), max(0, limit - used))
            self._send(partition.take_outputs())
        return used

    def _send(self, outputs: Iterable[Output]) -> None:
        """Send what a batch adds as soon as it is known: the client packs it in a thread of its own while more is applied."""
        for output in outputs:
            self._begin()
            self._producer.produce(output.topic, output.value, output.key, output.partition)

    def _begin(self) -> None:
        """Begin the batch's transaction, if it has not begun."""
        if not self._in_transaction:
            self._producer.begin_transaction()
            self._in_transaction = True

    def _is_at_end(self, number: int, lane: Lane) -> bool:
        """Tell, from what the last fetch said, whether a lane is read to its end."""
        _, end = self._consumer.get_watermark_offsets(TopicPartition(self._full[lane.topic], number), cached=True)
        return 0 <= end <= lane.next_offset

    def _end_if_due(self, partition: Partition, lane: Lane, tick_at: int) -> int:
        """Return how far a lane must be read before a tick is applied: to its end as of now, where the tick fires a deadline.

        What was logged before the tick was read is then compared with it by log time, whichever was fetched first.
        """
        if not partition.has_due(tick_at):
            return 0
        return watermarks(self._consumer, TopicPartition(self._full[lane.topic], partition.number))[1]

    def _refreshed(self) -> Definitions:
        self._definitions.catch_up(OPERATION_SEC)
        return self._definitions.newest()

    def _hold_back(self, number: int) -> None:
        """Stop fetching an input that is far ahead of the others, so that memory stays bounded."""
        for lane in self._lanes[number].lanes.values():
            if lane.paused != (len(lane.buffer) > (MOST_BUFFERED // 2 if lane.paused else MOST_BUFFERED)):
                lane.paused = not lane.paused
                change = self._consumer.pause if lane.paused else self._consumer.resume
                change([TopicPartition(self._full[lane.topic], number)])

    def _commit(self, touched: list[Partition]) -> None:
        """Send what the batch changed, end its transaction, then write it to the local stores."""
        started = time.monotonic()
        producer, ends = self._producer, {}
        for partition in touched:
            *states, positions = partition.changelog()
            self._send((*partition.take_outputs(), *states))

            def delivered(error: KafkaError | None, message: Message, number: int = partition.number) -> None:
                if error is None:
                    ends[number] = (message.offset() or 0) + 1

            self._begin()
            producer.produce(positions.topic, positions.value, positions.key, positions.partition, on_delivery=delivered)
        offsets = [
            TopicPartition(full, partition.number, getattr(partition.reached, short))
            for partition in touched
            for full, short in self._short.items()
        ]
        # Asked while records are under way. That a zombie's offsets may come before its records is provided for: see restore().
        producer.send_offsets_to_transaction(offsets, self._consumer.consumer_group_metadata(), OPERATION_SEC)
        producer.flush()
        producer.commit_transaction(OPERATION_SEC)
        self._in_transaction = False
        for partition in touched:
            partition.committed(ends[partition.number])
        self._metrics.committed(time.monotonic() - started)
