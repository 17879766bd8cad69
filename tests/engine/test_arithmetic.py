from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from liquid.exceptions import FilterArgumentError, ResourceLimitError

from processor.engine.arithmetic import DIGITS, FILTERS
from processor.engine.values import Number

D = Decimal


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("plus", ("41.5", 1), "42.5"),
        ("plus", (D("0.1"), D("0.2")), "0.3"),
        ("plus", (0.1, 0.2), "0.3"),
        ("plus", ("many", 1), "1"),
        ("plus", (None, 1), "1"),
        ("plus", (" 1 ", "2"), "3"),
        ("plus", (float("inf"), 1), "1"),
        ("minus", (1, D("0.9")), "0.1"),
        ("times", (1.5, 2), "3"),
        ("times", (D("1E-15"), D("1E-18")), "0"),
        ("divided_by", (7, 2), "3"),
        ("divided_by", (-7, 2), "-4"),
        ("divided_by", ("15", 2), "7"),
        ("divided_by", (D(15), 2), "7.5"),
        ("divided_by", (D(1), 3), "0." + "3" * 27),
        ("divided_by", (2.0, 4), "0.5"),
        ("modulo", (-7, 3), "2"),
        ("modulo", (D("-7.5"), 3), "1.5"),
        ("modulo", (D("7.5"), -2), "-0.5"),
        ("modulo", (D(6), 3), "0"),
        ("at_most", (5, D("3.5")), "3.5"),
        ("at_least", (5, D("3.5")), "5"),
        ("abs", (-5,), "5"),
        ("abs", (D("-0.50"),), "0.5"),
        ("ceil", (D("1.2"),), "2"),
        ("floor", (D("-1.2"),), "-2"),
        ("round", (2.5,), "3"),
        ("round", (D("-2.5"),), "-3"),
        ("round", (D("2.345"), 2), "2.35"),
        ("round", (7, 2), "7"),
        ("round", (D("1.5"), -3), "2"),
        ("round", (D("1.5"), 99), "1.5"),
        ("sum", ([1, "2.5", None, "x"],), "3.5"),
        ("sum", ([{"n": 1}, {"n": "2"}, {}, 5], "n"), "3"),
        ("sum", ([],), "0"),
    ],
)
def test_numbers_are_computed_with_as_decimals(name: str, values: tuple[object, ...], expected: str) -> None:
    assert str(FILTERS[name](*values)) == expected


def test_whole_numbers_stay_whole_and_decimals_stay_decimals() -> None:
    assert type(FILTERS["times"](2, 3)) is int
    assert type(FILTERS["times"](D(2), 3)) is Number


@pytest.mark.parametrize("name", ["divided_by", "modulo"])
@pytest.mark.parametrize("number", [1, 0, D(1), D(0)])
def test_a_division_by_0_is_the_author_s_fault(name: str, number: object) -> None:
    with pytest.raises(FilterArgumentError):
        FILTERS[name](number, 0)


def test_numbers_too_far_apart_have_no_remainder() -> None:
    with pytest.raises(FilterArgumentError):
        FILTERS["modulo"](D("1E+20"), D("1E-20"))


@pytest.mark.parametrize(
    ("name", "values"),
    [("times", (10**20, 10**20)), ("times", (D("1E+20"), D("1E+20"))), ("at_least", (D(10) ** DIGITS, 1)), ("plus", (10**DIGITS - 1, 1))],
)
def test_numbers_of_more_digits_than_there_are_meet_the_limit(name: str, values: tuple[object, ...]) -> None:
    with pytest.raises(ResourceLimitError):
        FILTERS[name](*values)


def test_a_filter_without_its_number_is_the_author_s_fault() -> None:
    with pytest.raises(FilterArgumentError):
        FILTERS["plus"](1)


numbers = st.integers(-(10**10), 10**10) | st.decimals(-(10**9), 10**9, places=6)


@given(numbers, numbers)
def test_minus_undoes_plus_exactly(left: object, right: object) -> None:
    assert FILTERS["minus"](FILTERS["plus"](left, right), right) == left


@given(numbers, numbers.filter(bool))
def test_a_remainder_has_the_divisor_s_sign_and_is_smaller(left: object, right: Decimal) -> None:
    rest = FILTERS["modulo"](left, right)
    assert abs(rest) < abs(right)
    assert rest == 0 or (rest < 0) == (right < 0)


@given(
    st.sampled_from(sorted(FILTERS)), st.lists(st.one_of(numbers, st.text(max_size=5), st.floats(), st.none(), st.booleans()), max_size=3)
)
def test_whatever_the_values_a_filter_computes_or_fails_as_a_filter(name: str, values: list[object]) -> None:
    try:
        assert len(str(FILTERS[name](*values))) < 40
    except (FilterArgumentError, ResourceLimitError):
        pass
    except TypeError:
        assert not values or name == "sum"
