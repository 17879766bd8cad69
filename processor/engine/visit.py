"""What an action may look at while it is applied: its interaction, the event, the flow, and the definitions of that moment."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from msgspec.structs import replace
from typing_extensions import override

from processor.engine.definitions import Definitions
from processor.engine.entities import Entity
from processor.engine.events import Event
from processor.engine.field_types import canonical
from processor.engine.flow import Flow
from processor.engine.interaction import Interaction
from processor.engine.outcome import Write
from processor.engine.parameters import EntityReference, Target
from processor.engine.template import Names, Template, text_in
from processor.engine.values import Moment, Number
from processor.engine.variables import written


class Visit:
    """One application of one action."""

    __slots__ = ("_scope", "definitions", "event", "flow", "interaction", "warnings")

    def __init__(self, flow: Flow, interaction: Interaction, event: Event, definitions: Definitions) -> None:
        self.flow = flow
        self.interaction = interaction
        self.event = event
        self.definitions = definitions
        self.warnings: list[str] = []
        self._scope: Scope | None = None

    @property
    def at(self) -> int:
        """Log time of the event, epoch ms."""
        return self.event.at

    @property
    def wait_id(self) -> str:
        """Id of the wait that this application begins, if it begins one."""
        return f"{self.interaction.id}:{self.interaction.step + 1}"

    @property
    def counter_key(self) -> str:
        """Where the action's own counter is kept on the interaction."""
        return f"{self.flow.reference}/{self.interaction.action}"

    @property
    def counter(self) -> int:
        """The action's own counter."""
        return self.interaction.counters.get(self.counter_key, 0)

    @property
    def memo(self) -> Mapping[str, int | str]:
        """What the action noted when it began to wait."""
        wait = self.interaction.wait
        assert wait is not None, "only a waiting action reads its memo"
        return wait.memo

    @property
    def scope(self) -> "Scope":
        """The variables as templates see them."""
        if self._scope is None:
            self._scope = Scope(self.flow, self.interaction, self.event.at)
        return self._scope

    def after(self, writes: tuple[Write, ...]) -> "Visit":
        """Return the visit as it goes on once the writes are made: what is rendered then sees them."""
        interaction = replace(self.interaction, variables=written(self.interaction.variables, writes))
        later = Visit(self.flow, interaction, self.event, self.definitions)
        later.warnings = self.warnings
        return later

    def linked(self, branch: str) -> bool:
        """Tell whether a branch of the action leads somewhere."""
        return branch in self.flow.actions[self.interaction.action].links

    def render(self, template: Template) -> str:
        """Return a template's text; a missing variable renders as nothing and leaves a warning.

        Raises TemplateFailed; the engine then takes the action's failure branch.
        """
        missing: list[str] = []
        text = template.render(self.scope, missing)
        if missing:
            self.warnings.extend(f"missing_variable: {name}" for name in missing)
        return text

    def entity(self, wanted: EntityReference) -> Entity | None:
        """Return the entity that a parameter names, by id or by its rendered reference; None where there is none."""
        if wanted.id is not None:
            return self.definitions.entity(wanted.kind, wanted.id)
        assert wanted.reference is not None, "checked with the document"
        return self.definitions.by_reference(wanted.kind, self.render(wanted.reference).strip())

    def write(self, target: Target, text: str) -> Write:
        """Return a write of a text in the declared type's canonical form; empty text clears the field.

        Raises ValueError where the text does not fit the type.
        """
        return Write(target.variable, target.field, canonical(self.flow.declared(target.variable, target.field), text, self.flow))

    def fill(self, variable: str, values: Mapping[str, str]) -> tuple[Write, ...]:
        """Return the writes that make these the only fields of a built-in variable (`case`, `crm`, `bill`).

        Raises ValueError where one does not fit its type.
        """
        gone = (field for field in self.interaction.variables.get(variable, {}) if field not in values)
        typed = ((field, canonical(BUILT_IN_TYPES.get((variable, field), "text"), text, self.flow)) for field, text in values.items())
        return (*(Write(variable, field, "") for field in gone), *(Write(variable, field, text) for field, text in typed))


