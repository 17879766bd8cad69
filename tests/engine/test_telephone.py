import pytest

from processor.engine.telephone import international, is_mobile
from tests.flows import flow_of


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+33 6 12 34 56 78", "+33612345678"),
        ("0033612345678", "+33612345678"),
        (" +1 (201) 555-0123 ", "+12015550123"),
        ("+44 (0)20 7946 0958", "+442079460958"),
    ],
)
def test_a_number_with_its_country_code_is_read_wherever_the_flow_is(text: str, number: str) -> None:
    assert international(text, flow_of({}, country="DE")) == number


@pytest.mark.parametrize("text", ["06 12 34 56 78", "", "+", "00", "+33", "33612345678", "+999123456", "call me"])
def test_one_without_or_none_at_all_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="phone number"):
        international(text, flow_of({}))


@pytest.mark.parametrize(
    ("number", "mobile"),
    [
        ("+33612345678", True),
        ("+33756789012", True),
        ("+33142685300", False),
        ("+12015550123", True),  # North America: either
        ("+18002345678", False),  # toll-free
        ("+4915123456789", True),
        ("+4930901820", False),
        ("+447911123456", True),
    ],
)
def test_a_number_that_may_be_mobile_counts_as_mobile(number: str, mobile: bool) -> None:
    assert is_mobile(number) is mobile
