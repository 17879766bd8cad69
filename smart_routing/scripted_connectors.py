"""Connectors of the demo for the families that have no back end at hand: they answer as each example's script says, and do nothing."""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord

from connectors.framework.ending import end
from connectors.framework.wire import Wire
from processor.runtime.simulator.script import Answer, Matcher, Rule
from schemas.codec import NAMESPACE, UndecodableRecord
from schemas.deployment import Deployment

UNSCRIPTED: Final = Answer.model_validate({"outcome": "error", "reason": "unscripted"})

logger = logging.getLogger(__name__)


class ScriptedConnectors:
    """Answers the commands of some families by scripts.

    A command is answered again if it is read again, and what is still to be said is forgotten at the end: good enough to try flows out.
    """

    def __init__(self, deployment: Deployment, families: Iterable[str], scripts: Mapping[str, Sequence[Rule]]) -> None:
        """Prepare; `scripts` are the rules by the reference of the flow that asks."""
        self._deployment = deployment
        self._families = tuple(families)
        self._scripts = scripts
        self._wire = Wire.of(deployment)
        self._matchers: dict[str, Matcher] = {}
        self._answering: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Answer until cancelled. Raises KafkaError where no broker answers."""
        topics = self._deployment.topics
        producer: Any = AIOKafkaProducer(bootstrap_servers=self._deployment.bootstrap_servers)
        consumer: Any = AIOKafkaConsumer(
            *(topics.commands(family) for family in self._families),
            bootstrap_servers=self._deployment.bootstrap_servers,
            group_id=f"{topics.prefix}scripted",
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            fetch_max_wait_ms=50,
            check_crcs=not self._deployment.embedded,  # its commit markers carry none
        )
        try:
            await producer.start()
            await consumer.start()
            async for record in consumer:
                await self._take(record, producer)
        finally:
            await end(*self._answering)
            await consumer.stop()
            await producer.stop()

    async def _take(self, record: ConsumerRecord, producer: Any) -> None:
        try:
            name, command = await self._wire.decode(record.value)
        except UndecodableRecord as error:
            logger.warning("%s: passed over: %s", record.topic, error)
            return
        family = name.removesuffix("_command")
        answers = self._answers(family, command)
        answering = asyncio.create_task(self._answer(family, command, answers, producer))
        self._answering.add(answering)
        answering.add_done_callback(self._answering.discard)

    def _answers(self, family: str, command: Mapping[str, Any]) -> Sequence[Answer]:
        """Return what the script of the command's flow says; what nobody waits for needs no rule."""
        kind, body = command["body"]
        matcher = self._matchers.get(command["interaction_id"])
        if matcher is None:
            matcher = self._matchers[command["interaction_id"]] = Matcher(self._scripts.get(command["flow"], ()))
        found = matcher.answers(kind.removeprefix(f"{NAMESPACE}."), family, command["flow"], command["action"], lambda: body)
        if found is not None:
            return found
        return () if "distribution" in body else (UNSCRIPTED,)

    async def _answer(self, family: str, command: Mapping[str, Any], answers: Sequence[Answer], producer: Any) -> None:
        _, body = command["body"]
        # What is answered to a message that was handed to an agent belongs to the distribution.
        about = body.get("distribution", command["command_id"])
        for number, answer in enumerate(answers, 1):
            await asyncio.sleep(answer.after / 1000)
            name, datum = _record(answer, about, family, f"{command['command_id']}:{number}")
            value = await self._wire.encode(name, datum)
            await producer.send_and_wait(self._deployment.topics.responses, value, key=command["conversation_id"].encode())


def _record(answer: Answer, command_id: str, family: str, message_id: str) -> tuple[str, dict[str, Any]]:
    """Return an answer as a record of topic `responses`: the schema's name, and the datum."""
    now_ms = time.time_ns() // 1_000_000
    if answer.agent is not None:
        return "agent_wrote", {
            "command_id": command_id,
            "message_id": message_id,
            "agent": answer.by,
            "text": answer.agent,
            "sent_at": now_ms,
        }
    if answer.report is not None:
        return "result_reported", {
            "command_id": command_id,
            "connector": family,
            "outcome": answer.report,
            "reason": answer.reason,
            "reported_at": now_ms,
        }
    return "response", {
        "command_id": command_id,
        "connector": family,
        "outcome": answer.outcome,
        "reason": answer.reason,
        "detail": answer.detail,
        "values": dict(answer.values),
        "answered_at": now_ms,
    }
