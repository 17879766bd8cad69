"""A payment: what is asked of a customer, and what has become of it so far."""

from dataclasses import dataclass
from typing import Any, Final, Literal

from connectors.billing.money import Money

State = Literal["open", "closing", "processing", "paid", "ended", "cancelled"]
"""`open`: its link takes money. `closing`: it takes none any more, and the provider has still to agree. `processing`: the bank transfers
it. `paid`, `ended` (without money) and `cancelled` (called back) are for good."""

OPEN: Final = "open"
CLOSING: Final = "closing"
PROCESSING: Final = "processing"
PAID: Final = "paid"
ENDED: Final = "ended"
CANCELLED: Final = "cancelled"

SUCCESSFUL: Final = "payment_successful"
STOPPED: Final = "payment_stopped"
TRANSFER_ERROR: Final = "bank_transfer_error"
FRAUDULENT: Final = "fraudulent_payment"
FAILED: Final = "failed_payment"
ERROR: Final = "payment_error"

RESULTS: Final = frozenset({SUCCESSFUL, STOPPED, TRANSFER_ERROR, FRAUDULENT, FAILED, ERROR})

WITHIN_CONVERSATION: Final = "smart_routing"
SANDBOX: Final = "sandbox"


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment as the store has it; times are epoch milliseconds."""

    id: str
    code: str
    conversation_id: str
    module: str
    provider: str
    sandbox: bool
    mode: str
    locale: str | None
    invoice_id: str | None
    money: Money
    name: str
    invoice_reference: str
    comment: str
    customized_data: str
    mobile_phone: str | None
    email: str | None
    state: State
    outcome: str | None
    reason: str | None
    tries: int
    session: int
    session_id: str | None
    session_url: str | None
    session_expires_at: int | None
    begun_at: int
    answered_at: int | None
    """When the customer's link was given away; None: not yet."""
    expires_at: int

    @classmethod
    def of(cls, row: Any) -> "Payment":
        """Read a row of the table."""
        fields = {name: getattr(row, name) for name in cls.__dataclass_fields__ if name != "money"}
        return cls(**fields, money=Money(row.amount, row.currency))

    @property
    def within_conversation(self) -> bool:
        """Whether a flow waits for its end; otherwise its link went out by SMS or e-mail, and can be used again after a failure."""
        return self.mode == WITHIN_CONVERSATION

    @property
    def by_provider(self) -> bool:
        """Whether its money is taken on a provider's pages."""
        return self.provider != SANDBOX

    def takes_money(self, now: int) -> bool:
        """Whether its link can be paid by."""
        return self.state == OPEN and now < self.expires_at

    def ends_with(self, outcome: str) -> bool:
        """Whether a result is its last one."""
        return self.within_conversation or outcome in {SUCCESSFUL, FRAUDULENT}
