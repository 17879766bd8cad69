"""What one batch adds to the log, before it is sent."""

from msgspec import Struct


class Output(Struct, frozen=True):
    """One record to produce."""

    topic: str
    key: bytes
    value: bytes
    partition: int = -1
    """-1: chosen by the key."""
