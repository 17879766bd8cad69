"""§ 6.3, values table."""

from pydantic import Field
from typing_extensions import override

from processor.engine.action import Action
from processor.engine.entities.values_table import ValuesTable as ValuesTableDefinition
from processor.engine.entities.values_table import ValuesTableReference
from processor.engine.errors import TemplateFailed
from processor.engine.outcome import Outcome, Taken, Write
from processor.engine.parameters import Target
from processor.engine.template import Template
from processor.engine.visit import Visit


class ValuesTable(Action):
    """Look a value up in a table and store what corresponds to it.

    - `ok`: the table has a value for it, or a default, and it is stored.
    - `reference_not_found`: there is no such table; the target stays as it was.
    - `no_value`: nothing corresponds, and the target is emptied; also where the value does not fit the target's type, reason
      `wrong_type`, and where the one to look up cannot be rendered.

    ```yaml
    type: values_table
    values_table: {reference: countries}
    correspondence_reference: FR
    corresponding_value: {variable: order, field: status}
    links: {ok: end, reference_not_found: end, no_value: end}
    ```
    """

    type = "values_table"
    section = "6.3"
    branches = ("ok", "reference_not_found", "no_value")
    failure = "reference_not_found"

    values_table: ValuesTableReference
    correspondence_reference: Template = Field(description="Value to look up; matches the table's keys exactly.")
    corresponding_value: Target = Field(description="Where to store what corresponds to it.")

    @override
    def apply(self, visit: Visit) -> Outcome:
        table = visit.entity(self.values_table)
        if not isinstance(table, ValuesTableDefinition):
            return Taken("reference_not_found")
        try:
            key = visit.render(self.correspondence_reference)
            write = visit.write(self.corresponding_value, table.entries.get(key) or table.default)
        except TemplateFailed as failure:
            visit.warnings.append(str(failure))
            return self._no_value(failure.reason)
        except ValueError as problem:
            visit.warnings.append(f"wrong_type: expected {problem}")
            return self._no_value("wrong_type")
        return Taken("ok", writes=(write,)) if write.value else self._no_value()

    def _no_value(self, reason: str | None = None) -> Taken:
        return Taken("no_value", reason, writes=(Write(self.corresponding_value.variable, self.corresponding_value.field, ""),))
