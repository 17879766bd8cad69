"""Scripts: what connectors answer, written down. Knows neither simulation nor engine, so that whoever holds a command can ask it.

A rule names commands by their name, family, action, fields and number, and says what is answered; the first one that fits is taken.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from processor.runtime.simulator.duration import Duration
from processor.runtime.simulator.fitting import as_text, check_patterns, fits

SILENCE = "silence"

_Scalar = str | int | bool


def _words(value: Any) -> Any:
    return as_text(value) if isinstance(value, (bool, int)) else value


def _checked(value: Any) -> Any:
    check_patterns(value)
    return value


Words = Annotated[str, BeforeValidator(_words, json_schema_input_type=_Scalar)]
"""A text, which may be written without quotes where it looks like a number or a truth value."""


class Written(BaseModel):
    """A group of what authors of scripts and tests write."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Answer(Written):
    """One answer to a command: its outcome; or what the agent writes; or what became of it later."""

    outcome: Words | None = Field(default=None, description="`ok`, or the command's own word; `ok` where nothing else is said.")
    reason: Words | None = Field(default=None, description="Reason code of a failure.")
    detail: Words | None = Field(default=None, description="One sentence for people.")
    values: dict[str, Words] = Field(default_factory=dict, description="Results by name, in canonical text.")
    agent: Words | None = Field(default=None, description="The agent who has the interaction writes this.")
    by: Words = Field(default="agent", description="Who the agent is.")
    report: Words | None = Field(default=None, description="What became of the command since it was answered.")
    after: Duration = Field(default=0, description="How long it takes, counted from the command or the answer before.")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        if isinstance(value, (str, bool, int)):
            return {"outcome": value}
        if isinstance(value, Mapping) and not value.keys() & {"outcome", "agent", "report"}:
            return {**value, "outcome": "ok"}
        return value

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        said = [name for name in ("outcome", "agent", "report") if getattr(self, name) is not None]
        if len(said) != 1:
            raise ValueError(f"one of outcome, agent and report, found {' and '.join(said) or 'nothing'}")
        if self.outcome == SILENCE:
            raise ValueError("silence as the whole answer, found it as one of several, or with more beside it")
        return self


def _listed(value: Any) -> Any:
    match value:
        case "silence":
            return []
        case list():
            return value
        case _:
            return [value]


Answers = Annotated[
    list[Answer], BeforeValidator(_listed, json_schema_input_type=Literal["silence"] | _Scalar | Answer | list[_Scalar | Answer])
]
"""What is answered, one after the other; nothing, where it is `silence`."""


class Rule(Written):
    """Answers for the commands that fit."""

    command: str | None = Field(default=None, description="Name of the command, as in schemas/avro: `ReadRow`.")
    family: str | None = Field(default=None, description="Family of the command: messaging, email, acd …")
    action: str | None = Field(default=None, description="Action that issues it, as `find_order` or `order_help/find_order`.")
    where: Annotated[dict[str, Any], BeforeValidator(_checked)] = Field(
        default_factory=dict, description="What its fields hold; those not named may hold anything."
    )
    nth: int | None = Field(default=None, ge=1, description="Only the n-th command of a conversation that fits all of the above.")
    answer: Answers = Field(description="What is answered.")

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if self.command is None and self.family is None and self.action is None:
            raise ValueError("a rule that names a command, a family or an action, found none of them")
        return self


class Script(Written):
    """A document of its own with rules."""

    kind: Literal["script"] = "script"
    rules: list[Rule]


class Matcher:
    """The rules of one conversation, and how often each has fitted."""

    __slots__ = ("_counts", "_rules")

    def __init__(self, rules: Sequence[Rule]) -> None:
        """Begin with no command seen; the first of the rules that fits a command is taken."""
        self._rules = rules
        self._counts = [0] * len(rules)

    def answers(self, name: str, family: str, flow: str, action: str, fields: Callable[[], Mapping[str, Any]]) -> list[Answer] | None:
        """Return the answers to a command, none for silence; None where no rule fits.

        `fields` gives the fields of its body as plain values, and is only called where a rule asks for them.
        """
        found = None
        for index, rule in enumerate(self._rules):
            if rule.command not in (None, name) or rule.family not in (None, family):
                continue
            if rule.action not in (None, action, f"{flow}/{action}") or (rule.where and not fits(rule.where, fields())):
                continue
            self._counts[index] += 1
            if found is None and rule.nth in (None, self._counts[index]):
                found = rule.answer
        return found
