"""What an action can ask a connector to do: requests, imperative. `schemas/avro/*_command.avsc` documents each field."""

from typing import ClassVar

from msgspec import Struct


class ChannelLimits(Struct, frozen=True):
    """What a channel can render."""

    buttons: int
    button_length: int
    list_items: int
    list_item_length: int


class Choice(Struct, frozen=True):
    """One choice of a message."""

    id: str
    text: str


class SendMessage(Struct, frozen=True):
    """Send one text message to the customer."""

    family: ClassVar[str] = "messaging"
    text: str


class SendChoices(Struct, frozen=True):
    """Send a message with choices to the customer."""

    family: ClassVar[str] = "messaging"
    text: str
    choices: tuple[Choice, ...]
    limits: ChannelLimits
    template: str | None = None


class CheckImage(Struct, frozen=True):
    """Find out whether an address holds an image that the channel allows."""

    family: ClassVar[str] = "messaging"
    url: str


class WebServiceInput(Struct, frozen=True):
    """One input of a web service call."""

    name: str
    place: str
    type: str
    value: str


class WebServiceOutput(Struct, frozen=True):
    """One result to read from a web service's answer."""

    name: str
    language: str
    path: str
    type: str


class CallWebService(Struct, frozen=True):
    """Call an HTTP service."""

    family: ClassVar[str] = "web_service"
    service: str
    method: str
    url: str
    headers: dict[str, str]
    inputs: tuple[WebServiceInput, ...]
    outputs: tuple[WebServiceOutput, ...]
    timeout_ms: int


CommandBody = SendMessage | SendChoices | CheckImage | CallWebService


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
