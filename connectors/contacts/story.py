"""What the journal tells of customers: that an interaction began, and which agent wrote."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from connectors.framework.customers import customer_key
from schemas.codec import Codec, Datum, UndecodableRecord

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Record:
    """A record of the journal as it was read."""

    offset: int
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Began:
    """An interaction of a customer began."""

    offset: int
    customer: str
    conversation: str
    interaction: str
    at: int
    """Log time, epoch ms."""


@dataclass(frozen=True, slots=True)
class AgentWrote:
    """An agent wrote in a conversation."""

    offset: int
    conversation: str
    agent: str
    at: int
    """Log time, epoch ms."""


Told = Began | AgentWrote


@dataclass(frozen=True, slots=True)
class Story:
    """What a stretch of a partition tells."""

    partition: int
    first: int
    end: int
    """Everything that the partition holds from `first` up to, not including, `end` is told."""
    told: Sequence[Told]
    began_at: int | None
    """Log time of its first record, epoch ms; None where it has none."""
    lost_until: int | None = None
    """Where the journal's beginning is gone: the time up to which contacts may be missing."""


class Reading:
    """Decodes the journal."""

    def __init__(self, codec: Codec, secret: str) -> None:
        """Prepare; `secret` is the deployment's, by which customers are named."""
        self._codec = codec
        self._secret = secret

    def story(self, partition: int, first: int, end: int, records: Iterable[Record], lost_until: int | None = None) -> Story:
        """Return what a stretch tells. A record that cannot be read is passed over: it is the worker's to say what is wrong with it."""
        told: list[Told] = []
        began_at = None
        for record in records:
            try:
                name, datum = self._codec.decode(record.value)
            except UndecodableRecord as error:
                logger.warning("journal partition %d offset %d is passed over: %s", partition, record.offset, error)
                continue
            if name != "journal_record":
                logger.warning("journal partition %d offset %d is passed over: a %s", partition, record.offset, name)
                continue
            began_at = datum["at"] if began_at is None else began_at
            try:
                event = self._event(record.offset, datum)
            except ValueError as error:  # nobody can be named after an address that is empty
                logger.warning("journal partition %d offset %d tells of no customer: %s", partition, record.offset, error)
                continue
            if event is not None:
                told.append(event)
        return Story(partition, first, end, told, began_at, lost_until)

    def _event(self, offset: int, datum: Datum) -> Told | None:
        name, event = datum["event"]
        match name.rpartition(".")[2]:
            case "MessageReceived" if datum["opened"]:
                customer = customer_key(event["channel"], event["account"], event["address"], key=self._secret)
                return Began(offset, customer, datum["conversation_id"], datum["interaction_id"], datum["at"])
            case "AgentWrote" if datum["disposition"] == "applied":
                return AgentWrote(offset, datum["conversation_id"], event["agent"], datum["at"])
        return None
