"""§ 3.2, send an SMS."""

import re
from typing import Literal

from pydantic import Field
from typing_extensions import override

from processor.engine.commands import CommandBody
from processor.engine.commands.sms import SendSms as SendSmsCommand
from processor.engine.definitions import Definitions
from processor.engine.entities.sms_template import SmsTemplate, SmsTemplateReference
from processor.engine.errors import Misfit
from processor.engine.field_types import phone
from processor.engine.outcome import Taken
from processor.engine.request import Request
from processor.engine.telephone import is_mobile
from processor.engine.template import Template
from processor.engine.template_variables import misfits, rendered, scope_with
from processor.engine.visit import Visit

_SENDER = re.compile(r"(?=.*\S)[A-Za-z0-9 ]{1,11}")
"""Short codes, and names of up to eleven letters and digits (3GPP TS 23.040, 9.1.2.5)."""


class SendSms(Request):
    """Send an SMS made of a template to a phone number.

    - `ok`: it is on its way.
    - `not_mobile`: the recipient is a phone number, but not that of a mobile phone.
    - `error`: the recipient is no phone number, reason `invalid_number`; the sender is none either, reason `invalid_sender`; the text is
      empty, reason `empty_content`; the values do not match the template's variables, reason `inputs_mismatch`; it could not be sent:
      the connector's reason, or `timeout`.
    - `reference_not_found`: there is no such template.

    ```yaml
    type: send_sms
    sms_template: {reference: parcel_sent}
    template_variables: {number: "{{ order.number }}"}
    sms_type: basic_sms_send
    sms_number: "+33756789012"
    recipient: "{{ contact.phone }}"
    links: {ok: end, error: end, not_mobile: end, reference_not_found: end}
    ```
    """

    type = "send_sms"
    section = "3.2"
    branches = ("ok", "error", "not_mobile", "reference_not_found")
    failure = "error"

    sms_template: SmsTemplateReference
    template_variables: dict[str, Template] = Field(
        default_factory=dict, description="Variable → value, one for each variable that the template declares."
    )
    content: Template | None = Field(
        default=None, description="Text in place of the template's; the template's, after all, where it renders empty."
    )
    sms_type: Literal["outgoing_interaction", "basic_sms_send"] = Field(
        default="basic_sms_send", description="Whether the sending is saved as an outgoing interaction."
    )
    sms_number: Template = Field(description="Sender: a phone number, a short code, or a name of up to 11 letters and digits.")
    recipient: Template = Field(description="Phone number to send to; one without a country code is read in the flow's country.")

    @override
    def misfits(self, definitions: Definitions) -> list[Misfit]:
        template = self.sms_template.known(definitions)
        return misfits(template.variables, self.template_variables) if isinstance(template, SmsTemplate) else []

    @override
    def request(self, visit: Visit) -> CommandBody | Taken:
        template = visit.entity(self.sms_template)
        if not isinstance(template, SmsTemplate):
            return Taken("reference_not_found")
        if misfits(template.variables, self.template_variables):
            return Taken("error", "inputs_mismatch")
        sender = self._sender(visit)
        if sender is None:
            return Taken("error", "invalid_sender")
        recipient = _number(visit, visit.render(self.recipient))
        if recipient is None:
            return Taken("error", "invalid_number")
        if not is_mobile(recipient):
            return Taken("not_mobile")
        text = self._text(visit, template)
        if not text:
            return Taken("error", "empty_content")
        return SendSmsCommand(template.reference, self.sms_type == "outgoing_interaction", sender, recipient, text)

    def _sender(self, visit: Visit) -> str | None:
        text = visit.render(self.sms_number).strip()
        return _number(visit, text) or (text if _SENDER.fullmatch(text) else None)

    def _text(self, visit: Visit, template: SmsTemplate) -> str:
        text = visit.render(self.content).strip() if self.content is not None else ""
        if text:
            return text
        own = {name: visit.render(value) for name, value in self.template_variables.items()}
        return rendered(visit, template.content, scope_with(visit, own)).strip()


def _number(visit: Visit, text: str) -> str | None:
    """Return a phone number as E.164; None where there is none."""
    try:
        return phone.parse(text, visit.flow)
    except ValueError:
        return None
