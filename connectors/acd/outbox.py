"""Sends what the ACD has to tell: from a stream in Redis, where it was written with the fact, to the topic `responses`."""

import asyncio
import json
from collections import defaultdict
from contextlib import suppress
from typing import Any, Final
from uuid import uuid4

from redis.asyncio import Redis
from redis.exceptions import RedisError
from typing_extensions import override

from connectors.framework.relay import Relay
from connectors.framework.surroundings import Surroundings

_BATCH: Final = 500
_BLOCK_MS: Final = 500
_BUSY_SECONDS: Final = 0.5
_LEASE_MS: Final = 3_000

_Entry = tuple[bytes, dict[bytes, bytes]]

# KEYS[1] lease; ARGV: who asks, ms. Whoever has the lease renews it.
_LEASE_SCRIPT: Final = """
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""

# KEYS[1] lease; ARGV: who has it, and waits for nobody to find that he has gone.
_RELEASE_SCRIPT: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end return 1"


class OutboxRelay(Relay):
    """Sends the stream's entries, those of one conversation in their order, and removes each once Kafka has it.

    An entry has the fields `conversation`, `schema` (response or agent_wrote), `datum` (JSON) and `trace` (JSON of headers, or empty). It
    is sent again where we die in between; the processor knows an agent's message by its id and a finished wait by its end. Several
    connectors take turns by a lease, which spares repetitions and is needed for nothing else.
    """

    def __init__(self, redis: Redis, stream: str, surroundings: Surroundings) -> None:
        """Prepare; the Redis client stays open for longer than the relay."""
        super().__init__(surroundings, "acd")
        self._redis = redis
        self._stream = stream
        self._me = uuid4().hex
        self._lease = redis.register_script(_LEASE_SCRIPT)
        self._release = redis.register_script(_RELEASE_SCRIPT)

    @override
    async def close(self) -> None:
        await super().close()
        with suppress(RedisError):  # then it runs out by itself
            await self._release(keys=[f"{self._stream}:relay"], args=[self._me])

    @override
    async def send_some(self) -> None:
        if not await self._lease(keys=[f"{self._stream}:relay"], args=[self._me, _LEASE_MS]):
            await asyncio.sleep(_BUSY_SECONDS)
            return
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
            value = await self.wire.encode(fields[b"schema"].decode(), _record(fields[b"schema"], json.loads(fields[b"datum"])))
            trace = json.loads(fields[b"trace"] or b"{}")
            headers = [(name, text.encode()) for name, text in trace.items()]
            await self.publisher.tell(fields[b"conversation"].decode(), value, headers)
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
