"""Values that actions give to fields which a definition declares."""

from collections.abc import Iterable, Mapping, Sequence

from pydantic import Field

from processor.engine.commands.field_value import FieldValue
from processor.engine.entities.declared_field import DeclaredField
from processor.engine.entities.entity import Name
from processor.engine.errors import Misfit
from processor.engine.parameters import Parameter
from processor.engine.template import Template
from processor.engine.visit import Visit

Given = Sequence[tuple[str, Template]]
"""Fields and what is to be in them, in the order of the document."""

Declared = Mapping[str, DeclaredField]


class FieldContent(Parameter):
    """A field and its value."""

    field: Name = Field(description="Field, as the definition declares it.")
    value: Template = Field(description="Value.")


class UnfitValue(ValueError):
    """A value that cannot go out with a command; `reason` is the reason code."""

    def __init__(self, reason: str, problem: str) -> None:
        super().__init__(problem)
        self.reason = reason


def given(contents: Iterable[FieldContent]) -> Given:
    """Return fields and values as the functions below take them."""
    return [(content.field, content.value) for content in contents]


def typed(values: Given, declared: Declared, visit: Visit) -> tuple[FieldValue, ...]:
    """Return the values in the canonical form of their fields' types, empty ones included.

    Raises UnfitValue with reason `unknown_field`, before anything is rendered, or `wrong_type`.
    """
    for name, _ in values:
        if name not in declared:
            raise UnfitValue("unknown_field", f"a field that the definition declares, found {name!r}")
    return tuple(_typed(name, declared[name], visit.render(value), visit) for name, value in values)


def filled(values: Given, declared: Declared, visit: Visit) -> tuple[FieldValue, ...]:
    """Return the values of what is to be created; fields without a value are left out.

    Raises UnfitValue with reason `unknown_field`, `wrong_type`, or `missing_field` where a required field has none.
    """
    present = tuple(value for value in typed(values, declared, visit) if value.value)
    complete(present, declared)
    return present


def complete(present: Iterable[FieldValue], declared: Declared) -> None:
    """Raise UnfitValue with reason `missing_field` where a required field has no value."""
    names = {value.name for value in present}
    for name, field in declared.items():
        if field.required and name not in names:
            raise UnfitValue("missing_field", f"a value for field {name}, found nothing")


def unfit(values: Given, declared: Declared, path: str, *, value_key: str = "value") -> list[Misfit]:
    """Return what can be known before an interaction to be wrong with values: fields not declared, texts that a list has not."""
    found = []
    for index, (name, value) in enumerate(values):
        text, field = value.constant, declared.get(name)
        if field is None:
            found.append(Misfit("unknown_field", f"{path}[{index}].field", f"one of {', '.join(declared)}", name))
        elif field.type == "list" and text is not None and text.strip() and text.strip() not in field.values:
            found.append(Misfit("value_not_listed", f"{path}[{index}].{value_key}", f"one of {', '.join(field.values)}", text.strip()))
    return found


def unfilled(values: Given, declared: Declared, path: str) -> list[Misfit]:
    """Return the required fields that are not given to what is to be created."""
    names = {name for name, _ in values}
    return [
        Misfit("missing_field", path, f"a value for field `{name}`, which is required", "nothing")
        for name, field in declared.items()
        if field.required and name not in names
    ]


def too_many(values: Sequence[object], most: int, path: str) -> list[Misfit]:
    """Return that there are more values than the definition allows, where there are."""
    return [Misfit("unfit_definition", path, f"at most {most}, as the definition says", str(len(values)))] if len(values) > most else []


def once(names: Iterable[str]) -> None:
    """Raise ValueError where a field is given twice."""
    seen = set()
    for name in names:
        if name in seen:
            raise ValueError(f"each field once, found {name!r} twice")
        seen.add(name)


def _typed(name: str, field: DeclaredField, text: str, visit: Visit) -> FieldValue:
    try:
        return FieldValue(name, field.type, field.canonical(text, visit.flow))
    except ValueError as problem:
        expected, _, found = str(problem).partition(", found ")
        raise UnfitValue("wrong_type", f"{expected} for field {name}, found {found or 'something else'}") from problem
