"""Whatever a customer answers in whatever locale, it is no value or the one that was meant."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, get_args
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from babel.localedata import locale_identifiers
from babel.numbers import format_decimal
from hypothesis import given, settings
from hypothesis import strategies as st

from processor.engine.field_types import FieldType, canonical
from processor.engine.field_types.number import localised
from processor.engine.flow import Flow
from tests.flows import flow_of

TYPES: tuple[str, ...] = get_args(FieldType)
LOCALES = sorted(locale_identifiers())
SEPARATORS = "0123456789٠١٢०१२,.'’٫٬ \u00a0\u202f+-−eE_/年月日:TZW"


def plain_flow(locale: str, timezone: str = "Europe/Paris", country: str = "FR") -> Flow:
    return flow_of({}, locale=locale.replace("_", "-"), timezone=timezone, country=country)


flows = st.builds(
    plain_flow,
    st.sampled_from(LOCALES),
    st.sampled_from(["Europe/Paris", "America/St_Johns", "Pacific/Apia", "Asia/Kathmandu", "UTC"]),
    st.sampled_from(["FR", "US", "IN", "JP", "BR", "GB"]),
)
answers = st.one_of(
    st.text(max_size=90),
    st.text(SEPARATORS, max_size=70),
    st.decimals(allow_nan=True, allow_infinity=True).map(str),
    st.datetimes(timezones=st.one_of(st.none(), st.timezones())).map(lambda moment: moment.isoformat()),
    st.from_regex(r"[0-9]{1,4}[./ -][0-9]{1,2}[./ -][0-9]{1,4}", fullmatch=True),
    st.emails(),
    st.from_regex(r"\+?[0-9 ()./#*,;extp-]{3,24}", fullmatch=True),
    st.from_regex(r"https?://[a-z.@:/?#\[\]é]{0,30}", fullmatch=True),
    st.sampled_from(["true", "FALSE", " 1 ", "\t", "x" * 70_000, "1" * 61, "9999-12-31T23:59:59-23:59", "0001-01-01", "2026-W53-7"]),
)


@settings(max_examples=1500)
@given(st.sampled_from(TYPES), answers, flows)
def test_an_answer_is_no_value_or_one_whose_canonical_form_stays(declared: str, answer: str, flow: Flow) -> None:
    value, refusal = None, ""
    try:
        value = canonical(declared, answer, flow)
    except ValueError as refused:
        refusal = str(refused)
    if value is None:
        assert 0 < len(refusal) < 300
        return
    assert canonical(declared, value, flow) == value
    if declared != "text":  # the same for every flow of the same time zone
        other = flow_of({}, locale="en", country="US", timezone=flow.timezone.key)
        assert canonical(declared, value, other) == value
    match declared:
        case "number":
            assert not value or Decimal(value).is_finite()
        case "date":
            assert not value or date.fromisoformat(value).isoformat() == value
        case "date_and_time":
            assert not value or datetime.fromisoformat(value).astimezone(ZoneInfo(flow.timezone.key)).isoformat() == value
        case "boolean":
            assert value in ("", "true", "false")


@settings(max_examples=600)
@given(st.decimals(-(10**9), 10**9, places=3), st.sampled_from(LOCALES))
def test_a_number_as_its_locale_writes_it_is_that_number(number: Decimal, locale: str) -> None:
    written = format_decimal(number, locale=locale, decimal_quantization=False)
    assert Decimal(localised(written, locale)) == number, written


@settings(max_examples=600)
@given(st.dates(date(1000, 1, 1), date(9999, 12, 31)), st.sampled_from(LOCALES), st.sampled_from(["short", "medium", "long", "full"]))
def test_a_date_as_its_locale_writes_it_is_that_date_or_none(day: date, locale: str, width: Any) -> None:
    written = format_date(day, width, locale=Locale.parse(locale))
    try:
        read = canonical("date", written, plain_flow(locale))
    except ValueError:  # two digits of a year, or words that no form needs
        return
    assert read == day.isoformat(), written
