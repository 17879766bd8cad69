"""Payment modules (§ 11.2)."""

from typing import Final, Literal

from pydantic import Field

from processor.engine.entities.entity import Entity, Name
from processor.engine.parameters import EntityReference

Mode = Literal["sms", "email", "smart_routing"]
"""How the customer is invited to pay."""

WITHIN_CONVERSATION: Final = "ino_pay"
"""The one provider whose payments can be made within the conversation."""


class PaymentModule(Entity):
    """An account with a payment provider."""

    entity_kind = "payment_module"

    provider: Name = Field(description="`ino_pay`, or another provider that the billing connector knows.")
    internal: bool = Field(default=True, description="Whether flows may use it; others are for people and programs outside.")
    status: Literal["active", "sandbox", "inactive"] = Field(default="active", description="`sandbox`: payments are only pretended.")

    @property
    def available(self) -> bool:
        """Whether flows may use it."""
        return self.internal and self.status != "inactive"

    def allows(self, mode: Mode) -> bool:
        """Tell whether payments can be invited to in this way."""
        return mode != "smart_routing" or self.provider == WITHIN_CONVERSATION


class PaymentModuleReference(EntityReference):
    """A payment module: internal, and active or a sandbox."""

    kind = "payment_module"
