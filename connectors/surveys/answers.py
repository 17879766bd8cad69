"""What a customer sends, held against the questions."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from connectors.surveys.survey import Question

LONGEST_TEXT: Final = 2_000
"""Characters of a text."""
LARGEST_BYTES: Final = 32 * 1_024
"""UTF-8 of all answers together, so that the event and its journal record stay small."""

PREFIX: Final = "answer."
"""Before the question's id in the form's names."""
FORM: Final = ""
"""Where a problem is that no question has alone."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers in canonical text by question, and what is wrong: question → name of a phrase."""

    values: Mapping[str, str]
    problems: Mapping[str, str] = field(default_factory=dict)


def read(form: Iterable[tuple[str, str]], questions: Sequence[Question]) -> Answers:
    """Read a form. What is not answered is left out.

    A rating is 1 to 5, a recommendation 0 to 10, yes or no is true or false, a choice is its code, choices are their codes in the survey's
    order with commas between, a text is without white space around it and control characters, but with its lines.
    """
    given: dict[str, list[str]] = {}
    for name, value in form:
        if name.startswith(PREFIX):
            given.setdefault(name.removeprefix(PREFIX), []).append(value)
    values: dict[str, str] = {}
    problems: dict[str, str] = {}
    for question in questions:
        try:
            value = _value(question, given.pop(question.id, []))
        except _Unfit as unfit:
            problems[question.id] = unfit.phrase
            continue
        if value:
            values[question.id] = value
        elif question.required:
            problems[question.id] = "missing"
    if given:
        problems[FORM] = "unknown"
    elif not values and not problems:
        problems[FORM] = "empty"
    elif sum(len(value.encode()) for value in values.values()) > LARGEST_BYTES:
        problems[FORM] = "long"
    return Answers(values, problems)


class _Unfit(ValueError):
    def __init__(self, phrase: str) -> None:
        super().__init__(phrase)
        self.phrase = phrase


def _value(question: Question, given: list[str]) -> str:
    if question.kind == "text":
        return _text(given)
    chosen = [value for value in given if value]
    if any(value not in question.values for value in chosen) or (question.kind != "choices" and len(set(chosen)) > 1):
        raise _Unfit("unknown")
    return ",".join(value for value in question.values if value in chosen)


def _text(given: list[str]) -> str:
    if len(given) > 1:
        raise _Unfit("unknown")
    lines = "".join(given).replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(character for character in lines if character in "\n\t" or unicodedata.category(character) not in {"Cc", "Cs"}).strip()
    if len(text) > LONGEST_TEXT:
        raise _Unfit("long")
    return text
