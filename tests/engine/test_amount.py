from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.engine.amount import Unpayable, currency_of, payable, read
from processor.engine.field_types.number import shown
from tests.flows import flow_of


@pytest.mark.parametrize(("text", "code"), [("EUR", "EUR"), (" eur ", "EUR"), ("Jpy", "JPY"), ("CLF", "CLF")])
def test_a_currency_is_told_by_its_code(text: str, code: str) -> None:
    assert currency_of(text) == code


@pytest.mark.parametrize("text", ["", "€", "EURO", "DEM", "XAU", "XXX", "XTS", "EU\x00", "978", "E" * 1000])
def test_what_iso_4217_does_not_have_or_nobody_pays_in_is_refused(text: str) -> None:
    with pytest.raises(Unpayable) as refused:
        currency_of(text)
    assert refused.value.reason == "invalid_currency"
    assert len(str(refused.value)) < 120


@pytest.mark.parametrize(
    ("amount", "currency"),
    [("0.01", "EUR"), ("12.5", None), ("100", "JPY"), ("1", "ISK"), ("0.01", "BHD"), ("0.01", "CLF"), ("0.05", "LAK"), ("9" * 60, "EUR")],
)
def test_an_amount_with_the_decimals_that_there_are_can_be_paid(amount: str, currency: str | None) -> None:
    assert payable(amount, currency) == amount


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("0", "EUR"),
        ("-0.01", "EUR"),
        ("0.001", None),
        ("0.001", "EUR"),
        ("0.5", "JPY"),
        ("0.5", "UGX"),
        ("0.001", "BHD"),
        ("0." + "1" * 50, "EUR"),
    ],
)
def test_one_that_is_nothing_or_has_more_decimals_cannot(amount: str, currency: str | None) -> None:
    with pytest.raises(Unpayable) as refused:
        payable(amount, currency)
    assert refused.value.reason == "invalid_amount"


@given(st.integers(1, 10**12), st.sampled_from(["EUR", "USD", "GBP", None]))
def test_whole_cents_can_be_paid(cents: int, currency: str | None) -> None:
    amount = shown(Decimal(cents).scaleb(-2))
    assert payable(amount, currency) == amount


@pytest.mark.parametrize(
    ("text", "locale", "amount"), [("12.50", "fr", "12.5"), ("1.234,50", "de", "1234.5"), ("1,234.50", "en", "1234.5")]
)
def test_an_amount_is_read_canonical_or_as_the_locale_writes_it(text: str, locale: str, amount: str) -> None:
    assert read(text, flow_of({}, locale=locale)) == amount


@pytest.mark.parametrize("text", ["", "a lot", "1e3", "NaN", "12 €"])
def test_what_is_no_number_is_no_amount(text: str) -> None:
    with pytest.raises(Unpayable) as refused:
        read(text, flow_of({}))
    assert refused.value.reason == "invalid_amount"
