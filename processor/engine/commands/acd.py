"""Commands to the ACD (§ 4.1, 4.3)."""

from msgspec import Struct

from processor.engine.commands.command import CommandBody


class AcdQueue(Struct, frozen=True):
    """A queue as its definition has it when the interaction is distributed."""

    reference: str
    skills: tuple[str, ...]
    maximum_waiting: int | None
    maximum_estimated_wait_sec: int | None
    maximum_wait_sec: int | None


class AcdCustomer(Struct, frozen=True):
    """What an agent sees of the customer before the first word."""

    name: str | None
    locale: str | None
    message: str
    """What the customer wrote last."""


class RelayedMedia(Struct, frozen=True):
    """A file that came with a relayed message."""

    url: str
    mime_type: str
    name: str | None


class DistributeToQueue(CommandBody, frozen=True):
    """Find an agent by a queue, or by the first queue of a group that has one."""

    family = "acd"
    queue_group: str | None
    queues: tuple[AcdQueue, ...]
    prioritize: bool
    customer: AcdCustomer


class DistributeToUser(CommandBody, frozen=True):
    """Offer the interaction to one agent."""

    family = "acd"
    user: str | None
    """None: the agent recorded on the customer."""

    timeout_ms: int
    customer: AcdCustomer


class RelayMessage(CommandBody, frozen=True):
    """Hand over what the customer wrote while the interaction is with the ACD."""

    family = "acd"
    distribution: str
    """Id of the distribution's command."""

    message_id: str
    text: str
    media: tuple[RelayedMedia, ...] = ()
    choice: str | None = None


class CancelDistribution(CommandBody, frozen=True):
    """Take the interaction back: nobody awaits the distribution any more."""

    family = "acd"
    distribution: str
    """Id of the distribution's command."""
