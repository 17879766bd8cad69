"""Web services (§ 8.1)."""

import re
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from processor.engine.entities.entity import Entity, Part
from processor.engine.field_types import FieldType

_XML_NAME: Final = r"[A-Za-z_][A-Za-z0-9_.-]*(:[A-Za-z_][A-Za-z0-9_.-]*)?"
"""A name of XML 1.0 in ASCII, with a prefix or without."""
_XML_PLACE: Final = re.compile(rf"({_XML_NAME}/)*@?{_XML_NAME}")


class Input(Part):
    """One declared input of a web service."""

    type: Literal["text", "number", "boolean"] = "text"
    place: Literal["path", "query", "header", "body"] = "body"
    required: bool = True


class Output(Part):
    """One declared result of a web service."""

    path: str = Field(description="Where to find it in the answer: JSON, or XML read as JSON.")
    language: Literal["jsonpath", "jmespath"] = Field(default="jsonpath", description="RFC 9535 or JMESPath.")
    type: FieldType = "text"


class WebService(Entity):
    """An HTTP service that flows may call."""

    entity_kind = "web_service"

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    url: str = Field(pattern=r"^https?://", description="Address; `{name}` stands for an input with place `path`.")
    headers: dict[str, str] = Field(default_factory=dict, description="Fixed headers; never a secret.")
    body_format: Literal["json", "form", "xml"] = Field(
        default="json",
        description="How inputs with place `body` are sent: as members of a JSON object, as a form (as browsers send it), or as "
        "XML, where `customer/name` is an element in an element and `order/@id` an attribute.",
    )
    body_root: str = Field(default="request", pattern=rf"^{_XML_NAME}$", description="Name of the outermost element of a body in XML.")
    inputs: dict[str, Input] = Field(default_factory=dict)
    outputs: dict[str, Output] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_fit_the_body(self) -> Self:
        if self.body_format == "xml":
            for name, declared in self.inputs.items():
                if declared.place == "body" and not _XML_PLACE.fullmatch(name):
                    raise ValueError(f"inputs.{name}: expected a name that XML allows, such as `number`, `customer/name` or `order/@id`")
        return self
