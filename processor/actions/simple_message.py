"""§ 2.1, simple message."""

from pydantic import Field
from typing_extensions import override

from processor.engine.action import Action
from processor.engine.commands import SendMessage
from processor.engine.outcome import Outcome, Taken
from processor.engine.template import Template
from processor.engine.visit import Visit


class SimpleMessage(Action):
    """Send the customer a text; no response is expected.

    - `ok`: at once. The channel's later refusal is in the journal beside the command's id; a text that renders empty is not sent,
      and a template that fails is not either: both leave a warning.

    ```yaml
    type: simple_message
    message: "Hello {{ customer.name }}"
    links: {ok: end}
    ```
    """

    type = "simple_message"
    section = "2.1"
    branches = ("ok",)
    failure = "ok"

    message: Template = Field(description="Text to send.")

    @override
    def apply(self, visit: Visit) -> Outcome:
        text = visit.render(self.message)
        if not text.strip():
            visit.warnings.append("empty_message")
            return Taken("ok")
        return Taken("ok", commands=(SendMessage(text),))
