"""Accounts at SMS gateways, read from `SMART_ROUTING_SMS_GATEWAY_*`."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from connectors.framework.settings import BaseUrl, Seconds, Settings, Yaml

AccountName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


class GatewayAccount(BaseModel):
    """One account at a gateway."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    account_sid: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9]{1,64}$", description="the account's id, also the name in basic authentication")
    ]
    auth_token: SecretStr = Field(
        min_length=8, description="the account's secret: password of the API, and key of the webhooks' signatures"
    )
    base_url: BaseUrl = Field(default="https://api.twilio.com", description="where the gateway's API answers")
    api_version: Annotated[str, Field(pattern=r"^[0-9A-Za-z.-]{1,20}$")] = Field(
        default="2010-04-01", description="first part of its paths"
    )
    senders: tuple[str, ...] = Field(default=(), description="numbers and names that send by this account; none: all that no other has")


class SmsGatewaySettings(Settings):
    """Where texts go out."""

    prefix = "SMART_ROUTING_SMS_GATEWAY_"

    accounts: Annotated[Mapping[AccountName, GatewayAccount], Yaml] = Field(
        default={}, description="name → account_sid, auth_token, base_url, api_version, senders; webhooks come in at /webhooks/sms/<name>"
    )
    longest_segments: int = Field(default=10, ge=1, le=255, description="most segments of one text; a longer one is refused")
    request_seconds: Seconds = Field(default=15, description="how long the gateway may take to answer a request")
    settled_seconds: Seconds = Field(
        default=10, description="how long after a request that was not answered its message would be in the gateway's list for sure"
    )
    record_expiry_seconds: Seconds = Field(
        default=30 * 24 * 3600, description="how long it is known which messages were sent, and what became of them"
    )

    def account_of(self, sender: str) -> tuple[str, GatewayAccount] | None:
        """Return name and account by which a sender sends."""
        named = next(((name, account) for name, account in self.accounts.items() if sender in account.senders), None)
        return named or next(((name, account) for name, account in self.accounts.items() if not account.senders), None)