class Scope(Names):
    """Flow variables and built-in ones by name, made when they are asked for. Numbers are numbers, truth values are truth values."""

    def __init__(self, flow: Flow, interaction: Interaction, at: int) -> None:
        self._flow = flow
        self._interaction = interaction
        self._at = at
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def _make(self, name: str) -> Any:
        fields = self._interaction.variables.get(name)
        if fields is None:
            return BUILT_IN[name](self)
        declared = BUILT_IN_FIELDS.get(name) or self._flow.variables.get(name, {})
        typed = {field: _typed(kind, fields[field]) for field, kind in declared.items() if kind in _READ and field in fields}
        return {**fields, **typed} if typed else fields

    @override
    def text(self, variable: str, field: str | None = None) -> str | None:
        fields = self._interaction.variables.get(variable)
        if fields is None or field is None:
            return text_in(self, variable, field)
        return fields.get(field)  # kept in the form in which it is written

    def __contains__(self, name: object) -> bool:
        return name in self._interaction.variables or name in BUILT_IN

    def __iter__(self) -> Iterator[str]:
        yield from self._interaction.variables
        yield from (name for name in BUILT_IN if name not in self._interaction.variables)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @property
    def now(self) -> Moment:
        """The event's log time in the flow's time zone, to the second."""
        return Moment.fromtimestamp(self._at // 1000, self._flow.timezone)

    @property
    def interaction(self) -> dict[str, Any]:
        """`interaction`: id, channel, account, flow, version, number, started_at."""
        interaction = self._interaction
        return {
            "id": interaction.id,
            "channel": interaction.customer.channel,
            "account": interaction.customer.account,
            "flow": interaction.flow,
            "version": Number(interaction.flow_version),
            "number": Number(interaction.number),
            "started_at": Moment.fromtimestamp(interaction.started_at // 1000, self._flow.timezone).isoformat(),
        }

    @property
    def customer(self) -> dict[str, Any]:
        """`customer`: id, address, name, locale; what is not known is missing."""
        customer = self._interaction.customer
        known = {"id": self._interaction.conversation_id, "address": customer.address, "name": customer.name, "locale": customer.locale}
        return {field: value for field, value in known.items() if value}

    @property
    def message(self) -> dict[str, Any]:
        """`message`: the customer's last text, choice and media."""
        message = self._interaction.message
        media = [{"url": item.url, "mime_type": item.mime_type, "name": item.name or ""} for item in message.media]
        return {"text": message.text, "choice": message.choice, "media": media}

    @property
    def last(self) -> dict[str, Any]:
        """`last`: action, branch and reason of the action before."""
        last = self._interaction.last
        return {"action": last.action, "branch": last.branch, "reason": last.reason}

    @property
    def checkpoints(self) -> list[str]:
        """`checkpoints`: references of the checkpoints passed, in order."""
        return [checkpoint.reference for checkpoint in self._interaction.checkpoints]


BUILT_IN: Final[Mapping[str, Callable[[Scope], Any]]] = {
    "now": lambda scope: scope.now,
    "today": lambda scope: scope.now.date().isoformat(),
    "interaction": lambda scope: scope.interaction,
    "customer": lambda scope: scope.customer,
    "message": lambda scope: scope.message,
    "last": lambda scope: scope.last,
    "checkpoints": lambda scope: scope.checkpoints,
    "case": lambda _: {},
    "crm": lambda _: {},
    "bill": lambda _: {},
}
"""Variables that every flow has; `case`, `crm` and `bill` are empty until an action fills them, which is kept among the flow's own."""

BUILT_IN_TYPES: Final[Mapping[tuple[str, ...], str]] = {
    ("now",): "date_and_time",
    ("today",): "date",
    ("interaction", "started_at"): "date_and_time",
    ("interaction", "version"): "number",
    ("interaction", "number"): "number",
    ("bill", "amount"): "number",
    ("bill", "issued_on"): "date",
    ("bill", "due_on"): "date",
}
"""Types of the built-in variables that are no text."""


BUILT_IN_FIELDS: Final[Mapping[str, Mapping[str, str]]] = {
    "bill": {path[1]: declared for path, declared in BUILT_IN_TYPES.items() if path[0] == "bill"}
}
"""The same of those that are kept among the flow's own: variable → field → type."""

_READ: Final = ("number", "boolean")
"""Types whose values are more than text to a template."""


def _typed(declared: str, value: str) -> bool | Number:
    return Number(value) if declared == "number" else value == "true"
