from datetime import UTC

import pytest

from processor.engine.values import Moment, Number, to_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Number("1.50"), "1.5"),
        (Number("1E+3"), "1000"),
        (Number("0.0000001"), "0.0000001"),
        (Number("-0.0"), "0"),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        ("text", "text"),
        (["a", Number("1.0")], "a1"),
        (Moment(2026, 3, 2, 10, tzinfo=UTC), "2026-03-02T10:00:00+00:00"),
    ],
)
def test_values_are_written_in_canonical_form(value: object, text: str) -> None:
    assert to_text(value) == text


def test_a_number_compares_as_a_decimal_does() -> None:
    assert Number("1.50") == Number("1.5")
    assert Number("10") > Number("9")
