"""§ 6.5, save values to a database."""

from typing import Self

from pydantic import Field, model_validator
from typing_extensions import override

from processor.engine.commands import CommandBody
from processor.engine.commands.databases import InsertRow
from processor.engine.database_rows import UnfitValue, emptied_fields, stored, unknown_columns, unlisted_values
from processor.engine.definitions import Definitions
from processor.engine.entities.database import Database, DatabaseReference
from processor.engine.errors import Misfit
from processor.engine.outcome import Taken
from processor.engine.parameters import Parameter
from processor.engine.request import Request
from processor.engine.template import Template
from processor.engine.visit import Visit


class FieldValue(Parameter):
    """A field of the new row."""

    database_field: str = Field(description="Column of the database.")
    value: Template = Field(description="Its value; empty: none.")


class SaveDatabase(Request):
    """Add a row to a custom database.

    - `ok`: the row is there.
    - `not_ok`: it is not: no such database (`reference_not_found`), a column that it does not have (`columns_not_found`), a required column
      without a value (`missing_field`), a value that does not fit its column (`wrong_type`, `value_not_listed`), silence of the connector
      (`timeout`), or what the connector says.

    ```yaml
    type: save_database
    database: {reference: orders}
    fields:
      - {database_field: number, value: "{{ order.number }}"}
      - {database_field: status, value: open}
    links: {ok: end, not_ok: end}
    ```
    """

    type = "save_database"
    section = "6.5"
    branches = ("ok", "not_ok")
    failure = "not_ok"

    database: DatabaseReference
    fields: list[FieldValue] = Field(min_length=1, description="Values of the new row; every required column among them.")

    @model_validator(mode="after")
    def _each_field_once(self) -> Self:
        if len({item.database_field for item in self.fields}) < len(self.fields):
            raise ValueError("each database field once")
        return self

    @override
    def misfits(self, definitions: Definitions) -> list[Misfit]:
        database = self.database.known(definitions)
        if not isinstance(database, Database):
            return []
        values = [(f"fields[{index}].value", item.database_field, item.value) for index, item in enumerate(self.fields)]
        return [
            *unknown_columns(database, self._columns()),
            *(Misfit("missing_field", "fields", f"a value for required column {name}", "none") for name in self._missing(database)),
            *emptied_fields(database, values),
            *unlisted_values(database, values),
        ]

    @override
    def request(self, visit: Visit) -> CommandBody | Taken:
        database = visit.entity(self.database)
        if not isinstance(database, Database):
            return Taken("not_ok", "reference_not_found")
        if any(unknown_columns(database, self._columns())):
            return Taken("not_ok", "columns_not_found")
        if self._missing(database):
            return Taken("not_ok", "missing_field")
        try:
            values = [stored(database, item.database_field, visit.render(item.value), visit.flow) for item in self.fields]
        except UnfitValue as problem:
            visit.warnings.append(str(problem))
            return Taken("not_ok", problem.reason)
        return InsertRow(database.reference, tuple(value for value in values if value.value))

    def _columns(self) -> list[tuple[str, str]]:
        return [(f"fields[{index}].database_field", item.database_field) for index, item in enumerate(self.fields)]

    def _missing(self, database: Database) -> list[str]:
        given = {item.database_field for item in self.fields}
        return [name for name, column in database.columns.items() if column.required and name not in given]
