"""Runs one connector: reads its family's commands, has them executed, answers and commits."""

import asyncio
import logging
import time
from contextlib import AsyncExitStack
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from redis.asyncio import Redis

from connectors.framework.assignment import Assignment, Job
from connectors.framework.connector import Connector
from connectors.framework.context import Context
from connectors.framework.ending import end, within
from connectors.framework.executor import Executor
from connectors.framework.masking import handling
from connectors.framework.metrics import Metrics
from connectors.framework.presence import Presence
from connectors.framework.publisher import Publisher
from connectors.framework.rate import Rates
from connectors.framework.record import ExecutionRecord
from connectors.framework.settings import ConnectorSettings
from connectors.framework.wire import Wire
from schemas.codec import Datum, UndecodableRecord
from schemas.deployment import Deployment

_POLL_MS: Final = 200
_FULL_POLL_MS: Final = 20
_FULL_SECONDS: Final = 0.01
_SHARE_OF_ROOM: Final = 4
_LONGEST_SILENCE_SECONDS: Final = 60.0
"""Kafka takes a member that does not poll for five minutes for stuck (KIP-62)."""

_FETCH_MS: Final = 500
_EMBEDDED_FETCH_MS: Final = 100
_METADATA_MS: Final = 10_000
"""A topic that is created after the connector was started is found so soon."""

logger = logging.getLogger(__name__)


class TakenOver(Exception):
    """Another connector believes this one dead, which was stopped for a while or could not reach Redis: it must begin anew."""


