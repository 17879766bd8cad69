"""Settings of the CRM connector: which CRMs are kept elsewhere, and how they are reached."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from connectors.crm.credentials import Credential
from connectors.crm.request_template import JmesPath, Template
from connectors.framework.settings import BaseUrl, Seconds, Settings, Yaml

_OF_A_CUSTOMER = frozenset({"channel", "account", "address", "scenario", "object"})
_OF_A_SEARCH = frozenset({"field", "value", "combination", "object"})
_OF_A_CREATION = frozenset({"field", "value", "fields", "command_id", "object"})


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class _SystemSettings(_Model):
    base_url: BaseUrl = Field(description="Where its API is.")
    credential: Credential | None = None
    timeout_seconds: Seconds = Field(default=10, description="How long one request may take.")


class Answered(Template):
    """A request, and where its answer holds cards. The paths are JMESPaths; `id` and `values` look within one card."""

    cards: JmesPath = "@"
    id: JmesPath = "id"
    values: JmesPath = "@"
    no_card: tuple[int, ...] = Field(default=(), description="HTTP statuses that say: no card, such as 404.")


class Search(Answered):
    """A search by assertions."""

    combinations: Mapping[Literal["all", "any"], str] = Field(
        default={"all": "all"}, description="What {combination} becomes; any is searched one assertion at a time where it is not named."
    )
    exact: bool = Field(
        default=True, description="Whether what is found is held against the assertions again: upper and lower case differ."
    )


class Creation(Answered):
    """A creation."""

    idempotency_header: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9-]{1,64}$", description="Header for the command's id, by which the CRM knows a repeated request."
    )


class RefusedAnswer(_Model):
    """An answer that says why something was refused."""

    status: int = Field(ge=400, le=499)
    when: JmesPath | None = Field(default=None, description="What finds something true in the answer; none: the status alone says it.")
    reason: Literal["refused", "unknown_field", "wrong_type", "duplicate", "missing_field"]


class HttpObject(_Model):
    """One object of a CRM over HTTP."""

    fields: Mapping[str, str] = Field(default_factory=dict, description="Field → what the CRM calls it.")
    search: Search | None = None
    create: Creation | None = None

    @model_validator(mode="after")
    def _placeholders_are_known(self) -> Self:
        _check(self.search, _OF_A_SEARCH, "search")
        _check(self.create, _OF_A_CREATION, "create")
        return self


class HttpCrm(_SystemSettings):
    """Any CRM with an HTTP API in JSON."""

    adapter: Literal["http"]
    objects: Mapping[str, HttpObject] = Field(min_length=1)
    scenarios: Mapping[str, Answered] = Field(
        default_factory=dict, description="Scenarios that the CRM knows: by channel, account, address."
    )
    refusals: tuple[RefusedAnswer, ...] = Field(
        default=(RefusedAnswer(status=409, reason="duplicate"),), description="What its refusals mean; the first that fits counts."
    )

    @model_validator(mode="after")
    def _placeholders_are_known(self) -> Self:
        for name, scenario in self.scenarios.items():
            _check(scenario, _OF_A_CUSTOMER, f"scenario {name}")
        return self


class HubSpotObject(_Model):
    """One object of HubSpot."""

    type: str = Field(
        default="", pattern=r"^[A-Za-z0-9_-]*$", description="Its objectType, such as contacts or 2-123; the object's own name."
    )
    properties: Mapping[str, str] = Field(default_factory=dict, description="Field → internal name of the property.")
    command_property: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9_]{1,100}$",
        description="A text property with unique values that holds the command's id, so that no card is created twice.",
    )


class HubSpotCrm(_SystemSettings):
    """HubSpot, by its CRM API of version 3."""

    adapter: Literal["hubspot"]
    base_url: BaseUrl = "https://api.hubapi.com"
    objects: Mapping[str, HubSpotObject] = Field(
        default_factory=dict, description="Object → what it is there; contacts and the like need none."
    )
    scenarios: Mapping[str, tuple[str, ...]] = Field(
        default_factory=dict, description="Scenario without assertions → properties of which one holds the customer's address."
    )


CrmSystem = Annotated[HttpCrm | HubSpotCrm, Field(discriminator="adapter")]


class CrmSettings(Settings):
    """Settings of the CRM connector."""

    prefix = "SMART_ROUTING_CRM_"

    systems: Annotated[Mapping[str, CrmSystem], Yaml] = Field(
        default_factory=dict,
        description="YAML: reference of a crm_v2 → {adapter: http or hubspot, base_url, credential, objects, …} "
        "(docs/databases-and-crm.md); "
        "CRMs that are not named are kept in the SQL store",
    )


def _check(template: Template | None, known: frozenset[str], where: str) -> None:
    unknown = sorted((set() if template is None else template.named()) - known)
    if unknown:
        raise ValueError(f"expected placeholders {', '.join(sorted(known))} in {where}, found {', '.join(unknown)}")
