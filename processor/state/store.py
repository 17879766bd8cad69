"""The local store of one partition: conversations, the index of their deadlines, and how far both have come."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct
from rocksdict import Options, Rdict, WriteBatch

from processor.engine import codec
from processor.state import positions
from processor.state.positions import Positions

_CONVERSATION = b"c"
_DEADLINE = b"t"
_POSITIONS = b"p"
_TIME_BYTES = 8


class Change(Struct, frozen=True):
    """A conversation's new record, and how its deadline moves in the index."""

    conversation_id: str
    payload: bytes
    was_due_at: int | None
    due_at: int | None


class StoreUnusable(RuntimeError):
    """The local folder cannot be opened: another process holds it, or it is not ours."""


class PartitionStore:
    """RocksDB tables of one partition. One writer; every batch is one write, positions included."""

    def __init__(self, folder: Path) -> None:
        """Open or create the tables.

        Raises StoreUnusable.
        """
        folder.mkdir(parents=True, exist_ok=True)
        options = Options(raw_mode=True)
        options.create_if_missing(True)
        try:
            self._tables = Rdict(str(folder), options)
        except Exception as error:  # rocksdict raises plain Exception for whatever RocksDB says
            raise StoreUnusable(f"{folder}: expected a state folder that no other worker has open; found: {error}") from error
        found = self._tables.get(_POSITIONS)
        self.positions = positions.decode(found) if found is not None else Positions()

    def get(self, conversation_id: str) -> bytes | None:
        """Return a conversation's record."""
        found: bytes | None = self._tables.get(_CONVERSATION + conversation_id.encode())
        return found

    def due_before(self, at: int) -> Iterator[tuple[int, str]]:
        """Yield (deadline, conversation) of the index in order of deadlines, those before a time (epoch ms). Entries may be out of date."""
        entries = self._tables.iter()
        entries.seek(_DEADLINE)
        while entries.valid():
            key = entries.key()
            if key[:1] != _DEADLINE:
                return
            due_at = int.from_bytes(key[1 : 1 + _TIME_BYTES], "big")
            if due_at >= at:
                return
            yield due_at, key[1 + _TIME_BYTES :].decode()
            entries.next()

    def commit(self, changes: Iterable[Change], reached: Positions, obsolete: Iterable[tuple[int, str]] = ()) -> None:
        """Write a batch that the log holds already: records, index and positions at once."""
        batch = WriteBatch(raw_mode=True)
        for due_at, conversation_id in obsolete:
            batch.delete(_deadline_key(due_at, conversation_id))
        for change in changes:
            batch.put(_CONVERSATION + change.conversation_id.encode(), change.payload)
            if change.was_due_at != change.due_at:
                if change.was_due_at is not None:
                    batch.delete(_deadline_key(change.was_due_at, change.conversation_id))
                if change.due_at is not None:
                    batch.put(_deadline_key(change.due_at, change.conversation_id), b"")
        batch.put(_POSITIONS, positions.encode(reached))
        self._tables.write(batch)
        self.positions = reached

    def restore(self, payloads: dict[str, bytes], reached: Positions) -> None:
        """Write records read from the changelog; the index follows from them."""
        changes = []
        for conversation_id, payload in payloads.items():
            old = self.get(conversation_id)
            was_due_at = codec.decode(old).due_at if old is not None else None
            changes.append(Change(conversation_id, payload, was_due_at, codec.decode(payload).due_at))
        self.commit(changes, reached)

    def conversations(self) -> Iterator[tuple[str, bytes]]:
        """Yield every conversation's id and record, in order of ids."""
        entries = self._tables.iter()
        entries.seek(_CONVERSATION)
        while entries.valid() and entries.key()[:1] == _CONVERSATION:
            yield entries.key()[1:].decode(), entries.value()
            entries.next()

    def close(self) -> None:
        """Give the folder free."""
        self._tables.close()


def _deadline_key(due_at: int, conversation_id: str) -> bytes:
    return _DEADLINE + due_at.to_bytes(_TIME_BYTES, "big") + conversation_id.encode()
