"""The topics as data: their names, how many partitions they have and how Kafka keeps them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

COMMAND_FAMILIES = (
    "messaging",
    "email",
    "sms",
    "acd",
    "cases",
    "crm",
    "tasks",
    "databases",
    "web_service",
    "campaigns",
    "surveys",
    "billing",
    "contacts",
)
"""The families of commands, each with a topic and a connector of its own."""

LARGEST_INPUT_BYTES = 1_048_588
"""The largest record of most topics: 1 MiB and its framing, Kafka's own default said aloud."""

LARGEST_RECORD_BYTES = 4 * 1_048_576
"""The largest record of `journal`, `definitions` and `dead-letters`; their producers must allow as much (`message.max.bytes`)."""

_SECOND = 1_000
_DAY = 24 * 60 * 60 * _SECOND
_FOR_GOOD = "-1"

# An outage of a week loses nothing that came in, and an interaction lives for 72 hours without an event.
_WEEK_OF_INPUTS = {"cleanup.policy": "delete", "retention.ms": str(7 * _DAY), "max.message.bytes": str(LARGEST_INPUT_BYTES)}
# Only closed segments are deleted: a command is gone a day after its week at most, before connectors forget that they have executed it.
_COMMANDS = {**_WEEK_OF_INPUTS, "segment.ms": str(_DAY)}
# Time is the broker's when it logs an input: a gateway's wrong clock moves no deadline.
_TIMED_BY_THE_BROKER = {**_WEEK_OF_INPUTS, "message.timestamp.type": "LogAppendTime"}
# The journal carries the event that was applied in whole, up to the largest input, beside its steps and commands.
_JOURNAL = {"cleanup.policy": "delete", "retention.ms": str(365 * _DAY), "max.message.bytes": str(LARGEST_RECORD_BYTES)}
# The journal names definitions by their offsets: none may ever go, whatever the broker's defaults.
_DEFINITIONS = {
    "cleanup.policy": "delete",
    "retention.ms": _FOR_GOOD,
    "retention.bytes": _FOR_GOOD,
    "max.message.bytes": str(LARGEST_RECORD_BYTES),
}
_STATE = {
    "cleanup.policy": "compact",
    "max.message.bytes": str(LARGEST_INPUT_BYTES),
    # Only closed segments are compacted: small ones keep what a restore reads close to what is alive.
    "segment.bytes": str(64 * 1_048_576),
    "segment.ms": str(_DAY),
    "min.cleanable.dirty.ratio": "0.2",
    # A worker that follows the changelog closely reads every write of the last minute; what has been deleted is gone within two days.
    "min.compaction.lag.ms": str(60 * _SECOND),
    "max.compaction.lag.ms": str(_DAY),
    # A local store that comes back within a week still finds the deletions it missed; an older one must be rebuilt.
    "delete.retention.ms": str(7 * _DAY),
}
_DEAD_LETTERS = {"cleanup.policy": "delete", "retention.ms": str(30 * _DAY), "max.message.bytes": str(LARGEST_RECORD_BYTES)}

_MULTIPLIER = 0x5BD1E995
_SEED = 0x9747B28C
_32_BITS = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """One topic: its full name, its number of partitions and its configuration in Kafka's own words and units."""

    name: str
    partitions: int
    config: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Topics:
    """The full names of a deployment's topics. They share a prefix, so that deployments can share a cluster."""

    prefix: str = "sr."

    @property
    def inbound(self) -> str:
        """What customers write, from the gateways."""
        return f"{self.prefix}inbound"

    @property
    def ticks(self) -> str:
        """The passing of time, a record a second and partition."""
        return f"{self.prefix}ticks"

    @property
    def responses(self) -> str:
        """What connectors answer to commands."""
        return f"{self.prefix}responses"

    @property
    def journal(self) -> str:
        """What was applied, in order."""
        return f"{self.prefix}journal"

    @property
    def definitions(self) -> str:
        """Flows and the reference data that they name, kept for good, in one order for all."""
        return f"{self.prefix}definitions"

    @property
    def state(self) -> str:
        """The changelog of interactions, from which a worker's local store is rebuilt."""
        return f"{self.prefix}state"

    @property
    def dead_letters(self) -> str:
        """What could not be decoded or applied, with its bytes, coordinates and reason."""
        return f"{self.prefix}dead-letters"

    def commands(self, family: str) -> str:
        """Requests to the connectors of one family.

        Raises:
            ValueError: there is no such family.
        """
        if family not in COMMAND_FAMILIES:
            raise ValueError(f"command family: expected one of {', '.join(COMMAND_FAMILIES)}, found {family!r}")
        return f"{self.prefix}commands.{family}"

    @property
    def inputs(self) -> tuple[str, str, str]:
        """The topics that a worker applies, whose partitions of one number belong together with that of `state`."""
        return (self.inbound, self.ticks, self.responses)

    def specs(self, partitions: int) -> tuple[TopicSpec, ...]:
        """Every topic of a deployment whose conversations are spread over that many partitions."""
        commands = (TopicSpec(self.commands(family), partitions, MappingProxyType(_COMMANDS)) for family in COMMAND_FAMILIES)
        return (
            *(TopicSpec(name, partitions, MappingProxyType(_TIMED_BY_THE_BROKER)) for name in self.inputs),
            *commands,
            TopicSpec(self.journal, partitions, MappingProxyType(_JOURNAL)),
            TopicSpec(self.definitions, 1, MappingProxyType(_DEFINITIONS)),
            TopicSpec(self.state, partitions, MappingProxyType(_STATE)),
            TopicSpec(self.dead_letters, partitions, MappingProxyType(_DEAD_LETTERS)),
        )


def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a key among that many: murmur2 as Kafka's Java clients use it (`Utils.murmur2`, `toPositive`).

    librdkafka calls the same `murmur2_random`, aiokafka has it as its default.
    """
    return (_murmur2(key) & 0x7FFFFFFF) % partitions


def _murmur2(data: bytes) -> int:
    """The 32-bit MurmurHash 2 of Austin Appleby, with the seed that Kafka uses."""
    length = len(data)
    words_end = length & ~3
    digest = _SEED ^ length
    for at in range(0, words_end, 4):
        word = int.from_bytes(data[at : at + 4], "little") * _MULTIPLIER & _32_BITS
        word = (word ^ word >> 24) * _MULTIPLIER & _32_BITS
        digest = (digest * _MULTIPLIER & _32_BITS) ^ word
    if words_end < length:
        digest = (digest ^ int.from_bytes(data[words_end:], "little")) * _MULTIPLIER & _32_BITS
    digest = (digest ^ digest >> 13) * _MULTIPLIER & _32_BITS
    return digest ^ digest >> 15
