"""What connectors and the gateway do where nothing answers at the start."""

import asyncio

import pytest
from aiohttp import ClientSession, web
from pydantic import SecretStr

from connectors.billing.invitation import PURPOSE
from connectors.framework.links import Links
from connectors.run import CONNECTORS, public_application
from schemas.deployment import Deployment
from tests.connectors.command_bench import QUICK, around

NOWHERE = Deployment(bootstrap_servers="127.0.0.1:9", redis_url="redis://127.0.0.1:9/0", embedded=True)
SETTINGS = QUICK.model_copy(update={"link_secret": SecretStr("a secret of the tests' links"), "farewell_seconds": 0.5})
AWAY = {
    "SMART_ROUTING_SQL_URL": "postgresql://nobody@127.0.0.1:9/nothing",
    "SMART_ROUTING_SMS_GATEWAY_ACCOUNTS": "{main: {account_sid: AC1, auth_token: the secret of the tests, senders: ['+33123456789']}}",
}


def left_over() -> set[asyncio.Task[object]]:
    return asyncio.all_tasks() - {asyncio.current_task()}


@pytest.mark.parametrize("family", CONNECTORS)
async def test_a_connector_closes_what_it_could_not_open(family, tmp_path):
    for environment in (AWAY, {**AWAY, "SMART_ROUTING_SQL_URL": f"sqlite:///{tmp_path / 'store.db'}"}):
        connector = CONNECTORS[family](around(NOWHERE, SETTINGS, **environment))
        try:
            async with asyncio.timeout(10):
                await connector.open()
        except Exception:  # noqa: BLE001 - what is raised is for the runner, which begins anew
            pass
        finally:
            await connector.close()
        assert not left_over()


@pytest.mark.parametrize("family", CONNECTORS)
async def test_a_connector_closes_that_was_never_opened(family):
    await CONNECTORS[family](around(NOWHERE, SETTINGS, **AWAY)).close()
    assert not left_over()


async def test_the_gateway_serves_chats_while_the_sql_store_is_away(redis_server):
    deployment = Deployment(bootstrap_servers="127.0.0.1:9", redis_url=redis_server.url, embedded=True)
    surroundings = around(deployment, SETTINGS, **AWAY)
    runner = web.AppRunner(public_application(surroundings))
    try:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}") as customer:
            async with customer.get("/") as response:
                assert response.status == 200
            async with customer.get(f"/pay/{Links(surroundings).token(PURPOSE, 'a payment')}/payment") as response:
                assert response.status == 503
            async with customer.get("/") as response:
                assert response.status == 200
    finally:
        await runner.cleanup()
