"""Accounts of the channels beside the web chat, read from `SMART_ROUTING_MESSAGING_*`."""

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from connectors.framework.settings import BaseUrl, Seconds, Settings, Yaml

_DAY: Final = 24 * 60 * 60.0

AccountName = Annotated[str, Field(min_length=1, max_length=128)]
GraphId = Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
Secret = Annotated[SecretStr, Field(min_length=8)]


class WhatsAppAccount(BaseModel):
    """One business phone number at WhatsApp."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    phone_number_id: GraphId = Field(description="id of the business phone number, as the API's paths name it")
    business_account_id: GraphId | None = Field(
        default=None, description="id of the WhatsApp business account, whose templates are looked up"
    )
    access_token: Secret = Field(description="token of a system user with whatsapp_business_messaging")
    app_secret: Secret = Field(description="the app's secret, which signs webhooks")
    verify_token: Secret = Field(description="the secret of our own that the webhook's registration has to bring")
    base_url: BaseUrl = Field(default="https://graph.facebook.com", description="where the Graph API answers")
    api_version: Annotated[str, Field(pattern=r"^v[0-9]{1,3}\.[0-9]{1,2}$")] = Field(
        default="v23.0", description="version of the Graph API"
    )
    media_hosts: tuple[str, ...] = Field(
        default=("lookaside.fbsbx.com",), description="hosts of files, beside the API's, that the access token may be shown to"
    )
    list_button: Annotated[str, Field(min_length=1, max_length=20)] = Field(
        default="Choose", description="text of the button that opens a list of choices"
    )


class MessagingSettings(Settings):
    """Where customers are written to beside the web chat."""

    prefix = "SMART_ROUTING_MESSAGING_"

    whatsapp_accounts: Annotated[Mapping[AccountName, WhatsAppAccount], Yaml] = Field(
        default={},
        description="account as entry points name it → phone_number_id, business_account_id, access_token, app_secret, verify_token, "
        "base_url, api_version, media_hosts, list_button",
    )
    sms_accounts: Annotated[Mapping[AccountName, str], Yaml] = Field(
        default={}, description="account as entry points name it → its number at the SMS gateway, E.164 or a short code"
    )
    request_seconds: Seconds = Field(default=15, description="how long WhatsApp may take to answer a request")
    settled_seconds: Seconds = Field(default=20, description="how long a receipt is awaited of a message whose request was not answered")
    webhook_age_seconds: Seconds = Field(
        default=8 * _DAY, description="messages older than this are not taken; so long the ids of those that were are known"
    )
    receipt_expiry_seconds: Seconds = Field(default=30 * _DAY, description="how long it is known what became of messages")
    largest_media_bytes: int = Field(default=16_000_000, ge=1, le=100_000_000, description="largest file of a customer's that is passed on")
