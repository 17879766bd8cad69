"""How connectors and the gateway run, read from `SMART_ROUTING_CONNECTORS_*` environment variables."""

import os
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

_PREFIX: Final = "SMART_ROUTING_CONNECTORS_"
_DAY: Final = 24 * 60 * 60.0


class SettingsError(ValueError):
    """The settings cannot be used; the message names each variable, what was expected and what was found."""


def _list(value: Any) -> Any:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _networks(value: Any) -> Any:
    try:
        return tuple(ip_network(network) for network in _list(value))
    except ValueError:
        raise ValueError("expected networks, such as 10.1.0.0/16, with no bit set after the prefix") from None


ChatAccount = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,128}$")]
Seconds = Annotated[float, Field(gt=0, le=366 * _DAY)]


class ConnectorSettings(BaseModel):
    """What can be set; a list is separated by commas."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    concurrency: int = Field(default=64, ge=1, le=10_000, description="how many commands are executed at once")
    unfinished_limit: int = Field(default=1_000, ge=1, le=1_000_000, description="how many commands may be read and not finished")
    record_expiry_seconds: Seconds = Field(default=7 * _DAY, description="how long a command id is known to be executed")
    presence_seconds: Seconds = Field(default=10, description="how long after its last sign of life a connector counts as dead")
    retry_initial_seconds: Seconds = Field(default=0.2, description="pause before the second try, doubled with every further one")
    retry_longest_seconds: Seconds = Field(default=30, description="longest pause between two tries")
    retry_seconds_without_deadline: Seconds = Field(default=120, description="how long a command without a deadline is tried")
    drain_seconds: Seconds = Field(default=20, description="how long commands under way may take when the connector stops")
    farewell_seconds: Seconds = Field(default=3, description="how long Kafka may take for a commit, and for each farewell at the end")
    session_seconds: Seconds = Field(default=10, description="after how long without a heartbeat Kafka gives the partitions to others")
    commit_interval_seconds: Seconds = Field(default=1, description="how often finished commands are committed")

    allowed_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], BeforeValidator(_networks)] = Field(
        default=(), description="private networks that may be called all the same, such as 10.1.0.0/16"
    )
    allowed_hosts: Annotated[tuple[str, ...], BeforeValidator(_list)] = Field(
        default=(), description="hosts that may be called wherever they lead, host or host:port"
    )

    chat_accounts: Annotated[tuple[ChatAccount, ...], BeforeValidator(_list)] = Field(
        default=("demo",), min_length=1, description="the web chat's accounts, as entry points name them; the first is the one of `/chat/`"
    )
    transcript_expiry_seconds: Seconds = Field(default=30 * _DAY, description="how long after its last message a transcript is kept")
    gateway_kafka_seconds: Seconds = Field(default=10, description="how long Kafka may take to accept a customer's message")
    heartbeat_seconds: Seconds = Field(default=15, description="pause between the comments that keep an event stream open")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the settings from the environment (or another mapping); a variable that is not set or empty has its default.

        Raises:
            SettingsError: one or more variables hold what they must not; all are named at once.
        """
        environment = os.environ if environment is None else environment
        found = {name: value for name in cls.model_fields if (value := environment.get(_PREFIX + name.upper(), "").strip())}
        try:
            return cls.model_validate(found)
        except ValidationError as invalid:
            faults = []
            for error in invalid.errors(include_url=False):
                name = str(error["loc"][0])
                said = error["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
                faults.append(f"{_PREFIX}{name.upper()}: {said}; found {found[name]!r}")
            raise SettingsError("\n".join(faults)) from None

    def to_environment(self) -> dict[str, str]:
        """The variables from which another process reads the same settings."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        texts = {name: ",".join(map(str, value)) if isinstance(value, tuple) else str(value) for name, value in values.items()}
        return {_PREFIX + name.upper(): text for name, text in texts.items()}
