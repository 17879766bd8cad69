"""§ 5.4, modify a case."""

from typing import Self

from pydantic import Field, model_validator
from typing_extensions import override

from processor.engine.commands.cases import ModifyCase as ModifyCaseCommand
from processor.engine.commands.field_value import FieldValue
from processor.engine.definitions import Definitions
from processor.engine.entities.case_type import RESERVED, CaseType, CaseTypeReference
from processor.engine.entities.entity import Name
from processor.engine.errors import Misfit
from processor.engine.events import ResponseReceived
from processor.engine.field_request import FieldRequest
from processor.engine.field_values import once, typed, unfit
from processor.engine.outcome import Taken
from processor.engine.parameters import Parameter
from processor.engine.template import Template
from processor.engine.visit import Visit


class ChangedField(Parameter):
    """A field of a case and its new value."""

    field: Name = Field(description="Field: `title`, `status`, or one that the case type declares.")
    new_value: Template = Field(description="New value; empty clears the field.")


class ModifyCase(FieldRequest):
    """Change fields of a case: all of them, or none.

    Without a reference it is the interaction's case. Values are held to the types that the case type declares: the one named here, or the
    one of the interaction's case where this is the one that changes. Where neither is known they go to the connector as text.

    - `ok`: the fields are changed; where the case is the interaction's, `{{ case }}` has what the connector answered.
    - `not_found`: there is no such case, or case type (`reference_not_found`), a reference is given and renders empty
      (`empty_reference`), or none is given and the interaction has no case (`no_case`).
    - `error`: the case type has no such field (`unknown_field`), a value does not fit (`wrong_type`), or the connector failed, with its
      reason or `timeout`.

    ```yaml
    type: modify_case
    case_reference: "{{ order.number }}"
    case_type: {reference: complaint}
    fields:
      - {field: status, new_value: closed}
      - {field: refund, new_value: "{{ order.total }}"}
    links: {ok: end, error: end, not_found: end}
    ```
    """

    type = "modify_case"
    section = "5.4"
    branches = ("ok", "error", "not_found")
    failure = "error"

    case_reference: Template | None = Field(default=None, description="Reference of the case; where it is left out, the interaction's.")
    case_type: CaseTypeReference | None = Field(
        default=None, description="Case type that declares the fields; where it is left out, that of the interaction's case."
    )
    fields: list[ChangedField] = Field(min_length=1, description="Fields to change, each once.")

    @model_validator(mode="after")
    def _each_field_once(self) -> Self:
        once(changed.field for changed in self.fields)
        for changed in self.fields:
            if changed.field in RESERVED:
                raise ValueError(f"a field that can be modified, found {changed.field!r}")
        return self

    @override
    def misfits(self, definitions: Definitions) -> list[Misfit]:
        case_type = self.case_type.known(definitions) if self.case_type is not None else None
        if not isinstance(case_type, CaseType):
            return []
        return unfit(self._values, case_type.declared, "fields", value_key="new_value")

    @override
    def request(self, visit: Visit) -> ModifyCaseCommand | Taken:
        own = visit.interaction.variables.get("case", {})
        if self.case_reference is None:
            reference, gap = own.get("reference", ""), "no_case"
        else:
            reference, gap = visit.render(self.case_reference).strip(), "empty_reference"
        if not reference:
            return Taken("not_found", gap)
        if self.case_type is not None:
            case_type = visit.entity(self.case_type)
            if case_type is None:
                return Taken("not_found", "reference_not_found")
        else:
            case_type = visit.definitions.by_reference("case_type", own.get("type", "")) if reference == own.get("reference") else None
        if isinstance(case_type, CaseType):
            return ModifyCaseCommand(reference, typed(self._values, case_type.declared, visit))
        return ModifyCaseCommand(reference, tuple(FieldValue(name, "text", visit.render(value)) for name, value in self._values))

    @override
    def answered(self, visit: Visit, response: ResponseReceived) -> Taken:
        own = visit.interaction.variables.get("case", {})
        if response.outcome == "ok" and own and response.values.get("reference") == own.get("reference"):
            return Taken("ok", writes=visit.fill("case", {**own, **response.values}))
        return super().answered(visit, response)

    @property
    def _values(self) -> list[tuple[str, Template]]:
        return [(changed.field, changed.new_value) for changed in self.fields]
