"""§ 11.2, pay an invoice."""

from collections.abc import Callable
from typing import Final, Literal, Self

from msgspec.structs import replace
from pydantic import Field, model_validator
from typing_extensions import override

from processor.engine.amount import Unpayable, currency_of, payable, read
from processor.engine.commands import CommandBody
from processor.engine.commands.billing import CancelPayment, RequestAmountPayment, RequestInvoicePayment
from processor.engine.commands.messaging import SendMessage
from processor.engine.definitions import Definitions
from processor.engine.entities.payment_module import Mode, PaymentModule, PaymentModuleReference
from processor.engine.errors import Misfit
from processor.engine.events import ResponseReceived, Ticked
from processor.engine.field_types import email, number, phone
from processor.engine.flow import Flow
from processor.engine.interaction import Wait
from processor.engine.invoice import Identifier, Selection, Unsearchable, bill_in, sought
from processor.engine.limits import REASON_CHARACTERS
from processor.engine.outcome import Awaiting, Outcome, Taken, Write
from processor.engine.request import Request
from processor.engine.telephone import international, is_mobile
from processor.engine.template import Template
from processor.engine.visit import Visit

_OF_INVOICE: Final[tuple[str, ...]] = ("i_know", "value", "if_several_invoices_are_found")
_OF_AMOUNT: Final[tuple[str, ...]] = (
    "amount", "currency", "invoice_name", "invoice_reference", "customer_reference", "comment", "customized_data",
    "mobile_phone_number", "fixed_phone_number", "email",
)  # fmt: skip
_RESULTS: Final = frozenset({"payment_stopped", "bank_transfer_error", "fraudulent_payment", "failed_payment", "payment_successful"})
"""What can become of a payment, beside `payment_error`."""

_LINK_GOES_TO: Final = {"sms": ("mobile_phone_number",), "email": ("email",)}
"""Where a mode sends its link, if an amount is paid."""


