"""§ 3.1, send an e-mail."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, Self

from msgspec.structs import replace
from pydantic import Field, model_validator
from typing_extensions import override

from processor.engine.commands import CommandBody
from processor.engine.commands.email import SendEmail as SendEmailCommand
from processor.engine.definitions import Definitions
from processor.engine.entities.email_template import EmailTemplate, EmailTemplateReference
from processor.engine.entities.queue import Queue, QueueReference
from processor.engine.errors import Misfit
from processor.engine.events import ResponseReceived
from processor.engine.field_types import email
from processor.engine.outcome import Awaiting, Outcome, Taken
from processor.engine.request import Request
from processor.engine.template import Template
from processor.engine.template_variables import misfits, rendered, scope_with
from processor.engine.visit import Visit

_Recipients = Annotated[list[Template], Field(max_length=100)]


class SendEmail(Request):
    """Send an e-mail made of a template.

    - `ok`: it went out to all recipients.
    - `partially_sent`: some recipients were refused, an address that is none among them; reason `refused`, or the connector's.
    - `error`: all recipients were refused, reason `refused`; the values do not match the template's variables, reason `inputs_mismatch`;
      it could not be sent: the connector's reason, or `timeout`.
    - `reference_not_found`: there is no such template, queue or mailbox.

    ```yaml
    type: send_email
    email_template: {reference: order_confirmation}
    template_variables: {name: "{{ contact.name }}"}
    email_type: outgoing_interaction
    distribution_queue: {reference: support}
    to: ["{{ contact.email }}"]
    bcc: [archive@example.org]
    subject: Your order {{ order.number }}
    links: {ok: end, partially_sent: end, reference_not_found: end, error: end}
    ```
    """

    type = "send_email"
    section = "3.1"
    branches = ("ok", "partially_sent", "reference_not_found", "error")
    failure = "error"

    email_template: EmailTemplateReference
    template_variables: dict[str, Template] = Field(
        default_factory=dict, description="Variable → value, one for each variable that the template declares."
    )
    email_type: Literal["outgoing_interaction", "basic_send"] = Field(
        description="`outgoing_interaction`: saved as one of the `distribution_queue`; `basic_send`: from the `mailbox`."
    )
    distribution_queue: QueueReference | None = Field(default=None, description="Queue that sends; only for an outgoing interaction.")
    mailbox: Template | None = Field(default=None, description="Mailbox that sends, as the connector knows it; only for a basic send.")
    to: Annotated[_Recipients, Field(min_length=1)] = Field(description="Addresses of the recipients, one each.")
    cc: _Recipients = Field(default_factory=list, description="Addresses of those who get a copy that all recipients know of.")
    bcc: _Recipients = Field(default_factory=list, description="Addresses of those who get a copy that nobody knows of.")
    subject: Template | None = Field(
        default=None, description="Subject in place of the template's; the template's, after all, where it renders empty."
    )

    @model_validator(mode="after")
    def _sender_of_the_type(self) -> Self:
        queue, mailbox = self.distribution_queue is not None, self.mailbox is not None
        if self.email_type == "outgoing_interaction" and (mailbox or not queue):
            raise ValueError("`distribution_queue` and no `mailbox` for an `outgoing_interaction`")
        if self.email_type == "basic_send" and (queue or not mailbox):
            raise ValueError("`mailbox` and no `distribution_queue` for a `basic_send`")
        return self

    @override
    def misfits(self, definitions: Definitions) -> list[Misfit]:
        template = self.email_template.known(definitions)
        return misfits(template.variables, self.template_variables) if isinstance(template, EmailTemplate) else []

    @override
    def apply(self, visit: Visit) -> Outcome:
        outcome = super().apply(visit)
        match outcome:
            case Awaiting(commands=(SendEmailCommand(refused=refused),)):
                return replace(outcome, memo={"refused": refused})
            case _:
                return outcome

    @override
    def request(self, visit: Visit) -> CommandBody | Taken:
        template = visit.entity(self.email_template)
        if not isinstance(template, EmailTemplate):
            return Taken("reference_not_found")
        sender = self._sender(visit)
        if sender is None:
            return Taken("reference_not_found")
        if misfits(template.variables, self.template_variables):
            return Taken("error", "inputs_mismatch")
        (to, cc, bcc), refused = _recipients(visit, {"to": self.to, "cc": self.cc, "bcc": self.bcc})
        if not (to or cc or bcc):
            return Taken("error", "refused")
        own = {name: visit.render(value) for name, value in self.template_variables.items()}
        scope = scope_with(visit, own)
        subject = visit.render(self.subject).strip() if self.subject is not None else ""
        return SendEmailCommand(
            template.reference,
            self.email_type == "outgoing_interaction",
            *sender,
            to,
            cc,
            bcc,
            refused,
            " ".join((subject or rendered(visit, template.subject, scope)).split()),  # a line break would end the header
            rendered(visit, template.text, scope),
            rendered(visit, template.html, scope) if template.html is not None else None,
        )

    @override
    def answered(self, visit: Visit, response: ResponseReceived) -> Taken:
        if response.outcome == "ok" and visit.memo["refused"]:
            return Taken("partially_sent", "refused")
        if response.outcome == "partially_sent":
            return Taken("partially_sent", response.reason or "refused")
        return super().answered(visit, response)

    def _sender(self, visit: Visit) -> tuple[str | None, str | None] | None:
        """Return the queue that sends, and the mailbox; None where there is none."""
        if self.distribution_queue is None:
            assert self.mailbox is not None, "checked with the document"
            mailbox = visit.render(self.mailbox).strip()
            return (None, mailbox) if mailbox else None
        queue = visit.entity(self.distribution_queue)
        return (queue.reference, queue.mailbox) if isinstance(queue, Queue) else None


def _recipients(visit: Visit, lists: Mapping[str, Iterable[Template]]) -> tuple[list[tuple[str, ...]], int]:
    """Return the addresses of each list, each address once in all of them, and how many are none; each of these leaves a warning."""
    known: dict[str, str] = {}
    refused = 0
    for name, templates in lists.items():
        for index, template in enumerate(templates):
            try:
                known.setdefault(email.parse(visit.render(template), visit.flow), name)
            except ValueError:
                visit.warnings.append(f"refused: {name}[{index}]")
                refused += 1
    return [tuple(address for address, listed in known.items() if listed == name) for name in lists], refused
