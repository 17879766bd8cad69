"""What all parties of a deployment must agree on, read from `SMART_ROUTING_*` environment variables."""

import os
import re
from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from schemas.conversation import DEVELOPMENT_KEY
from schemas.topics import Topics

_PREFIX = "SMART_ROUTING_"
_SERVER = re.compile(r"[^\s,:\[\]]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}")
_TOPIC_PREFIX = re.compile(r"[a-zA-Z0-9._-]{0,200}")
_SHORTEST_KEY = 16


class DeploymentError(ValueError):
    """The settings cannot be used; the message names each variable, what was expected and what was found."""


def _servers(text: str) -> str:
    servers = [server.strip() for server in text.split(",")]
    if not all(_SERVER.fullmatch(server) for server in servers):
        raise ValueError("expected host:port, several separated by commas")
    return ",".join(servers)


def _topic_prefix(text: str) -> str:
    if not _TOPIC_PREFIX.fullmatch(text):
        raise ValueError("expected at most 200 letters, digits, dots, hyphens and underscores, as Kafka allows in a topic's name")
    return text


def _redis_url(text: str) -> str:
    if not text.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("expected a URL that begins with redis://, rediss:// or unix://")
    return text


def _http_url(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError("expected a URL that begins with http:// or https://")
    return text.rstrip("/")


def _key(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value()) < _SHORTEST_KEY:
        raise ValueError(f"expected a secret of at least {_SHORTEST_KEY} characters")
    return secret


class Deployment(BaseModel):
    """Where a deployment's parts meet. Gateways, workers and connectors of one deployment have the same one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bootstrap_servers: Annotated[str, AfterValidator(_servers)] = Field(
        default="127.0.0.1:9092", description="Kafka's addresses, host:port, several separated by commas"
    )
    topic_prefix: Annotated[str, AfterValidator(_topic_prefix)] = Field(default="sr.", description="how the names of all topics begin")
    partitions: int = Field(
        default=8, ge=1, le=10_000, description="over how many partitions conversations are spread; fixed once there are conversations"
    )
    schema_registry_url: Annotated[str, AfterValidator(_http_url)] | None = Field(
        default=None, description="a schema registry; without one the packaged schemas are used"
    )
    redis_url: Annotated[str, AfterValidator(_redis_url)] = Field(
        default="redis://127.0.0.1:6379/0", description="the Redis of projections and of the connectors' records"
    )
    conversation_key: Annotated[SecretStr, AfterValidator(_key)] | None = Field(
        default=None, description="the secret of the keyed hash that names conversations; never change it while there are any"
    )
    embedded: bool = Field(
        default=False, description="true when Kafka is the embedded broker, whose transactions neither isolate nor fence"
    )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the settings from the environment (or another mapping); a variable that is not set or empty has its default.

        Raises:
            DeploymentError: one or more variables hold what they must not; all are named at once.
        """
        environment = os.environ if environment is None else environment
        found = {name: value for name in cls.model_fields if (value := environment.get(variable_of(name), "").strip())}
        try:
            return cls.model_validate(found)
        except ValidationError as invalid:
            raise DeploymentError("\n".join(_faults(invalid, found))) from None

    def to_environment(self) -> dict[str, str]:
        """The variables from which another process reads the same deployment. Holds the secret: for a child's environment only."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return {variable_of(name): _text(value) for name, value in values.items() if value is not None}

    @property
    def topics(self) -> Topics:
        """The names of this deployment's topics."""
        return Topics(self.topic_prefix)

    @property
    def processor_group(self) -> str:
        """The consumer group of the workers: its offsets say how far what came in is applied."""
        return f"{self.topic_prefix}processor"

    def conversation_secret(self) -> str:
        """The key of the hash that names conversations, as `conversation_id` takes it. The embedded stack, which keeps nothing, needs none.

        Raises:
            DeploymentError: none is set. There is no default: whoever knows the key can find the phone numbers behind the names.
        """
        if self.conversation_key is not None:
            return self.conversation_key.get_secret_value()
        if self.embedded:
            return DEVELOPMENT_KEY
        raise DeploymentError(
            f"{variable_of('conversation_key')}: expected the deployment's secret of at least {_SHORTEST_KEY} characters; found nothing"
        )


def variable_of(field: str) -> str:
    """The environment variable that sets a field of `Deployment`."""
    return _PREFIX + field.upper()


def _faults(invalid: ValidationError, found: Mapping[str, str]) -> list[str]:
    faults = []
    for error in invalid.errors(include_url=False):
        field = str(error["loc"][0])
        said = error["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
        shown = "one that is shorter" if field == "conversation_key" else repr(found[field])
        faults.append(f"{variable_of(field)}: {said}; found {shown}")
    return faults


def _text(value: object) -> str:
    match value:
        case SecretStr():
            return value.get_secret_value()
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)
