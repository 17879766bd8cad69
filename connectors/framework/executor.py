"""Executes a command once per command id."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

import stamina
from redis.exceptions import RedisError

from connectors.framework.breaker import Breakers
from connectors.framework.connector import Body, CommandMethod, Connector
from connectors.framework.context import Context
from connectors.framework.errors import Refused, Retry, StoreAway
from connectors.framework.limit import Limit
from connectors.framework.metrics import Metrics
from connectors.framework.outcome import UNKNOWN, Outcome
from connectors.framework.presence import Presence
from connectors.framework.rate import Rates
from connectors.framework.record import Answered, ExecutionRecord, Inherited, Taken
from connectors.framework.settings import ConnectorSettings
from connectors.framework.wire import Wire
from schemas.codec import UnencodableRecord

LARGEST_RESPONSE_BYTES: Final = 512 * 1_024
"""A larger response would not fit the topic, or the interaction that it is for."""

Held = Callable[[], AbstractContextManager[None]]

_BUSY_SECONDS: Final = 0.2

logger = logging.getLogger(__name__)


class _Busy(Exception):
    """No error: another connector is at this command."""


class _NotYet(Exception):
    """No error: the command's turn at its target comes in so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds


@dataclass(slots=True)
class _Command:
    """One command on its way."""

    method: CommandMethod
    body: Body
    context: Context
    limit: Limit
    uncertain: str | None = None
    """What is known of earlier tries where one may have been done, such as `unknown`: the outcome of what tells no more than they did."""


