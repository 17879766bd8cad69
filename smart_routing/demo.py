"""The demo: the whole system in one process, on the embedded stack, with an example flow to chat with."""

import asyncio
import errno
import logging
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from uuid import uuid4

from aiohttp import web

from connectors.framework.ending import end
from connectors.framework.settings import ConnectorSettings
from connectors.messaging.chat_page import mount_page_files
from connectors.messaging.connector import CHANNEL
from connectors.messaging.gateway import gateway_application
from connectors.run import CONNECTORS, run_connectors
from processor.actions import action_types
from processor.console.application import PAGE_HEADERS, Console
from processor.flow.publication import prepare
from processor.runtime.publisher import publish
from processor.runtime.worker.app import worker_app
from processor.runtime.worker.metrics import WorkerMetrics
from processor.runtime.worker.settings import WorkerSettings
from schemas.conversation import conversation_id
from schemas.deployment import Deployment
from schemas.topics import COMMAND_FAMILIES
from smart_routing.cannot_start import CannotStart
from smart_routing.embedded import EmbeddedBroker, EmbeddedRedis
from smart_routing.example import examples
from smart_routing.order_service import order_application
from smart_routing.scripted_connectors import ScriptedConnectors

HOST: Final = "127.0.0.1"
PARTITIONS: Final = 2

_PAGE: Final = Path(__file__).parent / "demo_page"
_PAGE_FILES: Final = ("demo.css", "demo.js", "icon.svg")
_TICK_MS: Final = 250
_READY_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 2.0


