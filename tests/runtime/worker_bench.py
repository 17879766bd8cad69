"""A worker on the tests' Kafka, and what a test does with it: publish, write, answer, let time pass, wait and read."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from confluent_kafka import Producer

from processor.actions import action_types
from processor.engine.action import Action
from processor.flow.publication import prepare
from processor.runtime.publisher import publish
from processor.runtime.topic_log import LogRecord, read_topic
from processor.runtime.worker.context import WorkerContext
from processor.runtime.worker.metrics import WorkerMetrics
from processor.runtime.worker.processor import PartitionProcessor
from processor.runtime.worker.settings import WorkerSettings
from schemas.codec import Codec, Datum
from schemas.conversation import conversation_id
from schemas.deployment import Deployment

KEY = "a key of the tests, long enough"
CHANNEL, ACCOUNT = "web_chat", "demo"
PATIENCE_SEC = 40.0

ENTRY = {"kind": "entry_point", "id": "entry", "reference": "entry", "channel": CHANNEL, "account": ACCOUNT, "flow": "greeting"}


def flow(actions: Mapping[str, Any], variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a flow document; its Start leads to the first action."""
    start = {"type": "start", "links": {"ok": next(iter(actions))}}
    place = {"timezone": "Europe/Paris", "locale": "en", "country": "FR"}
    return {
        "kind": "flow",
        "ref": "greeting",
        "name": "Greeting",
        **place,
        "variables": variables or {},
        "actions": {"start": start, **actions},
    }


class WorkerBench:
    """One deployment; workers come and go."""

    def __init__(self, deployment: Deployment, folder: Path, types: Mapping[str, type[Action]] | None = None) -> None:
        self.deployment = deployment
        self.topics = deployment.topics
        self.codec = Codec()
        self.folder = folder
        self.types = types or action_types()
        self.metrics = WorkerMetrics()
        self._workers: list[PartitionProcessor] = []
        self.producer = Producer(
            {
                "bootstrap.servers": deployment.bootstrap_servers,
                "partitioner": "murmur2_random",
                "message.max.bytes": 4_000_000,
                "log_level": 3,
            }
        )

    def publish(self, *documents: Mapping[str, Any]) -> None:
        named = [(str(document.get("ref") or document["id"]), document) for document in documents]
        publish(self.deployment, lambda log: prepare(named, log, self.types, author="test", at=0))

    def start(self, slot: str = "a", *, types: Mapping[str, type[Action]] | None = None, **settings: Any) -> PartitionProcessor:
        self.metrics = WorkerMetrics()
        chosen = WorkerSettings(slot=slot, state_folder=self.folder / slot, session_timeout_ms=6_000, **settings)
        worker = PartitionProcessor(WorkerContext(self.deployment, chosen, types or self.types, self.codec, self.metrics))
        worker.start()
        self._workers.append(worker)
        return worker

    def stop(self) -> None:
        for worker in self._workers:
            worker.stop()
        self._workers.clear()

    def conversation(self, address: str) -> str:
        return conversation_id(CHANNEL, ACCOUNT, address, key=KEY)

    def write(self, address: str, message_id: str, text: str | None = None, **more: Any) -> str:
        """Send a customer's message; returns the conversation's id."""
        name = self.conversation(address)
        datum = {"message_id": message_id, "channel": CHANNEL, "account": ACCOUNT, "address": address, "text": text, "sent_at": 0, **more}
        self.send("inbound", self.codec.encode("inbound_message", datum), name.encode())
        return name

    def answer(
        self, command_id: str, outcome: str = "ok", values: Mapping[str, str] | None = None, *, key: str | None = None, **more: Any
    ) -> None:
        """Send a connector's response."""
        datum = {
            "command_id": command_id,
            "connector": "web_service",
            "outcome": outcome,
            "values": dict(values or {}),
            "answered_at": 0,
            **more,
        }
        self.send("responses", self.codec.encode("response", datum), (key or command_id.rpartition("-")[0]).encode())

    def tick(self) -> None:
        """Let time come this far in every partition."""
        for partition in range(self.deployment.partitions):
            value = self.codec.encode("tick", {"ticked_at": 0, "ticker": "test"})
            self.producer.produce(self.topics.ticks, value, str(partition).encode(), partition)
        self.producer.flush(30)

    def send(self, topic: str, value: bytes | None, key: bytes | None, partition: int = -1) -> None:
        self.producer.produce(f"{self.deployment.topic_prefix}{topic}", value, key, partition)
        self.producer.flush(30)

    def records(self, topic: str) -> list[LogRecord]:
        return list(read_topic(self.deployment, f"{self.deployment.topic_prefix}{topic}"))

    def read(self, topic: str) -> list[Datum]:
        """Return a topic's records, decoded; of each key in order."""
        return [self.codec.decode(record.value)[1] for record in self.records(topic)]

    def journal(self, address: str) -> list[Datum]:
        name = self.conversation(address)
        return [datum for datum in self.read("journal") if datum["conversation_id"] == name]

    def steps(self, address: str) -> list[tuple[str, str | None, str | None]]:
        """Return (action, branch, reason) of each step of a customer's conversation."""
        return [(step["action"], step["branch"], step["reason"]) for datum in self.journal(address) for step in datum["steps"]]

    def texts(self) -> list[str]:
        """Return the texts of all messages commanded."""
        return [datum["body"][1]["text"] for datum in self.read("commands.messaging")]

    def await_(self, condition: Callable[[], object], what: str) -> Any:
        """Wait for a condition; returns what it returned."""
        until = time.monotonic() + PATIENCE_SEC
        while not (found := condition()):
            assert time.monotonic() < until, f"expected {what} within {PATIENCE_SEC:.0f} s"
            time.sleep(0.1)
        return found

    def await_journal(self, count: int) -> list[Datum]:
        """Wait until the journal has so many records."""
        return self.await_(lambda: found if len(found := self.read("journal")) >= count else None, f"{count} journal records")  # type: ignore[no-any-return]  # what the condition returns
