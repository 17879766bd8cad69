"""A conversation's state as bytes: MessagePack by msgspec, typed, versioned. docs/reference/state.md gives the layout."""

import msgspec

from processor.engine.interaction import Conversation

FORMAT = 1

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Conversation)


def encode(conversation: Conversation) -> bytes:
    """Return the state's payload. The same state gives the same bytes."""
    return _encoder.encode(conversation)


def size(value: object) -> int:
    """Return how many bytes a value of the engine takes."""
    return len(_encoder.encode(value))


def decode(payload: bytes) -> Conversation:
    """Return the state.

    Raises ValueError (msgspec.DecodeError) for bytes that are no state of this format.
    """
    return _decoder.decode(payload)
