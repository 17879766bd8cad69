"""The web service connector: one HTTP call per command."""

import asyncio
from typing import Final

from aiohttp import ClientResponse

from connectors.framework.busy import is_busy, retry_after
from connectors.framework.connector import Body, Connector, command
from connectors.framework.context import Context
from connectors.framework.errors import Refused, Retry
from connectors.framework.outbound import Outbound, read_at_most
from connectors.framework.outcome import Outcome
from connectors.framework.surroundings import Surroundings
from connectors.web_service.authentication import Authentication
from connectors.web_service.outputs import read_outputs
from connectors.web_service.request import request_of
from connectors.web_service.settings import WebServiceSettings
from connectors.web_service.xml_answer import is_xml

LARGEST_BODY_BYTES: Final = 1_048_576
"""A larger answer is refused."""

_SCHEMES: Final = frozenset({"http", "https"})


class WebServiceConnector(Connector):
    """Calls HTTP services.

    Every request carries the command's id as `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a call is repeated when the
    connection was refused or lost, when the service is busy, and when a connector died in the middle; a service that must not do a
    thing twice has to tell by this header, whatever the method.
    """

    family = "web_service"

    def __init__(self, surroundings: Surroundings) -> None:
        self._outbound = Outbound.of(surroundings.settings)
        self._authentication = Authentication(surroundings.read(WebServiceSettings).credentials, self._outbound)

    async def open(self) -> None:
        """Make the HTTP clients."""
        await self._outbound.open()

    async def close(self) -> None:
        """Close their connections."""
        await self._authentication.close()
        await self._outbound.close()

    @command(
        "CallWebService",
        idempotent=True,
        failure="not_ok",
        budget=lambda body: body["timeout_ms"] / 1000,
        target=lambda body, _context: body["service"],
    )
    async def call_web_service(self, body: Body, context: Context) -> Outcome:
        """Call the service and read the declared results."""
        request = request_of(body, context.command_id)
        proof = self._authentication.proof(body["service"], request.url)
        while True:
            asking = self._outbound.request(
                request.method,
                request.url,
                headers={**request.headers, **{name: value.decode("ascii", "ignore") for name, value in context.headers}},
                body=request.body,
                schemes=_SCHEMES,
                prove=None if proof is None else proof.headers,
            )
            async with asking as response:
                if response.status == 401 and proof is not None and proof.renew():
                    continue
                return await self._read(response, body)

    async def _read(self, response: ClientResponse, body: Body) -> Outcome:
        if is_busy(response):
            raise Retry("status", retry_after(response), detail=f"HTTP {response.status}.")
        if response.status >= 300:
            raise Refused("status", f"HTTP {response.status}.")
        content = await read_at_most(response, LARGEST_BODY_BYTES) if body["outputs"] else b""
        if content is None:
            raise Refused("too_large", f"The answer has more than {LARGEST_BODY_BYTES} bytes.")
        # In a thread: a path that looks everywhere takes its time in a large body, and other calls must go on.
        return Outcome.ok(**await asyncio.to_thread(read_outputs, content, body["outputs"], from_xml=is_xml(response)))
