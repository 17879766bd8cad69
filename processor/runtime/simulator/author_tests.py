"""What a test file says: conversations with a flow, and what is expected of them. docs/testing.md is the manual."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from processor.runtime.simulator.duration import Duration
from processor.runtime.simulator.fitting import ANY, check_patterns
from processor.runtime.simulator.script import Answers, Rule, Words, Written

DEFAULT_AT = "2026-03-02T09:00"
"""When conversations begin where nothing is said: a Monday, in the flow's time zone."""

Channel = Literal["web_chat", "whatsapp", "sms"]


def _several(value: Any) -> Any:
    check_patterns(value)
    return value if isinstance(value, list) else [value]


def _path(value: Any) -> Any:
    return [_passage(item) for item in value] if isinstance(value, list) else [_passage(value)]


def _passage(item: Any) -> Any:
    if not isinstance(item, Mapping):
        return item
    if len(item) != 1 or not all(isinstance(branch, str) for branch in item.values()):
        raise ValueError(f"an action with its branch, such as `find_order: ok`, found a mapping with {', '.join(item)}")
    return next(f"{action}: {branch}" for action, branch in item.items())


def _branch(value: Any) -> Any:
    return {"": value} if isinstance(value, str) else value


def _commands(value: Any) -> Any:
    return [_command(item) for item in value] if isinstance(value, list) else [_command(value)]


def _command(item: Any) -> Any:
    if item == ANY:
        return item
    if isinstance(item, str):
        return {item: {}}
    if not isinstance(item, Mapping) or len(item) != 1 or not all(isinstance(fields, Mapping | None) for fields in item.values()):
        raise ValueError("a command by its name with the fields that matter, such as `SendSms: {text: ~ ready}`")
    check_patterns(item)
    return {name: fields or {} for name, fields in item.items()}


def _checked(value: Any) -> Any:
    check_patterns(value)
    return value


Texts = Annotated[list[Words], BeforeValidator(_several, json_schema_input_type=Words | list[Words])]
Path = Annotated[list[str], BeforeValidator(_path, json_schema_input_type=str | list[str | dict[str, str]])]
Branches = Annotated[dict[str, str], BeforeValidator(_branch, json_schema_input_type=str | dict[str, str])]
Commands = Annotated[
    list[Any], BeforeValidator(_commands, json_schema_input_type=str | dict[str, Any] | list[str | dict[str, dict[str, Any] | None]])
]
Fields = Annotated[dict[str, dict[str, Words | None]], BeforeValidator(_checked)]


class Expectation(Written):
    """What is expected to follow; what is not said is not compared."""

    messages: Texts | None = Field(default=None, description="All texts that the customer was sent, in order.")
    choices: Texts | None = Field(default=None, description="Texts of the choices that were offered last.")
    path: Path | None = Field(default=None, description="The actions passed, in order; `find_order: ok` with the branch taken.")
    branch: Branches | None = Field(default=None, description="Branch that an action took last, or the last branch of all.")
    reason: Words | None = Field(default=None, description="Reason of the last branch taken; null: it has none.")
    commands: Commands | None = Field(default=None, description="Commands issued, in order, but for messages to the customer.")
    variables: Fields | None = Field(default=None, description="What the variables' fields hold afterwards; null: nothing.")
    ending: Words | None = Field(default=None, description="Reason with which the interaction ended; null: it goes on.")
    warnings: Texts | None = Field(default=None, description="All warnings of the journal, in order.")


class Picture(Written):
    """A file that the customer sends."""

    url: str
    mime_type: str | None = Field(default=None, description="By the address's ending, where it is not said.")
    name: str | None = None


class Report(Written):
    """What became of a command since it was answered."""

    outcome: Words
    reason: Words | None = None


def _picture(value: Any) -> Any:
    return {"url": value} if isinstance(value, str) else value


def _report(value: Any) -> Any:
    return {"outcome": value} if isinstance(value, str) else value


