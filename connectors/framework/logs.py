"""Logs as lines of JSON, from which nobody learns what customers say or who they are."""

import asyncio
import logging
import sys
import traceback
from collections.abc import Iterable
from contextvars import Context
from types import TracebackType
from typing import Any, Final

from pythonjsonlogger.json import JsonFormatter
from typing_extensions import override

from connectors.framework.errors import CommandFailed
from connectors.framework.masking import Mask, handled

_OURS: Final = ("connectors", "schemas", "smart_routing")
_DEEPEST: Final = 8
"""Causes of causes that are told."""

logger = logging.getLogger(__name__)


class MaskedFormatter(JsonFormatter):
    """Writes a record as a line of JSON: `at`, `level`, `logger`, `message`, what belongs to the command that is handled, and extras.

    Texts among a message's arguments are masked, its numbers are not. Of an exception its type and place are told; its words are not,
    because they tend to hold the value that was wrong.
    """

    def __init__(self, mask: Mask) -> None:
        super().__init__(json_ensure_ascii=False)
        self._mask = mask

    @override
    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        masked = logging.makeLogRecord(record.__dict__)
        masked.msg, masked.args = (str(record.msg), self._args(record.args)) if record.args else (self._mask(str(record.msg)), None)
        masked.exc_text = masked.stack_info = None
        return super().format(masked)

    @override
    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """Fill in the line."""
        extras: dict[str, Any] = {}
        super().add_fields(extras, record, message_dict)
        exception, message = extras.pop("exc_info", None), extras.pop("message", record.getMessage())
        log_data.update(at=self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"), level=record.levelname, logger=record.name, message=message)
        if (command := handled()) is not None:
            context = command.context
            log_data.update(
                family=command.family, command=command.name, command_id=context.command_id, conversation_id=context.conversation_id
            )
            if context.headers:
                log_data["trace_id"] = context.headers[0][1].decode().split("-")[1]
        log_data.update((name, self._mask(str(value)) if isinstance(value, str) else value) for name, value in extras.items())
        if exception:
            log_data["exception"] = exception

    @override
    def formatException(self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]) -> str:
        """Return types and places of an exception and of what caused it."""
        return "\n".join(_told(ei[1], _DEEPEST)) if ei[1] is not None else ""

    def _args(self, args: Any) -> Any:
        if isinstance(args, dict):
            return {name: _Shown.of(value, self._mask) for name, value in args.items()}
        return tuple(_Shown.of(value, self._mask) for value in args)


class _Shown:
    """An argument of a message, masked in whichever way the message shows it."""

    def __init__(self, value: Any, mask: Mask) -> None:
        self._value = value
        self._mask = mask

    @classmethod
    def of(cls, value: Any, mask: Mask) -> Any:
        return value if isinstance(value, int | float) else cls(value, mask)

    def __str__(self) -> str:
        return self._mask(str(self._value))

    def __repr__(self) -> str:
        return self._mask(repr(self._value))


def log_as_json(level: str, secrets: Iterable[str]) -> None:
    """Log to standard error from now on: ours from this level on, what libraries have to say only from WARNING on."""
    handler = logging.StreamHandler()
    handler.setFormatter(MaskedFormatter(Mask(secrets)))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in _OURS:
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_uncaught


def log_lost_errors(loop: asyncio.AbstractEventLoop) -> None:
    """Log what a task of this loop raised and nobody looked at, without the words of the error, and tasks lost before their end."""

    def log(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        of = _coroutine_of(context.get("task") or context.get("future"))
        # Told whenever the garbage collector comes by: the command that is handled then has nothing to do with it.
        Context().run(logger.error, "%s%s", context.get("message"), of, exc_info=context.get("exception"))

    loop.set_exception_handler(log)


def _coroutine_of(task: object) -> str:
    coroutine = task.get_coro() if isinstance(task, asyncio.Task) else None
    return "" if coroutine is None else f" ({getattr(coroutine, '__qualname__', type(coroutine).__name__)})"


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logger.critical("the program ends", exc_info=(kind, error, trace))


def _told(error: BaseException, deepest: int) -> Iterable[str]:
    what = f"{type(error).__module__}.{type(error).__qualname__}"
    if isinstance(error, CommandFailed):
        what += f" {error.reason}"
    elif isinstance(error, OSError) and error.errno is not None:
        what += f" errno {error.errno}"
    yield what
    yield from (f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__))
    inner = list(error.exceptions) if isinstance(error, BaseExceptionGroup) else []
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    for cause in [*inner, *([before] if before is not None else [])]:
        if deepest > 0:
            yield "because of" if cause is before else "among them"
            yield from _told(cause, deepest - 1)
