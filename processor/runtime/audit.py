"""The audit: what went in, what was applied and what came out, held against each other."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct

from processor.engine.hashing import fingerprint
from processor.engine.limits import MESSAGE_IDS
from processor.runtime.topic_log import LogRecord
from schemas.codec import Codec, Datum, UndecodableRecord

Kind = Literal["lost", "doubled", "out_of_order", "mismatched"]

POSITIONS_KEY = b"positions"


class Finding(Struct, frozen=True):
    """One thing that must not be."""

    kind: Kind
    what: str


class Report(Struct, frozen=True):
    """What the audit saw."""

    findings: tuple[Finding, ...]
    inputs: int
    pending_inputs: int
    """Inputs that no worker has come to yet."""
    journal_records: int
    steps: int
    commands: int
    pending_commands: int
    """Commands that no connector has answered yet."""
    responses: int
    dead_letters: int
    duplicates: int
    """Messages delivered again and recognised."""

    def count(self, kind: Kind) -> int:
        """Return how many findings there are of a kind."""
        return sum(finding.kind == kind for finding in self.findings)


class Topics(Struct, frozen=True):
    """The records to audit, each topic's in the order of its partitions."""

    inbound: Iterable[LogRecord]
    responses: Iterable[LogRecord]
    journal: Iterable[LogRecord]
    dead_letters: Iterable[LogRecord]
    state: Iterable[LogRecord]
    commands: Mapping[str, Iterable[LogRecord]]
    """By family."""


class _Applied:
    """What the journal says."""

    def __init__(self) -> None:
        self.sources: Counter[tuple[str, int, int]] = Counter()
        self.quarantined: set[tuple[str, int, int]] = set()
        self.commands: dict[str, tuple[str, str]] = {}
        """command id → family, digest"""
        self.command_order: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        """conversation and family → command ids in order"""
        self.sequences: dict[str, int] = {}
        self.digests: dict[str, str] = {}
        self.steps: dict[str, int] = {}
        self.answered: Counter[str] = Counter()
        self.messages: defaultdict[str, list[str]] = defaultdict(list)
        self.newest_source: dict[tuple[str, str], int] = {}
        self.records = self.step_count = self.duplicates = 0


def audit(topics: Topics, codec: Codec) -> Report:
    """Read everything and return what does not fit."""
    findings: list[Finding] = []
    applied = _read_journal(topics.journal, codec, findings)
    buried, dead_letters = _read_dead_letters(topics.dead_letters, codec)
    positions = _read_state(topics.state, codec, applied, findings)
    inputs = pending_inputs = 0
    answers: Counter[str] = Counter()
    for topic, records in (("inbound", topics.inbound), ("responses", topics.responses)):
        for record in records:
            inputs += 1
            source = (topic, record.partition, record.offset)
            if topic == "responses":
                _count_answer(record, codec, answers)
            if record.offset >= positions.get((topic, record.partition), 0):
                pending_inputs += 1
                continue
            _check_input(source, applied, buried, findings)
    commands = _check_commands(topics.commands, codec, applied, findings)
    return Report(
        tuple(findings),
        inputs,
        pending_inputs,
        applied.records,
        applied.step_count,
        commands,
        sum(command_id not in answers for command_id in applied.commands),
        answers.total(),
        dead_letters,
        applied.duplicates,
    )


def _read_journal(records: Iterable[LogRecord], codec: Codec, findings: list[Finding]) -> _Applied:
    applied = _Applied()
    for record in records:
        try:
            _, datum = codec.decode(record.value)
        except UndecodableRecord as error:
            findings.append(Finding("lost", f"journal {record.partition} offset {record.offset}: {error}"))
            continue
        applied.records += 1
        _read_source(datum, applied, findings)
        _read_sequence(datum, applied, findings)
        _read_steps(datum, applied, findings)
    for conversation_id, message_ids in applied.messages.items():
        newest: dict[str, int] = {}
        for index, message_id in enumerate(message_ids):
            if index - newest.get(message_id, -MESSAGE_IDS - 1) <= MESSAGE_IDS:
                findings.append(Finding("doubled", f"conversation {conversation_id}: message {message_id} was applied again"))
            newest[message_id] = index
    findings.extend(
        Finding("doubled", f"the answer to {command_id} took effect {count} times")
        for command_id, count in applied.answered.items()
        if count > 1
    )
    return applied


def _read_source(datum: Datum, applied: _Applied, findings: list[Finding]) -> None:
    conversation_id, event = datum["conversation_id"], datum["event"][0].rpartition(".")[2]
    if event == "Ticked":
        return  # one tick fires many deadlines, and a message may bring its own
    at = datum["source"]
    source = (at["topic"], at["partition"], at["offset"])
    applied.sources[source] += 1
    if datum["disposition"] == "quarantined":
        applied.quarantined.add(source)
        return
    key = (conversation_id, at["topic"])
    if at["offset"] < applied.newest_source.get(key, -1):
        findings.append(
            Finding("out_of_order", f"conversation {conversation_id}: {source} was applied after offset {applied.newest_source[key]}")
        )
    applied.newest_source[key] = at["offset"]
    if event == "MessageReceived":
        if datum["disposition"] == "duplicate":
            applied.duplicates += 1
        else:
            applied.messages[conversation_id].append(datum["event"][1]["message_id"])
    elif event == "ResponseReceived" and datum["disposition"] == "applied":
        applied.answered[datum["event"][1]["command_id"]] += 1


