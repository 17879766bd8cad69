"""Values of declared fields: canonical text, refusals, comparison."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from connectors.framework.errors import Refused
from connectors.framework.field_values import LONGEST_ADDRESS, LONGEST_NUMBER, check, comparable


@pytest.mark.parametrize(
    ("declared", "value", "canonical"),
    [
        ("text", " as it is \n", " as it is \n"),
        ("long_text", "'; DROP TABLE cases; --", "'; DROP TABLE cases; --"),
        ("number", " -012.50 ", "-12.5"),
        ("number", "+7", "7"),
        ("number", "-0.00", "0"),
        ("number", "1000", "1000"),
        ("number", "9" * LONGEST_NUMBER, "9" * LONGEST_NUMBER),
        ("boolean", "TRUE", "true"),
        ("boolean", "0", "false"),
        ("date", "20260301", "2026-03-01"),
        ("date", "2026-03-01 ", "2026-03-01"),
        ("date_and_time", "2026-03-01T14:30:00.75+01:00", "2026-03-01T14:30:00+01:00"),
        ("date_and_time", "2026-03-01T14:30Z", "2026-03-01T14:30:00+00:00"),
        ("email", "ann@EXAMPLE.org", "ann@example.org"),
        ("phone", "+33 6 12 34 56 78", "+33612345678"),
        ("image", "https://example.org/a.png?b=1", "https://example.org/a.png?b=1"),
    ],
)
def test_a_value_that_fits_becomes_canonical(declared, value, canonical):
    assert check(declared, value) == canonical
    assert check(declared, canonical) == canonical


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ("text", "a\0b"),
        ("text", "\ud800"),
        ("number", "1 234,56"),
        ("number", "1e3"),
        ("number", "NaN"),
        ("number", "1_000"),
        ("number", "１２"),
        ("number", "9" * (LONGEST_NUMBER + 1)),
        ("boolean", "yes"),
        ("date", "01/03/2026"),
        ("date", "2026-02-30"),
        ("date", "２０２６-03-01"),
        ("date_and_time", "2026-05-01"),
        ("date_and_time", "2026-05-01T14:30:00"),
        ("date_and_time", "0001-01-01T00:00:00+14:00"),
        ("date_and_time", "2026-03-01T14:30:00." + "1" * 80 + "Z"),
        ("email", "ann"),
        ("email", "ann@example.org\r\nBcc: all@example.org"),
        ("phone", "06 12 34 56 78"),
        ("phone", "+33 1"),
        ("image", "http://example.org/a.png"),
        ("image", "https://user@example.org/a.png"),
        ("image", "https://example.org/a b.png"),
        ("image", "https://example.org/" + "a" * LONGEST_ADDRESS),
        ("colour", "red"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_without_being_quoted(declared, value):
    with pytest.raises(Refused) as refused:
        check(declared, value, field="refund")
    assert refused.value.reason == "wrong_type"
    assert refused.value.detail is not None
    assert refused.value.detail.startswith("Field refund: expected ")
    assert value not in refused.value.detail


@pytest.mark.parametrize("declared", ["text", "number", "boolean", "date", "date_and_time", "email", "phone", "image", "list"])
def test_nothing_but_white_space_is_empty_for_every_type(declared):
    assert check(declared, " \n\t", ["red"]) == ""


def test_a_list_has_its_own_values_only():
    assert check("list", " red ", ["red", "green"]) == "red"
    with pytest.raises(Refused, match="expected one of red, green"):
        check("list", "Red", ["red", "green"])


def test_values_are_compared_by_what_they_mean():
    assert comparable("number", "9") < comparable("number", "10")
    assert comparable("number", "0.1") == Decimal("0.1")
    assert comparable("date", "2026-03-01") == date(2026, 3, 1)
    assert comparable("date_and_time", "2026-03-01T14:30:00+01:00") == datetime(2026, 3, 1, 13, 30, tzinfo=UTC)
    assert comparable("text", "9") > comparable("text", "10")
    assert comparable("boolean", "true") == "true"
