"""A connector in one file: texts go to Bell's gateway, an HTTP API that can be asked for a text by a reference of ours.

`python bell_sms.py` runs it. Environment variables set it: where Kafka and Redis are, as for all parts (SMART_ROUTING_…), how connectors
run (SMART_ROUTING_CONNECTORS_…), and BELL_URL and BELL_TOKEN, or BELL_TOKEN_FILE.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import ClientConnectorError, ClientError, ClientResponse, ClientSession, ClientTimeout
from pydantic import Field, SecretStr

from connectors.framework.busy import is_busy, retry_after
from connectors.framework.connector import Body, Connector, command
from connectors.framework.context import Context
from connectors.framework.errors import Refused, Retry
from connectors.framework.json_answer import object_of
from connectors.framework.logs import log_as_json
from connectors.framework.masking import secrets_of
from connectors.framework.outcome import UNKNOWN, Outcome
from connectors.framework.runner import ConnectorRunner
from connectors.framework.settings import BaseUrl, Settings
from connectors.framework.surroundings import Surroundings


class BellSettings(Settings):
    """Where the gateway is."""

    prefix = "BELL_"

    url: BaseUrl = Field(description="address of the gateway's API")
    token: SecretStr = Field(description="what it knows us by")


class BellSms(Connector):
    """Sends texts by Bell's gateway, which has no idempotency key, but can be asked for a text by our reference."""

    family = "sms"

    def __init__(self, surroundings: Surroundings) -> None:
        """Read the settings. Raises SettingsError."""
        self.settings = surroundings.read(BellSettings)
        self._http: ClientSession | None = None

    async def open(self) -> None:
        """Make the HTTP client."""
        token = self.settings.token.get_secret_value()
        self._http = ClientSession(self.settings.url, headers={"Authorization": f"Bearer {token}"}, timeout=ClientTimeout(total=10))

    async def close(self) -> None:
        """Close its connections."""
        if self._http is not None:
            await self._http.close()

    @command("SendSms", look_up="sent", target=lambda body, _context: body["sender"])
    async def send_sms(self, body: Body, context: Context) -> Outcome:
        """Send a text."""
        text = {"reference": context.command_id, "from": body["sender"], "to": body["recipient"], "text": body["text"]}
        try:
            async with self._answer("POST", "/texts", context, text) as answer:
                return await _outcome(answer)
        except (ClientError, TimeoutError) as error:  # it may have got the text: the framework looks it up before it tries again
            raise Retry("unreachable", outcome=UNKNOWN) from error

    async def sent(self, _body: Body, context: Context) -> Outcome | None:
        """Find out what became of a text whose answer was lost, or whose connector was killed."""
        try:
            async with self._answer("GET", f"/texts/{context.command_id}", context) as answer:
                return None if answer.status == 404 else await _outcome(answer)
        except (ClientError, TimeoutError) as error:
            raise Retry("unreachable") from error

    @asynccontextmanager
    async def _answer(self, method: str, path: str, context: Context, text: dict[str, str] | None = None) -> AsyncIterator[ClientResponse]:
        if self._http is None:
            raise AssertionError("open() comes before the first command")
        trace = {name: value.decode() for name, value in context.headers}
        try:
            async with self._http.request(method, path, json=text, headers=trace) as answer:
                if is_busy(answer):
                    raise Retry("unreachable", retry_after(answer), detail=f"HTTP {answer.status}.")
                yield answer
        except ClientConnectorError as error:  # nothing was sent
            raise Retry("unreachable", detail="No connection to the gateway.") from error


async def _outcome(answer: ClientResponse) -> Outcome:
    match answer.status:
        case 200 | 201:
            segments = object_of(await answer.read()).get("segments")
            return Outcome.ok() if segments is None else Outcome.ok(segments=str(segments))
        case 422:
            return Outcome("not_mobile")
        case status if status < 500:
            raise Refused("refused", f"HTTP {status}.")
        case status:  # it may have got the text all the same
            raise Retry("unreachable", detail=f"HTTP {status}.", outcome=UNKNOWN)


async def main() -> None:
    """Run until told to stop, and then until what is under way has ended."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    surroundings = Surroundings.from_environment(os.environ)
    connector = BellSms(surroundings)
    log_as_json(surroundings.settings.log_level, secrets_of(surroundings.deployment, surroundings.settings, connector.settings))
    await ConnectorRunner(connector, surroundings.deployment, surroundings.settings).run(stop)


if __name__ == "__main__":
    asyncio.run(main())
