"""Executes a command once per command id."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

import stamina
from redis.exceptions import RedisError

from connectors.framework.connector import Body, CommandMethod, Connector
from connectors.framework.context import Context
from connectors.framework.errors import Refused, Retry
from connectors.framework.outcome import UNKNOWN, Outcome
from connectors.framework.presence import Presence
from connectors.framework.record import Answered, ExecutionRecord, Inherited, Taken
from connectors.framework.settings import ConnectorSettings
from connectors.framework.wire import Wire
from schemas.codec import UnencodableRecord

LARGEST_RESPONSE_BYTES: Final = 512 * 1_024
"""A larger response would not fit the topic, or the interaction that it is for."""

_BUSY_SECONDS: Final = 0.2

logger = logging.getLogger(__name__)


class _Busy(Exception):
    """No error: another connector is at this command."""


class _Limit:
    """Until when a command may be tried: its deadline, its method's budget, and where it has neither, what is configured."""

    def __init__(self, context: Context, budget: float | None, otherwise: float) -> None:
        self.found_late = False
        ends = [] if budget is None else [budget]
        if context.deadline is not None:
            left = context.deadline / 1000 - time.time()
            self.found_late = left < 0
            ends.append(left)
        self._end = time.monotonic() + min(ends, default=otherwise)

    def left(self) -> float:
        """How many seconds are left; negative past the limit."""
        return self._end - time.monotonic()


class Executor:
    """Claims, executes, retries and records commands of one connector.

    The claim lasts from before the method is called until its outcome is recorded; between two tries nothing is claimed. So a claim without
    a living owner says: the connector died between doing and recording.
    """

    def __init__(self, connector: Connector, record: ExecutionRecord, presence: Presence, wire: Wire, settings: ConnectorSettings) -> None:
        self._connector = connector
        self._record = record
        self._presence = presence
        self._wire = wire
        self._settings = settings
        self._slots = asyncio.Semaphore(settings.concurrency)

    async def execute(self, name: str, body: Body, context: Context, held: Callable[[], AbstractContextManager[None]]) -> bytes | None:
        """Return the response's record; None where another connector, which has taken the command over, is to answer.

        `held` marks the stretches that must not be cut short when the connector stops.
        """
        method = self._connector.commands.get(name)
        if method is None:
            method = CommandMethod(name, _unsupported, idempotent=True, failure="error", budget=None)
        limit = _Limit(context, method.budget and method.budget(body), self._settings.retry_seconds_without_deadline)
        async for attempt in stamina.retry_context(
            on=_pause,
            attempts=None,
            timeout=None,
            wait_initial=self._settings.retry_initial_seconds,
            wait_max=self._settings.retry_longest_seconds,
            wait_jitter=self._settings.retry_initial_seconds,
        ):
            with attempt:
                async with self._slots:
                    with held():
                        return await self._try(method, body, context, limit, attempt.next_wait)
        raise AssertionError("retried for ever")

    async def _try(self, method: CommandMethod, body: Body, context: Context, limit: _Limit, next_wait: float) -> bytes | None:
        claimant = self._presence.claimant()
        try:
            claim = await self._record.claim(context.command_id, claimant)
            if isinstance(claim, Taken):
                if await self._presence.is_alive(claim.owner):
                    raise _Busy
                claim = await self._record.claim(context.command_id, claimant, dead=claim.owner)
            match claim:
                case Answered(response):
                    return response
                case Taken():
                    raise _Busy
                case Inherited() if not method.idempotent:
                    outcome = Outcome(UNKNOWN, "interrupted", "A connector stopped while it executed the command.")
                case _:
                    result = await self._call(method, body, context, limit)
                    if isinstance(result, Outcome):
                        outcome = result
                    elif (next_wait if result.after is None else result.after) < limit.left():
                        await self._record.release(context.command_id, claimant)
                        raise result
                    else:
                        outcome = Outcome.failed(method.failure, result)
            return await self._record.answer(context.command_id, claimant, await self._response(context, outcome, method.failure))
        finally:
            self._presence.done(claimant)

    async def _call(self, method: CommandMethod, body: Body, context: Context, limit: _Limit) -> Outcome | Retry:
        if limit.found_late:
            return Outcome("error", "timeout", "The command was found past its deadline and not executed.")
        clock = asyncio.timeout(limit.left())
        try:
            async with clock:
                return await method.execute(self._connector, body, context)
        except Retry as retry:
            return retry
        except Refused as refused:
            return Outcome.failed(method.failure, refused)
        except Exception as error:  # a fault of one connector's method must not stop the partition
            if isinstance(error, TimeoutError) and clock.expired():
                return Outcome(method.failure, "timeout", "The command took longer than it was given.")
            logger.exception("%s.%s: expected an outcome, Retry or Refused", self._connector.family, method.name)
            return Outcome(method.failure, "connector_fault", f"The connector failed: {type(error).__name__}.")

    async def _response(self, context: Context, outcome: Outcome, failure: str) -> bytes:
        try:
            response = await self._encoded(context, outcome)
        except UnencodableRecord:
            logger.exception("%s: expected an outcome of texts", self._connector.family)
            return await self._encoded(context, Outcome(failure, "connector_fault", "The connector's outcome cannot be written."))
        if len(response) > LARGEST_RESPONSE_BYTES:
            detail = f"The outcome takes {len(response)} bytes; at most {LARGEST_RESPONSE_BYTES} can be answered."
            return await self._encoded(context, Outcome(failure, "too_large", detail))
        return response

    async def _encoded(self, context: Context, outcome: Outcome) -> bytes:
        datum = {
            "command_id": context.command_id,
            "connector": self._connector.family,
            "outcome": outcome.outcome,
            "reason": outcome.reason,
            "detail": outcome.detail,
            "values": dict(outcome.values),
            "answered_at": int(time.time() * 1000),
        }
        return await self._wire.encode("response", datum)


async def _unsupported(_connector: Connector, _body: Body, context: Context) -> Outcome:
    name = context.envelope["body"][0].rpartition(".")[2]
    return Outcome("error", "unsupported_command", f"This connector does not execute {name}.")


def _pause(error: Exception) -> bool | float:
    match error:
        case Retry(after=float() | int() as after):
            return float(after)
        case _Busy():
            return _BUSY_SECONDS
        case _:
            return isinstance(error, Retry | RedisError)
