"""A connector's surroundings for a test: commands go in by Kafka, responses and dead letters come out."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition

from connectors.framework.connector import Connector
from connectors.framework.runner import ConnectorRunner
from connectors.framework.settings import ConnectorSettings
from connectors.framework.surroundings import Surroundings
from schemas.codec import Codec, Datum
from schemas.deployment import Deployment

PATIENCE_SECONDS = 30.0

QUICK = ConnectorSettings(
    presence_seconds=1.2,
    retry_initial_seconds=0.02,
    retry_longest_seconds=0.2,
    drain_seconds=3,
    farewell_seconds=1,
    session_seconds=6,
    commit_interval_seconds=0.05,
    breaker_seconds=0.3,
    metrics_port=0,  # of tests that run at the same time, only one would get the usual one
)


def around(deployment: Deployment, settings: ConnectorSettings = QUICK, **environment: str) -> Surroundings:
    """Surroundings of a connector or a page; `environment` holds what its family is set to."""
    return Surroundings(deployment, settings, environment)


def in_seconds(seconds: float) -> int:
    """A deadline so far from now, epoch ms."""
    return int((time.time() + seconds) * 1000)


async def until(condition: Callable[[], Any]) -> Any:
    """Wait until a condition holds, and return what it gave."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (found := condition()):  # noqa: ASYNC110 - what is awaited is outside of this event loop
            await asyncio.sleep(0.005)
    return found


class CommandBench:
    """Kafka's side of one family's connector."""

    def __init__(self, deployment: Deployment, family: str = "messaging") -> None:
        self.deployment = deployment
        self.family = family
        self.codec = Codec()
        self._producer = Producer(
            {
                "bootstrap.servers": deployment.bootstrap_servers,
                "partitioner": "murmur2_random",
                "message.max.bytes": 4_000_000,
                "log_level": 0,
            }
        )
        self._consumers: list[Consumer] = []

    def close(self) -> None:
        for consumer in self._consumers:
            consumer.close()

    def send(
        self,
        name: str,
        body: Mapping[str, Any],
        *,
        command_id: str,
        conversation: str = "c1",
        headers: Mapping[str, bytes] | None = None,
        **more: Any,
    ) -> None:
        """Put a command on its topic."""
        datum = {
            "command_id": command_id,
            "conversation_id": conversation,
            "interaction_id": f"{conversation}-1",
            "flow": "main",
            "flow_version": 1,
            "action": "a1",
            "issued_at": 0,
            "deadline": None,
            "channel": "web_chat",
            "account": "demo",
            "address": conversation,
            "body": (f"smart_routing.{name}", body),
            **more,
        }
        self.send_bytes(self.codec.encode(f"{self.family}_command", datum), conversation.encode(), headers)

    def send_bytes(self, value: bytes | None, key: bytes | None = b"c1", headers: Mapping[str, bytes] | None = None) -> None:
        """Put a record on the commands' topic."""
        self._producer.produce(self.deployment.topics.commands(self.family), value, key, headers=dict(headers or {}))
        assert self._producer.flush(PATIENCE_SECONDS) == 0

    async def responses(self, number: int) -> list[Datum]:
        """Wait for so many responses from the topic's beginning."""
        return [self.codec.decode(record.value())[1] for record in await self.records(self.deployment.topics.responses, number)]

    async def answers(self, number: int) -> dict[str, tuple[str, str | None]]:
        """Wait for so many responses, and return outcome and reason of each command."""
        return {answer["command_id"]: (answer["outcome"], answer["reason"]) for answer in await self.responses(number)}

    async def dead_letters(self, number: int) -> list[Datum]:
        """Wait for so many dead letters from the topic's beginning."""
        return [self.codec.decode(record.value())[1] for record in await self.records(self.deployment.topics.dead_letters, number)]

    async def records(self, topic: str, number: int) -> list[Any]:
        """Wait for so many records, and fail where there are more."""
        consumer = self._consumer(topic)
        found: list[Any] = []

        def take(seconds: float) -> None:
            for record in consumer.consume(1_000, seconds):
                assert record.error() is None, record.error()
                found.append(record)

        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(found) < number:
                await asyncio.to_thread(take, 0.02)
        await asyncio.to_thread(take, 0.05)
        assert len(found) == number
        return found

    def committed(self) -> dict[int, int]:
        """The committed offset of each partition that has one."""
        topic = self.deployment.topics.commands(self.family)
        consumer = Consumer(
            {"bootstrap.servers": self.deployment.bootstrap_servers, "group.id": f"{self.deployment.topic_prefix}connectors.{self.family}"}
        )
        try:
            partitions = consumer.committed(
                [TopicPartition(topic, number) for number in range(self.deployment.partitions)], PATIENCE_SECONDS
            )
        finally:
            consumer.close()
        return {partition.partition: partition.offset for partition in partitions if partition.offset >= 0}

    def _consumer(self, topic: str) -> Consumer:
        consumer = Consumer(
            {
                "bootstrap.servers": self.deployment.bootstrap_servers,
                "group.id": "bench",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "fetch.wait.max.ms": 20,
                "log_level": 0,
            }
        )
        self._consumers.append(consumer)
        consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in range(self.deployment.partitions)])
        return consumer


@asynccontextmanager
async def running(connector: Connector, deployment: Deployment, settings: ConnectorSettings = QUICK):
    """Run a connector; leaving stops it in good order."""
    stop = asyncio.Event()
    task = asyncio.create_task(ConnectorRunner(connector, deployment, settings).run(stop))
    try:
        yield task
    finally:
        stop.set()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.wait([task])
    task.result()
