"""Where a page ends, as the next request names it."""

import base64

import pytest

from connectors.framework.fault import Fault
from connectors.office.paging import cursor, place_of


def encoded(text):
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize("place", [(0, ""), (-5, "a"), ((1 << 63) - 1, 'c1-1-2-0"\\')])
def test_the_next_page_begins_where_the_last_one_ended(place):
    assert place_of(cursor(place)) == place


def test_the_first_page_begins_at_the_beginning():
    assert place_of(None) is None


@pytest.mark.parametrize(
    "text",
    ["x", "é", "====", encoded("[1]"), encoded('{"a": 1, "b": 2}'), encoded('[true, "a"]'), encoded('[1.5, "a"]'), encoded("[1, 2]"),
     encoded('[9223372036854775808, "a"]'), encoded('[1, "\\u0000"]'), encoded('[1, "\\ud800"]'), encoded("[" * 5_000)],
)  # fmt: skip
def test_what_is_no_place_is_refused(text):
    with pytest.raises(Fault) as fault:
        place_of(text)
    assert (fault.value.status, fault.value.where) == (400, "after")