class PayInvoice(Request):
    """Have the customer pay an invoice or an amount.

    - `notification_sent`: modes `sms` and `email`: the link to pay by is out. What becomes of the payment later is written to
      `bill.payment` and `bill.payment_reason`; no second branch is taken.
    - `payment_successful`: mode `smart_routing`: the customer has paid.
    - `payment_stopped`, `bank_transfer_error`, `fraudulent_payment`, `failed_payment`: mode `smart_routing`: how the payment ended instead.
    - `invoice_not_found`: there is no such invoice, or it cannot be looked up, reasons `empty_value`, `invalid_number`, `invalid_email`.
    - `payment_error`: there is no such payment module, reason `reference_not_found`, or flows may not use it, `module_unavailable`, or not
      in this mode, `payment_mode`; amount or currency cannot be paid, `invalid_amount`, `invalid_currency`; the link has nowhere to go,
      `invalid_number`, `not_mobile`, `invalid_email`; or the connector's reason, or `timeout` where it does not answer; in mode
      `smart_routing` that is where it does not begin the payment, which itself may take as long as it takes.

    ```yaml
    type: pay_invoice
    payment_type: invoice
    i_know: invoice_number
    value: "{{ order.number }}"
    payment_module: {reference: shop}
    mode: sms
    links: {notification_sent: end, invoice_not_found: end, payment_error: end}
    ```
    """

    type = "pay_invoice"
    section = "11.2"
    branches = (
        "payment_stopped",
        "bank_transfer_error",
        "invoice_not_found",
        "fraudulent_payment",
        "failed_payment",
        "payment_error",
        "payment_successful",
        "notification_sent",
    )
    failure = "payment_error"

    payment_type: Literal["invoice", "amount"] = Field(description="What is paid.")

    i_know: Identifier | None = Field(default=None, description="Invoice: what is known of it.")
    value: Template | None = Field(default=None, description="Invoice: the value to look it up by.")
    if_several_invoices_are_found: Selection = Field(default="most_recent", description="Invoice: which one to select, by date of issue.")

    amount: Template | None = Field(
        default=None, description="Amount: above 0, with at most two decimals and at most those that the currency has."
    )
    currency: Template | None = Field(default=None, description="Amount: currency by ISO 4217.")
    invoice_name: Template | None = Field(default=None, description="Amount: name of the invoice.")
    invoice_reference: Template | None = Field(default=None, description="Amount: reference of the invoice.")
    customer_reference: Template | None = Field(default=None, description="Amount: reference of the customer.")
    comment: Template | None = Field(default=None, description="Amount: comment.")
    customized_data: Template | None = Field(default=None, description="Amount: data that the payment provider hands back.")
    mobile_phone_number: Template | None = Field(
        default=None, description="Amount: mobile phone number with its country code; mode `sms` sends the link to it."
    )
    fixed_phone_number: Template | None = Field(default=None, description="Amount: fixed phone number.")
    email: Template | None = Field(default=None, description="Amount: e-mail address; mode `email` sends the link to it.")

    payment_module: PaymentModuleReference
    mode: Mode = Field(description="How the customer is invited to pay; `smart_routing`, within the conversation, Ino Pay only.")

    @model_validator(mode="after")
    def _parameters_of_the_type(self) -> Self:
        if self.payment_type == "invoice":
            other, needed = _OF_AMOUNT, ["i_know", "value"]
        else:
            other, needed = _OF_INVOICE, ["amount", "currency", *_LINK_GOES_TO.get(self.mode, ())]
        missing = [f"`{name}`" for name in needed if getattr(self, name) is None]
        surplus = [f"no `{name}`" for name in other if name in self.model_fields_set]
        if missing or surplus:
            raise ValueError(f"{', '.join((*missing, *surplus))} where `payment_type` is {self.payment_type} and `mode` {self.mode}")
        return self

    @model_validator(mode="after")
    def _fixed_amount_can_be_paid(self) -> Self:
        amount, currency = (template.constant if template is not None else None for template in (self.amount, self.currency))
        code = currency_of(currency) if currency is not None else None
        if amount is not None:
            payable(number.plain(amount), code)
        return self

    @override
    def used_branches(self) -> tuple[str, ...]:
        """Return the branches that type and mode can take."""
        never = frozenset({"notification_sent"}) if self.mode == "smart_routing" else _RESULTS
        if self.payment_type == "amount":
            never = never | {"invoice_not_found"}
        return tuple(branch for branch in self.branches if branch not in never)

    @override
    def misfits(self, definitions: Definitions) -> list[Misfit]:
        module = self.payment_module.known(definitions)
        if not isinstance(module, PaymentModule):
            return []
        found = []
        if not module.available:
            found.append(Misfit("unfit_definition", "payment_module", "one that is internal, and active or a sandbox", "another"))
        if not module.allows(self.mode):
            found.append(Misfit("payment_mode", "mode", "sms or email, the modes of this payment module", self.mode))
        return found

    @override
    def cannot_resume(self, wait: Wait) -> str | None:
        return None if wait.memo.get("mode") == self.mode else f"expected mode {wait.memo.get('mode')}; found {self.mode}"

    @override
    def give_up(self, visit: Visit) -> tuple[CommandBody, ...]:
        return (CancelPayment(_payment(visit)),)

    @override
    def apply(self, visit: Visit) -> Outcome:
        match visit.event:
            case ResponseReceived(outcome="payment_started") as response if self.mode == "smart_routing":
                return self._started(visit, response)
            case ResponseReceived(command_id=command_id, reason=reason) if command_id != _payment(visit):
                failure = "payment_error", reason or "send_failed"  # the link could not be delivered
                return Taken(*failure, self.give_up(visit), _told(visit, *failure))
            case Ticked():
                return Taken("payment_error", "timeout", self.give_up(visit), _told(visit, "payment_error", "timeout"))
            case _:
                outcome = super().apply(visit)
                return replace(outcome, memo={"mode": self.mode}) if isinstance(outcome, Awaiting) else outcome

    @override
    def request(self, visit: Visit) -> CommandBody | Taken:
        module = visit.entity(self.payment_module)
        if not isinstance(module, PaymentModule):
            return Taken("payment_error", "reference_not_found")
        if not module.available:
            return Taken("payment_error", "module_unavailable")
        if not module.allows(self.mode):
            return Taken("payment_error", "payment_mode")
        try:
            return self._of_invoice(visit, module) if self.payment_type == "invoice" else self._of_amount(visit, module)
        except Unsearchable as problem:
            return Taken("invoice_not_found", problem.reason)
        except Unpayable as problem:
            visit.warnings.append(f"{problem.reason}: expected {problem}")
            return Taken("payment_error", problem.reason)

    @override
    def answered(self, visit: Visit, response: ResponseReceived) -> Taken:
        branch = response.outcome if response.outcome in self.used_branches() else "payment_error"
        reason = response.reason or (None if branch == response.outcome else response.outcome)
        writes = _told(visit, branch, reason or "", response) if branch != "invoice_not_found" else ()
        return Taken(branch, reason, writes=writes)

    def _started(self, visit: Visit, response: ResponseReceived) -> Awaiting:
        """Wait for the payment's result, the customer told once how to pay."""
        message = response.values.get("message", "")
        commands = (SendMessage(message),) if message.strip() and "started" not in visit.memo else ()
        memo: dict[str, int | str] = {"mode": self.mode, "started": 1}
        writes = _told(visit, "payment_started", "", response)
        return Awaiting("response", None, commands, writes, memo, same_wait=True, heeds_refusals=True)

    def _of_invoice(self, visit: Visit, module: PaymentModule) -> RequestInvoicePayment:
        assert self.i_know is not None, "checked with the document"
        assert self.value is not None, "checked with the document"
        return RequestInvoicePayment(
            module.reference,
            module.provider,
            module.status == "sandbox",
            self.mode,
            visit.interaction.customer.locale,
            self.i_know,
            sought(visit, self.i_know, self.value),
            self.if_several_invoices_are_found,
        )

    def _of_amount(self, visit: Visit, module: PaymentModule) -> RequestAmountPayment:
        currency = currency_of(_text(visit, self.currency))
        amount = payable(read(_text(visit, self.amount), visit.flow), currency)
        mobile_phone = _contact(visit, "mobile_phone_number", self.mobile_phone_number, international)
        landline_phone = _contact(visit, "fixed_phone_number", self.fixed_phone_number, phone.parse)
        address = _contact(visit, "email", self.email, email.parse)
        if self.mode == "sms" and (mobile_phone is None or not is_mobile(mobile_phone)):
            raise Unpayable("invalid_number" if mobile_phone is None else "not_mobile", "a mobile phone number with its country code")
        if self.mode == "email" and address is None:
            raise Unpayable("invalid_email", "an e-mail address")
        return RequestAmountPayment(
            module.reference,
            module.provider,
            module.status == "sandbox",
            self.mode,
            visit.interaction.customer.locale,
            amount,
            currency,
            _text(visit, self.invoice_name),
            _text(visit, self.invoice_reference),
            _text(visit, self.customer_reference),
            _text(visit, self.comment),
            _text(visit, self.customized_data),
            mobile_phone,
            landline_phone,
            address,
        )


