"""What an operator asks of conversations, sent through `inbound` like everything else that happens to them."""

from collections.abc import Mapping
from types import TracebackType
from typing import Self

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from schemas.codec import Codec
from schemas.deployment import Deployment

ANSWER_SEC = 30.0


class Requests:
    """Sends requests, many of them at once; `flush` waits until the broker has them."""

    def __init__(self, deployment: Deployment, codec: Codec, operator: str) -> None:
        self._deployment = deployment
        self._codec = codec
        self._operator = operator
        self._producer = Producer(
            {
                "bootstrap.servers": deployment.bootstrap_servers,
                "enable.idempotence": True,
                "partitioner": "murmur2_random",
                "linger.ms": 5,
                "log_level": 3,
            }
        )
        self.sent: dict[str, tuple[int, int]] = {}
        """Conversation → partition and offset of its last request, once the broker has it."""
        self._error: KafkaError | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self.flush()

    def resume(self, conversation_id: str, note: str | None) -> None:
        """Lift a conversation's quarantine."""
        self._send(conversation_id, "resume_requested", {"note": note})

    def end(self, conversation_id: str, note: str | None, flow: str | None = None, version: int | None = None) -> None:
        """End the live interaction with reason `ended_by_operator`; where a flow and a version are named, only one that runs with them."""
        self._send(conversation_id, "end_requested", {"note": note, "flow": flow, "flow_version": version})

    def migrate(self, conversation_id: str, flow: str, since: int, to: int, actions: Mapping[str, str]) -> None:
        """Let the live interaction go on with another version of its flow."""
        datum = {"flow": flow, "from_version": since, "to_version": to, "actions": dict(actions)}
        self._send(conversation_id, "migrate_requested", datum)

    def flush(self) -> None:
        """Wait until the broker has all.

        Raises TimeoutError, or KafkaException where it refuses one.
        """
        left = self._producer.flush(ANSWER_SEC)
        if self._error is not None:
            raise KafkaException(self._error)
        if left:
            raise TimeoutError(
                f"{self._deployment.bootstrap_servers}: expected the broker to take the request within {ANSWER_SEC:.0f} s; found no answer"
            )

    def _send(self, conversation_id: str, name: str, datum: dict[str, object]) -> None:
        def delivered(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                self._error = error
            else:
                self.sent[conversation_id] = message.partition() or 0, message.offset() or 0

        value = self._codec.encode(name, {"operator": self._operator, **datum})
        while True:
            try:
                self._producer.produce(self._deployment.topics.inbound, value, conversation_id.encode(), on_delivery=delivered)
            except BufferError:  # the client holds as many as it may: let some go first
                self._producer.poll(0.1)
            else:
                break
        self._producer.poll(0)


def resume(deployment: Deployment, codec: Codec, conversation_id: str, operator: str, note: str | None) -> None:
    """Lift a conversation's quarantine."""
    with Requests(deployment, codec, operator) as requests:
        requests.resume(conversation_id, note)


def end(deployment: Deployment, codec: Codec, conversation_id: str, operator: str, note: str | None) -> None:
    """End a conversation's live interaction with reason `ended_by_operator`."""
    with Requests(deployment, codec, operator) as requests:
        requests.end(conversation_id, note)
