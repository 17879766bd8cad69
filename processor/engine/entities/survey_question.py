"""Questions of surveys that are answered on our own page (§ 10.1)."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from processor.engine.entities.entity import Part

Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
"""A language as BCP 47 (RFC 5646) writes it: `en`, `pt-BR`."""

Wording = Annotated[str, StringConstraints(min_length=1, max_length=1_000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]+$")]
Wordings = Wording | Annotated[dict[Language, Wording], Field(min_length=1)]
"""A text in the survey's language, or language → text; a customer whose language is missing sees the survey's, or the first by its code."""

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]

RESERVED = "survey"
"""The name under which a result holds the survey's reference beside the answers."""


class Choice(Part):
    """Something that can be chosen."""

    id: Code = Field(description="Name in results: letters, digits, `_` and `-`.")
    text: Wordings = Field(description="What is shown.")


class Question(Part):
    """One question."""

    id: Code = Field(description="Name of the answer in results: letters, digits, `_` and `-`; not `survey`.")
    text: Wordings = Field(description="What is asked.")
    kind: Literal["rating", "nps", "choice", "choices", "text", "yes_no"] = Field(
        description="rating: 1 to 5 · nps: 0 to 10, how likely one would recommend us · choice: one of `choices` · choices: any of them · "
        "text: up to 2,000 characters · yes_no."
    )
    choices: list[Choice] = Field(default_factory=list, max_length=30, description="What can be chosen, in this order.")
    required: bool = Field(default=False, description="Whether the survey can be sent only with an answer.")

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.id == RESERVED:
            raise ValueError(f"an `id` that is not {RESERVED!r}, which results keep for the survey's reference")
        if self.kind in ("choice", "choices"):
            if len({choice.id for choice in self.choices}) < max(len(self.choices), 2):
                found = [choice.id for choice in self.choices]
                raise ValueError(f"at least two `choices` with kind {self.kind}, each `id` once, found {', '.join(found) or 'none'}")
        elif self.choices:
            raise ValueError(f"no `choices` with kind {self.kind}, found {len(self.choices)}")
        return self
