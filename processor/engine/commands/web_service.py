"""Commands to the web service connector (§ 8.1)."""

from msgspec import Struct

from processor.engine.commands.command import CommandBody


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


class CallWebService(CommandBody, frozen=True):
    """Call an HTTP service."""

    family = "web_service"
    service: str
    method: str
    url: str
    headers: dict[str, str]
    body_format: str
    body_root: str
    inputs: tuple[WebServiceInput, ...]
    outputs: tuple[WebServiceOutput, ...]
    timeout_ms: int
