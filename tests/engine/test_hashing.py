from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.engine.hashing import draw, fingerprint, short_digest

DRAWS = 100_000


def test_draws_are_the_same_on_any_machine_at_any_date() -> None:
    assert [draw(100, "talk-1", "main", "share", visit) for visit in range(1, 9)] == [94, 65, 12, 13, 11, 21, 42, 36]
    assert fingerprint(b"state") == "23d21f0921a2cd21"
    assert short_digest("message 1").hex() == "1b7d2b89bf8f1f83"


def test_draws_are_even_over_100_000_ids() -> None:
    drawn = Counter(draw(100, f"conversation-{number}-1", "main", "share", 1) for number in range(DRAWS))
    expected = DRAWS / 100
    chi_square = sum((drawn[value] - expected) ** 2 / expected for value in range(100))
    assert chi_square < 148.23  # the 99.9 % quantile with 99 degrees of freedom; the draws are the same each time


@given(st.integers(1, 1000), st.lists(st.text(st.characters(exclude_categories=["Cs"])) | st.integers(), max_size=4))
def test_a_draw_is_within_its_bound(below: int, parts: list[str | int]) -> None:
    assert 0 <= draw(below, *parts) < below


@pytest.mark.parametrize(("one", "other"), [(("ab", "c"), ("a", "bc")), (("a",), ("a", "")), (("a", "b"), ("b", "a"))])
def test_parts_do_not_run_into_each_other(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert draw(2**60, *one) != draw(2**60, *other)
