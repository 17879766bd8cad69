from datetime import date, datetime
from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.engine.field_types import FieldType, canonical
from processor.engine.field_types.number import MAX_DIGITS, localised, plain, shown
from processor.engine.flow import Flow
from tests.flows import flow_of

FRENCH = flow_of({})
TYPES: tuple[str, ...] = get_args(FieldType)

flows = st.builds(
    lambda locale, timezone, country: flow_of({}, locale=locale, timezone=timezone, country=country),
    st.sampled_from(["fr", "en", "de", "de-CH", "en-IN", "ar-EG", "fa", "ja", "pt-BR", "sv", "zh-Hant-TW"]),
    st.sampled_from(["Europe/Paris", "America/New_York", "Pacific/Kiritimati", "Asia/Kolkata", "UTC"]),
    st.sampled_from(["FR", "US", "IN", "JP"]),
)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=70)
likely = st.one_of(
    text,
    st.text("0123456789 .,'’٫٬-+eE_\u202f\u00a0", max_size=70),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.dates().map(str),
    st.datetimes(timezones=st.one_of(st.none(), st.timezones())).map(str),
    st.emails(),
    st.from_regex(r"\+?[0-9 ()./-]{3,20}", fullmatch=True),
    st.from_regex(r"[0-3]?[0-9](er|st|\.)? (mars|March|März|mar\.?) [0-9]{2,4}", fullmatch=True),
    st.from_regex(r"https?://[a-z.@:/?#\[\]]{0,30}", fullmatch=True),
    st.sampled_from(["true", "FALSE", " 1 ", "", " ", "\t"]),
)


@given(st.sampled_from(TYPES), likely, flows)
def test_canonical_text_is_canonical_and_nothing_but_value_errors_are_raised(declared: str, value: str, flow: Flow) -> None:
    try:
        once = canonical(declared, value, flow)
    except ValueError:
        return
    assert canonical(declared, once, flow) == once


@given(st.sampled_from(TYPES), flows)
def test_empty_text_stays_empty_in_every_type(declared: str, flow: Flow) -> None:
    assert canonical(declared, "", flow) == ""
    assert canonical(declared, " \t ", flow) == (" \t " if declared == "text" else "")


@pytest.mark.parametrize("declared", TYPES)
def test_a_text_of_64_kib_is_read_or_refused_at_once(declared: str) -> None:
    for long in ("1" * 65_536, "a@" * 32_768, "https://" * 8_192, "1/" * 32_768, "é" * 32_768, "+" * 65_536):
        said = ""
        try:
            assert canonical(declared, long, FRENCH) == long
        except ValueError as problem:
            said = str(problem)
        assert len(said) < 300


# Numbers; tests/actions/message_awaiting_response.yaml has the locales.


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_number_is_shown_as_it_is_worth(number: Decimal) -> None:
    if len(format(number, "f")) <= MAX_DIGITS:
        assert Decimal(shown(number)) == number
        assert plain(shown(number)) == shown(number)


@given(st.integers(-(10**30), 10**30), st.sampled_from(["fr", "en", "de", "de-CH", "en-IN"]))
def test_a_whole_number_without_grouping_is_itself_in_every_locale(number: int, locale: str) -> None:
    assert localised(str(number), locale) == str(number)


def test_characters_that_grow_in_nfkc_are_counted_as_they_come_out() -> None:
    with pytest.raises(ValueError, match="at most 60 characters"):
        plain("㉑" * 31)
    assert plain("㉑" * 30) == "21" * 30


@pytest.mark.parametrize("between", ["\t", "\n", "\u0085", "\u2028", "  "])
def test_what_separates_lines_or_columns_groups_nothing(between: str) -> None:
    with pytest.raises(ValueError, match="a number, found"):
        localised(f"1{between}234", "fr")


@pytest.mark.parametrize("value", ["", "٣٫١", "1 000", "1,5", "1.", ".5", "1e3", "+-1"])
def test_plain_reads_canonical_decimals_only(value: str) -> None:
    with pytest.raises(ValueError, match="a number, found"):
        plain(value)


# Truth values.


@pytest.mark.parametrize(("value", "expected"), [("true", "true"), (" True ", "true"), ("1", "true"), ("FALSE", "false"), ("0", "false")])
def test_truth_values_are_read_in_any_case(value: str, expected: str) -> None:
    assert canonical("boolean", value, FRENCH) == expected


@pytest.mark.parametrize("value", ["yes", "oui", "2", "t"])
def test_other_words_are_no_truth_values(value: str) -> None:
    with pytest.raises(ValueError, match="a truth value, found"):
        canonical("boolean", value, FRENCH)


# Points in time.


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-03-02T10:00:00+01:00", "2026-03-02T10:00:00+01:00"),
        ("2026-03-02T10:00", "2026-03-02T10:00:00+01:00"),
        ("2026-03-02 10:00:59.999999", "2026-03-02T10:00:59+01:00"),
        ("2026-03-02T09:00:00Z", "2026-03-02T10:00:00+01:00"),
        ("2026-03-02", "2026-03-02T00:00:00+01:00"),
        ("2 mars 2026", "2026-03-02T00:00:00+01:00"),
        ("2026-03-29T02:30", "2026-03-29T03:30:00+02:00"),  # skipped: forward by the gap
        ("2026-10-25T02:30", "2026-10-25T02:30:00+02:00"),  # comes twice: the first one
        ("2026-10-25T02:30+01:00", "2026-10-25T02:30:00+01:00"),
    ],
)
def test_a_time_without_offset_is_local_time_of_the_flow(value: str, expected: str) -> None:
    assert canonical("date_and_time", value, FRENCH) == expected


@pytest.mark.parametrize("value", ["0001-01-01T00:00+14:00", "9999-12-31T23:59-12:00", "soon", "10:00"])
def test_what_is_in_no_calendar_is_no_time(value: str) -> None:
    with pytest.raises(ValueError, match="found"):
        canonical("date_and_time", value, flow_of({}, timezone="Pacific/Kiritimati"))


@given(st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.timezones()), flows)  # noqa: DTZ001 - hypothesis adds the zone
def test_a_time_stays_the_same_point_in_time(moment: datetime, flow: Flow) -> None:
    try:
        read = datetime.fromisoformat(canonical("date_and_time", moment.isoformat(), flow))
    except ValueError:  # an offset that isoformat writes and ISO 8601 does not have
        return
    assert read.timestamp() == int(moment.replace(microsecond=0).timestamp())


# Dates, images; tests/actions has the rest.


@given(st.dates())
def test_an_iso_date_is_itself_in_every_locale(day: date) -> None:
    for locale in ("fr", "en", "ja"):
        assert canonical("date", day.isoformat(), flow_of({}, locale=locale)) == day.isoformat()


@pytest.mark.parametrize(
    "address", ["https://example.org", "HTTPS://example.org:8443/a?b#c", "https://bücher.example/ä.png", "https://example.org/%20"]
)
def test_https_addresses_are_images_as_far_as_can_be_seen(address: str) -> None:
    assert canonical("image", f" {address} ", FRENCH) == address


@pytest.mark.parametrize(
    "address",
    [
        "http://example.org", "https://", "https:///a", "https://user@example.org", "https://example.org:x/", "ftp://example.org",
        "data:image/png,x", "https://example.org/a b", "https://example.org/\x00", "//example.org/a", "https://example.org/" + "x" * 2048,
    ],
)  # fmt: skip
def test_other_addresses_are_none(address: str) -> None:
    with pytest.raises(ValueError, match="an https address"):
        canonical("image", address, FRENCH)
