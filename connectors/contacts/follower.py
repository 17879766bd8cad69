"""Follows the journal: a Faust app with one agent, in which a repeated event is harmless.

Faust acknowledges in order and at least once; what is read twice, the store knows by its offset.
"""

import asyncio
import logging
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import faust
import stamina
from aiokafka.errors import KafkaError
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from mode.supervisors import CrashingSupervisor
from redis.exceptions import RedisError

from connectors.contacts.projection import Projection
from connectors.contacts.story import Record
from connectors.framework.ending import end
from schemas.deployment import Deployment

RECORDS_AT_ONCE: Final = 500
WITHIN_SEC: Final = 0.2

_LOOK_SEC: Final = 0.5
_AGAIN_SEC: Final = 5.0
_CATCH_UP_SEC: Final = 5.0
_FAREWELL_SEC: Final = 10.0

logger = logging.getLogger(__name__)


class _ReadCommittedThread(AIOKafkaConsumerThread):
    """Faust reads uncommitted records unless its own transactions are on; the journal must be read committed."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        self.consumer.in_transaction = True
        try:
            return super()._create_worker_consumer(transport)
        finally:
            self.consumer.in_transaction = False


class _ReadCommittedConsumer(Consumer):
    def _new_consumer_thread(self) -> Any:
        return _ReadCommittedThread(self, loop=self.loop, beacon=self.beacon)


class _ReadCommittedTransport(Transport):
    Consumer = _ReadCommittedConsumer


class Follower:
    """Runs the app beside a connector, and anew where it crashed: until then counts read on by themselves."""

    def __init__(self, deployment: Deployment, projection: Projection, session_seconds: float) -> None:
        self._deployment = deployment
        self._projection = projection
        self._session_seconds = session_seconds
        self._running: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()

    def start(self) -> None:
        """Start in the background."""
        self._running = asyncio.create_task(self._run_again_and_again())

    async def stop(self) -> None:
        """Stop; what is not acknowledged is read again by whoever follows next."""
        self._stopping.set()
        if self._running is not None:
            await asyncio.wait([self._running], timeout=_FAREWELL_SEC)
        await end(self._running)

    async def _run_again_and_again(self) -> None:
        while not self._stopping.is_set():
            with tempfile.TemporaryDirectory(prefix="smart-routing-contacts-") as folder:
                app = follower_app(self._deployment, self._projection, self._session_seconds, Path(folder))
                try:
                    await self._run(app)
                except Exception:
                    logger.exception("contacts: the journal cannot be followed, which is tried again")
                    await self._stopped_within(_AGAIN_SEC)

    async def _run(self, app: faust.App) -> None:
        try:
            await self._catch_up()
            await app.start()
            caught_up = time.monotonic()
            while not await self._stopped_within(_LOOK_SEC):
                if app.crashed or app.should_stop:
                    raise RuntimeError("Faust's app has stopped") from app.crash_reason
                if time.monotonic() >= caught_up + _CATCH_UP_SEC:
                    await self._catch_up()
                    caught_up = time.monotonic()
        finally:
            await app.stop()

    async def _catch_up(self) -> None:
        """Take in what came before the app was given a partition, and what Redis has lost since."""
        try:
            await self._projection.catch_up_what_counts()
        except (RedisError, KafkaError) as error:
            logger.warning("contacts: the journal cannot be taken in at the moment: %s", error)

    async def _stopped_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self._stopping.wait()
        except TimeoutError:
            return False


def follower_app(deployment: Deployment, projection: Projection, session_seconds: float, folder: Path) -> faust.App:
    """Return the app; Faust keeps what it must in `folder`."""
    app = faust.App(
        f"{deployment.topic_prefix}contacts",
        broker=";".join(f"kafka://{server}" for server in deployment.bootstrap_servers.split(",")),
        store="memory://",
        datadir=folder,
        key_serializer="raw",
        value_serializer="raw",
        topic_allow_declare=False,
        topic_disable_leader=True,
        broker_max_poll_records=RECORDS_AT_ONCE,
        broker_check_crcs=not deployment.embedded,  # the embedded broker's commit markers carry no checksum
        consumer_auto_offset_reset="latest",  # what was before is read faster by offsets, and gaps are found by them
        broker_session_timeout=session_seconds,
        broker_heartbeat_interval=session_seconds / 5,
        stream_wait_empty=False,
        web_enabled=False,
        worker_redirect_stdouts=False,
    )
    app.transport = _ReadCommittedTransport(app.conf.broker_consumer, app, loop=app.loop)
    journal = app.topic(deployment.topics.journal, key_serializer="raw", value_serializer="raw")
    followed: dict[int, tuple[int, int]] = {}
    """Partition → the group's generation, and the offset after the last record that it gave us."""

    @stamina.retry(on=(RedisError, KafkaError), attempts=None, timeout=None, wait_max=_AGAIN_SEC)
    async def take(partition: int, first: int, records: list[Record]) -> None:
        await projection.follow(partition, first, records)

    async def follow(partition: int, messages: list[Any]) -> None:
        generation, following = followed.get(partition, (None, 0))
        # Within a generation of the group only marks of transactions lie between two records that it gives us one after another.
        first = following if generation == messages[-1].generation_id else messages[0].offset
        await take(partition, first, [Record(message.offset, message.value) for message in messages])
        followed[partition] = messages[-1].generation_id, messages[-1].offset + 1

    @app.agent(journal, concurrency=1, supervisor_strategy=CrashingSupervisor)
    async def contacts(stream: Any) -> None:
        async for events in stream.noack_take(RECORDS_AT_ONCE, within=WITHIN_SEC):
            runs: dict[int, list[Any]] = {}
            for event in events:
                runs.setdefault(event.message.partition, []).append(event.message)
            await asyncio.gather(*(follow(partition, messages) for partition, messages in runs.items()))
            for event in events:
                event.ack()

    return app
