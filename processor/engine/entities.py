"""Definitions that flows name: documents of their own, published to the topic `definitions`."""

from typing import Annotated, ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from processor.engine import limits
from processor.engine.field_types import FieldType

Name = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Entity(BaseModel):
    """What all definitions have."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    entity_kind: ClassVar[str]

    id: Name = Field(description="Identity; stays when the reference changes.")
    reference: Name = Field(description="Reference code by which documents name it.")
    name: str = Field(default="", description="Name for people.")


class EntryPoint(Entity):
    """Binds a channel account to a flow."""

    entity_kind = "entry_point"

    channel: Literal["web_chat", "whatsapp", "sms"]
    account: Name
    flow: Name = Field(description="Reference of the flow whose production version opens.")
    end_of_interaction: Name | None = Field(default=None, description="Reference of the flow that runs as each interaction's tail.")
    expires_after_hours: int = Field(default=limits.EXPIRY_HOURS, ge=1, le=24 * 366)
    maximum_distributions: int = Field(default=limits.HAND_OVERS, ge=0, le=100, description="Hand-overs to another flow per interaction.")


class CheckpointDefinition(Entity):
    """A qualification tag."""

    entity_kind = "checkpoint"


class Input(BaseModel):
    """One declared input of a web service."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    type: Literal["text", "number", "boolean"] = "text"
    place: Literal["path", "query", "header", "body"] = "body"
    required: bool = True


class Output(BaseModel):
    """One declared result of a web service."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

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


KINDS: Final[dict[str, type[Entity]]] = {kind.entity_kind: kind for kind in (EntryPoint, CheckpointDefinition, WebService)}
