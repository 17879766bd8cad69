"""Accounts that no entry point names, found on a real Kafka."""

import asyncio
import logging

from connectors.framework.definitions import Definitions
from connectors.messaging import entry_points
from connectors.messaging.entry_points import EntryPoints
from tests.connectors.chat_bench import gateway
from tests.connectors.command_bench import PATIENCE_SECONDS, around
from tests.connectors.test_definitions import Publisher, deployment

__all__ = ["deployment"]  # a fixture

ACCOUNTS = (("web_chat", "demo"), ("whatsapp", "shop"))


def publish(deployment, channel, account):
    Publisher(deployment).put("entry_point", f"{channel}-{account}", account, channel=channel, account=account, flow="main")


async def test_accounts_without_an_entry_point_are_told_until_there_is_one(deployment, caplog):
    caplog.set_level(logging.INFO, entry_points.logger.name)
    found, definitions = EntryPoints(around(deployment), ACCOUNTS), Definitions(around(deployment))
    publish(deployment, "web_chat", "demo")
    publish(deployment, "sms", "shop")
    await definitions.open()
    try:
        for _ in range(2):
            await found.compare(definitions)
            assert found.missing == ("whatsapp shop",)
        publish(deployment, "whatsapp", "shop")
        await definitions.catch_up()
        await found.compare(definitions)
        assert found.missing == ()
    finally:
        await definitions.close()
    assert [record.levelname for record in caplog.records if record.name == entry_points.logger.name] == ["WARNING", "INFO"]


async def test_the_gateways_health_tells_of_them(deployment, redis_server, monkeypatch):
    monkeypatch.setattr(entry_points, "_FIRST_SECONDS", 0)
    here = deployment.model_copy(update={"redis_url": redis_server.url, "embedded": True})
    async with gateway(here, ready=False) as customer:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                async with customer.session.get("/health") as response:
                    if "accounts" in (report := await response.json()):
                        break
                await asyncio.sleep(0.05)
    assert report["accounts"] == "no entry point for web_chat demo"
