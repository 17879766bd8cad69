"""What the linter is told of actions beside their databases."""

from typing import Any

import pytest

from processor.engine.definitions import DefinitionLog, Definitions
from processor.engine.entities.database import Database
from processor.engine.errors import Misfit
from tests.flows import action_of

COLUMNS: dict[str, Any] = {
    "number": {"type": "number", "required": True},
    "status": {"type": "list", "required": True, "proposals": ["open", "closed"]},
    "note": {},
}
DATABASE = {"database": {"reference": "orders"}}
SEARCH = {"search_assertions": [{"database_column": "number", "value": 1}, {"database_column": "status", "value": "open"}]}


def definitions() -> Definitions:
    log = DefinitionLog()
    log.publish(0, Database.model_validate({"id": "d1", "reference": "orders", "columns": COLUMNS}))
    return log.newest()


def misfits(document: dict[str, Any]) -> list[Misfit]:
    return action_of({**DATABASE, **document}).misfits(definitions())


def test_an_action_that_fits_its_database_has_no_misfits() -> None:
    assert misfits({"type": "read_database", **SEARCH, "variables": [{"database_column": "note", "variable": "a", "field": "b"}]}) == []
    assert misfits({"type": "modify_database", **SEARCH, "fields_to_modify": [{"field_to_modify": "note", "new_value": ""}]}) == []
    fields = [{"database_field": "number", "value": "{{ a.b }}"}, {"database_field": "status", "value": " closed "}]
    assert misfits({"type": "save_database", "fields": fields}) == []


@pytest.mark.parametrize("database", [{"reference": "{{ a.b }}"}, {"reference": "nowhere"}, {"id": "nowhere"}])
@pytest.mark.parametrize(
    "document",
    [
        {"type": "read_database", **SEARCH, "variables": [{"database_column": "colour", "variable": "a", "field": "b"}]},
        {"type": "save_database", "fields": [{"database_field": "colour", "value": 1}]},
        {"type": "modify_database", **SEARCH, "fields_to_modify": [{"field_to_modify": "colour", "new_value": 1}]},
    ],
    ids=lambda document: str(document["type"]),
)
def test_of_a_database_that_is_not_known_nothing_is_known(document: dict[str, Any], database: dict[str, str]) -> None:
    assert misfits({**document, "database": database}) == []


def test_columns_and_constants_of_a_search_are_held_against_the_database() -> None:
    document = {
        "type": "read_database",
        "search_assertions": [
            {"database_column": "Number", "value": 1},
            {"database_column": "status", "value": "lost"},
            {"database_column": "status", "value": "{{ a.b }}"},
            {"database_column": "status", "value": ""},
        ],
        "variables": [{"database_column": "colour", "variable": "a", "field": "b"}],
    }
    assert misfits(document) == [
        Misfit("unknown_field", "search_assertions[0].database_column", "a column of the database: number, status, note", "Number"),
        Misfit("unknown_field", "variables[0].database_column", "a column of the database: number, status, note", "colour"),
        Misfit("value_not_listed", "search_assertions[1].value", "one of open, closed", "lost"),
    ]


def test_a_new_row_needs_what_its_database_requires() -> None:
    fields = [
        {"database_field": "number", "value": " "},
        {"database_field": "colour", "value": "red"},
        {"database_field": "note", "value": ""},
    ]
    assert misfits({"type": "save_database", "fields": fields}) == [
        Misfit("unknown_field", "fields[1].database_field", "a column of the database: number, status, note", "colour"),
        Misfit("missing_field", "fields", "a value for required column status", "none"),
        Misfit("missing_field", "fields[0].value", "a value for this required column", "nothing"),
    ]
    fields = [{"database_field": "number", "value": "1"}, {"database_field": "status", "value": "lost"}]
    assert misfits({"type": "save_database", "fields": fields}) == [
        Misfit("value_not_listed", "fields[1].value", "one of open, closed", "lost")
    ]


def test_new_values_are_held_against_the_database() -> None:
    document = {
        "type": "modify_database",
        "search_assertions": [{"database_column": "colour", "value": 1}, {"database_column": "status", "value": "lost"}],
        "fields_to_modify": [
            {"field_to_modify": "Note", "new_value": 1},
            {"field_to_modify": "number", "new_value": ""},
            {"field_to_modify": "status", "new_value": "gone"},
        ],
    }
    columns = "a column of the database: number, status, note"
    assert misfits(document) == [
        Misfit("unknown_field", "search_assertions[0].database_column", columns, "colour"),
        Misfit("unknown_field", "fields_to_modify[0].field_to_modify", columns, "Note"),
        Misfit("missing_field", "fields_to_modify[1].new_value", "a value for this required column", "nothing"),
        Misfit("value_not_listed", "search_assertions[1].value", "one of open, closed", "lost"),
        Misfit("value_not_listed", "fields_to_modify[2].new_value", "one of open, closed", "gone"),
    ]
