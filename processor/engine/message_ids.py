"""The message ids that a conversation remembers, packed: eight bytes each, oldest first."""

from processor.engine.hashing import short_digest
from processor.engine.limits import MESSAGE_IDS

WIDTH = 8


def is_seen(seen: bytes, message_id: str) -> bool:
    """Tell whether a message id is among the remembered ones."""
    digest = short_digest(message_id)
    at = seen.find(digest)
    while at >= 0 and at % WIDTH:
        at = seen.find(digest, at + 1)
    return at >= 0


def remember(seen: bytes, message_id: str) -> bytes:
    """Return the remembered ids with one more; beyond the limit the oldest is forgotten."""
    return (seen + short_digest(message_id))[-MESSAGE_IDS * WIDTH :]
