"""Settings of the tasks family."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.framework.settings import BaseUrl, List, Seconds, Settings, Yaml

Told = Literal[
    "name", "category", "start_date", "start_day", "end_date", "end_day", "channel", "account", "address", "interaction_id", "flow"
]
"""What can be written into a field of Salesforce's; a day is the date alone, in the flow's time zone, as date fields there want it."""

_FIELD: Final = r"^[A-Za-z][A-Za-z0-9_]{0,79}$"
FieldName = Annotated[str, Field(pattern=_FIELD)]

_USUAL_FIELDS: Final[Mapping[str, Told]] = MappingProxyType({"Subject": "name", "ActivityDate": "end_day", "Description": "category"})


class Salesforce(BaseModel):
    """An organisation of Salesforce's, and how a task becomes a record of the object Task there."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: BaseUrl = Field(description="My Domain, such as https://example.my.salesforce.com: gives tokens, and shows people the records.")
    api_version: str = Field(default="v62.0", pattern=r"^v[0-9]{2,3}\.0$")
    client_id: str = Field(min_length=1, description="Consumer key of the connected app.")
    client_secret: SecretStr | None = Field(default=None, description="Consumer secret, for the client credentials flow.")
    username: str | None = Field(default=None, min_length=1, description="User in whose name tasks are made, for the JWT bearer flow.")
    private_key: SecretStr | None = Field(
        default=None, description="RSA key in PEM whose certificate the app has, for the JWT bearer flow."
    )
    audience: BaseUrl = Field(default="https://login.salesforce.com", description="For the JWT bearer flow; https://test.salesforce.com.")
    external_id_field: FieldName = Field(
        default="Smart_Routing_Command__c",
        description="Text field of Task, at least 255 long, marked as external id: says which command made it.",
    )
    owner_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9]{15}([A-Za-z0-9]{3})?$", description="User or queue that owns tasks.")
    fields: Mapping[FieldName, Told] = Field(
        default_factory=lambda: dict(_USUAL_FIELDS),
        description="Field of Task → what is written into it.",
    )
    constants: Mapping[FieldName, str] = Field(default_factory=dict, description="Field of Task → the same text in every task.")
    timeout_seconds: Seconds = Field(default=20, description="How long one request may take.")

    @model_validator(mode="after")
    def _one_way_to_sign_in(self) -> Self:
        by_jwt = (self.username is not None, self.private_key is not None)
        if any(by_jwt) != all(by_jwt) or all(by_jwt) == (self.client_secret is not None):
            raise ValueError("expected either client_secret, or username and private_key")
        return self


class TasksSettings(Settings):
    """Which tasks there are, and where they are kept."""

    prefix = "SMART_ROUTING_TASKS_"

    categories: Annotated[tuple[str, ...], List] = Field(
        default=(), description="the categories that tasks can have, separated by commas; any, where none is named"
    )
    salesforce: Annotated[Salesforce | None, Yaml] = Field(
        default=None,
        description=(
            "YAML: {url, client_id, client_secret} or {url, client_id, username, private_key, audience}; also api_version,"
            " external_id_field, owner_id, fields: {Subject: name, …}, constants: {Priority: High}, timeout_seconds"
        ),
    )
