"""Record headers as the client gives them, as pairs of name and bytes."""

from confluent_kafka import Message


def headers_of(message: Message) -> tuple[tuple[str, bytes], ...]:
    """Return a record's headers in order; one without a value has none of its bytes."""
    return tuple((str(name), _content(value)) for name, value in list(message.headers() or ()))


def _content(value: str | bytes | None) -> bytes:
    return value.encode() if isinstance(value, str) else value or b""