async def run_demo(listener: socket.socket, ready: Callable[[], None]) -> None:
    """Run the demo on a socket of `reserve` until cancelled; `ready` is called once everything answers.

    Raises CannotStart.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="smart-routing-demo-")))
        broker = stack.enter_context(EmbeddedBroker())
        redis = stack.enter_context(EmbeddedRedis())
        deployment = Deployment(bootstrap_servers=broker.bootstrap_servers, partitions=PARTITIONS, redis_url=redis.url, embedded=True)
        for spec in deployment.topics.specs(PARTITIONS):
            broker.create_topic(spec.name, spec.partitions)
        orders = await stack.enter_async_context(_served(order_application(date.today()), reserve(0)))  # noqa: DTZ011 - the day where the shop is
        await asyncio.to_thread(_publish_examples, deployment, f"http://{orders}")
        accounts = tuple(example.account for example in examples())
        settings = ConnectorSettings(chat_accounts=accounts, allowed_hosts=(orders,), drain_seconds=_STOP_SECONDS / 2)
        metrics = await stack.enter_async_context(_working(deployment, folder))
        connecting = await stack.enter_async_context(_connecting(deployment, settings))
        answering = await stack.enter_async_context(_answering(deployment))
        await _until_working(metrics, connecting)
        await stack.enter_async_context(_served(_front(deployment, settings), listener))
        ready()
        # They do not end by themselves; awaited so, they are not cancelled with us, but stopped in good order.
        ended, _ = await asyncio.wait([connecting, answering], return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            task.result()


def reserve(port: int) -> socket.socket:
    """Take a port of the loopback interface, 0 for a free one; nothing listens on it yet.

    Raises CannotStart where it is taken.
    """
    taken = socket.socket()
    # As servers do: connections of an earlier demo that still linger are no hindrance.
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((HOST, port))
        taken.listen()
    except OSError as error:
        taken.close()
        if error.errno == errno.EADDRINUSE:
            raise CannotStart(f"Port {port} is in use: stop what listens there, or choose another with --port.") from error
        raise CannotStart(f"Port {port} cannot be used ({error.strerror}): choose another with --port.") from error
    return taken


@asynccontextmanager
async def _served(application: web.Application, listener: socket.socket) -> AsyncIterator[str]:
    """Serve an application; yields its host and port."""
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=_STOP_SECONDS / 4)
    try:
        await runner.setup()
        await web.SockSite(runner, listener).start()
        yield f"{HOST}:{listener.getsockname()[1]}"
    finally:
        await runner.cleanup()


def _publish_examples(deployment: Deployment, order_service: str) -> None:
    documents = [document for example in examples() for document in example.documents(order_service)]
    at = time.time_ns() // 1_000_000
    publish(deployment, lambda log: prepare(documents, log, action_types(), author="demo", at=at))


@asynccontextmanager
async def _working(deployment: Deployment, folder: Path) -> AsyncIterator[WorkerMetrics]:
    """Run a worker in this event loop."""
    metrics = WorkerMetrics()
    settings = WorkerSettings(slot="demo", state_folder=folder / "state", tick_ms=_TICK_MS)
    app = worker_app(deployment, settings, action_types(), web=False, metrics=metrics)
    try:
        await app.start()
        yield metrics
    finally:
        await app.stop()


@asynccontextmanager
async def _connecting(deployment: Deployment, settings: ConnectorSettings) -> AsyncIterator[asyncio.Task[None]]:
    """Run all connectors."""
    stop = asyncio.Event()
    running = asyncio.create_task(run_connectors(deployment, (), settings, stop))
    try:
        yield running
    finally:
        stop.set()
        await asyncio.wait([running], timeout=_STOP_SECONDS)
        await end(running)


@asynccontextmanager
async def _answering(deployment: Deployment) -> AsyncIterator[asyncio.Task[None]]:
    """Answer by script what no connector is there for."""
    families = [family for family in COMMAND_FAMILIES if family not in CONNECTORS]
    scripts = {flow: rules for example in examples() for rules in [example.rules()] for flow in example.flows}
    running = asyncio.create_task(ScriptedConnectors(deployment, families, scripts).run())
    try:
        yield running
    finally:
        await end(running)


async def _until_working(metrics: WorkerMetrics, connecting: asyncio.Task[None]) -> None:
    try:
        async with asyncio.timeout(_READY_SECONDS):
            while len(metrics.partitions) < PARTITIONS:
                if connecting.done():
                    await connecting
                await asyncio.sleep(0.02)
    except TimeoutError as error:
        raise CannotStart(f"The worker did not start within {_READY_SECONDS:.0f} seconds; --verbose shows what it does.") from error


def _front(deployment: Deployment, settings: ConnectorSettings) -> web.Application:
    """Return what the browser sees: gateway, console, and the page that joins them."""
    application = gateway_application(deployment, settings, page=False)
    mount_page_files(application, "/page/")
    Console(deployment, action_types()).mount(application)
    secret, run = deployment.conversation_secret(), uuid4().hex

    async def get_index(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(_PAGE / "index.html", headers=PAGE_HEADERS)

    async def get_file(request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in _PAGE_FILES:
            raise web.HTTPNotFound
        return web.FileResponse(_PAGE / name, headers=PAGE_HEADERS)

    async def get_examples(_request: web.Request) -> web.StreamResponse:
        """Return what can be chosen."""
        shown = [{**example.about.model_dump(), "account": example.account, "flows": example.flows} for example in examples()]
        return web.json_response(shown)

    async def get_conversation(request: web.Request) -> web.StreamResponse:
        """Return the id of an address's conversation, and the run of the demo, so that a page knows when it talks to another one."""
        found = conversation_id(CHANNEL, request.match_info["account"], request.match_info["address"], key=secret)
        return web.json_response({"id": found, "run": run})

    application.add_routes(
        [
            web.get("/", get_index),
            web.get("/demo/examples", get_examples),
            web.get("/demo/conversations/{account}/{address}", get_conversation),
            web.get("/demo/{name}", get_file),
        ]
    )
    return application


def quiet_logging(*, verbose: bool) -> None:
    """Say nothing that is no fault of ours; all of it where `verbose`."""
    logging.basicConfig(level=logging.INFO if verbose else logging.ERROR, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if not verbose:
        for chatty in ("aiokafka", "faust", "mode", "asyncio", "processor.runtime.worker.app"):
            logging.getLogger(chatty).setLevel(logging.CRITICAL)
