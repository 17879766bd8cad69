"""The workers' side of contacts: customers write, workers apply it and write the journal."""

import time
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition

from schemas.conversation import conversation_id
from schemas.deployment import Deployment
from schemas.topics import partition_of
from tests.connectors.command_bench import PATIENCE_SECONDS, CommandBench
from tests.connectors.conftest import KEY

DAY = 24 * 60 * 60 * 1_000


def now() -> int:
    return time.time_ns() // 1_000_000


class JournalBench(CommandBench):
    """Kafka, as customers and workers write to it."""

    def __init__(self, deployment: Deployment) -> None:
        super().__init__(deployment, "contacts")
        self._worker = Producer(
            {"bootstrap.servers": deployment.bootstrap_servers, "transactional.id": f"{deployment.topic_prefix}worker", "log_level": 0}
        )
        self._worker.init_transactions(PATIENCE_SECONDS)
        self._group = Consumer({"bootstrap.servers": deployment.bootstrap_servers, "group.id": deployment.processor_group, "log_level": 0})
        self._consumers.append(self._group)
        self._numbers: dict[str, int] = {}

    def arrive(self, conversation: str) -> tuple[int, int]:
        """A customer's message is logged; returns its partition and offset."""
        placed: list[Any] = []
        self._producer.produce(
            self.deployment.topics.inbound, b"a message", conversation.encode(), on_delivery=lambda _error, message: placed.append(message)
        )
        assert self._producer.flush(PATIENCE_SECONDS) == 0
        return placed[0].partition(), placed[0].offset()

    def redrive(self, conversation: str) -> tuple[int, int]:
        """A message is logged once more, in a transaction."""
        placed: list[Any] = []
        self._worker.begin_transaction()
        self._worker.produce(
            self.deployment.topics.inbound, b"a message", conversation.encode(), on_delivery=lambda _error, message: placed.append(message)
        )
        self._worker.commit_transaction(PATIENCE_SECONDS)
        return placed[0].partition(), placed[0].offset()

    def apply(self, *data: dict[str, Any], applied: tuple[int, int] | None = None, commit: bool = True) -> None:
        """A worker writes its journal, and says what it has applied, in one transaction."""
        self._worker.begin_transaction()
        for datum in data:
            key = datum["conversation_id"].encode()
            partition = partition_of(key, self.deployment.partitions)
            self._worker.produce(self.deployment.topics.journal, self.codec.encode("journal_record", datum), key, partition=partition)
        if applied is not None:
            position = TopicPartition(self.deployment.topics.inbound, applied[0], applied[1] + 1)
            self._worker.send_offsets_to_transaction([position], self._group.consumer_group_metadata(), PATIENCE_SECONDS)
        self._worker.flush(PATIENCE_SECONDS)
        if commit:
            self._worker.commit_transaction(PATIENCE_SECONDS)

    def commit(self) -> None:
        """End a transaction that was left open."""
        self._worker.commit_transaction(PATIENCE_SECONDS)

    def abort(self) -> None:
        """Abort a transaction that was left open."""
        self._worker.abort_transaction(PATIENCE_SECONDS)

    def began(self, channel: str, account: str, address: str, at: int) -> dict[str, Any]:
        """The journal's record of an interaction that begins; its id is `<conversation>-<number>`."""
        conversation = conversation_id(channel, account, address, key=KEY)
        self._numbers[conversation] = number = self._numbers.get(conversation, 0) + 1
        message: dict[str, Any] = {
            "message_id": f"m{number}", "channel": channel, "account": account, "address": address, "text": "hi", "media": [],
            "choice": None, "name": None, "locale": None, "sent_at": at,
        }  # fmt: skip
        return self.record(conversation, number, at, ("smart_routing.MessageReceived", message), opened=True)

    def wrote(self, conversation: str, agent: str, at: int, disposition: str = "applied") -> dict[str, Any]:
        """The journal's record of an agent's message."""
        event = {"command_id": "d", "message_id": "m", "agent": agent, "text": "hello", "sent_at": at}
        return self.record(conversation, 1, at, ("smart_routing.AgentWrote", event), disposition=disposition)

    def record(
        self, conversation: str, number: int, at: int, event: Any, *, opened: bool = False, disposition: str = "applied"
    ) -> dict[str, Any]:
        """Any record of the journal."""
        return {
            "conversation_id": conversation, "interaction_id": f"{conversation}-{number}", "sequence": number, "at": at,
            "source": {"topic": "inbound", "partition": 0, "offset": 0}, "disposition": disposition, "event": event, "opened": opened,
            "steps": [], "ended": None, "note": None, "definitions_offset": 0, "engine": "test", "state_digest": None,
        }  # fmt: skip

    def contact(self, channel: str, account: str, address: str, at: int | None = None) -> str:
        """A customer gets in touch, and it is applied; returns the interaction's id."""
        datum = self.began(channel, account, address, now() if at is None else at)
        self.apply(datum, applied=self.arrive(datum["conversation_id"]))
        interaction: str = datum["interaction_id"]
        return interaction

    def ask(self, command_id: str, channel: str, account: str, address: str, asking: str = "", **more: Any) -> None:
        """A flow asks how often a customer was in touch in the last 30 days."""
        until = more.pop("until", now())
        self.send(
            "CountContacts",
            {"since": more.pop("since", until - 30 * DAY), "until": until},
            command_id=command_id,
            conversation=conversation_id(channel, account, address or "nobody", key=KEY),
            interaction_id=asking or "none",
            channel=channel,
            account=account,
            address=address,
            deadline=more.pop("deadline", now() + 20_000),
            **more,
        )
