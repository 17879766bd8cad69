"""An SMS connector that sends and then hangs, to be killed between doing and recording: `python -m tests.connectors.sms.doomed`."""

import asyncio
import os

from connectors.framework.connector import Body, command
from connectors.framework.context import Context
from connectors.framework.outcome import Outcome
from connectors.framework.runner import ConnectorRunner
from connectors.framework.surroundings import Surroundings
from connectors.sms.connector import SmsConnector
from connectors.sms_gateway.api import Answer, GatewayApi


class Doomed(SmsConnector):
    """Hangs as soon as the text is sent, before anything is noted of it; with an argument, after the client has noted it."""

    @command("SendSms", idempotent=True)
    async def send_sms(self, body: Body, context: Context) -> Outcome:
        await super().send_sms(body, context)
        return await hung()


async def hung() -> Outcome:
    print("done, not recorded", flush=True)  # noqa: T201 - what the test waits for
    await asyncio.Event().wait()
    raise AssertionError


async def create(*args: object, of: object = GatewayApi.create) -> Answer:
    await of(*args)  # type: ignore[operator]  # the method as it was
    await hung()
    raise AssertionError


if __name__ == "__main__":
    surroundings = Surroundings.from_environment(os.environ)
    if os.environ.get("DOOMED_AT") == "gateway":
        GatewayApi.create = create  # type: ignore[assignment]  # nothing of ours is noted after the gateway has it
    asyncio.run(ConnectorRunner(Doomed(surroundings), surroundings.deployment, surroundings.settings).run(asyncio.Event()))