class Executor:
    """Claims, executes, retries and records commands of one connector.

    The claim lasts from before the method is called until its outcome is recorded; while a command waits, for another try or for its turn,
    nothing is claimed, unless an earlier try may have been done. So a claim without a living owner says: nobody can tell what was done.
    """

    def __init__(
        self,
        connector: Connector,
        record: ExecutionRecord,
        presence: Presence,
        *,
        rates: Rates,
        wire: Wire,
        settings: ConnectorSettings,
        metrics: Metrics,
    ) -> None:
        self._connector = connector
        self._record = record
        self._presence = presence
        self._rates = rates
        self._wire = wire
        self._settings = settings
        self._metrics = metrics
        self.executing = 0
        """How many commands are being executed."""
        self._slots = asyncio.Semaphore(settings.concurrency)
        self.breakers = Breakers(settings.breaker_failures, settings.breaker_seconds)

    async def execute(self, name: str, body: Body, context: Context, held: Held) -> bytes | None:
        """Return the response's record; None where another connector, which has taken the command over, is to answer.

        `held` marks the stretches that must not be cut short when the connector stops.
        """
        method = self._connector.commands.get(name)
        if method is None:
            method = CommandMethod(name, _unsupported, idempotent=True)
        limit = Limit(context.deadline, method.budget and method.budget(body), self._settings.retry_seconds_without_deadline)
        command = _Command(method, body, context, limit)
        try:
            return await self._in_turn(command, held, self._settings.retry_initial_seconds)
        except (Retry, _Busy, RedisError) as error:
            return await self._again(command, held, error)

    async def _again(self, command: _Command, held: Held, first: Exception) -> bytes | None:
        """Try until there is an answer; `first` is how the first try failed, which most do not and so need not pay for what is here."""
        failed: Exception | None = first
        async for attempt in stamina.retry_context(
            on=_pause,
            attempts=None,
            timeout=None,
            wait_initial=self._settings.retry_initial_seconds,
            wait_max=self._settings.retry_longest_seconds,
            wait_jitter=self._settings.retry_initial_seconds,
        ):
            with attempt:
                if failed is not None:
                    before, failed = failed, None
                    raise before
                return await self._in_turn(command, held, attempt.next_wait)
        raise AssertionError("retried for ever")

    async def _in_turn(self, command: _Command, held: Held, next_wait: float) -> bytes | None:
        """Try once, at the command's turn; who waits for it holds no slot."""
        turn = False
        while True:
            try:
                async with self._slots:
                    with held():
                        self.executing += 1
                        try:
                            return await self._try(command, next_wait, turn=turn)
                        finally:
                            self.executing -= 1
            except _NotYet as not_yet:
                self._metrics.paced_seconds.labels(*self._named(command.method)).inc(not_yet.seconds)
                await asyncio.sleep(not_yet.seconds)
                turn = True

    async def _try(self, command: _Command, next_wait: float, *, turn: bool) -> bytes | None:
        command_id, method = command.context.command_id, command.method
        claimant = self._presence.claimant()
        try:
            claim = await self._record.claim(command_id, claimant)
            if isinstance(claim, Taken):
                if await self._presence.is_alive(claim.owner):
                    raise _Busy
                claim = await self._record.claim(command_id, claimant, dead=claim.owner)
            match claim:
                case Answered(response):
                    self._metrics.repeated.labels(*self._named(method)).inc()
                    return response
                case Taken():
                    raise _Busy
                case Inherited():
                    if command.uncertain is None:
                        self._metrics.inherited.labels(*self._named(method)).inc()
                        command.uncertain = UNKNOWN
                    executing = self._resolve(command, next_wait, turn=turn)
                case _:
                    executing = self._call(command, turn=turn)
            result = await executing
            if isinstance(result, Retry):
                self._metrics.retried.labels(*self._named(method), self._metrics.reason(result.reason)).inc()
                if not command.limit.allows(result, next_wait):
                    result = Outcome.failed(method.failure, result)
            if isinstance(result, Outcome):
                return await self._answer(command, claimant, result)
            if command.uncertain is None:  # else the claim stays: whoever tries next, and be it too late, has to know that it was begun
                await self._record.release(command_id, claimant)
            raise result
        finally:
            self._presence.done(claimant)

    async def _answer(self, command: _Command, claimant: str, outcome: Outcome) -> bytes | None:
        response = await self._record.answer(command.context.command_id, claimant, await self._response(command, outcome))
        named = self._named(command.method)
        self._metrics.answered.labels(*named, outcome.outcome, self._metrics.reason(outcome.reason)).inc()
        self._metrics.seconds.labels(*named).observe(command.limit.spent())
        return response

    async def _resolve(self, command: _Command, next_wait: float, *, turn: bool) -> Outcome | Retry | _NotYet:
        """Find out what became of a command that a dead connector had begun, or an earlier try of ours whose answer was lost.

        Where it cannot be told now, and there is time, the error is raised and the claim left as it is: the next try inherits it again.
        """
        method, limit = command.method, command.limit
        if method.look_up is not None:
            try:
                async with asyncio.timeout(max(limit.left(), self._settings.look_up_seconds)):
                    found = await method.look(self._connector, command.body, command.context)
            except Retry as retry:
                if limit.allows(retry, next_wait):
                    raise
            except Exception:  # a fault of the look-up: nobody knows
                logger.exception("%s.%s: expected its look-up to return an outcome or None, or to raise Retry", *self._named(method))
                self._metrics.faults.labels(*self._named(method)).inc()
            else:
                if found is not None:
                    return found
                command.uncertain = None
                return await self._call(command, turn=turn)
        elif method.idempotent and not limit.found_late:
            return await self._call(command, turn=turn)
        return Outcome(UNKNOWN, "interrupted", "The command was begun, and nobody can tell whether it was done.")

    async def _call(self, command: _Command, *, turn: bool) -> Outcome | Retry | _NotYet:
        method, context, limit = command.method, command.context, command.limit
        if limit.found_late:
            return Outcome(method.failure, "timeout", "The command was found past its deadline and not executed.")
        clock = asyncio.timeout(limit.left())
        try:
            target = None if method.target is None else method.target(command.body, context)
            if target is None:
                async with clock:
                    return await method.execute(self._connector, command.body, context)
            await self._admit(target, command, turn=turn)
            async with clock:
                with self.breakers.watch(target):
                    return await method.execute(self._connector, command.body, context)
        except (Retry, _NotYet) as not_done:
            if isinstance(not_done, StoreAway) and not_done.outcome is None:
                not_done.outcome = command.uncertain  # whether an earlier try was done stays open
            if isinstance(not_done, Retry):
                command.uncertain = not_done.outcome
            return not_done
        except Refused as refused:
            return Outcome.failed(method.failure, refused)
        except Exception as error:  # a fault of one connector's method must not stop the partition
            if isinstance(error, TimeoutError) and clock.expired():
                return Outcome(command.uncertain or method.failure, "timeout", "The command took longer than it was given.")
            logger.exception("%s.%s: expected an outcome, Retry or Refused", *self._named(method))
            self._metrics.faults.labels(*self._named(method)).inc()
            return Outcome(command.uncertain or method.failure, "connector_fault", f"The connector failed: {type(error).__name__}.")

    async def _admit(self, target: str, command: _Command, *, turn: bool) -> None:
        """Return when the target may be called now.

        Raises Retry where its breaker is open, _NotYet where its rate makes the command wait, Refused where that takes too long.
        """
        if not turn and self.breakers.wait(target) == 0:
            wait = await self._rates.turn(target, command.limit.left())
            if wait is None:
                detail = "The target's rate leaves the command no turn before its deadline."
                raise Refused("timeout", detail, outcome=command.uncertain)
            if wait > 0:
                raise _NotYet(wait)
        if (seconds := self.breakers.wait(target)) > 0:
            detail = "The target did not answer several times and is left alone for a while."
            raise Retry("unreachable", seconds, detail=detail, outcome=command.uncertain)

    def _named(self, method: CommandMethod) -> tuple[str, str]:
        return self._connector.family, method.name

    async def _response(self, command: _Command, outcome: Outcome) -> bytes:
        failure = command.method.failure
        try:
            response = await self._encoded(command.context, outcome)
        except UnencodableRecord:
            logger.exception("%s.%s: expected an outcome of texts", *self._named(command.method))
            self._metrics.faults.labels(*self._named(command.method)).inc()
            return await self._encoded(command.context, Outcome(failure, "connector_fault", "The connector's outcome cannot be written."))
        if len(response) > LARGEST_RESPONSE_BYTES:
            detail = f"The outcome takes {len(response)} bytes; at most {LARGEST_RESPONSE_BYTES} can be answered."
            return await self._encoded(command.context, Outcome(failure, "too_large", detail))
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
