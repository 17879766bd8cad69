"""§ 6.4, fill in the variables from a database."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field
from typing_extensions import override

from processor.engine.commands import CommandBody
from processor.engine.commands.databases import DatabaseColumn, ReadRow
from processor.engine.database_rows import SearchAssertion, UnfitValue, conditions, unknown_columns, unlisted_values
from processor.engine.definitions import Definitions
from processor.engine.entities.database import Database, DatabaseReference
from processor.engine.errors import Misfit
from processor.engine.events import ResponseReceived
from processor.engine.outcome import Taken
from processor.engine.parameters import Target
from processor.engine.request import Request
from processor.engine.visit import Visit


class SearchResult(Target):
    """A column of the row that is found, and where its value goes."""

    database_column: str = Field(description="Column of the database.")


class ReadDatabase(Request):
    """Search a custom database and fill variables from the row that is found, the oldest of several.

    An assertion whose template renders empty is fulfilled by no row. A column without a value clears its field.

    - `ok`: a row conforms, and all of its values are stored.
    - `not_found`: none does. Also, with a reason and nothing written: no such database (`reference_not_found`), a column that it does not
      have (`columns_not_found`), a value that does not fit its column or its field (`wrong_type`, `value_not_listed`), an answer without
      one of the columns (`missing_column`), silence of the connector (`timeout`), or what the connector says.

    ```yaml
    type: read_database
    database: {reference: orders}
    select_a_conforming_database_entry: all
    search_assertions:
      - {database_column: number, value: "{{ order.number }}"}
    variables:
      - {database_column: status, variable: order, field: status}
    links: {ok: end, not_found: end}
    ```
    """

    type = "read_database"
    section = "6.4"
    branches = ("ok", "not_found")
    failure = "not_found"

    database: DatabaseReference
    select_a_conforming_database_entry: Literal["all", "any"] = Field(
        default="all", description="all: every assertion is fulfilled (AND); any: at least one is (OR)."
    )
    search_assertions: list[SearchAssertion] = Field(min_length=1)
    variables: list[SearchResult] = Field(min_length=1, description="What to store of the row that is found.")

    @override
    def misfits(self, definitions: Definitions) -> list[Misfit]:
        database = self.database.known(definitions)
        if not isinstance(database, Database):
            return []
        searched = [(f"search_assertions[{index}]", item) for index, item in enumerate(self.search_assertions)]
        return [
            *unknown_columns(database, self._columns()),
            *unlisted_values(database, ((f"{path}.value", item.database_column, item.value) for path, item in searched)),
        ]

    @override
    def request(self, visit: Visit) -> CommandBody | Taken:
        database = visit.entity(self.database)
        if not isinstance(database, Database):
            return Taken("not_found", "reference_not_found")
        if any(unknown_columns(database, self._columns())):
            return Taken("not_found", "columns_not_found")
        try:
            searched = conditions(database, self.search_assertions, self.select_a_conforming_database_entry, visit)
        except UnfitValue as problem:
            visit.warnings.append(str(problem))
            return Taken("not_found", problem.reason)
        if not searched:
            return Taken("not_found")
        wanted = dict.fromkeys(item.database_column for item in self.variables)
        columns = tuple(DatabaseColumn(name, database.columns[name].type) for name in wanted)
        return ReadRow(database.reference, self.select_a_conforming_database_entry, searched, columns)

    @override
    def answered(self, visit: Visit, response: ResponseReceived) -> Taken:
        if response.outcome != "ok":
            return super().answered(visit, response)
        if any(item.database_column not in response.values for item in self.variables):
            return Taken("not_found", "missing_column")
        try:
            return Taken("ok", writes=tuple(visit.write(item, response.values[item.database_column]) for item in self.variables))
        except ValueError as problem:
            visit.warnings.append(f"wrong_type: expected {problem}")
            return Taken("not_found", "wrong_type")

    def _columns(self) -> Iterator[tuple[str, str]]:
        for index, assertion in enumerate(self.search_assertions):
            yield f"search_assertions[{index}].database_column", assertion.database_column
        for index, item in enumerate(self.variables):
            yield f"variables[{index}].database_column", item.database_column
