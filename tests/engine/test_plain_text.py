"""Texts of documents, as value tables have them."""

import pytest
from pydantic import ValidationError

from processor.engine.entities.values_table import ValuesTable


def test_numbers_and_truth_values_of_a_document_are_texts() -> None:
    table = ValuesTable.model_validate({"id": "t", "reference": "t", "entries": {"a": 7, "b": True, "c": "x", "d": False}, "default": 0})
    assert table.entries == {"a": "7", "b": "true", "c": "x", "d": "false"}
    assert table.default == "0"


@pytest.mark.parametrize("value", [1.5, None, ["a"], {"a": "b"}])
def test_other_values_are_no_text(value: object) -> None:
    with pytest.raises(ValidationError):
        ValuesTable.model_validate({"id": "t", "reference": "t", "entries": {"a": value}})
