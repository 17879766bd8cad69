"""Trace context: a command's trace goes on in what follows from it (W3C Trace Context, recommendation of 23 November 2021)."""

import re
import secrets
from collections.abc import Iterable
from typing import Final

Headers = tuple[tuple[str, bytes], ...]

_TRACEPARENT: Final = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.DOTALL)  # 3.2
_KEY: Final = rb"(?:[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})"
_MEMBER: Final = re.compile(rb"(" + _KEY + rb")=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]")  # 3.3.1.3
_MOST_MEMBERS: Final = 32
_SAMPLED: Final = 1


def continued(headers: Iterable[tuple[str, bytes | None]]) -> Headers:
    """Return the trace context for what follows from a record with these headers: the same trace, a span of its own.

    Nothing where the record has no trace context, or one that is not valid; no `tracestate` where that alone is not.
    """
    parents = [value for name, value in headers if name == "traceparent"]
    if len(parents) != 1 or parents[0] is None:
        return ()
    found = _TRACEPARENT.fullmatch(parents[0].strip(b" \t"))
    if found is None:
        return ()
    version, trace, parent, flags, more = found.groups()
    # A later version may have more fields, and is read by what this one knows of it (3.2.4).
    if version == b"ff" or (version == b"00" and more is not None) or not trace.strip(b"0") or not parent.strip(b"0"):
        return ()
    # Flags that this version does not know are set to zero (3.2.2.5.2).
    traceparent = b"00-%s-%s-%02x" % (trace, _span(), int(flags, 16) & _SAMPLED)
    state = _state([value or b"" for name, value in headers if name == "tracestate"])
    return (("traceparent", traceparent), ("tracestate", state)) if state else (("traceparent", traceparent),)


def _span() -> bytes:
    span = secrets.token_hex(8)
    return span.encode() if span.strip("0") else _span()


def _state(values: list[bytes]) -> bytes:
    """Join the headers; several are one list, in their order (3.3.1.1)."""
    members = [member for part in b",".join(values).split(b",") if (member := part.strip(b" \t"))]
    keys = [found[1] if (found := _MEMBER.fullmatch(member)) else None for member in members]
    if None in keys or len(set(keys)) < len(keys) or len(members) > _MOST_MEMBERS:
        return b""
    return b",".join(members)