def _read_sequence(datum: Datum, applied: _Applied, findings: list[Finding]) -> None:
    """Every record that changes a conversation's state has the next number."""
    conversation_id, sequence = datum["conversation_id"], datum["sequence"]
    if datum["state_digest"] is None:
        return
    expected = applied.sequences.get(conversation_id, 0) + 1
    if sequence != expected:
        kind: Kind = "lost" if sequence > expected else "doubled"
        findings.append(Finding(kind, f"conversation {conversation_id}: expected change {expected} in the journal, found {sequence}"))
    applied.sequences[conversation_id] = sequence
    applied.digests[conversation_id] = datum["state_digest"]


def _read_steps(datum: Datum, applied: _Applied, findings: list[Finding]) -> None:
    interaction_id = datum["interaction_id"]
    for step in datum["steps"]:
        applied.step_count += 1
        expected = applied.steps.get(interaction_id, 0) + 1
        if step["step"] != expected:
            kind: Kind = "lost" if step["step"] > expected else "doubled"
            findings.append(Finding(kind, f"interaction {interaction_id}: expected step {expected}, found {step['step']}"))
        applied.steps[interaction_id] = step["step"]
        for command in step["commands"]:
            command_id = command["command_id"]
            if command_id in applied.commands:
                findings.append(Finding("doubled", f"command {command_id} is in the journal twice"))
            applied.commands[command_id] = (command["family"], command["digest"])
            applied.command_order[datum["conversation_id"], command["family"]].append(command_id)


def _read_dead_letters(records: Iterable[LogRecord], codec: Codec) -> tuple[Counter[tuple[str, int, int]], int]:
    buried: Counter[tuple[str, int, int]] = Counter()
    count = 0
    for record in records:
        name, datum = codec.decode(record.value)
        if name == "dead_letter":
            count += 1
            if datum["topic"] in ("inbound", "responses"):
                buried[datum["topic"], datum["partition"], datum["offset"]] += 1
    return buried, count


def _read_state(records: Iterable[LogRecord], codec: Codec, applied: _Applied, findings: list[Finding]) -> dict[tuple[str, int], int]:
    """Return how far each input is applied, and hold the newest states against the journal."""
    positions: dict[tuple[str, int], int] = {}
    newest: dict[bytes, str] = {}
    for record in records:
        _, datum = codec.decode(record.value)
        if record.key == POSITIONS_KEY:
            positions.update({(topic, record.partition): datum[topic] for topic in ("inbound", "responses")})
        elif record.key is not None:
            newest[record.key] = fingerprint(datum["payload"])
    for conversation_id, digest in applied.digests.items():
        found = newest.pop(conversation_id.encode(), None)
        if found is None:
            findings.append(Finding("lost", f"conversation {conversation_id}: its state is not in the changelog"))
        elif found != digest:
            findings.append(Finding("mismatched", f"conversation {conversation_id}: expected state {digest} as journalled, found {found}"))
    findings.extend(Finding("lost", f"conversation {key.decode()}: its state is in the changelog, its journal is not") for key in newest)
    return positions


def _count_answer(record: LogRecord, codec: Codec, answers: Counter[str]) -> None:
    try:
        name, datum = codec.decode(record.value)
    except UndecodableRecord:
        return  # in the dead letters; counted there
    if name == "response":
        answers[datum["command_id"]] += 1


def _check_input(source: tuple[str, int, int], applied: _Applied, buried: Counter[tuple[str, int, int]], findings: list[Finding]) -> None:
    times = applied.sources[source] + buried[source] - (source in applied.quarantined)
    where = f"{source[0]} partition {source[1]} offset {source[2]}"
    if times == 0:
        findings.append(Finding("lost", f"{where} is neither in the journal nor in the dead letters"))
    elif times > 1:
        findings.append(Finding("doubled", f"{where} was applied {times} times"))


def _check_commands(families: Mapping[str, Iterable[LogRecord]], codec: Codec, applied: _Applied, findings: list[Finding]) -> int:
    """Hold the command topics against the journal: each command once, as journalled, in the journal's order."""
    published: set[str] = set()
    count = 0
    for family, records in families.items():
        order: defaultdict[str, list[str]] = defaultdict(list)
        for record in records:
            _, datum = codec.decode(record.value)
            count += 1
            command_id = datum["command_id"]
            journalled = applied.commands.get(command_id)
            if command_id in published:
                findings.append(Finding("doubled", f"command {command_id} is on its topic twice"))
                continue
            published.add(command_id)
            order[datum["conversation_id"]].append(command_id)
            if journalled is None:
                findings.append(Finding("doubled", f"command {command_id} is on its topic, but not in the journal"))
            elif journalled[1] != fingerprint(record.value or b""):
                findings.append(Finding("mismatched", f"command {command_id} is not the one that was journalled"))
        for conversation_id, command_ids in order.items():
            expected = [one for one in applied.command_order.get((conversation_id, family), ()) if one in published]
            if [one for one in command_ids if one in applied.commands] != expected:
                findings.append(
                    Finding("out_of_order", f"conversation {conversation_id}: commands of {family} are not in the journal's order")
                )
    findings.extend(
        Finding("lost", f"command {command_id} is in the journal, but not on its topic")
        for command_id in applied.commands
        if command_id not in published
    )
    return count
