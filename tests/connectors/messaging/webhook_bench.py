"""A gateway with the webhooks of the messaging family, and what it writes to Kafka."""

import asyncio
import json
import socket
from contextlib import asynccontextmanager

from aiohttp import ClientSession, web

from connectors.framework.surroundings import Surroundings
from connectors.messaging.public import mount
from tests.connectors.chat_bench import QUICK_GATEWAY
from tests.connectors.command_bench import PATIENCE_SECONDS

SECRET = "a secret of the tests for links"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Webhooks:
    """The gateway's address, and a client."""

    def __init__(self, url, session):
        self.url = url
        self.session = session

    async def taken(self, deliver):
        """Deliver as a provider does, again while the gateway answers 503, and return the last answer's status."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (status := await deliver()) == 503:  # noqa: ASYNC110 - the gateway is to be asked
                await asyncio.sleep(0.05)
        return status

    async def get(self, path):
        async with self.session.get(path) as response:
            return response.status, dict(response.headers), await response.read()


@asynccontextmanager
async def webhooks(deployment, *, whatsapp=None, sms=None, gateways=None, settings=QUICK_GATEWAY, mounting=mount, **environment):
    """Serve the webhooks of accounts: name → account for each channel, name → account of the SMS gateways."""
    variables = {
        "SMART_ROUTING_MESSAGING_WHATSAPP_ACCOUNTS": json.dumps(whatsapp or {}),
        "SMART_ROUTING_MESSAGING_SMS_ACCOUNTS": json.dumps(sms or {}),
        "SMART_ROUTING_SMS_GATEWAY_ACCOUNTS": json.dumps(gateways or {}),
        **environment,
    }
    url = f"http://127.0.0.1:{(port := free_port())}"
    settings = settings.model_validate({**settings.model_dump(), "public_url": url, "link_secret": SECRET})
    application = web.Application()
    mounting(application, Surroundings(deployment, settings, variables))
    runner = web.AppRunner(application, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        async with ClientSession(url) as session:
            yield Webhooks(url, session)
    finally:
        await runner.cleanup()


async def inbound(bench, number):
    """Wait for so many customers' messages on Kafka."""
    records = await bench.records(bench.deployment.topics.inbound, number)
    found = [(record, bench.codec.decode(record.value())[1]) for record in records]
    return sorted(found, key=lambda one: one[1]["message_id"])
