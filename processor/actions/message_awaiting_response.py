"""§ 2.2, message awaiting response."""

from typing import Literal

from pydantic import Field
from typing_extensions import override

from processor.engine.action import Action
from processor.engine.channels import allowed_image
from processor.engine.commands import CheckImage, SendMessage
from processor.engine.errors import TemplateFailed
from processor.engine.events import Continued, MessageReceived, ResponseReceived, Ticked
from processor.engine.field_types import date, email, image, number, phone
from processor.engine.interaction import Wait
from processor.engine.limits import ANSWER_CHARACTERS, REQUEST_TIMEOUT_SEC
from processor.engine.outcome import Awaiting, Outcome, Taken, Write
from processor.engine.parameters import Target
from processor.engine.template import Template
from processor.engine.visit import Visit


class Question(Target):
    """One question and where its answer goes."""

    question_content: Template = Field(description="Text of the question.")
    variable_type: Literal["number", "email", "date", "long_text", "image", "phone"] = Field(description="What the answer must be.")


class MessageAwaitingResponse(Action):
    """Ask one or more questions; each answer is validated and stored.

    - `ok`: every question has a valid answer.
    - `maximum_attempts_reached`: a question's last allowed answer was invalid, too.
    - `response_time_exceeded`: the customer was silent past the deadline of the last prompt.
    - `error`: the channel refused a prompt, or an image could not be checked; also silence, with reason `timeout`, where
      `response_time_exceeded` is not linked.

    Answers that were valid are kept on every branch.

    ```yaml
    type: message_awaiting_response
    message: Two questions, please.
    maximum_response_wait_time_sec: 600
    maximum_number_of_response_attempts: 3
    default_error_message: I did not understand that.
    questions:
      - {question_content: "Your order number?", variable_type: number, variable: order, field: number}
    links: {ok: end, error: end, maximum_attempts_reached: end, response_time_exceeded: end}
    ```
    """

    type = "message_awaiting_response"
    section = "2.2"
    branches = ("ok", "error", "maximum_attempts_reached", "response_time_exceeded")
    failure = "error"

    message: Template = Field(description="Welcome text, sent before the first question.")
    maximum_response_wait_time_sec: int = Field(ge=30, le=10_800, description="Seconds to wait for each answer.")
    maximum_number_of_response_attempts: int = Field(ge=1, le=10, description="Invalid answers allowed per question.")
    default_error_message: Template = Field(description="Text sent after an invalid answer, before the question is asked again.")
    questions: list[Question] = Field(min_length=1, max_length=10)
    timeout: int = Field(default=REQUEST_TIMEOUT_SEC, ge=1, le=600, description="Seconds that the check of an image may take.")

    @override
    def waits(self) -> bool:
        return True

    @override
    def cannot_resume(self, wait: Wait) -> str | None:
        index = int(wait.memo["question"])
        if index >= len(self.questions):
            return f"question {index + 1} was asked: expected it among the questions; found {len(self.questions)} of them"
        wanted = self.questions[index].variable_type
        if "url" in wait.memo and wanted != "image":
            return f"an image is being checked: expected question {index + 1} to ask for one; found {wanted}"
        return None

    @override
    def apply(self, visit: Visit) -> Outcome:
        match visit.event:
            case Continued():
                return self._ask(visit, 0, first=visit.render(self.message))
            case MessageReceived() as message:
                return self._answered(visit, message)
            case ResponseReceived() as response:
                return self._checked(visit, response)
            case Ticked() if "url" in visit.memo:
                return Taken("error", "timeout")
            case Ticked():
                return Taken("response_time_exceeded") if visit.linked("response_time_exceeded") else Taken("error", "timeout")
            case other:
                raise AssertionError(f"the engine applies {type(other).__name__} to no action")

    def _ask(self, visit: Visit, index: int, *, first: str = "", attempts: int = 0, writes: tuple[Write, ...] = ()) -> Outcome:
        try:
            texts = (first, visit.render(self.questions[index].question_content))
        except TemplateFailed as failure:  # here and not in the engine, so that the answers before it are kept
            visit.warnings.append(str(failure))
            return Taken("error", failure.reason, writes=writes)
        messages = tuple(SendMessage(text) for text in texts if text.strip())
        if not messages:
            visit.warnings.append("empty_message")
        deadline = visit.at + self.maximum_response_wait_time_sec * 1000
        return Awaiting("message", deadline, messages, writes, {"question": index, "attempts": attempts})

    def _answered(self, visit: Visit, message: MessageReceived) -> Outcome:
        index = int(visit.memo["question"])
        wanted = self.questions[index].variable_type
        text = (message.text or message.choice or "").strip()
        picture = allowed_image(visit.interaction.customer.channel, message.media) if wanted == "image" else None
        if picture is not None:
            return self._valid(visit, index, picture)
        try:
            answer = _validated(wanted, text, visit)
        except ValueError:
            return self._invalid(visit, index)
        return self._check(visit, index, answer) if wanted == "image" else self._valid(visit, index, answer)

    def _check(self, visit: Visit, index: int, url: str) -> Outcome:
        memo = {"question": index, "attempts": visit.memo["attempts"], "url": url}
        return Awaiting("response", visit.at + self.timeout * 1000, (CheckImage(url),), memo=memo)

    def _checked(self, visit: Visit, response: ResponseReceived) -> Outcome:
        url = visit.memo.get("url")
        if url is None:
            return Taken("error", response.reason or "send_failed")
        index = int(visit.memo["question"])
        match response.outcome:
            case "ok":
                return self._valid(visit, index, str(url))
            case "not_an_image":
                return self._invalid(visit, index)
            case _:
                return Taken("error", response.reason or "check_failed")

    def _valid(self, visit: Visit, index: int, answer: str) -> Outcome:
        try:
            writes = (visit.write(self.questions[index], answer),)
        except ValueError:  # the field is declared with a type that asks for more than the question
            return self._invalid(visit, index)
        if index + 1 == len(self.questions):
            return Taken("ok", writes=writes)
        return self._ask(visit.after(writes), index + 1, writes=writes)

    def _invalid(self, visit: Visit, index: int) -> Outcome:
        attempts = int(visit.memo["attempts"]) + 1
        if attempts >= self.maximum_number_of_response_attempts:
            return Taken("maximum_attempts_reached")
        return self._ask(visit, index, first=visit.render(self.default_error_message), attempts=attempts)


def _validated(wanted: str, text: str, visit: Visit) -> str:
    """Return an answer in canonical form; an empty one is invalid. Raises ValueError."""
    if not text:
        raise ValueError("an answer, found nothing")
    match wanted:
        case "number":
            return number.localised(text, visit.flow.locale)
        case "email":
            return email.parse(text, visit.flow)
        case "date":
            return date.parse(text, visit.flow)
        case "phone":
            return phone.parse(text, visit.flow)
        case "image":
            return image.parse(text, visit.flow)
        case _:
            if len(text) > ANSWER_CHARACTERS:
                raise ValueError(f"at most {ANSWER_CHARACTERS} characters, found {len(text)}")
            return text
