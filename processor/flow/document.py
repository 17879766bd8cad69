"""Documents as text: YAML or JSON in, plain values out, within bounds; and the one canonical form by which they are kept and compared."""

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from processor.engine.errors import DocumentRefused, Fault
from processor.flow.faults import below, described
from processor.flow.plain_yaml import Pairs, number_or_text, place_after, read, too_deep

MAX_BYTES: Final = 2 * 1024 * 1024
"""Largest document, as it is written and in canonical form."""

MAX_DEPTH: Final = 32
"""Lists and mappings within each other."""

MAX_VALUES: Final = 200_000
"""Values of a document, those that aliases repeat counted each time."""

_WIDE: Final = (b"\xff\xfe", b"\xfe\xff")
"""How UTF-16 and UTF-32 mark their order of bytes."""

_LIKE_JSON: Final = re.compile(r"\s*(\{\s*[\"}]|\[)")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_CONTROL_BUT_SPACE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


def load(text: str | bytes) -> Mapping[str, Any]:
    """Return what a document says: mappings, lists, text, whole numbers, truth values and None, nothing shared and nothing cyclic.

    A number that would not be written the same again, such as `1.10` or `007`, stays text.

    Raises DocumentRefused where it is too large or too deep, no UTF-8, neither YAML nor JSON, or no mapping; where a key comes twice; and
    where a text holds control characters.
    """
    raw = _parsed(decoded(text))
    walk = _Walk()
    document = walk.plain(raw, "", 0)
    if not walk.faults and not isinstance(document, dict):
        walk.faults.append(Fault("", "a mapping", described(document)))
    if walk.faults:
        raise DocumentRefused(walk.faults)
    if len(canonical(document).encode()) > MAX_BYTES:
        raise DocumentRefused([_too_large("more in canonical form")])
    mapping: Mapping[str, Any] = document
    return mapping


def canonical(document: Mapping[str, Any]) -> str:
    """Return a document as canonical JSON: keys sorted, no spaces. `load` reads it back as it was."""
    return json.dumps(dict(document), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def content_hash(document: Mapping[str, Any]) -> str:
    """Return SHA-256 of a document's canonical form, hexadecimal."""
    return sha256(canonical(document).encode("utf-8", "surrogatepass")).hexdigest()


def decoded(text: str | bytes) -> str:
    """Return the text, a byte order mark taken away.

    Raises DocumentRefused where it is too large or no UTF-8.
    """
    if isinstance(text, bytes):
        return _from_utf8(text)
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise DocumentRefused([Fault(place_after(text[: error.start]), "text in Unicode", "half of a surrogate pair")]) from error
    if size > MAX_BYTES:
        raise DocumentRefused([_too_large("more")])
    return text.removeprefix("\ufeff")


def _from_utf8(text: bytes) -> str:
    if len(text) > MAX_BYTES:
        raise DocumentRefused([_too_large("more")])
    if b"\0" in text[:4] or text.startswith(_WIDE):
        raise DocumentRefused([Fault(place_after(""), "text in UTF-8", "UTF-16 or UTF-32")])
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode()
        raise DocumentRefused([Fault(place_after(before), "text in UTF-8", f"byte 0x{error.object[error.start]:02x}")]) from error


def is_json(text: str) -> bool:
    """Tell whether a text is read as JSON."""
    if not _LIKE_JSON.match(text):
        return False
    try:
        json.loads(text, parse_int=str)
    except RecursionError:
        return True
    except json.JSONDecodeError:
        return False
    return True


def _too_large(found: str) -> Fault:
    return Fault("", f"a document of at most {MAX_BYTES} bytes", found)


def _parsed(text: str) -> Any:
    """Return the raw document. What begins like JSON may still be YAML's flow style, such as `{"ref": support}`."""
    if not _LIKE_JSON.match(text):
        return read(text, MAX_DEPTH)
    try:
        return json.loads(text, object_pairs_hook=Pairs, parse_int=number_or_text, parse_float=str, parse_constant=str)
    except RecursionError as error:
        raise DocumentRefused([too_deep("", MAX_DEPTH)]) from error
    except json.JSONDecodeError as error:
        try:
            return read(text, MAX_DEPTH)
        except DocumentRefused:
            place = f"line {error.lineno}, column {error.colno}"
            raise DocumentRefused([Fault(place, "JSON", f"a fault in it: {error.msg}")]) from error


class _Walk:
    """Copies a raw document into plain values and notes its faults."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self._values = 0
        self._characters = 0

    def plain(self, raw: Any, path: str, depth: int) -> Any:
        self._values += 1
        if self._values > MAX_VALUES:
            raise DocumentRefused([Fault(path, f"at most {MAX_VALUES} values, those that aliases repeat counted each time", "more")])
        match raw:
            case Pairs() | list() if depth == MAX_DEPTH:
                self.faults.append(too_deep(path, MAX_DEPTH))
                return None
            case Pairs():
                return self._mapping(raw, path, depth)
            case list():
                return [self.plain(item, below(path, index), depth + 1) for index, item in enumerate(raw)]
            case str():
                return self._text(raw, path)
            case _:
                return raw

    def _mapping(self, raw: Pairs, path: str, depth: int) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key, value in raw:
            where = below(path, key)
            if _CONTROL.search(key):
                self.faults.append(Fault(where, "a key without control characters", described(key)))
            if key in mapping:
                self.faults.append(Fault(where, "each key once", "it twice"))
            mapping[key] = self.plain(value, where, depth + 1)
        return mapping

    def _text(self, text: str, path: str) -> str:
        self._characters += len(text)
        if self._characters > MAX_BYTES:
            raise DocumentRefused([_too_large("more, with what aliases repeat")])
        if _CONTROL_BUT_SPACE.search(text):
            self.faults.append(Fault(path, "text without control characters", described(text)))
        return text
