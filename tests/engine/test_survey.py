from typing import Any

import pytest
from pydantic import ValidationError

from processor.engine.entities.survey import SurveyDefinition


@pytest.mark.parametrize("url", ["http://example.org", "example.org", "https://", "https://a b", ""])
def test_a_survey_is_answered_over_https(url: str) -> None:
    SurveyDefinition(id="s", reference="s", url="https://example.org/s")
    with pytest.raises(ValidationError):
        SurveyDefinition(id="s", reference="s", url=url)


STARS: dict[str, Any] = {"id": "stars", "text": "How did we do?", "kind": "rating", "required": True}
REASONS: dict[str, Any] = {
    "id": "why",
    "text": {"en": "Why?", "pt-BR": "Por quê?"},
    "kind": "choices",
    "choices": [{"id": "a", "text": "A"}, {"id": "b", "text": {"en": "B"}}],
}


def survey(*questions: dict[str, Any], **fields: Any) -> SurveyDefinition:
    return SurveyDefinition.model_validate({"id": "s", "reference": "s", "questions": list(questions), **fields})


def test_a_survey_has_questions_in_one_language_or_in_several() -> None:
    found = survey(STARS, REASONS, title="Your opinion", thanks={"en": "Thank you", "de": "Danke"}).questions
    assert [(question.id, question.required, [choice.id for choice in question.choices]) for question in found] == [
        ("stars", True, []),
        ("why", False, ["a", "b"]),
    ]


@pytest.mark.parametrize(
    ("questions", "fields", "problem"),
    [
        ([STARS], {"url": "https://example.org/s"}, "either a `url` or `questions`, found both, 1 questions"),
        ([STARS, STARS], {}, "each question's `id` once, found 'stars' twice"),
        ([{**STARS, "id": "survey"}], {}, "an `id` that is not 'survey'"),
        ([{**STARS, "id": "a b"}], {}, "pattern"),
        ([{**STARS, "choices": REASONS["choices"]}], {}, "no `choices` with kind rating, found 2"),
        ([{**REASONS, "choices": []}], {}, "at least two `choices` with kind choices, each `id` once, found none"),
        ([{**REASONS, "choices": REASONS["choices"][:1]}], {}, "at least two `choices` with kind choices, each `id` once, found a"),
        ([{**REASONS, "choices": [*REASONS["choices"], {"id": "a", "text": "C"}]}], {}, "each `id` once, found a, b, a"),
        ([{**REASONS, "choices": [{"id": "a,b", "text": "A"}, {"id": "c", "text": "C"}]}], {}, "pattern"),
        ([{**STARS, "text": {}}], {}, "at least 1"),
        ([{**STARS, "text": {"Deutsch": "Wie war es?"}}], {}, "pattern"),
        ([{**STARS, "text": ""}], {}, "at least 1"),
        ([{**STARS, "kind": "essay"}], {}, "'rating', 'nps', 'choice', 'choices', 'text' or 'yes_no'"),
        ([{**STARS, "id": f"s{number}"} for number in range(51)], {}, "at most 50"),
    ],
)
def test_what_could_not_be_asked_is_refused(questions: list[dict[str, Any]], fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError) as refused:
        survey(*questions, **fields)
    assert problem in str(refused.value)
