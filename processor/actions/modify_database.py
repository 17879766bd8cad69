"""§ 6.6, modify the values of a database."""

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field, model_validator
from typing_extensions import override

from processor.engine.commands import CommandBody
from processor.engine.commands.databases import ModifyRows
from processor.engine.database_rows import (
    SearchAssertion,
    UnfitValue,
    conditions,
    emptied_fields,
    stored,
    unknown_columns,
    unlisted_values,
)
from processor.engine.definitions import Definitions
from processor.engine.entities.database import Database, DatabaseReference
from processor.engine.errors import Misfit
from processor.engine.outcome import Taken
from processor.engine.parameters import Parameter
from processor.engine.request import Request
from processor.engine.template import Template
from processor.engine.visit import Visit


class Modification(Parameter):
    """A column and its new value."""

    field_to_modify: str = Field(description="Column of the database.")
    new_value: Template = Field(description="Its new value; empty: none.")


class ModifyDatabase(Request):
    """Change values in the rows of a custom database that fulfil all search assertions.

    An assertion whose template renders empty is fulfilled by no row.

    - `ok`: at least one row is changed.
    - `no_modification`: every row to change has the new values already.
    - `no_value_found`: no row fulfils the assertions.
    - `columns_not_found`: the database does not have one of the columns; no row is touched.
    - `error`: no such database (`reference_not_found`), a required column that would be left without a value (`missing_field`), a value
      that does not fit its column (`wrong_type`, `value_not_listed`), silence of the connector (`timeout`), or what the connector says.

    ```yaml
    type: modify_database
    database: {reference: orders}
    modify: first
    search_assertions:
      - {database_column: number, value: "{{ order.number }}"}
    fields_to_modify:
      - {field_to_modify: status, new_value: closed}
    links: {ok: end, error: end, columns_not_found: end, no_value_found: end, no_modification: end}
    ```
    """

    type = "modify_database"
    section = "6.6"
    branches = ("ok", "error", "columns_not_found", "no_value_found", "no_modification")
    failure = "error"

    database: DatabaseReference
    modify: Literal["first", "all"] = Field(default="first", description="first: only the first value found, the oldest; all values found.")
    search_assertions: list[SearchAssertion] = Field(min_length=1, description="What a row must fulfil, all of it.")
    fields_to_modify: list[Modification] = Field(min_length=1)

    @model_validator(mode="after")
    def _each_field_once(self) -> Self:
        if len({item.field_to_modify for item in self.fields_to_modify}) < len(self.fields_to_modify):
            raise ValueError("each field to modify once")
        return self

    @override
    def misfits(self, definitions: Definitions) -> list[Misfit]:
        database = self.database.known(definitions)
        if not isinstance(database, Database):
            return []
        values = [
            (f"fields_to_modify[{index}].new_value", item.field_to_modify, item.new_value)
            for index, item in enumerate(self.fields_to_modify)
        ]
        searched = [
            (f"search_assertions[{index}].value", item.database_column, item.value) for index, item in enumerate(self.search_assertions)
        ]
        return [
            *unknown_columns(database, self._columns()),
            *emptied_fields(database, values),
            *unlisted_values(database, [*searched, *values]),
        ]

    @override
    def request(self, visit: Visit) -> CommandBody | Taken:
        database = visit.entity(self.database)
        if not isinstance(database, Database):
            return Taken("error", "reference_not_found")
        if any(unknown_columns(database, self._columns())):
            return Taken("columns_not_found")
        try:
            searched = conditions(database, self.search_assertions, "all", visit)
            changes = tuple(
                stored(database, item.field_to_modify, visit.render(item.new_value), visit.flow) for item in self.fields_to_modify
            )
        except UnfitValue as problem:
            visit.warnings.append(str(problem))
            return Taken("error", problem.reason)
        return ModifyRows(database.reference, self.modify, searched, changes) if searched else Taken("no_value_found")

    def _columns(self) -> Iterator[tuple[str, str]]:
        for index, assertion in enumerate(self.search_assertions):
            yield f"search_assertions[{index}].database_column", assertion.database_column
        for index, item in enumerate(self.fields_to_modify):
            yield f"fields_to_modify[{index}].field_to_modify", item.field_to_modify
