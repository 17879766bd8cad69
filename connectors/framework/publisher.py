"""What connectors write to Kafka: responses and dead letters."""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Final, Self

from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.errors import MessageSizeTooLargeError

from connectors.framework.context import Context
from connectors.framework.ending import within
from connectors.framework.wire import Wire
from schemas.deployment import Deployment
from schemas.topics import LARGEST_RECORD_BYTES

_FRAMING_BYTES: Final = 1_024
"""Room for key, headers and batch of a record at the topic's limit."""


class Publisher:
    """An idempotent producer: acknowledged by all replicas in sync, never twice, and tried until Kafka takes it.

    The partition is that of Kafka's own clients for the key: a conversation's responses are where its messages are.
    """

    def __init__(self, deployment: Deployment, wire: Wire, family: str, farewell_seconds: float) -> None:
        """Prepare; `farewell_seconds` is how long Kafka may take when it is closed."""
        self._farewell_seconds = farewell_seconds
        self._bootstrap_servers = deployment.bootstrap_servers
        self._topics = deployment.topics
        self._wire = wire
        self._family = family
        self._producer: Any = None  # made when it is opened: one that is made and never closed complains

    async def __aenter__(self) -> Self:
        """Connect.

        Raises KafkaConnectionError when no broker answers.
        """
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap_servers,
            client_id=f"{self._topics.prefix}connectors.{self._family}",
            acks="all",
            enable_idempotence=True,
            max_request_size=LARGEST_RECORD_BYTES - _FRAMING_BYTES,
        )
        try:
            await self._producer.start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Disconnect. What was sent and not awaited to its end, Kafka may not have; it is answered again from the record."""
        await self._stop()

    async def respond(self, context: Context, response: bytes) -> None:
        """Send a response; returns once Kafka has it."""
        await self.tell(context.conversation_id, response, context.headers)

    async def tell(self, conversation_id: str, value: bytes, headers: Sequence[tuple[str, bytes]] = ()) -> None:
        """Send a record of a conversation to the topic `responses`; returns once Kafka has it."""
        await self._producer.send_and_wait(self._topics.responses, value, key=conversation_id.encode(), headers=list(headers))

    async def bury(self, command: ConsumerRecord, reason: str, detail: str) -> None:
        """Send what cannot be executed to the dead letters, byte for byte; one too large for them only with its coordinates."""
        letter = {
            "topic": command.topic.removeprefix(self._topics.prefix),
            "partition": command.partition,
            "offset": command.offset,
            "timestamp": command.timestamp,
            "key": command.key,
            "value": command.value,
            "headers": [{"name": name, "value": value or b""} for name, value in command.headers],
            "reason": reason,
            "detail": detail,
            "conversation_id": None,
            "engine": f"connectors.{self._family}",
        }
        try:
            await self._send_letter(command, letter)
        except MessageSizeTooLargeError:
            detail = f"{detail}; {len(command.value or b'')} bytes, too many for a dead letter, left where they were"
            await self._send_letter(command, {**letter, "value": None, "headers": [], "detail": detail})

    async def _stop(self) -> None:
        if not await within(self._farewell_seconds, "producer of responses", self._producer.stop()):
            await self._producer.client.close()

    async def _send_letter(self, command: ConsumerRecord, letter: dict[str, Any]) -> None:
        value = await self._wire.encode("dead_letter", letter)
        await self._producer.send_and_wait(self._topics.dead_letters, value, key=command.key)
