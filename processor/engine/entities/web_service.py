"""Web services (§ 8.1)."""

from typing import Literal

from pydantic import Field

from processor.engine.entities.entity import Entity, Part
from processor.engine.field_types import FieldType


class Input(Part):
    """One declared input of a web service."""

    type: Literal["text", "number", "boolean"] = "text"
    place: Literal["path", "query", "header", "body"] = "body"
    required: bool = True


class Output(Part):
    """One declared result of a web service."""

    path: str = Field(description="Where to find it in the JSON body.")
    language: Literal["jsonpath", "jmespath"] = Field(default="jsonpath", description="RFC 9535 or JMESPath.")
    type: FieldType = "text"


class WebService(Entity):
    """An HTTP service that flows may call."""

    entity_kind = "web_service"

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    url: str = Field(pattern=r"^https?://", description="Address; `{name}` stands for an input with place `path`.")
    headers: dict[str, str] = Field(default_factory=dict, description="Fixed headers; never a secret.")
    inputs: dict[str, Input] = Field(default_factory=dict)
    outputs: dict[str, Output] = Field(default_factory=dict)
