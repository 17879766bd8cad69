"""Commands to the billing connector (§ 11)."""

from processor.engine.commands.command import CommandBody


class FindInvoice(CommandBody, frozen=True):
    """Find one invoice."""

    family = "billing"
    identifier: str
    value: str
    select: str


class RequestInvoicePayment(CommandBody, frozen=True):
    """Have the customer pay an invoice."""

    family = "billing"
    module: str
    provider: str
    sandbox: bool
    mode: str
    locale: str | None
    identifier: str
    value: str
    select: str


class RequestAmountPayment(CommandBody, frozen=True):
    """Have the customer pay an amount."""

    family = "billing"
    module: str
    provider: str
    sandbox: bool
    mode: str
    locale: str | None
    amount: str
    """Decimal in the currency's main unit, such as `12.5`."""

    currency: str
    """ISO 4217."""

    invoice_name: str
    invoice_reference: str
    customer_reference: str
    comment: str
    customized_data: str
    mobile_phone: str | None
    """E.164."""

    landline_phone: str | None
    email: str | None


class CancelPayment(CommandBody, frozen=True):
    """Call a payment back: nobody awaits it any more."""

    family = "billing"
    payment: str
    """Id of the payment's command."""
