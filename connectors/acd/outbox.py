"""Sends what the ACD has to tell: from a stream in Redis, where it was written with the fact, to the topic `responses`."""

import asyncio
import json
import logging
from collections import defaultdict
from typing import Any, Final

import stamina
from aiokafka.errors import KafkaError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from connectors.framework.ending import end
from connectors.framework.publisher import Publisher
from connectors.framework.surroundings import Surroundings
from connectors.framework.wire import Wire

_BATCH: Final = 500
_BLOCK_MS: Final = 500
_BUSY_SECONDS: Final = 0.5
_LEASE_MS: Final = 3_000
_LONGEST_PAUSE_SECONDS: Final = 2.0

logger = logging.getLogger(__name__)

_Entry = tuple[bytes, dict[bytes, bytes]]

# KEYS[1] lease; ARGV: who asks, ms. Whoever has the lease renews it.
_LEASE_SCRIPT: Final = """
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""


class OutboxRelay:
    """Sends the stream's entries, those of one conversation in their order, and removes each once Kafka has it.

    An entry has the fields `conversation`, `schema` (response or agent_wrote), `datum` (JSON) and `trace` (JSON of headers, or empty). It
    is sent again where we die in between; the processor knows an agent's message by its id and a finished wait by its end. Several
    connectors take turns by a lease, which spares repetitions and is needed for nothing else.
    """

    def __init__(self, redis: Redis, stream: str, surroundings: Surroundings) -> None:
        """Prepare; the Redis client stays open for longer than the relay."""
        self._redis = redis
        self._stream = stream
        self._lease = redis.register_script(_LEASE_SCRIPT)
        self._wire = Wire.of(surroundings.deployment)
        self._publisher = Publisher(surroundings.deployment, self._wire, "acd", surroundings.settings.farewell_seconds)
        self._relaying: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect to Kafka and begin.

        Raises KafkaError where Kafka does not answer.
        """
        await self._publisher.__aenter__()
        self._relaying = asyncio.create_task(self._relay())

    async def close(self) -> None:
        """Stop; what is left is sent by the next one."""
        if self._relaying is not None:
            await end(self._relaying)
            await self._publisher.__aexit__(None, None, None)

    async def _relay(self) -> None:
        lease, me = f"{self._stream}:relay", f"{id(self)}-{asyncio.get_running_loop().time()}"
        async for attempt in stamina.retry_context(
            on=(RedisError, KafkaError, OSError), attempts=None, timeout=None, wait_max=_LONGEST_PAUSE_SECONDS
        ):
            with attempt:
                while True:
                    if not await self._lease(keys=[lease], args=[me, _LEASE_MS]):
                        await asyncio.sleep(_BUSY_SECONDS)
                        continue
                    # What was sent is removed, so the beginning is what is to be sent.
                    found: Any = await self._redis.xread({self._stream: "0"}, count=_BATCH, block=_BLOCK_MS)
                    if found:
                        await self._send(found[0][1])

    async def _send(self, entries: list[_Entry]) -> None:
        conversations: defaultdict[bytes, list[_Entry]] = defaultdict(list)
        for entry in entries:
            conversations[entry[1][b"conversation"]].append(entry)
        async with asyncio.TaskGroup() as group:
            for of_one in conversations.values():
                group.create_task(self._send_in_order(of_one))

    async def _send_in_order(self, entries: list[_Entry]) -> None:
        for identity, fields in entries:
            value = await self._wire.encode(fields[b"schema"].decode(), _record(fields[b"schema"], json.loads(fields[b"datum"])))
            trace = json.loads(fields[b"trace"] or b"{}")
            headers = [(name, text.encode()) for name, text in trace.items()]
            await self._publisher.tell(fields[b"conversation"].decode(), value, headers)
            await self._redis.xdel(self._stream, identity)


def _record(schema: bytes, datum: dict[str, Any]) -> dict[str, Any]:
    """Return the record that a datum of the stream stands for."""
    match schema:
        case b"response":
            return {
                "command_id": datum["command_id"],
                "connector": "acd",
                "outcome": datum["outcome"],
                "reason": datum.get("reason"),
                "detail": datum.get("detail"),
                "values": {},
                "answered_at": int(datum["at"]),
            }
        case b"agent_wrote":
            written = {name: datum[name] for name in ("command_id", "message_id", "agent", "text")}
            return {**written, "sent_at": int(datum["at"])}
    raise AssertionError(f"the outbox holds a {schema!r}")
