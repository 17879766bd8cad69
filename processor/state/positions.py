"""How far a partition has come."""

import msgspec


class Positions(msgspec.Struct, frozen=True):
    """Next offsets of a partition's inputs, and of its changelog, as of one committed batch."""

    inbound: int = 0
    ticks: int = 0
    responses: int = 0
    journal_sequence: int = 0
    """Journal records written by this partition so far."""

    changelog: int = 0
    """Next offset of the changelog: all before it is in the local store."""


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Positions).decode