class ScriptedTurn(Expectation):
    """One thing that happens, and what is expected to follow from it."""

    customer: Words | None = Field(default=None, description="The customer writes.")
    choose: Words | None = Field(default=None, description="The customer presses a choice: its number, text or id.")
    image: Annotated[Picture, BeforeValidator(_picture, json_schema_input_type=str | Picture)] | None = Field(
        default=None, description="The customer sends a file."
    )
    wait: str | None = Field(default=None, description="Time passes: `2h`, `until 2026-03-02T18:00`, `deadline`.")
    answer: Answers | None = Field(default=None, description="A connector answers the command that waits.")
    agent: Words | None = Field(default=None, description="The agent writes.")
    report: Annotated[Report, BeforeValidator(_report, json_schema_input_type=str | Report)] | None = Field(
        default=None, description="A connector tells what became of a command since it was answered."
    )
    operator: Literal["end"] | None = Field(default=None, description="An operator ends the interaction.")
    to: str | None = Field(default=None, description="Name of the command that is answered or reported on; the last of that name.")
    by: Words = Field(default="agent", description="Who the agent is.")
    after: Duration | None = Field(default=None, description="Time that passes before; 1s where it is not said.")

    @model_validator(mode="after")
    def _one_happening(self) -> Self:
        said = [name for name in HAPPENINGS if getattr(self, name) is not None]
        if len(said) != 1 and said != ["customer", "image"]:
            raise ValueError(f"one of {', '.join(HAPPENINGS)}, found {' and '.join(said) or 'none of them'}")
        return self


HAPPENINGS = ("customer", "choose", "image", "wait", "answer", "agent", "report", "operator")
"""The keys of a turn that say what happens."""


class Customer(Written):
    """Who writes."""

    address: Words | None = None
    name: Words | None = None
    locale: str | None = None


def _drawn(value: Any) -> Any:
    return {action: [link] if isinstance(link, str) else link for action, link in value.items()} if isinstance(value, Mapping) else value


def _is_path(value: Any) -> str:
    return "path" if isinstance(value, str) else "written here"


ScriptItem = Annotated[Annotated[str, Tag("path")] | Annotated[Rule, Tag("written here")], Discriminator(_is_path)]
DefinitionItem = Annotated[Annotated[str, Tag("path")] | Annotated[dict[str, Any], Tag("written here")], Discriminator(_is_path)]
Paths = Annotated[
    list[str], BeforeValidator(lambda value: value if isinstance(value, list) else [value], json_schema_input_type=str | list[str])
]
Draws = Annotated[dict[str, list[str]], BeforeValidator(_drawn, json_schema_input_type=dict[str, str | list[str]])]


class Situation(Written):
    """What can be said of all conversations of a file, and of each."""

    at: str | None = Field(default=None, description=f"When the conversation begins, in the flow's time zone; {DEFAULT_AT}.")
    channel: Channel | None = None
    customer: Customer | None = Field(default=None, description="Who writes.")
    script: list[ScriptItem] = Field(default_factory=list, description="What connectors answer: rules, or paths of script files.")
    definitions: list[DefinitionItem] = Field(default_factory=list, description="Paths of files or folders, or documents written here.")


class ScriptedTalk(Situation):
    """One conversation."""

    conversation: str = Field(min_length=1, description="A sentence: what is shown here.")
    without: list[str] = Field(default_factory=list, description="What is not defined here: `queue sales`, kind and reference.")
    draws: Draws = Field(default_factory=dict, description="What load sharing draws: action → link, or links one after another.")
    turns: list[ScriptedTurn] = Field(min_length=1)
    expect: Expectation | None = Field(default=None, description="What is expected of all turns together.")


class AuthorTests(Situation):
    """A test file."""

    kind: Literal["test"] = "test"
    flow: Paths = Field(min_length=1, description="Paths of the flows under test; conversations begin in the first.")
    exempt: dict[str, str] = Field(default_factory=dict, description="Branches that no conversation can take → why: `is_ahead/error`.")
    conversations: list[ScriptedTalk] = Field(min_length=1)

    @model_validator(mode="after")
    def _sentences_differ(self) -> Self:
        seen: set[str] = set()
        for talk in self.conversations:
            if talk.conversation in seen:
                raise ValueError(f"a sentence of its own for each conversation, found {talk.conversation!r} twice")
            seen.add(talk.conversation)
        return self
