"""Surveys (§ 10.1)."""

from typing import Self

from pydantic import Field, model_validator

from processor.engine.entities.entity import Entity
from processor.engine.entities.survey_question import Language, Question, Wordings
from processor.engine.parameters import EntityReference
from processor.engine.template import Template


class SurveyDefinition(Entity):
    """Questions that a customer is invited to answer: on our own page, or with a provider who has them."""

    entity_kind = "survey"

    url: str | None = Field(
        default=None, pattern=r"^https://\S+$", description="Where an outside provider has it answered, if that is known beforehand."
    )
    invitation: Template | None = Field(
        default=None,
        description="What the customer is told as soon as the survey is attached; `{{ link }}` stands for where to answer it. "
        "Without an invitation the survey's provider invites in its own way.",
    )
    language: Language = Field(default="en", description="Language of the texts below that are given once.")
    title: Wordings | None = Field(default=None, description="Heading of the page.")
    introduction: Wordings | None = Field(default=None, description="What stands above the questions.")
    questions: list[Question] = Field(default_factory=list, max_length=50, description="What is asked on our own page; none with a `url`.")
    thanks: Wordings | None = Field(default=None, description="What the page says once the survey is answered.")

    @model_validator(mode="after")
    def _is_answered_in_one_place(self) -> Self:
        if self.url is not None and self.questions:
            raise ValueError(f"either a `url` or `questions`, found both, {len(self.questions)} questions")
        seen = set()
        for question in self.questions:
            if question.id in seen:
                raise ValueError(f"each question's `id` once, found {question.id!r} twice")
            seen.add(question.id)
        return self


class SurveyReference(EntityReference):
    """A survey."""

    kind = "survey"
