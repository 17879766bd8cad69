"""Documents of databases."""

from typing import Any

import pytest
from pydantic import ValidationError

from processor.engine.entities.database import Database


@pytest.mark.parametrize(
    ("column", "fault"),
    [
        ({"type": "list"}, "`proposals` for a column of type list, and for no other"),
        ({"type": "text", "proposals": ["a"]}, "`proposals` for a column of type list, and for no other"),
        ({"type": "list", "proposals": ["a", "a"]}, "proposals that differ, none of them empty or with spaces around it"),
        ({"type": "list", "proposals": [""]}, "proposals that differ, none of them empty or with spaces around it"),
        ({"type": "list", "proposals": [" a"]}, "proposals that differ, none of them empty or with spaces around it"),
        ({"type": "money"}, "Input should be 'text', 'long_text', 'number'"),
    ],
)
def test_a_column_is_refused(column: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Database.model_validate({"id": "d", "reference": "d", "columns": {"c": column}})
    assert fault in str(refused.value)


@pytest.mark.parametrize("columns", [{}, {"": {}}, {"a\nb": {}}])
def test_a_database_has_columns_with_names(columns: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Database.model_validate({"id": "d", "reference": "d", "columns": columns})
