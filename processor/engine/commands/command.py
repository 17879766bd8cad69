"""A request to a connector."""

from typing import ClassVar

from msgspec import Struct


class CommandBody(Struct, frozen=True):
    """What to do. `schemas/avro/<family>_command.avsc` has a record of the same name that documents each field."""

    family: ClassVar[str]
    """Family of connectors that execute it, and the topic that it goes to."""


class Command(Struct, frozen=True):
    """A body with its derived id and where it came from."""

    command_id: str
    conversation_id: str
    interaction_id: str
    flow: str
    flow_version: int
    action: str
    issued_at: int
    deadline: int | None
    channel: str
    account: str
    address: str
    body: CommandBody
