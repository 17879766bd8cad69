"""The demo: the whole system in one process, on the embedded stack, with example flows to chat with and the back ends that they use."""

import asyncio
import errno
import logging
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from aiohttp import ClientSession, web

from connectors.email.outbox import outbox_server
from connectors.framework.ending import end
from connectors.framework.settings import ConnectorSettings
from connectors.framework.surroundings import Surroundings
from connectors.office.office import office_application
from connectors.run import OFFICE, run_connectors
from processor.actions import action_types
from processor.flow.publication import prepare
from processor.runtime.publisher import publish
from processor.runtime.worker.app import worker_app
from processor.runtime.worker.metrics import WorkerMetrics
from processor.runtime.worker.settings import WorkerSettings
from schemas.deployment import Deployment
from smart_routing.cannot_start import CannotStart
from smart_routing.demo_data import bring
from smart_routing.demo_front import DemoFront
from smart_routing.demo_phone import DemoPhone
from smart_routing.demo_settings import DemoSettings
from smart_routing.demo_stand_ins import standing_in
from smart_routing.embedded import EmbeddedBroker, EmbeddedRedis
from smart_routing.example import examples
from smart_routing.order_service import order_application

HOST: Final = "127.0.0.1"
PARTITIONS: Final = 2

_TICK_MS: Final = 250
_READY_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 2.0

Documents = list[tuple[str, Mapping[str, Any]]]


async def run_demo(listener: socket.socket, office_listener: socket.socket, ready: Callable[[], None]) -> None:
    """Run the demo on two sockets of `reserve` until cancelled; `ready` is called once everything answers.

    Raises CannotStart.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="smart-routing-demo-")))
        broker = stack.enter_context(EmbeddedBroker())
        redis = stack.enter_context(EmbeddedRedis())
        deployment = Deployment(bootstrap_servers=broker.bootstrap_servers, partitions=PARTITIONS, redis_url=redis.url, embedded=True)
        for spec in deployment.topics.specs(PARTITIONS):
            broker.create_topic(spec.name, spec.partitions)
        phone = DemoPhone()
        orders = await stack.enter_async_context(_served(order_application(date.today()), reserve(0)))  # noqa: DTZ011 - the day where the shop is
        texts = await stack.enter_async_context(_served(phone.application(), reserve(0)))
        documents = [document for example in examples() for document in example.documents(f"http://{orders}")]
        demo = DemoSettings(_users(documents), _mailboxes(documents))
        settings = ConnectorSettings(
            chat_accounts=tuple(example.account for example in examples()),
            allowed_hosts=(orders, texts),
            drain_seconds=_STOP_SECONDS / 2,
            public_url=f"http://{HOST}:{listener.getsockname()[1]}",
            office_url=f"http://{HOST}:{office_listener.getsockname()[1]}",
        )
        mail_port = await stack.enter_async_context(outbox_server(Surroundings(deployment, settings, {})))
        environment = demo.environment(folder, texts=phone.settings(f"http://{texts}"), mail_port=mail_port)
        surroundings = Surroundings(deployment, settings, environment)
        await asyncio.to_thread(_publish, deployment, documents)
        metrics = await stack.enter_async_context(_working(deployment, folder))
        connecting = await stack.enter_async_context(_connecting(surroundings))
        await _until_working(metrics, connecting)
        await stack.enter_async_context(_served(office_application(surroundings, (*OFFICE, phone.mount)), office_listener))
        authorization = {"Authorization": f"Bearer {demo.token}"}
        office = await stack.enter_async_context(ClientSession(settings.office_url, headers=authorization))
        for example in examples():
            await bring(office, example.folder)
        stand_ins = await stack.enter_async_context(standing_in(settings.office_url, demo))
        await stack.enter_async_context(_served(DemoFront(surroundings, demo, stand_ins).application(), listener))
        ready()
        # They do not end by themselves; awaited so, they are not cancelled with us, but stopped in good order.
        await asyncio.wait([connecting])
        connecting.result()


def reserve(port: int, option: str = "--port") -> socket.socket:
    """Take a port of the loopback interface, 0 for a free one; nothing listens on it yet.

    Raises CannotStart where it is taken; `option` is how another one is chosen.
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
            raise CannotStart(f"Port {port} is in use: stop what listens there, or choose another with {option}.") from error
        raise CannotStart(f"Port {port} cannot be used ({error.strerror}): choose another with {option}.") from error
    return taken


def _users(documents: Documents) -> list[str]:
    return [str(document["reference"]) for _, document in documents if document.get("kind") == "user"]


def _mailboxes(documents: Documents) -> list[str]:
    """Return the mailboxes that flows and queues name."""
    parts = [part for _, document in documents for part in (document, *document.get("actions", {}).values())]
    return sorted({part["mailbox"] for part in parts if "mailbox" in part})


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


def _publish(deployment: Deployment, documents: Documents) -> None:
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
async def _connecting(surroundings: Surroundings) -> AsyncIterator[asyncio.Task[None]]:
    """Run all connectors."""
    stop = asyncio.Event()
    running = asyncio.create_task(run_connectors(surroundings, (), stop))
    try:
        yield running
    finally:
        stop.set()
        await asyncio.wait([running], timeout=_STOP_SECONDS)
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


def quiet_logging(*, verbose: bool) -> None:
    """Say nothing that is no fault of ours; all of it where `verbose`."""
    logging.basicConfig(level=logging.INFO if verbose else logging.ERROR, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if not verbose:
        for chatty in ("aiokafka", "faust", "mode", "asyncio", "processor.runtime.worker.app", "connectors.contacts.follower"):
            logging.getLogger(chatty).setLevel(logging.CRITICAL)
