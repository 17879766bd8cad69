"""A running gateway and a customer's client."""

import asyncio
import json
from contextlib import asynccontextmanager
from io import BytesIO

from aiohttp import ClientSession, web

from connectors.framework.settings import ConnectorSettings
from connectors.messaging.gateway import gateway_application
from schemas.deployment import Deployment
from tests.connectors.command_bench import PATIENCE_SECONDS, around

QUICK_GATEWAY = ConnectorSettings(gateway_kafka_seconds=2, heartbeat_seconds=0.3)


class Customer:
    """Talks to the gateway."""

    def __init__(self, session: ClientSession, address: str = "ann") -> None:
        self.session = session
        self.address = address

    async def post(self, body, *, address=None):
        """Send a message; returns status and JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self.session.post(f"/chat/{address or self.address}/messages", data=BytesIO(data)) as response:
            return response.status, await response.json()

    async def write(self, message_id, text):
        assert (await self.post({"id": message_id, "text": text}))[0] == 202

    async def transcript(self):
        """Read the transcript."""
        async with self.session.get(f"/chat/{self.address}/messages") as response:
            assert response.status == 200
            return await response.json()

    @asynccontextmanager
    async def events(self, last=None):
        """Open the event stream; gives a function that returns the next event as (id, data), or a comment as text."""
        headers = {} if last is None else {"Last-Event-ID": str(last)}
        async with self.session.get(f"/chat/{self.address}/events", headers=headers) as response:
            assert response.status == 200
            assert response.content_type == "text/event-stream"

            async def following():
                async with asyncio.timeout(PATIENCE_SECONDS):
                    block = (await response.content.readuntil(b"\n\n")).decode().strip()
                if block.startswith((":", "retry:")):
                    return block
                lines = dict(line.split(": ", 1) for line in block.split("\n"))
                return int(lines["id"]), json.loads(lines["data"])

            async def next_message():
                while isinstance(event := await following(), str):
                    pass
                return event

            following.message = next_message  # type: ignore[attr-defined]  # two views of one stream
            yield following


@asynccontextmanager
async def gateway(deployment: Deployment, settings: ConnectorSettings = QUICK_GATEWAY, *, ready: bool = True):
    """Serve the gateway and give a customer."""
    runner = web.AppRunner(gateway_application(around(deployment, settings)), shutdown_timeout=3)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}") as session:
            if ready:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while (await session.get("/health")).status != 200:  # noqa: ASYNC110 - health is to be asked for
                        await asyncio.sleep(0.01)
            yield Customer(session)
    finally:
        await runner.cleanup()
