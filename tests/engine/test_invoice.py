from processor.engine.invoice import FIELDS, bill_in
from processor.engine.visit import BUILT_IN_TYPES


def test_a_bill_holds_what_an_invoice_has_and_nothing_else() -> None:
    values = {"id": "1", "amount": "5", "name": "", "colour": "red", "payment": "payment_successful"}
    assert bill_in(values) == {"id": "1", "amount": "5"}


def test_fields_that_are_no_text_are_fields_of_a_bill() -> None:
    assert {path[1] for path in BUILT_IN_TYPES if path[0] == "bill"} <= set(FIELDS)
