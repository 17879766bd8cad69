"""Puts connectors and gateway together and runs them."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import stamina
from aiohttp import web

from connectors.framework.connector import Connector
from connectors.framework.ending import end
from connectors.framework.runner import ConnectorRunner
from connectors.framework.settings import ConnectorSettings
from connectors.messaging.connector import WebChatConnector
from connectors.messaging.gateway import gateway_application
from connectors.web_service.connector import WebServiceConnector
from schemas.deployment import Deployment

CONNECTORS: Final[Mapping[str, Callable[[Deployment, ConnectorSettings], Connector]]] = MappingProxyType(
    {
        WebChatConnector.family: WebChatConnector,
        WebServiceConnector.family: lambda _deployment, settings: WebServiceConnector(settings),
    }
)
"""Every connector that there is, by family."""

_LONGEST_PAUSE_SECONDS: Final = 5.0
_HANDLERS_SECONDS: Final = 10.0

logger = logging.getLogger(__name__)


async def run_connectors(deployment: Deployment, families: Sequence[str], settings: ConnectorSettings, stop: asyncio.Event) -> None:
    """Run the connectors of these families (all of them, where none is named) until `stop` is set, and then until they have drained.

    A connector that fails, because Kafka or Redis does not answer or because of a fault of ours, is started anew, with growing pauses.

    Raises ValueError where there is no connector of a family.
    """
    unknown = sorted(set(families) - set(CONNECTORS))
    if unknown:
        raise ValueError(f"families: expected some of {', '.join(CONNECTORS)}; found {', '.join(unknown)}")
    async with asyncio.TaskGroup() as group:
        for family in dict.fromkeys(families or CONNECTORS):
            group.create_task(_run_again_and_again(family, deployment, settings, stop))


async def _run_again_and_again(family: str, deployment: Deployment, settings: ConnectorSettings, stop: asyncio.Event) -> None:
    pausing = asyncio.Event()

    def again(error: BaseException) -> bool:
        if stop.is_set() or not isinstance(error, Exception):  # one who is cancelled is not to begin again
            return False
        logger.error("connector %s: failed, will be started again: %r", family, error)
        logger.debug("connector %s: failed", family, exc_info=error)
        pausing.set()
        return True

    async def run() -> None:
        async for attempt in stamina.retry_context(on=again, attempts=None, timeout=None, wait_max=_LONGEST_PAUSE_SECONDS):
            with attempt:
                pausing.clear()
                await ConnectorRunner(CONNECTORS[family](deployment, settings), deployment, settings).run(stop)

    task = asyncio.create_task(run())
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([task, stopping], return_when=asyncio.FIRST_COMPLETED)
        if pausing.is_set():
            await end(task)
        await asyncio.wait([task])
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.warning("connector %s: stopped: %r", family, error)
    finally:
        await end(task, stopping)


async def run_gateway(
    deployment: Deployment,
    host: str,
    port: int,
    stop: asyncio.Event,
    *,
    settings: ConnectorSettings | None = None,
    listening: Callable[[str], None] | None = None,
) -> None:
    """Serve the web-chat gateway and its page until `stop` is set; `listening` is told the address once it is served. Port 0: a free one.

    Raises:
        OSError: the port cannot be had.
        DeploymentError: the deployment has no secret to name conversations with.
    """
    runner = web.AppRunner(gateway_application(deployment, settings), access_log=None, shutdown_timeout=_HANDLERS_SECONDS)
    try:
        await runner.setup()
        site = web.TCPSite(runner, host, port)
        await site.start()
        address = f"http://{host}:{runner.addresses[0][1]}"
        logger.info("gateway: %s", address)
        if listening is not None:
            listening(address)
        await stop.wait()
    finally:
        await runner.cleanup()
