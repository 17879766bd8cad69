"""A bare loop over confluent-kafka and rocksdict with the flow written in it: what the engine is measured against.

`python -m bench.bare STATE_FOLDER`, settings from the environment. Exactly once as the worker is: a transaction per batch over changelog,
journal, commands and input offsets; RocksDB after the commit, with the index of deadlines; decoded states are kept in memory. It does not
restore from the changelog, fire deadlines, read other inputs or publish flows.
"""

import signal
import threading
from pathlib import Path

import click
from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition
from rocksdict import Options, Rdict, WriteBatch

from bench.by_hand import Applied, ByHand, State, decode_state, state_record
from bench.contender import BARE_PREFIX
from processor.runtime.worker.settings import WorkerSettings
from schemas.codec import Codec
from schemas.deployment import Deployment
from schemas.topics import LARGEST_RECORD_BYTES, Topics

_IDLE_SEC = 0.1
_OPERATION_SEC = 30.0


class Partition:
    """One partition's states: decoded ones in memory, all in RocksDB."""

    def __init__(self, number: int, folder: Path) -> None:
        options = Options(raw_mode=True)
        options.create_if_missing(True)
        self.number = number
        self.next_offset = 0
        self._tables = Rdict(str(folder / str(number)), options)
        self._states: dict[str, State] = {}
        self._changed: dict[str, tuple[int | None, Applied]] = {}

    def load(self, conversation: str) -> State | None:
        """Return a conversation's state."""
        state = self._states.get(conversation)
        if state is None:
            payload = self._tables.get(b"c" + conversation.encode())
            if payload is not None:
                state = self._states[conversation] = decode_state(payload)
        return state

    def keep(self, conversation: str, applied: Applied) -> None:
        """Add a change to the batch."""
        self._states[conversation] = applied.state
        first = self._changed.get(conversation)
        self._changed[conversation] = (first[0] if first is not None else applied.was_due_at, applied)

    def changelog(self) -> list[tuple[str, bytes]]:
        """Return what each conversation of the batch has come to."""
        return [(conversation, applied.payload) for conversation, (_, applied) in self._changed.items()]

    def committed(self) -> None:
        """Write the batch to RocksDB, now that the log holds it."""
        batch = WriteBatch(raw_mode=True)
        for conversation, (was_due_at, applied) in self._changed.items():
            key = conversation.encode()
            batch.put(b"c" + key, applied.payload)
            if was_due_at is not None:
                batch.delete(b"t" + was_due_at.to_bytes(8, "big") + key)
            if applied.state.deadline is not None:
                batch.put(b"t" + applied.state.deadline.to_bytes(8, "big") + key, b"")
        batch.put(b"p", self.next_offset.to_bytes(8, "big"))
        self._tables.write(batch)
        self._changed.clear()

    def close(self) -> None:
        """Give the folder free."""
        self._tables.close()


class Loop:
    """Consume, apply, commit, write; until told to stop."""

    def __init__(self, deployment: Deployment, folder: Path, batch_events: int) -> None:
        self._inbound = deployment.topics.inbound
        self._topics = Topics(deployment.topic_prefix + BARE_PREFIX)
        self._commands = self._topics.commands("messaging")
        self._folder = folder
        self._batch_events = batch_events
        self._codec = Codec()
        self._by_hand = ByHand(self._codec)
        self._partitions: dict[int, Partition] = {}
        base = {"bootstrap.servers": deployment.bootstrap_servers, "log_level": 3}
        self._producer = Producer(
            {
                **base,
                "transactional.id": f"{self._topics.prefix}worker",
                "transaction.timeout.ms": 10_000,
                "message.max.bytes": LARGEST_RECORD_BYTES,
                "partitioner": "murmur2_random",
                "compression.type": "lz4",
                "linger.ms": 5,
                "retry.backoff.ms": 5,  # as the worker: see there
                "queue.buffering.max.messages": 1_000_000,
            }
        )
        self._producer.init_transactions(_OPERATION_SEC)
        self._consumer = Consumer(
            {
                **base,
                "group.id": f"{self._topics.prefix}processor",
                "group.instance.id": "bench",
                "partition.assignment.strategy": "range",
                "session.timeout.ms": 10_000,
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 50,
                "queued.max.messages.kbytes": 65_536,
            }
        )
        self._consumer.subscribe([self._inbound])

    def run(self, stopping: threading.Event) -> None:
        """Process until told to stop."""
        while not stopping.is_set():
            first = self._consumer.poll(_IDLE_SEC)
            if first is not None:
                self._batch([first, *self._consumer.consume(self._batch_events - 1, 0)])

    def close(self) -> None:
        """Give everything free."""
        for partition in self._partitions.values():
            partition.close()
        self._consumer.close()

    def _batch(self, messages: list[Message]) -> None:
        producer, topics = self._producer, self._topics
        touched: dict[int, Partition] = {}
        producer.begin_transaction()
        for message in messages:
            error = message.error()
            if error is not None:
                raise KafkaException(error)
            number, offset, key = message.partition() or 0, message.offset() or 0, message.key() or b""
            partition = touched.get(number)
            if partition is None:
                partition = touched[number] = self._partition(number)
            conversation = key.decode()
            source = {"topic": "inbound", "partition": number, "offset": offset}
            applied = self._by_hand.apply(conversation, partition.load(conversation), message.value(), message.timestamp()[1], source)
            partition.next_offset = offset + 1
            if applied is None:
                continue
            partition.keep(conversation, applied)
            producer.produce(topics.journal, applied.journal, key, number)
            producer.produce(self._commands, applied.command, key)
        for number, partition in touched.items():
            for conversation, payload in partition.changelog():
                producer.produce(topics.state, state_record(payload, self._codec), conversation.encode(), number)
        offsets = [TopicPartition(self._inbound, number, partition.next_offset) for number, partition in touched.items()]
        producer.send_offsets_to_transaction(offsets, self._consumer.consumer_group_metadata(), _OPERATION_SEC)
        producer.commit_transaction(_OPERATION_SEC)
        for partition in touched.values():
            partition.committed()

    def _partition(self, number: int) -> Partition:
        partition = self._partitions.get(number)
        if partition is None:
            partition = self._partitions[number] = Partition(number, self._folder)
        return partition


@click.command()
@click.argument("state_folder", type=click.Path(path_type=Path))
def main(state_folder: Path) -> None:
    """Run the loop until SIGTERM or Ctrl-C."""
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    state_folder.mkdir(parents=True, exist_ok=True)
    loop = Loop(Deployment.from_environment(), state_folder, WorkerSettings.from_environment().batch_events)
    try:
        loop.run(stopping)
    finally:
        loop.close()


if __name__ == "__main__":
    main()
