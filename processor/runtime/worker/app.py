"""The Faust app that hosts a worker: process, settings, graceful stop, health and metrics, the ticker, and the projections.

Faust's own tables and transactions are not used for interactions (design, "faust-streaming, and what it is used for").
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import faust
from faust.app.base import BootStrategy
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from faust.web import Request, Response, View
from mode.supervisors import CrashingSupervisor
from redis.asyncio import Redis

from processor.engine.action import Action
from processor.runtime.topic_log import read_partition
from processor.runtime.worker.context import Progress, WorkerContext, silent
from processor.runtime.worker.metrics import WorkerMetrics
from processor.runtime.worker.processor import PartitionProcessor
from processor.runtime.worker.projection import BranchCounts, JournalRecord, WaitingCounts
from processor.runtime.worker.settings import WorkerSettings
from processor.runtime.worker.ticker import Ticker
from schemas.codec import Codec
from schemas.deployment import Deployment
from schemas.registry import SchemaRegistry

log = logging.getLogger(__name__)

PROJECTION_RECORDS = 500
PROJECTION_WITHIN_SEC = 0.2


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


class ProcessorService(faust.Service):
    """Starts and stops the partition processor and the ticker with the app."""

    def __init__(self, context: WorkerContext, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._metrics = context.metrics
        self._processor = PartitionProcessor(context)
        self._ticker = Ticker(context.deployment, context.settings.slot, context.codec)
        self._tick_sec = context.settings.tick_ms / 1000

    async def on_start(self) -> None:
        """Start."""
        self._processor.start()

    @faust.Service.task
    async def tick(self) -> None:
        """Let time come to the partitions that the worker owns."""
        async for _ in self.itertimer(self._tick_sec, name="tick"):
            self._ticker.tick(self._metrics.partitions)

    async def on_stop(self) -> None:
        """Finish the batch under way."""
        await asyncio.to_thread(self._processor.stop)
        self._ticker.close()


class _WorkerApp(faust.App):
    processor_services: list[faust.Service]


class _ProcessorFirst(BootStrategy):
    """Faust starts services of its own choosing only once its consumer group is settled; conversations do not wait for a projection."""

    app: _WorkerApp

    def server(self) -> Iterable[Any]:
        return self._chain(self.app.processor_services, super().server())

    def producer_only(self) -> Iterable[Any]:
        return self._chain(self.app.processor_services, super().producer_only())


_WorkerApp.BootStrategy = _ProcessorFirst


def codec_of(deployment: Deployment) -> Codec:
    """Return the codec of a deployment, with its schema registry where it has one."""
    return Codec(SchemaRegistry(deployment.schema_registry_url) if deployment.schema_registry_url else None)


def worker_app(
    deployment: Deployment,
    settings: WorkerSettings,
    action_types: Mapping[str, type[Action]],
    *,
    progress: Progress = silent,
    web: bool = True,
    metrics: WorkerMetrics | None = None,
) -> faust.App:
    """Return the app of one worker. Starting it starts the partition processor in a thread of its own.

    Whoever hosts it without its web views reads `metrics` instead.
    """
    codec = codec_of(deployment)
    measured = metrics or WorkerMetrics()
    settings.state_folder.mkdir(parents=True, exist_ok=True)  # Faust makes its folder below it, but no parents
    context = WorkerContext(deployment, settings, action_types, codec, measured, progress)
    app = _WorkerApp(
        f"{deployment.topic_prefix}projection",
        broker=";".join(f"kafka://{server}" for server in deployment.bootstrap_servers.split(",")),
        store="memory://",
        datadir=settings.state_folder / "faust",  # else it makes a folder of its own wherever it is started
        key_serializer="raw",
        value_serializer="raw",
        topic_allow_declare=False,
        topic_disable_leader=True,
        broker_max_poll_records=PROJECTION_RECORDS,
        broker_check_crcs=not deployment.embedded,  # the embedded broker's commit markers carry no checksum
        consumer_auto_offset_reset="earliest",
        broker_session_timeout=settings.session_timeout_ms / 1000,
        broker_heartbeat_interval=settings.session_timeout_ms / 5000,
        stream_wait_empty=False,
        web_enabled=web,
        web_host=settings.web_host,
        web_bind=settings.web_host,
        web_port=settings.web_port,
        worker_redirect_stdouts=False,
    )
    app.processor_services = [ProcessorService(context, loop=app.loop, beacon=app.beacon)]
    app.transport = _ReadCommittedTransport(app.conf.broker_consumer, app, loop=app.loop)

    if settings.projection:
        _add_projection(app, deployment, codec)
    else:
        app.producer_only = True  # Faust itself then reads nothing, and a consumer without topics ends the app
    if web:
        _add_views(app, settings, measured)
    return app


def _add_projection(app: faust.App, deployment: Deployment, codec: Codec) -> None:
    def reread(partition: int, first: int, end: int) -> Iterator[JournalRecord]:
        for record in read_partition(deployment, deployment.topics.journal, partition, first, end):
            yield JournalRecord(record.partition, record.offset, record.value)

    redis = Redis.from_url(deployment.redis_url)
    projections = [projection(redis, deployment.topic_prefix, codec, reread) for projection in (BranchCounts, WaitingCounts)]
    journal = app.topic(deployment.topics.journal, key_serializer="raw", value_serializer="raw")

    @app.agent(journal, concurrency=1, supervisor_strategy=CrashingSupervisor)
    async def branch_counts(stream: Any) -> None:
        async for events in stream.noack_take(PROJECTION_RECORDS, within=PROJECTION_WITHIN_SEC):
            records = [JournalRecord(event.message.partition, event.message.offset, event.message.value) for event in events]
            for projection in projections:
                await projection.absorb(records)
            for event in events:
                event.ack()


def _add_views(app: faust.App, settings: WorkerSettings, metrics: WorkerMetrics) -> None:
    @app.page("/health/")
    async def health(view: View, _request: Request) -> Response:
        """Whether the worker works: 200 with its partitions, 503 while it has not joined."""
        alive = metrics.joined
        return view.json({"slot": settings.slot, "partitions": list(metrics.partitions), "healthy": alive}, status=200 if alive else 503)

    @app.page("/metrics/")
    async def prometheus(view: View, _request: Request) -> Response:
        """Metrics in Prometheus' text format."""
        return view.text(metrics.text(), content_type="text/plain; version=0.0.4")
