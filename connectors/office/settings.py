"""Who may do what in the office."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from connectors.framework.settings import LongSecret, Seconds, Settings, Yaml

Role = Literal["agent", "supervisor", "cases", "tasks", "crm", "databases", "campaigns", "surveys", "billing", "email", "admin"]
"""What somebody is there for; `admin` may do everything."""

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9._@+-]{1,128}$")]


class Person(BaseModel):
    """Somebody who signs in."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    password: SecretStr = Field(description="Argon2 hash of the password, as `smart-routing office password` prints it.")
    roles: tuple[Role, ...] = Field(min_length=1)
    user: str | None = Field(default=None, description="Reference of the ACD's user, for an agent; the name itself where none is given.")


class Program(BaseModel):
    """A program that calls the API with a bearer token (RFC 6750)."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    token: LongSecret
    roles: tuple[Role, ...] = Field(min_length=1)
    user: str | None = Field(default=None, description="Reference of the ACD's user, for a program that acts as an agent.")


class OfficeSettings(Settings):
    """Settings of the office."""

    prefix = "SMART_ROUTING_OFFICE_"

    staff: Annotated[Mapping[Name, Person], Yaml] = Field(
        default_factory=dict, description="YAML: name → {password: Argon2 hash, roles: […], user: the ACD's user, for an agent}"
    )
    programs: Annotated[Mapping[Name, Program], Yaml] = Field(
        default_factory=dict, description="YAML: name → {token: …, roles: […]}: programs that call the API with this bearer token"
    )
    session_seconds: Seconds = Field(default=12 * 60 * 60.0, description="how long after its last request a sign-in is good")
    welcome: str = Field(default="", max_length=2_000, description="what the sign-in page says beside its form")
