"""What actions on custom databases share (§ 6.4 to 6.6): search assertions, and values as their columns have them."""

from collections.abc import Iterable, Iterator
from typing import Literal

from pydantic import Field

from processor.engine.commands.databases import DatabaseValue
from processor.engine.entities.database import Database
from processor.engine.errors import Misfit
from processor.engine.field_types import canonical
from processor.engine.flow import Flow
from processor.engine.parameters import Parameter
from processor.engine.template import Template
from processor.engine.visit import Visit


class SearchAssertion(Parameter):
    """A column and the value that a row must have in it."""

    database_column: str = Field(description="Column of the database.")
    value: Template = Field(
        description="Value to look for; empty: rows without a value. A template that renders empty is fulfilled by no row."
    )


class UnfitValue(ValueError):
    """A value that its column cannot hold; `reason` is wrong_type, value_not_listed or missing_field."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: expected {detail}")
        self.reason = reason


def typed(database: Database, column: str, text: str, flow: Flow) -> DatabaseValue:
    """Return a value in canonical form; empty text, or nothing but spaces, is no value.

    Raises UnfitValue.
    """
    declared = database.columns[column]
    if declared.type != "list":
        try:
            return DatabaseValue(column, declared.type, canonical(declared.type, text, flow) if text.strip() else "")
        except ValueError as problem:
            raise UnfitValue("wrong_type", f"{problem} for column {column}") from problem
    value = text.strip()
    if value and value not in declared.proposals:
        raise UnfitValue("value_not_listed", f"one of the proposals for column {column}, found {value[:40]!r}")
    return DatabaseValue(column, declared.type, value)


def stored(database: Database, column: str, text: str, flow: Flow) -> DatabaseValue:
    """Return a value to keep in a row.

    Raises UnfitValue, also where a required column would have none.
    """
    value = typed(database, column, text, flow)
    if not value.value and database.columns[column].required:
        raise UnfitValue("missing_field", f"a value for column {column}, found nothing")
    return value


def conditions(
    database: Database, assertions: Iterable[SearchAssertion], confirm: Literal["all", "any"], visit: Visit
) -> tuple[DatabaseValue, ...]:
    """Return what rows must have, empty where no row can conform: a template that renders empty names a value that is missing.

    Raises UnfitValue.
    """
    texts = [(assertion, visit.render(assertion.value)) for assertion in assertions]
    known = [(assertion, text) for assertion, text in texts if text.strip() or assertion.value.constant is not None]
    values = tuple(typed(database, assertion.database_column, text, visit.flow) for assertion, text in known)
    return values if confirm == "any" or len(known) == len(texts) else ()


def unknown_columns(database: Database, columns: Iterable[tuple[str, str]]) -> Iterator[Misfit]:
    """Give what is wrong with columns by name, each with its path below the action."""
    for path, column in columns:
        if column not in database.columns:
            yield Misfit("unknown_field", path, f"a column of the database: {', '.join(database.columns)}", column)


def unlisted_values(database: Database, values: Iterable[tuple[str, str, Template]]) -> Iterator[Misfit]:
    """Give the constants that are not among their columns' proposals: path below the action, column and value."""
    for path, column, template in values:
        declared = database.columns.get(column)
        value = (template.constant or "").strip()
        if declared is not None and declared.type == "list" and value and value not in declared.proposals:
            yield Misfit("value_not_listed", path, f"one of {', '.join(declared.proposals)}", value)


def emptied_fields(database: Database, values: Iterable[tuple[str, str, Template]]) -> Iterator[Misfit]:
    """Give the constants that leave a required column without a value: path below the action, column and value."""
    for path, column, template in values:
        declared = database.columns.get(column)
        if declared is not None and declared.required and template.constant is not None and not template.constant.strip():
            yield Misfit("missing_field", path, "a value for this required column", "nothing")
