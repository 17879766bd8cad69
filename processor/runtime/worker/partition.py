"""One partition: its store, and how an input record becomes state, commands and journal. Knows nothing of actions, and little of Kafka."""

import logging
import traceback
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from processor.engine import codec as state_codec
from processor.engine.advance import Advance, advance, overdue, quarantine
from processor.engine.definitions import Definitions
from processor.engine.errors import EventRejected
from processor.engine.events import ExternalEvent, Ticked
from processor.engine.interaction import Conversation
from processor.runtime.engine_version import ENGINE_VERSION
from processor.runtime.records import Source, encode_advance, encode_state, event_of
from processor.runtime.worker.context import WorkerContext
from processor.runtime.worker.outputs import Output
from processor.state.positions import Positions
from processor.state.store import Change, PartitionStore
from schemas.codec import UndecodableRecord
from schemas.topics import COMMAND_FAMILIES, partition_of

log = logging.getLogger(__name__)

POSITIONS_KEY = b"positions"
LATEST_TIME_MS = 253_402_300_799_000
"""Year 9999, the last that calendars here know."""

WAITING_FOR_DEFINITIONS = frozenset({"no_entry_point", "no_production_version"})


class InputRecord(Struct, frozen=True):
    """A record of an input topic as it was read."""

    topic: str
    """Without prefix."""

    partition: int
    offset: int
    at: int
    """Log time, epoch ms; negative where the record has none."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class Partition:
    """A partition's state while this worker owns it."""

    def __init__(self, number: int, folder: Path, context: WorkerContext) -> None:
        self.number = number
        self.store = PartitionStore(folder)
        self.reached = self.store.positions
        """Positions as of the batch in the making."""
        self.horizon = 0
        """Log time up to which ticks have come, epoch ms; deadlines before it are due."""
        self.due_pending = False
        """Whether deadlines before the horizon may be left."""
        self._partitions = context.deployment.partitions
        self._topics = topics = context.deployment.topics
        self._journal = topics.journal
        self._commands = {family: topics.commands(family) for family in COMMAND_FAMILIES}
        self._codec = context.codec
        self._counts = context.metrics.counts
        self._most_cached = context.settings.cached_conversations
        self._conversations: dict[str, Conversation | None] = {}
        self._due_in_store: dict[str, int | None] = {}
        """Deadline that the store's index has for each conversation changed in this batch."""
        self._payloads: dict[str, bytes] = {}
        self._obsolete: list[tuple[int, str]] = []
        self._outputs: list[Output] = []

    def apply(self, record: InputRecord, definitions: Callable[[], Definitions], refresh: Callable[[], Definitions]) -> None:
        """Apply one input record: what follows is added to the batch.

        `definitions` gives those known, `refresh` those up to the topic's end: asked before a message is refused for want of one.
        """
        self._move(record)
        try:
            self._check(record)
            event = event_of(record.topic, record.value, record.at, self._codec)
        except (UndecodableRecord, EventRejected) as refused:
            self._bury(record, refused.reason, refused.detail)
            return
        if isinstance(event, Ticked):
            self.horizon = max(self.horizon, event.at)
            self.due_pending = True
            return
        assert record.key is not None, "checked above"
        conversation_id = record.key.decode()
        source = Source(record.topic, record.partition, record.offset)
        try:
            overtaken = overdue(self._load(conversation_id), event)
            if overtaken is not None:
                self._advance(conversation_id, overtaken, source, definitions())
            try:
                self._advance(conversation_id, event, source, definitions())
            except EventRejected as refused:
                if refused.reason not in WAITING_FOR_DEFINITIONS:
                    raise
                self._advance(conversation_id, event, source, refresh())
        except EventRejected as refused:
            self._bury(record, refused.reason, refused.detail, conversation_id)
        except Exception as fault:  # noqa: BLE001 - whatever the engine trips over stops one interaction at most
            self._quarantine(record, event, source, definitions(), fault)

    def fire(self, definitions: Definitions, limit: int) -> int:
        """Fire deadlines that the ticks have passed, earliest first, at most so many; returns how many were looked at."""
        if not self.due_pending:
            return 0
        looked_at = 0
        source = Source("ticks", self.number, self.reached.ticks - 1)
        for due_at, conversation_id in self.store.due_before(self.horizon):
            if looked_at >= limit:
                return looked_at
            looked_at += 1
            conversation = self._load(conversation_id)
            if conversation is None or conversation.due_at != due_at:
                # The index in the store lags behind this batch, or holds what a restore could not take out.
                if conversation_id not in self._payloads:
                    self._obsolete.append((due_at, conversation_id))
                continue
            event = Ticked(self.horizon)
            try:
                self._advance(conversation_id, event, source, definitions)
            except Exception as fault:  # noqa: BLE001 - whatever the engine trips over stops one interaction at most
                record = InputRecord("ticks", self.number, source.offset, self.horizon, conversation_id.encode(), None)
                self._quarantine(record, event, source, definitions, fault)
        self.due_pending = False
        return looked_at

    def has_due(self, at: int) -> bool:
        """Tell whether a deadline lies before a time (epoch ms)."""
        return next(self.store.due_before(at), None) is not None

    def take_outputs(self) -> list[Output]:
        """Return what was added to the batch since the last call: journal, commands, dead letters. None of them is sent twice."""
        outputs, self._outputs = self._outputs, []
        return outputs

    def changelog(self) -> list[Output]:
        """Return the batch's records for the changelog: what each conversation has come to, and the positions last."""
        reached = self.reached
        positions = {
            "inbound": reached.inbound,
            "ticks": reached.ticks,
            "responses": reached.responses,
            "journal_sequence": reached.journal_sequence,
        }
        topic = self._topics.state
        return [
            *(
                Output(topic, conversation_id.encode(), encode_state(payload, self._codec), self.number)
                for conversation_id, payload in self._payloads.items()
            ),
            Output(topic, POSITIONS_KEY, self._codec.encode("positions", positions), self.number),
        ]

    def committed(self, changelog: int) -> None:
        """Write the batch, which the log holds now, to the local store; `changelog` is the next offset after its positions."""
        self.reached = Positions(self.reached.inbound, self.reached.ticks, self.reached.responses, self.reached.journal_sequence, changelog)
        changes = []
        for conversation_id, payload in self._payloads.items():
            conversation = self._conversations[conversation_id]
            assert conversation is not None, "what has a record is known"
            changes.append(Change(conversation_id, payload, self._due_in_store[conversation_id], conversation.due_at))
        self.store.commit(changes, self.reached, self._obsolete)
        self._payloads.clear()
        self._due_in_store.clear()
        self._obsolete.clear()
        if len(self._conversations) > self._most_cached:
            self._conversations.clear()

    def close(self) -> None:
        """Give the store free."""
        self.store.close()

    def _move(self, record: InputRecord) -> None:
        reached, following = self.reached, record.offset + 1
        match record.topic:
            case "inbound":
                self.reached = Positions(following, reached.ticks, reached.responses, reached.journal_sequence, reached.changelog)
            case "ticks":
                self.reached = Positions(reached.inbound, following, reached.responses, reached.journal_sequence, reached.changelog)
            case _:
                self.reached = Positions(reached.inbound, reached.ticks, following, reached.journal_sequence, reached.changelog)

    def _check(self, record: InputRecord) -> None:
        """Raises EventRejected where a record stands wrongly on its topic."""
        if not 0 <= record.at <= LATEST_TIME_MS:
            raise EventRejected("bad_time", f"expected a log time from 1970 to 9999; found {record.at} ms")
        if record.topic == "ticks":
            return
        if record.key is None:
            raise EventRejected("no_key", "expected the conversation's id as key; found none")
        try:
            conversation_id = record.key.decode()
        except UnicodeDecodeError:
            raise EventRejected("bad_key", f"expected the conversation's id as key; found {record.key[:40].hex()}") from None
        if conversation_id in self._conversations:
            return
        if not 0 < len(record.key) <= 200 or record.key == POSITIONS_KEY or not conversation_id.isprintable():
            raise EventRejected("bad_key", f"expected the conversation's id as key; found {record.key[:40]!r}")
        wanted = partition_of(record.key, self._partitions)
        if wanted != self.number:
            raise EventRejected("wrong_partition", f"expected partition {wanted}, where murmur2 puts this key; found {self.number}")

    def _load(self, conversation_id: str) -> Conversation | None:
        try:
            return self._conversations[conversation_id]
        except KeyError:
            payload = self.store.get(conversation_id)
            conversation = self._conversations[conversation_id] = state_codec.decode(payload) if payload is not None else None
            return conversation

    def _advance(self, conversation_id: str, event: ExternalEvent, source: Source, definitions: Definitions) -> None:
        advanced = advance(conversation_id, self._load(conversation_id), event, definitions)
        self._record(conversation_id, advanced, event, source, definitions)

    def _record(self, conversation_id: str, advanced: Advance, event: ExternalEvent, source: Source, definitions: Definitions) -> None:
        encoded = encode_advance(advanced, event.at, source, definitions.offset, self._codec)
        key = conversation_id.encode()
        self._outputs.append(Output(self._journal, key, encoded.journal, self.number))
        for command in encoded.commands:
            self._outputs.append(Output(self._commands[command.family], key, command.value))
        reached = self.reached
        self.reached = Positions(reached.inbound, reached.ticks, reached.responses, reached.journal_sequence + 1, reached.changelog)
        if advanced.payload is not None:
            if conversation_id not in self._payloads:
                before = self._conversations[conversation_id]
                self._due_in_store[conversation_id] = before.due_at if before is not None else None
            self._conversations[conversation_id] = advanced.conversation
            self._payloads[conversation_id] = advanced.payload
        counts = self._counts
        counts.dispositions[advanced.disposition] = counts.dispositions.get(advanced.disposition, 0) + 1
        counts.actions += len(advanced.steps)
        counts.commands += len(advanced.commands)

    def _quarantine(self, record: InputRecord, event: ExternalEvent, source: Source, definitions: Definitions, fault: Exception) -> None:
        """Ours: keep the interaction as it is, mark it, keep the event, and go on with the partition."""
        assert record.key is not None, "checked when it was read"
        conversation_id = record.key.decode()
        log.error("conversation %s is quarantined", conversation_id, exc_info=fault)
        self._counts.quarantined += 1
        where = traceback.extract_tb(fault.__traceback__)[-1]
        reason = f"{type(fault).__name__}: {str(fault)[:500]} ({Path(where.filename).name}:{where.lineno})"
        marked = quarantine(conversation_id, self._load(conversation_id), event, reason)
        self._record(conversation_id, marked, event, source, definitions)
        self._bury(record, "engine_fault", reason, conversation_id)

    def _bury(self, record: InputRecord, reason: str, detail: str, conversation_id: str | None = None) -> None:
        """Add a dead letter: the record whole, its coordinates, and why."""
        self._counts.dead_letters[reason] = self._counts.dead_letters.get(reason, 0) + 1
        value = self._codec.encode(
            "dead_letter",
            {
                "topic": record.topic,
                "partition": record.partition,
                "offset": record.offset,
                "timestamp": record.at,
                "key": record.key,
                "value": record.value,
                "headers": [{"name": name, "value": content} for name, content in record.headers],
                "reason": reason,
                "detail": detail[:2000],
                "conversation_id": conversation_id,
                "engine": ENGINE_VERSION,
            },
        )
        self._outputs.append(Output(self._topics.dead_letters, record.key or b"", value, self.number))
