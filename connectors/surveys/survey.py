"""A survey, as its definition or the edition that was attached has it (§ 10.1)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from connectors.surveys.wording import Wording, languages_of

KIND: Final = "survey"
RATINGS: Final = tuple(str(number) for number in range(1, 6))
RECOMMENDATIONS: Final = tuple(str(number) for number in range(11))
YES: Final = "true"
NO: Final = "false"

_KEPT: Final = ("language", "name", "title", "introduction", "questions", "thanks")


@dataclass(frozen=True, slots=True)
class Question:
    """One question; `kind` is rating, nps, choice, choices, text or yes_no."""

    id: str
    text: Wording
    kind: str
    choices: Mapping[str, Wording]
    required: bool

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Question":
        """Read it from the survey's document."""
        choices = {choice["id"]: choice["text"] for choice in document.get("choices", ())}
        return cls(document["id"], document["text"], document["kind"], choices, document.get("required", False))

    @property
    def values(self) -> tuple[str, ...]:
        """What can be answered, or be among the answers; nothing where it is free text."""
        match self.kind:
            case "rating":
                return RATINGS
            case "nps":
                return RECOMMENDATIONS
            case "yes_no":
                return (YES, NO)
            case _:
                return tuple(self.choices)


@dataclass(frozen=True, slots=True)
class Survey:
    """Texts and questions."""

    document: Mapping[str, Any]

    @classmethod
    def of(cls, definition: Mapping[str, Any]) -> "Survey":
        """Read it from its definition, of which only what customers see is kept."""
        return cls({name: definition[name] for name in _KEPT if definition.get(name) is not None})

    @classmethod
    def from_json(cls, text: str) -> "Survey":
        """Read what `json` wrote."""
        return cls(json.loads(text))

    @property
    def json(self) -> str:
        """The survey as text; the same survey gives the same text."""
        return json.dumps(self.document, ensure_ascii=False, sort_keys=True)

    def digest(self, reference: str) -> str:
        """Return the edition's name: that of its reference and its text."""
        return hashlib.sha256(json.dumps([reference, self.json]).encode()).hexdigest()

    @property
    def questions(self) -> tuple[Question, ...]:
        """The questions in their order; none where an outside provider has them."""
        return tuple(Question.of(question) for question in self.document.get("questions", ()))

    @property
    def language(self) -> str:
        """Language of the texts that are given once."""
        language: str = self.document.get("language", "en")
        return language

    @property
    def languages(self) -> list[str]:
        """Every language that some text is in."""
        texts: list[Wording] = [text for name in ("title", "introduction", "thanks") if (text := self.text(name)) is not None]
        for question in self.questions:
            texts += [question.text, *question.choices.values()]
        return languages_of(texts, self.language)

    def text(self, name: str) -> Wording | None:
        """Return title, introduction or thanks; the title falls back to the survey's name."""
        return self.document.get(name) or (self.document.get("name") if name == "title" else None) or None
