"""Records of the journal for tests, and a page's way of listening to them."""

import json
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import ClientSession
from confluent_kafka import Producer

from schemas.codec import Codec
from schemas.deployment import Deployment
from schemas.topics import partition_of

CONVERSATION = "0123456789abcdef0123456789abcdef"
STEP = {"step": 1, "flow": "greeting", "flow_version": 2, "action": "ask", "type": "pause", "commands": [], "writes": [], "warnings": []}


def datum(conversation_id: str = CONVERSATION, text: str = "hello", **fields: Any) -> dict[str, Any]:
    """Return what one message led to."""
    message = {
        "message_id": "1",
        "channel": "web_chat",
        "account": "demo",
        "address": "+44 20 7946 0000",
        "text": text,
        "media": [],
        "sent_at": 0,
    }
    return {
        "conversation_id": conversation_id,
        "interaction_id": f"{conversation_id}-1",
        "sequence": 1,
        "at": 1_772_442_000_000,
        "source": {"topic": "inbound", "partition": 0, "offset": 7},
        "disposition": "applied",
        "event": ("smart_routing.MessageReceived", message),
        "opened": True,
        "steps": [{**STEP, "branch": "ok", "next": "end"}],
        "ended": None,
        "note": None,
        "definitions_offset": 0,
        "engine": "0",
        **fields,
    }


class Journal:
    """Writes records as a worker does, each batch in a transaction, so that offsets have gaps."""

    def __init__(self, deployment: Deployment) -> None:
        self._topic = deployment.topics.journal
        self._partitions = deployment.partitions
        self._producer = Producer(
            {
                "bootstrap.servers": deployment.bootstrap_servers,
                "transactional.id": "worker",
                "partitioner": "murmur2_random",
                "log_level": 0,
            }
        )
        self._producer.init_transactions(30)

    def write(self, *data: dict[str, Any], commit: bool = True) -> None:
        values = [(one["conversation_id"], Codec().encode("journal_record", one)) for one in data]
        self.write_bytes(*values, commit=commit)

    def write_bytes(self, *values: tuple[str, bytes], commit: bool = True) -> None:
        self._producer.begin_transaction()
        for key, value in values:
            self._producer.produce(self._topic, value, key.encode(), partition_of(key.encode(), self._partitions))
        self._producer.flush(30)
        if commit:
            self._producer.commit_transaction(30)
        else:
            self._producer.abort_transaction(30)


async def events(http: ClientSession, url: str, last: str = "") -> AsyncIterator[tuple[str, str, Any]]:
    """Yield kind, id and data of each server-sent event (WHATWG HTML, 9.2)."""
    async with http.get(url, headers={"Last-Event-ID": last} if last else {}) as response:
        assert response.status == 200, await response.text()
        assert response.content_type == "text/event-stream"
        kind, identity = "message", ""
        async for raw in response.content:
            name, _, value = raw.decode().rstrip("\n").partition(": ")
            match name:
                case "id":
                    identity = value
                case "event":
                    kind = value
                case "data":
                    yield kind, identity, json.loads(value)
                    kind = "message"
