"""Settings of the billing family."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from connectors.framework.settings import BaseUrl, List, Seconds, Settings, Yaml

_DAY = 24 * 60 * 60.0


class SandboxModule(BaseModel):
    """A payment module whose payments are pretended, on a page of our own."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    provider: Literal["sandbox", "ino_pay"]
    merchant: str = Field(default="", max_length=100, description="who is paid, as the page says it")


class StripeModule(BaseModel):
    """A payment module on an account at a provider that speaks as Stripe does (Checkout Sessions and signed webhooks)."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    provider: Literal["stripe"]
    base_url: BaseUrl = Field(default="https://api.stripe.com", description="where its API answers")
    secret_key: SecretStr = Field(min_length=8, description="the account's secret key")
    webhook_secret: SecretStr = Field(min_length=8, description="the secret that its webhooks to /webhooks/stripe/<module> are signed with")
    api_version: Annotated[str, Field(pattern=r"^[0-9A-Za-z._-]{1,40}$")] | None = Field(
        default=None, description="its API's version; the account's where none is given"
    )
    merchant: str = Field(default="", max_length=100, description="who is paid, as the page says it")


Module = Annotated[SandboxModule | StripeModule, Field(discriminator="provider")]


class BillingSettings(Settings):
    """Payment modules, and how customers are invited to pay."""

    prefix = "SMART_ROUTING_BILLING_"

    modules: Annotated[Mapping[str, Module], Yaml] = Field(
        default_factory=dict,
        description=(
            "reference of a payment module → {provider: sandbox, merchant}, or {provider: stripe, secret_key, webhook_secret, base_url,"
            " api_version, merchant}; a module in the sandbox needs none"
        ),
    )
    merchant: str = Field(default="Our company", max_length=100, description="who is paid, where a module does not say it")
    link_seconds: Seconds = Field(default=7 * _DAY, description="how long a link can be used that went out by SMS or e-mail")
    chat_link_seconds: Seconds = Field(default=60 * 60, description="how long a link can be used that was given within a conversation")
    sms_sender: str | None = Field(default=None, description="number or name that links by SMS come from; without it none goes out")
    mailbox: str | None = Field(default=None, description="mailbox that links by e-mail come from; the default one where none is named")
    default_locale: str = Field(default="en", description="locale of customers of whom none is known, such as fr-FR")
    settled_statuses: Annotated[tuple[str, ...], List] = Field(
        default=("paid", "cancelled"), description="statuses of invoices for which nothing can be paid any more"
    )
    webhook_tolerance_seconds: Seconds = Field(default=300, description="how old the signature of a webhook may be, and how far ahead")
    request_seconds: Seconds = Field(default=20, description="how long a payment provider may take to answer a request")
    look_seconds: Seconds = Field(default=2, description="pause between two looks for payments that are over or have to be closed")
