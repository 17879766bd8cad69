"""§ 2.3, message with choice."""

from typing import Self

from pydantic import Field, model_validator
from typing_extensions import override

from processor.engine.action import LINKS, Action
from processor.engine.channels import limits_of
from processor.engine.commands import Choice, SendChoices
from processor.engine.events import Continued, MessageReceived, ResponseReceived, Ticked
from processor.engine.field_types.number import plain
from processor.engine.matching import CHOICE_SEPARATOR, normalised
from processor.engine.outcome import Awaiting, Outcome, Taken
from processor.engine.parameters import Parameter
from processor.engine.template import Template
from processor.engine.visit import Visit


class Response(Parameter):
    """One button."""

    response_content: Template = Field(description="Text of the button.")
    id: str = Field(
        default="",
        max_length=64,
        pattern=r"^[^#\x00-\x1f]*$",
        description="What the channel sends back; the button's number where none is given.",
    )


class MessageWithChoice(Action):
    """Offer choices and wait for the customer to pick one.

    A reply is matched by the choice's id, then by its text (case, accents and spaces do not count), then by its number in the list.

    - `link_1` … `link_10`: the choice picked.
    - `response_time_exceeded`: the customer was silent past the deadline.
    - `error`: no choice matches, reason `no_match`, after `maximum_attempts` replies; the channel refused the message; also silence,
      with reason `timeout`, where `response_time_exceeded` is not linked.

    ```yaml
    type: message_with_choice
    message: How can we help?
    maximum_response_wait_time_sec: 600
    responses:
      - {response_content: Order status}
      - {response_content: Talk to us}
    links: {link_1: end, link_2: end, error: end, response_time_exceeded: end}
    ```
    """

    type = "message_with_choice"
    section = "2.3"
    branches = (*LINKS, "error", "response_time_exceeded")
    failure = "error"

    message: Template = Field(description="Text before the buttons.")
    maximum_response_wait_time_sec: int = Field(ge=30, le=10_800, description="Seconds to wait for a reply.")
    responses: list[Response] = Field(min_length=1, max_length=10)
    maximum_attempts: int = Field(
        default=1, ge=1, le=10, description="Replies allowed; after one that matches nothing the choices are offered again."
    )
    template: str | None = Field(default=None, description="WhatsApp: name of the approved template with these buttons.")

    @model_validator(mode="after")
    def _choices_differ(self) -> Self:
        texts = [normalised(response.response_content.source) for response in self.responses]
        if len({"", *texts}) <= len(texts):
            raise ValueError("choices with texts that differ in more than case, accents and spaces")
        ids = [identity for identity, _ in self._numbered]
        if len(set(ids)) < len(ids):
            raise ValueError("choices with different ids")
        return self

    @property
    def _numbered(self) -> list[tuple[str, Response]]:
        return [(response.id or str(number), response) for number, response in enumerate(self.responses, 1)]

    @override
    def waits(self) -> bool:
        return True

    @override
    def used_branches(self) -> tuple[str, ...]:
        """Return the links of the buttons there are, and the failures."""
        return (*LINKS[: len(self.responses)], "error", "response_time_exceeded")

    @override
    def apply(self, visit: Visit) -> Outcome:
        match visit.event:
            case Continued():
                return self._offer(visit, 1)
            case MessageReceived() as message:
                return self._replied(visit, message)
            case ResponseReceived() as response:
                return Taken("error", response.reason or "send_failed")
            case Ticked():
                return Taken("response_time_exceeded") if visit.linked("response_time_exceeded") else Taken("error", "timeout")
            case other:
                raise AssertionError(f"the engine applies {type(other).__name__} to no action")

    def _offer(self, visit: Visit, attempt: int) -> Outcome:
        choices = tuple(
            Choice(f"{visit.wait_id}{CHOICE_SEPARATOR}{identity}", visit.render(response.response_content))
            for identity, response in self._numbered
        )
        command = SendChoices(visit.render(self.message), choices, limits_of(visit.interaction.customer.channel), self.template)
        return Awaiting("message", visit.at + self.maximum_response_wait_time_sec * 1000, (command,), memo={"attempt": attempt})

    def _replied(self, visit: Visit, message: MessageReceived) -> Outcome:
        link = self._matched(visit, message)
        if link is not None:
            return Taken(link)
        attempt = int(visit.memo["attempt"])
        return Taken("error", "no_match") if attempt >= self.maximum_attempts else self._offer(visit, attempt + 1)

    def _matched(self, visit: Visit, message: MessageReceived) -> str | None:
        pressed = (message.choice or "").rpartition(CHOICE_SEPARATOR)[2]
        text = (message.text or "").strip()
        replies = [reply for reply in (pressed, text) if reply]
        for link, (identity, _) in zip(LINKS, self._numbered, strict=False):
            if identity in replies:
                return link
        offered = [normalised(visit.render(response.response_content)) for response in self.responses]
        for reply in replies:
            if offered.count(normalised(reply)) == 1:
                return LINKS[offered.index(normalised(reply))]
        for reply in replies:
            try:
                link = f"link_{plain(reply.rstrip('.)'))}"
            except ValueError:
                continue
            if link in LINKS[: len(self.responses)]:
                return link
        return None
