"""What customers are sent, beside what their channels can show."""

from collections.abc import Iterator
from typing import Final

from processor.actions.message_awaiting_response import MessageAwaitingResponse
from processor.actions.message_with_choice import MessageWithChoice
from processor.actions.send_sms import SendSms
from processor.actions.simple_message import SimpleMessage
from processor.engine.action import Action
from processor.engine.channels import limits_of
from processor.engine.commands import ChannelLimits
from processor.engine.definitions import Definitions
from processor.engine.entities import Entity
from processor.engine.entities.sms_template import SmsTemplate
from processor.engine.matching import normalised
from processor.engine.template import Template
from processor.flow.faults import described
from processor.flow.rules.facts import Facts
from processor.flow.rules.rule import Rule, Spot, flow_fault, flow_warning
from processor.flow.rules.sms import segments
from processor.flow.rules.templates import text_of

_SMS: Final = "sms"


@flow_warning("empty_message", "A message without any text is never sent.", "Write a text, or take the action away.")
def empty_message(facts: Facts) -> Iterator[Spot]:
    """Look for messages and questions that are always empty."""
    for path, action in facts.actions:
        for parameter, template in _asked(action):
            text = text_of(template)
            if text is not None and not text.strip():
                yield f"{path}.{parameter}", "there is nothing to send"


@flow_fault(
    "same_choices",
    "Two choices are one and the same to a customer who answers in words (case, accents and spaces do not count).",
    "Word them differently.",
)
def same_choices(facts: Facts) -> Iterator[Spot]:
    """Look for choices that come to the same text once they are rendered; the reader sees those that are written alike."""
    for path, action in facts.actions:
        first: dict[object, int] = {}
        for index, (parameter, template) in enumerate(_choices(action), 1):
            text = text_of(template)
            other = first.setdefault(normalised(text) if text is not None else template.path or index, index)
            if other != index:
                yield f"{path}.{parameter}", f"choice {index} is the same as choice {other}"


@flow_warning(
    "choices_as_list",
    "A channel that leads here shows the choices as a list to open, not as buttons.",
    "Offer fewer choices or shorter ones, where they should be buttons.",
)
def choices_as_list(facts: Facts) -> Iterator[Spot]:
    """Look for choices that are too many or too long for buttons and fit into a list."""
    yield from _shown(facts, as_list=True)


@flow_warning(
    "choices_as_text",
    "A channel that leads here can show the choices neither as buttons nor as a list: they are numbered in the text.",
    "Offer fewer choices or shorter ones.",
)
def choices_as_text(facts: Facts) -> Iterator[Spot]:
    """Look for choices that are too many or too long for buttons and lists."""
    yield from _shown(facts, as_list=False)


def _long_in_flow(facts: Facts) -> Iterator[Spot]:
    """Look for constant texts of actions that are sent as SMS and do not fit into one."""
    for path, action in facts.actions:
        for parameter, template in _sent_as_sms(action, by_channel=_SMS in facts.channels):
            yield from _long(f"{path}.{parameter}", template)


def _long_in_entity(entity: Entity, _: Definitions) -> Iterator[Spot]:
    """Look for a template of SMS whose constant text does not fit into one."""
    if isinstance(entity, SmsTemplate):
        yield from _long("content", entity.content)


sms_segments = Rule(
    "sms_segments",
    "warning",
    "A text takes more than one SMS, each of which is paid for: one holds 160 characters of the GSM alphabet, or 70 of any others.",
    "Shorten it, or do without the characters that are not in the GSM alphabet.",
    _long_in_flow,
    _long_in_entity,
)


@flow_warning(
    "question_at_the_end",
    "An end-of-interaction flow awaits an answer: the customer's next message answers it and opens no new interaction.",
    "Send a message that awaits nothing, or keep the waiting time short.",
)
def question_at_the_end(facts: Facts) -> Iterator[Spot]:
    """Look for questions in end-of-interaction flows."""
    if facts.flow.type == "end_of_interaction":
        for path, action in facts.actions:
            if isinstance(action, MessageAwaitingResponse | MessageWithChoice):
                yield path, f"it holds the customer for up to {action.maximum_response_wait_time_sec} s after the end"


def _asked(action: Action) -> Iterator[tuple[str, Template]]:
    """Give the texts that a message is nothing without, each with its path below the action."""
    match action:
        case SimpleMessage() | MessageWithChoice():
            yield "message", action.message
        case MessageAwaitingResponse():
            for index, question in enumerate(action.questions):
                yield f"questions[{index}].question_content", question.question_content
        case _:
            pass


def _choices(action: Action) -> Iterator[tuple[str, Template]]:
    for index, response in enumerate(action.responses if isinstance(action, MessageWithChoice) else ()):
        yield f"responses[{index}].response_content", response.response_content


def _sent_as_sms(action: Action, *, by_channel: bool) -> Iterator[tuple[str, Template]]:
    """Give the texts that go out as SMS: those of the channel, where it is one of texts, and those of the action that sends one."""
    if by_channel:
        yield from _asked(action)
    if isinstance(action, SendSms) and action.content is not None:
        yield "content", action.content


def _long(path: str, template: Template) -> Iterator[Spot]:
    text = text_of(template)
    count, foreign = segments(text or "")
    if text is not None and count > 1:
        because = f", because {described(foreign)} is not in the GSM alphabet" if foreign else ""
        yield path, f"{len(text)} characters make {count} SMS{because}"


def _shown(facts: Facts, *, as_list: bool) -> Iterator[Spot]:
    for path, action in facts.actions:
        texts = [text_of(template) or "" for _, template in _choices(action)]
        for channel in facts.channels if texts else ():
            limits = limits_of(channel)
            if limits.buttons == 0 or _fit(texts, limits.buttons, limits.button_length):
                continue
            if _fit(texts, limits.list_items, limits.list_item_length) == as_list:
                yield f"{path}.responses", f"{channel}: {_why(texts, limits, as_list=as_list)}"


def _fit(texts: list[str], count: int, length: int) -> bool:
    return len(texts) <= count and all(len(text) <= length for text in texts)


def _why(texts: list[str], limits: ChannelLimits, *, as_list: bool) -> str:
    """Return which bound the choices exceed."""
    if as_list:
        what, count, length = "buttons", limits.buttons, limits.button_length
    else:
        what, count, length = "items", limits.list_items, limits.list_item_length
    if len(texts) > count:
        return f"{len(texts)} choices are more than {count} {what}"
    long = next(text for text in texts if len(text) > length)
    return f"{described(long)} is longer than the {length} characters of {what}"