class ConnectorRunner(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types
    """One connector as a member of its consumer group, from start to stop."""

    def __init__(
        self,
        connector: Connector,
        deployment: Deployment,
        settings: ConnectorSettings,
        *,
        metrics: Metrics | None = None,
    ) -> None:
        self._connector = connector
        self._deployment = deployment
        self._settings = settings
        self._metrics = metrics or Metrics()
        self._wire = Wire.of(deployment)
        self._assignment = Assignment(self._work)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then finish what is under way, commit and leave the group.

        Raises KafkaError or RedisError where one of them cannot be used at the start, KafkaError where Kafka refuses us later; nothing is
        lost, and it can be run again.
        """
        family = self._connector.family
        prefix = f"{self._deployment.topic_prefix}commands."
        async with AsyncExitStack() as stack:
            redis = Redis.from_url(self._deployment.redis_url)
            stack.push_async_callback(redis.aclose)
            self._presence = await stack.enter_async_context(Presence(redis, f"{prefix}connector:", self._settings.presence_seconds))
            record = ExecutionRecord(redis, f"{prefix}{family}:", self._settings.record_expiry_seconds)
            stack.push_async_callback(record.close)
            rates = Rates(redis, f"{prefix}rate:", family, self._settings.rate_table())
            self._executor = Executor(
                self._connector, record, self._presence, rates=rates, wire=self._wire, settings=self._settings, metrics=self._metrics
            )
            self._publisher = await stack.enter_async_context(
                Publisher(self._deployment, self._wire, family, self._settings.farewell_seconds)
            )
            stack.push_async_callback(self._connector.close)
            await self._connector.open()
            self._consumer = self._new_consumer()
            stack.push_async_callback(self._stop_consuming)
            await self._consumer.start()
            stack.push_async_callback(self._leave)
            self._metrics.starts.labels(family).inc()
            logger.info("connector %s: started", family)
            await self._work_until(stop)
        logger.info("connector %s: stopped", family)

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Finish what is under way before others get the partitions; aiokafka gives all of them back at every rebalance."""
        await self._leave()
        await self._presence.begin_anew()
        self._assignment = Assignment(self._work)
        for partition in revoked:  # their lag is told by whoever has them next
            self._metrics.lag.remove(self._connector.family, str(partition.partition))

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Say so; the consumer goes on from the committed offsets by itself."""
        logger.info("connector %s: partitions %s", self._connector.family, sorted(partition.partition for partition in assigned))

    def _new_consumer(self) -> Any:
        session_ms = int(self._settings.session_seconds * 1000)
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._deployment.bootstrap_servers,
            client_id=f"{self._deployment.topic_prefix}connectors.{self._connector.family}",
            group_id=f"{self._deployment.topic_prefix}connectors.{self._connector.family}",
            isolation_level="read_committed",
            # The embedded broker answers a fetch that found nothing only when its time is over, and its commit markers carry no checksum.
            fetch_max_wait_ms=_EMBEDDED_FETCH_MS if self._deployment.embedded else _FETCH_MS,
            check_crcs=not self._deployment.embedded,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            session_timeout_ms=session_ms,
            # A rebalance waits for what we finish before giving partitions up.
            rebalance_timeout_ms=session_ms + int(self._settings.drain_seconds * 1000),
            heartbeat_interval_ms=session_ms // 10,
            metadata_max_age_ms=_METADATA_MS,
        )
        consumer.subscribe([self._deployment.topics.commands(self._connector.family)], listener=self)
        return consumer

    async def _work_until(self, stop: asyncio.Event) -> None:
        working = [asyncio.create_task(self._read()), asyncio.create_task(self._keep_committing())]
        stopping = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait([*working, stopping], return_when=asyncio.FIRST_COMPLETED)
            for task in done:  # neither ends but by a fault
                task.result()
        finally:
            await end(*working, stopping)

    async def _read(self) -> None:
        wanted, polled = max(1, self._settings.unfinished_limit // _SHARE_OF_ROOM), time.monotonic()
        while self._assignment.lanes.fault is None:
            self._metrics.pulse.beat(self._connector.family)
            room = self._settings.unfinished_limit - self._assignment.unfinished
            if room < wanted and time.monotonic() < polled + _LONGEST_SILENCE_SECONDS:
                await asyncio.sleep(_FULL_SECONDS)
                continue
            if room <= 0:  # so that the group does not take us for stuck; seldom, because a partition that is paused fetches anew
                self._consumer.pause(*self._consumer.assignment())
            batches = await self._consumer.getmany(timeout_ms=_POLL_MS if room > 0 else _FULL_POLL_MS, max_records=max(room, 1))
            polled = time.monotonic()
            # No await from here on: what was read before a rebalance must be in the assignment that it ends, what comes later in the next.
            self._consumer.resume(*self._consumer.paused())
            for partition, records in batches.items():
                for record in records:
                    self._assignment.accept(partition, record)
        raise self._assignment.lanes.fault

    async def _work(self, assignment: Assignment, job: Job) -> None:
        record, held = job.record, assignment.lanes.held
        try:
            command = await self._command(record.value)
            context = Context.of(command, record.headers)
            kind, body = command["body"]
            name = kind.rpartition(".")[2]
            with handling(self._connector.family, name, context):
                response = await self._executor.execute(name, body, context, held)
        except UndecodableRecord as error:
            with held():
                await self._bury(record, error.reason, error.detail)
        except Exception as error:  # a fault of ours, once it is kept for us to see, must not stop the partition
            logger.exception("connector %s: partition %d, offset %d", self._connector.family, record.partition, record.offset)
            with held():
                await self._bury(record, "connector_fault", f"{type(error).__name__} while the command was handled")
        else:
            if response is None:  # what follows in the conversation must not overtake what the other one is at
                raise TakenOver(f"connector {self._connector.family}: taken for dead, and a command taken over by another one")
            with held():
                await self._publisher.respond(context, response)
        job.ledger.finish(record.offset)

    async def _bury(self, record: ConsumerRecord, reason: str, detail: str) -> None:
        await self._publisher.bury(record, reason, detail)
        self._metrics.buried.labels(self._connector.family, reason).inc()

    async def _command(self, value: bytes | None) -> Datum:
        expected = f"{self._connector.family}_command"
        name, command = await self._wire.decode(value)
        if name != expected:
            raise UndecodableRecord("unexpected_schema", f"expected a {expected}, found a {name}")
        return command

    async def _keep_committing(self) -> None:
        while True:
            await asyncio.sleep(self._settings.commit_interval_seconds)
            await self._commit()
            self._measure()

    def _measure(self) -> None:
        family = self._connector.family
        self._metrics.unfinished.labels(family).set(self._assignment.unfinished)
        self._metrics.executing.labels(family).set(self._executor.executing)
        self._metrics.open_breakers.labels(family).set(self._executor.breakers.open)
        for partition in self._consumer.assignment():
            end_offset, read = self._consumer.highwater(partition), self._assignment.read(partition)
            if end_offset is not None and read is not None:
                self._metrics.lag.labels(family, str(partition.partition)).set(max(end_offset - read, 0))

    async def _commit(self) -> None:
        assignment = self._assignment
        positions = assignment.committable()
        if not positions:
            return
        # Where it fails, the partitions are another's by now, or Kafka is away: what is repeated is answered from the record.
        try:
            if await within(
                self._settings.farewell_seconds, f"connector {self._connector.family}: commit", self._consumer.commit(positions)
            ):
                assignment.committed(positions)
        except KafkaError as error:
            logger.warning("connector %s: not committed: %s", self._connector.family, error)

    async def _stop_consuming(self) -> None:
        if not await within(
            self._settings.farewell_seconds, f"connector {self._connector.family}: leaving the group", self._consumer.stop()
        ):
            await self._consumer._client.close()  # noqa: SLF001 - a farewell that fails leaves its connections open, and it says no second one

    async def _leave(self) -> None:
        await self._assignment.end(self._settings.drain_seconds)
        await self._commit()
