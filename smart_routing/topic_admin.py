"""Creates a deployment's topics and tells how those of a cluster differ from what they should be."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from schemas.topics import TopicSpec

BROKER_DEFAULT = -1
"""A replication factor: what the broker's own setting says (KIP-464)."""


# Partition n of the inputs and of the state belong together; deadlines count in the broker's time; a state that is not compacted is lost.
_ESSENTIAL = frozenset({"partitions", "cleanup.policy", "message.timestamp.type"})


class KafkaUnreachableError(Exception):
    """No broker answered; the message says at which address and within what time."""


class TopicsRefusedError(Exception):
    """The cluster refused to make topics; the message names each with the cluster's reason."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which a topic is not as it should be. `setting` is `partitions` or a name of Kafka's; no topic at all has `found` None."""

    topic: str
    setting: str
    expected: str
    found: str | None

    @property
    def matters(self) -> bool:
        """Whether the system cannot work with it; what else differs is the operator's to tune."""
        return self.found is None or self.setting in _ESSENTIAL

    def __str__(self) -> str:
        """As a sentence."""
        if self.found is None:
            return f"{self.topic}: expected a topic; found none"
        return f"{self.topic}: {self.setting}: expected {self.expected}; found {self.found}"


class TopicAdmin:
    """A connection that looks after topics. A context manager; leaving it closes the connection."""

    def __init__(self, bootstrap_servers: str, *, timeout_seconds: float = 15.0) -> None:
        """Prepare a connection; each question waits at most `timeout_seconds`."""
        self._bootstrap_servers = bootstrap_servers
        self._timeout = timeout_seconds
        # A cluster that cannot be reached is told by the exception; librdkafka's lines about every attempt would only repeat it.
        self._client = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0})

    def __enter__(self) -> Self:
        """Nothing is opened before the first question."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the connection."""
        del self._client

    def partitions(self) -> dict[str, int]:
        """The number of partitions of every topic in the cluster.

        Raises:
            KafkaUnreachableError: no broker answers.
        """
        try:
            topics = self._client.list_topics(timeout=self._timeout).topics
        except KafkaException as unreachable:
            raise KafkaUnreachableError(
                f"No Kafka broker answers at {self._bootstrap_servers} within {self._timeout:g} seconds."
            ) from unreachable
        return {name: len(topic.partitions) for name, topic in topics.items()}

    def create(self, specs: Sequence[TopicSpec], *, replication_factor: int = BROKER_DEFAULT) -> tuple[str, ...]:
        """Create the topics that are not there, wait until the cluster knows them, and return their names.

        Raises:
            KafkaUnreachableError: no broker answers.
            TopicsRefusedError: the cluster refused one or more; the others are made.
        """
        there = self.partitions()
        missing = [
            NewTopic(spec.name, num_partitions=spec.partitions, replication_factor=replication_factor, config=dict(spec.config))
            for spec in specs
            if spec.name not in there
        ]
        if not missing:
            return ()
        created, refused = [], []
        for name, made in self._client.create_topics(missing, operation_timeout=self._timeout, request_timeout=self._timeout).items():
            try:
                made.result()
            except KafkaException as failed:
                error = failed.args[0]
                # Another process that creates them at the same moment has done our work.
                if error.code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    refused.append(f"{name}: {error.str()}")
            else:
                created.append(name)
        self._await(lambda there: all(name in there for name in created))
        if refused:
            raise TopicsRefusedError("\n".join(refused))
        return tuple(created)

    def delete(self, names: Iterable[str]) -> None:
        """Delete topics and what they hold; those that are not there are passed over.

        Raises:
            KafkaException: the cluster refused.
        """
        wanted = list(names)
        if not wanted:
            return
        for deleted in self._client.delete_topics(wanted, operation_timeout=self._timeout, request_timeout=self._timeout).values():
            try:
                deleted.result()
            except KafkaException as failed:
                if failed.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                    raise
        self._await(lambda there: not any(name in there for name in wanted))

    def differences(self, specs: Sequence[TopicSpec]) -> tuple[Difference, ...]:
        """How the cluster's topics differ from these, in their order.

        Raises:
            KafkaUnreachableError: no broker answers.
        """
        there = self.partitions()
        found: list[Difference] = []
        configs = self._configs([spec.name for spec in specs if spec.name in there])
        for spec in specs:
            if spec.name not in there:
                found.append(Difference(spec.name, "topic", "", None))
                continue
            if there[spec.name] != spec.partitions:
                found.append(Difference(spec.name, "partitions", str(spec.partitions), str(there[spec.name])))
            config = configs[spec.name]
            found += [Difference(spec.name, name, value, config[name]) for name, value in spec.config.items() if config.get(name) != value]
        return tuple(found)

    def _await(self, seen: Callable[[dict[str, int]], bool]) -> None:
        """Wait for the brokers to learn what the controller has decided; they do a moment later."""
        deadline = time.monotonic() + self._timeout
        while not seen(self.partitions()):
            if time.monotonic() > deadline:
                raise KafkaUnreachableError(
                    f"The brokers at {self._bootstrap_servers} did not follow their controller within {self._timeout:g} s."
                )
            time.sleep(0.02)

    def _configs(self, names: Sequence[str]) -> dict[str, dict[str, str]]:
        if not names:
            return {}
        resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
        answers = self._client.describe_configs(resources, request_timeout=self._timeout)
        return {resource.name: {name: entry.value for name, entry in answer.result().items()} for resource, answer in answers.items()}
