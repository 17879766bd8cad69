"""Where connectors are measured: topics of their own on Kafka, with commands to execute."""

from secrets import token_hex
from typing import Final

from confluent_kafka import Consumer, Producer, TopicPartition

from bench.contender import BenchFailed
from schemas.codec import Codec
from schemas.deployment import Deployment
from smart_routing.topic_admin import TopicAdmin

_ANSWER_SEC: Final = 30.0


class CommandStage:
    """Topics on Kafka, and commands to put there."""

    def __init__(self, kafka: str, redis_url: str, *, partitions: int, conversations: int) -> None:
        self.deployment = Deployment(
            bootstrap_servers=kafka, topic_prefix=f"bench-{token_hex(4)}.", partitions=partitions, redis_url=redis_url
        )
        self.sent = 0
        self._codec = Codec()
        self._conversations = conversations
        topics = self.deployment.topics
        wanted = {topics.commands("messaging"), topics.responses, topics.dead_letters}
        self._specs = [spec for spec in topics.specs(partitions) if spec.name in wanted]
        with TopicAdmin(kafka) as admin:
            admin.create(self._specs)
        self._producer = Producer(
            {
                "bootstrap.servers": kafka,
                "enable.idempotence": True,
                "partitioner": "murmur2_random",
                "linger.ms": 5,
                "queue.buffering.max.messages": 2_000_000,
                "log_level": 3,
            }
        )
        self._reader = self._consumer()

    def close(self) -> None:
        """Delete the topics."""
        self._reader.close()
        with TopicAdmin(self.deployment.bootstrap_servers) as admin:
            admin.delete(spec.name for spec in self._specs)

    def send(self, count: int, *, flush: bool = True) -> None:
        """Put the next commands on their topic."""
        topic = self.deployment.topics.commands("messaging")
        for number in range(self.sent, self.sent + count):
            conversation = f"conversation-{number % self._conversations}"
            self._producer.produce(topic, self._codec.encode("messaging_command", _command(number, conversation)), conversation.encode())
            if number % 1_000 == 0:
                self._producer.poll(0)
        self.sent += count
        if flush and self._producer.flush(_ANSWER_SEC):
            raise BenchFailed(f"expected Kafka to take all commands within {_ANSWER_SEC:.0f} s")
        self._producer.poll(0)

    def answered(self) -> int:
        """Return how many responses there are; nothing else is on their topic, so that offsets count them."""
        topic = self.deployment.topics.responses
        ends = [
            self._reader.get_watermark_offsets(TopicPartition(topic, number), _ANSWER_SEC) for number in range(self.deployment.partitions)
        ]
        return sum(end for _, end in ends)

    def responses(self) -> Consumer:
        """Read responses from now on."""
        consumer = self._consumer()
        topic = self.deployment.topics.responses
        partitions = [TopicPartition(topic, number) for number in range(self.deployment.partitions)]
        consumer.assign(
            [TopicPartition(one.topic, one.partition, consumer.get_watermark_offsets(one, _ANSWER_SEC)[1]) for one in partitions]
        )
        return consumer

    def command_of(self, response: bytes) -> str:
        """Return the id of the command that a response answers.

        Raises BenchFailed where it was not done.
        """
        _, datum = self._codec.decode(response)
        if datum["outcome"] != "ok":
            raise BenchFailed(f"expected outcome ok, found {datum['outcome']} ({datum['reason']})")
        return str(datum["command_id"])

    def check_all(self) -> None:
        """Hold all responses against all commands.

        Raises BenchFailed unless each command has one response.
        """
        consumer = self._consumer()
        topic = self.deployment.topics.responses
        consumer.assign([TopicPartition(topic, number, 0) for number in range(self.deployment.partitions)])
        ids: set[str] = set()
        total = 0
        while total < self.sent:
            found = consumer.consume(10_000, _ANSWER_SEC)
            if not found:
                break
            total += len(found)
            ids.update(self.command_of(value) for message in found if (value := message.value()) is not None)
        consumer.close()
        if (total, len(ids)) != (self.sent, self.sent):
            raise BenchFailed(f"expected a response for each of {self.sent} commands, found {total} responses for {len(ids)} commands")

    def _consumer(self) -> Consumer:
        return Consumer(
            {
                "bootstrap.servers": self.deployment.bootstrap_servers,
                "group.id": "unused",
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
                "fetch.wait.max.ms": 10,
                "log_level": 3,
            }
        )


def _command(number: int, conversation: str) -> dict[str, object]:
    return {
        "command_id": f"{conversation}-1-{number}",
        "conversation_id": conversation,
        "interaction_id": f"{conversation}-1",
        "flow": "bench",
        "flow_version": 1,
        "action": "say",
        "issued_at": 0,
        "deadline": None,
        "channel": "web_chat",
        "account": "bench",
        "address": conversation,
        "body": ("smart_routing.SendMessage", {"text": "Your order is on its way and will be with you tomorrow before noon."}),
    }
