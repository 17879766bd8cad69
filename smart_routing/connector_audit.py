"""The audit of connectors: each command has its answer."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from processor.runtime.audit import Finding
from processor.runtime.topic_log import LogRecord
from schemas.codec import Codec, UndecodableRecord

PROGRESS: Final[Mapping[tuple[str, str], frozenset[str]]] = MappingProxyType(
    {
        ("acd", "DistributeToQueue"): frozenset({"queued", "offered", "accepted"}),
        ("acd", "DistributeToUser"): frozenset({"queued", "offered", "accepted"}),
        ("billing", "RequestAmountPayment"): frozenset({"payment_started"}),
        ("billing", "RequestInvoicePayment"): frozenset({"payment_started"}),
    }
)
"""Commands that are answered as they go → the outcomes that are no end (`acd_command`, `billing_command`). All others have one answer."""

UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Command:
    """What the audit keeps of a command."""

    family: str
    name: str
    conversation_id: str
    interaction_id: str
    channel: str | None
    is_outgoing_interaction: bool = False
    """Of an e-mail or a text: whether it is recorded as one."""


@dataclass(slots=True)
class Answers:
    """What was commanded and what was answered."""

    commands: dict[str, Command] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)
    """command id → outcome of its first response."""

    ends: dict[str, str] = field(default_factory=dict)
    """command id → outcome of the response that was its end."""

    known_since: dict[str, int] = field(default_factory=dict)
    """family → log time, epoch ms, from which on its topic still has all commands; 0: the topic has lost none. None without commands."""

    responses: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def unanswered(self) -> list[str]:
        """Ids of commands without a response."""
        return [command_id for command_id in self.commands if command_id not in self.outcomes]

    @property
    def unknown(self) -> int:
        """How many commands nobody can tell the outcome of."""
        return sum(outcome == UNKNOWN for outcome in self.outcomes.values())


def read_answers(commands: Mapping[str, Iterable[LogRecord]], responses: Iterable[LogRecord], codec: Codec) -> Answers:
    """Hold responses against commands (records by family).

    A command has one answer, or one end where it is answered as it goes, however often that is told; a conversation's commands are
    answered in their order.
    """
    answers = Answers()
    order: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for family, records in commands.items():
        partitions: set[int] = set()
        for record in records:
            if record.partition not in partitions:
                partitions.add(record.partition)
                answers.known_since[family] = max(answers.known_since.get(family, 0), record.at if record.offset else 0)
            try:
                _, datum = codec.decode(record.value)
            except UndecodableRecord:
                continue  # in the dead letters
            name, body = datum["body"]
            command = Command(
                family,
                name.rpartition(".")[2],
                datum["conversation_id"],
                datum["interaction_id"],
                datum.get("channel"),
                body.get("outgoing_interaction", False),
            )
            answers.commands[datum["command_id"]] = command
            order[command.conversation_id, family].append(datum["command_id"])
    ends: dict[str, bytes] = {}
    answered: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for record in responses:
        try:
            name, datum = codec.decode(record.value)
        except UndecodableRecord:
            continue
        answered_command = answers.commands.get(datum["command_id"]) if name == "response" else None
        if answered_command is None:
            continue
        command_id, value = datum["command_id"], record.value or b""
        answers.responses += 1
        if command_id not in answers.outcomes:
            answers.outcomes[command_id] = datum["outcome"]
            answered[answered_command.conversation_id, answered_command.family].append(command_id)
        if datum["outcome"] in PROGRESS.get((answered_command.family, answered_command.name), ()):
            continue
        answers.ends.setdefault(command_id, datum["outcome"])
        if ends.setdefault(command_id, value) != value:
            answers.findings.append(Finding("mismatched", f"command {command_id} has two answers that differ"))
    for key, command_ids in order.items():
        expected = [command_id for command_id in dict.fromkeys(command_ids) if command_id in answers.outcomes]
        if answered[key] != expected:
            answers.findings.append(Finding("out_of_order", f"conversation {key[0]}: commands of {key[1]} are not answered in their order"))
    return answers