def _text(visit: Visit, template: Template | None) -> str:
    return visit.render(template).strip() if template is not None else ""


def _contact(visit: Visit, name: str, template: Template | None, parse: Callable[[str, Flow], str]) -> str | None:
    """Return how the customer can be reached; None where nothing is given, or nothing that can be, which leaves a warning."""
    text = _text(visit, template)
    try:
        return parse(text, visit.flow) if text else None
    except ValueError:
        visit.warnings.append(f"left_out: {name}")
        return None


def _payment(visit: Visit) -> str:
    """Return the id of the payment's command."""
    wait = visit.interaction.wait
    assert wait is not None, "only what waits has asked"
    return wait.commands[0]


def _told(visit: Visit, payment: str, reason: str, response: ResponseReceived | None = None) -> tuple[Write, ...]:
    """Return the writes that keep what became of the payment on `bill`, and the invoice where the answer holds it.

    The command's id stands beside it: what a connector reports later is for `bill` as long as this is its newest payment.
    """
    fields = {"payment": payment, "payment_id": _payment(visit), "payment_reason": reason[:REASON_CHARACTERS]}
    writes = tuple(Write("bill", field, text) for field, text in fields.items())
    invoice = bill_in(response.values) if response is not None else {}
    if not invoice:
        return writes
    try:
        return (*visit.fill("bill", invoice), *writes)
    except ValueError as problem:
        visit.warnings.append(f"wrong_type: expected {problem}")
        return writes
