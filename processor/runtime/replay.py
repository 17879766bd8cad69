"""The journal applied again: from it and the definitions alone, the same steps, commands and states, byte for byte (design, promise 3)."""

from collections.abc import Iterable

from msgspec import Struct

from processor.engine import codec as state_codec
from processor.engine.advance import Advance, advance, quarantine
from processor.engine.definitions import DefinitionLog
from processor.engine.errors import EventRejected
from processor.engine.interaction import Conversation
from processor.runtime.records import Source, encode_advance, journalled_event
from processor.runtime.topic_log import LogRecord
from schemas.codec import Codec, Datum


class Difference(Struct, frozen=True):
    """A journal record that the engine does not yield again."""

    partition: int
    offset: int
    conversation_id: str
    expected: str
    found: str


class Replayed(Struct, frozen=True):
    """One journal record, and what the engine made of its event this time."""

    record: LogRecord
    datum: Datum
    advance: Advance | None
    difference: Difference | None


class Replay:
    """Applies journal records in order, keeping each conversation's state."""

    def __init__(self, definitions: DefinitionLog, codec: Codec) -> None:
        self._definitions = definitions
        self._codec = codec
        self._states: dict[str, bytes] = {}
        self._unknown: set[str] = set()
        """Conversations whose beginning the journal no longer holds."""

    def run(self, records: Iterable[LogRecord]) -> Iterable[Replayed]:
        """Yield each record with what the engine makes of it.

        Raises UndecodableRecord where the journal holds what is none of ours.
        """
        for record in records:
            _, datum = self._codec.decode(record.value)
            yield self._apply(record, datum)

    @property
    def incomplete(self) -> int:
        """Conversations that could not be replayed, because the journal no longer holds their beginning."""
        return len(self._unknown)

    def _apply(self, record: LogRecord, datum: Datum) -> Replayed:
        conversation_id = datum["conversation_id"]
        payload = self._states.get(conversation_id)
        conversation = state_codec.decode(payload) if payload is not None else None
        before = datum["sequence"] - (datum["state_digest"] is not None)
        if conversation_id in self._unknown or (conversation is None and before > 0):
            self._unknown.add(conversation_id)
            return Replayed(record, datum, None, None)
        try:
            advanced = self._again(conversation_id, conversation, datum)
        except EventRejected as refused:
            return Replayed(record, datum, None, self._difference(record, datum, datum["disposition"], f"refused, {refused}"))
        if advanced.payload is not None:
            self._states[conversation_id] = advanced.payload
        source = Source(**datum["source"])
        # What may differ is the engine's version: everything else must be the same bytes.
        encoded = encode_advance(advanced, datum["at"], source, datum["definitions_offset"], self._codec, engine=datum["engine"])
        if encoded.journal == record.value:
            return Replayed(record, datum, advanced, None)
        _, again = self._codec.decode(encoded.journal)
        expected, found = _first_difference(datum, again)
        return Replayed(record, datum, advanced, self._difference(record, datum, expected, found))

    def _again(self, conversation_id: str, conversation: Conversation | None, datum: Datum) -> Advance:
        event = journalled_event(datum)
        if datum["disposition"] == "quarantined":
            return quarantine(conversation_id, conversation, event, datum["note"])
        return advance(conversation_id, conversation, event, self._definitions.at(datum["definitions_offset"]))

    def _difference(self, record: LogRecord, datum: Datum, expected: str, found: str) -> Difference:
        return Difference(record.partition, record.offset, datum["conversation_id"], expected, found)


def _first_difference(expected: object, found: object, path: str = "") -> tuple[str, str]:
    """Return where two decoded records differ first, and what stands there in each."""
    match expected, found:
        case dict(), dict():
            pairs = [(f"{path}.{name}".lstrip("."), expected[name], found.get(name)) for name in expected]
        case (list() | tuple(), list() | tuple()) if len(expected) == len(found):
            pairs = [(f"{path}[{index}]", one, other) for index, (one, other) in enumerate(zip(expected, found, strict=True))]
        case _:
            return f"{path} {expected!r}", f"{found!r}"
    return next(
        (_first_difference(one, other, where) for where, one, other in pairs if one != other), (f"{path} {expected!r}", f"{found!r}")
    )
