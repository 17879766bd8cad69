"""§ 11.1, search for an invoice."""

from msgspec.structs import replace
from pydantic import Field
from typing_extensions import override

from processor.engine.commands import CommandBody
from processor.engine.commands.billing import FindInvoice
from processor.engine.errors import TemplateFailed
from processor.engine.events import ResponseReceived
from processor.engine.invoice import Identifier, Selection, Unsearchable, bill_in, sought
from processor.engine.outcome import Outcome, Taken
from processor.engine.request import Request
from processor.engine.template import Template
from processor.engine.visit import Visit


class SearchInvoice(Request):
    """Look up an invoice and keep it in the variable `bill`.

    - `ok`: there is one; `bill` has its id, number, amount, currency, customer_number, name, email, mobile_phone, landline_phone,
      issued_on, due_on and status, as far as they are known, and nothing else.
    - `not_found`: there is none, or it cannot be looked up: the connector's reason, `timeout`, or one of `empty_value`, `invalid_number`,
      `invalid_email` (of the value), `empty_answer`, `wrong_type` (of the answer). `bill` is emptied.

    ```yaml
    type: search_invoice
    i_know: invoice_number
    value: "{{ order.number }}"
    if_several_invoices_are_found: most_recent
    links: {ok: end, not_found: end}
    ```
    """

    type = "search_invoice"
    section = "11.1"
    branches = ("ok", "not_found")
    failure = "not_found"

    i_know: Identifier = Field(description="What is known of the invoice.")
    value: Template = Field(description="The value to look it up by; a phone number without a country code is read in the flow's country.")
    if_several_invoices_are_found: Selection = Field(default="most_recent", description="Which one to select, by date of issue.")

    @override
    def apply(self, visit: Visit) -> Outcome:
        try:
            outcome = super().apply(visit)
        except TemplateFailed as failure:
            visit.warnings.append(str(failure))
            outcome = Taken("not_found", failure.reason)
        match outcome:
            case Taken(branch="not_found"):
                return replace(outcome, writes=visit.fill("bill", {}))
            case _:
                return outcome

    @override
    def request(self, visit: Visit) -> CommandBody | Taken:
        try:
            return FindInvoice(self.i_know, sought(visit, self.i_know, self.value), self.if_several_invoices_are_found)
        except Unsearchable as problem:
            return Taken("not_found", problem.reason)

    @override
    def answered(self, visit: Visit, response: ResponseReceived) -> Taken:
        if response.outcome != "ok":
            return super().answered(visit, response)
        bill = bill_in(response.values)
        if not bill:
            return Taken("not_found", "empty_answer")
        try:
            return Taken("ok", writes=visit.fill("bill", bill))
        except ValueError as problem:
            visit.warnings.append(f"wrong_type: expected {problem}")
            return Taken("not_found", "wrong_type")
