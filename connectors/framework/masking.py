"""What is never shown in a log: what a command says and to whom, secrets, and whatever looks like an address."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address
from typing import Any, Final
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, SecretStr

from connectors.framework.context import Context

MASK: Final = "[masked]"

_EMAIL: Final = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+")
_PHONE: Final = re.compile(r"(?<![\w.])(?:\+|%2B)?\d(?:[ ().\-/]{0,2}\d){6,16}(?!\w)")
_SHORTEST: Final = 3
"""Shorter texts of a command are everywhere; a customer's "ok" tells nothing of him."""

_OF_THE_ENVELOPE: Final = ("address", "account")


@dataclass(frozen=True, slots=True)
class Handled:
    """The command that the running task is at."""

    family: str
    name: str
    context: Context


_handled: ContextVar[Handled | None] = ContextVar("handled", default=None)


@contextmanager
def handling(family: str, name: str, context: Context) -> Iterator[None]:
    """Inside, what is logged names the command, and shows nothing of what it says."""
    token = _handled.set(Handled(family, name, context))
    try:
        yield
    finally:
        _handled.reset(token)


def handled() -> Handled | None:
    """Return the command that the running task is at."""
    return _handled.get()


class Mask:
    """Masks texts."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """Prepare; `secrets` are shown nowhere."""
        self._secrets = _pattern(secrets)

    def __call__(self, text: str) -> str:
        """Return the text without what must not be shown."""
        command = _handled.get()
        if command is not None:
            envelope = command.context.envelope
            said = _texts([envelope.get("body"), *(envelope.get(field) for field in _OF_THE_ENVELOPE)])
            text = _pattern(form for one in said for form in _forms(one)).sub(MASK, text)
        text = self._secrets.sub(MASK, text)
        return _PHONE.sub(_unless_network, _EMAIL.sub(MASK, text))


def secrets_of(*settings: BaseModel) -> set[str]:
    """Return all secrets of settings, passwords in URLs included."""
    return {secret for model in settings for secret in _secrets(model) if len(secret) >= _SHORTEST}


def _secrets(value: Any) -> Iterator[str]:
    match value:
        case SecretStr():
            yield value.get_secret_value()
            yield from _secrets(value.get_secret_value())
        case str() if "://" in value:
            yield _password(value)
        case BaseModel():
            yield from (found for name in type(value).model_fields for found in _secrets(getattr(value, name)))
        case Mapping():
            yield from (found for inner in value.values() for found in _secrets(inner))
        case list() | tuple() | frozenset():
            yield from (found for inner in value for found in _secrets(inner))


def _password(url: str) -> str:
    try:
        return urlsplit(url).password or ""
    except ValueError:
        return ""


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case bytes():
            yield value.decode(errors="replace")
        case Mapping():
            yield from (text for inner in value.values() for text in _texts(inner))
        case tuple() if len(value) == 2 and isinstance(value[0], str) and value[0].startswith("smart_routing."):
            yield from _texts(value[1])  # a union's record with its name
        case list() | tuple():
            yield from (text for inner in value for text in _texts(inner))


def _forms(text: str) -> Iterator[str]:
    """Give a text as logs have it: as it is, quoted for Python, JSON and URLs, and line by line."""
    for part in {text, *text.splitlines()}:
        if len(part.strip()) >= _SHORTEST:
            yield from (part.strip(), repr(part)[1:-1].strip(), json.dumps(part)[1:-1].strip(), quote(part.strip()))


def _pattern(texts: Iterable[str]) -> re.Pattern[str]:
    """Match any of the texts, the longest first: one may begin as another does."""
    ordered = sorted({text for text in texts if text}, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, ordered)) or r"(?!)")


def _unless_network(found: re.Match[str]) -> str:
    """Keep addresses of machines, which look like phone numbers and are what an operator looks for."""
    try:
        IPv4Address(found[0])
    except AddressValueError:
        return MASK
    return found[0]
