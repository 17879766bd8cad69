"""The results of a call."""

import json

import pytest

from connectors.framework.errors import Refused
from connectors.web_service.outputs import LARGEST_VALUES_BYTES, read_outputs

BODY = json.dumps(
    {
        "order": {
            "id": "A-1", "total": "12.50", "paid": True, "lines": [{"price": 1}, {"price": 2.25}], "note": None,
            "first-name": "Ann", "né": 1,
        },
        "tiny": 1e-7, "big": "12345678901234567890.123456789", "zero": -0.0, "date": "2026-03-01", "at": "2026-03-01T10:00:00Z",
        "mail": "ann@EXAMPLE.com", "phone": "+33 6 12 34 56 78", "local": "06 12 34 56 78", "picture": "https://x.example/a.png",
        "long": "x" * 10_000,
    }
)  # fmt: skip
for number in ("12.50", "12345678901234567890.123456789"):  # numbers of JSON that no float writes like this
    BODY = BODY.replace(f'"{number}"', number)


def output(path, type_="text", language="jsonpath", name="out"):
    return {"name": name, "language": language, "path": path, "type": type_}


def read(*outputs, body=BODY):
    return read_outputs(body if isinstance(body, bytes) else body.encode(), outputs)


@pytest.mark.parametrize(
    ("path", "type_", "value"),
    [
        ("$.order.id", "text", "A-1"),
        ("$.order['first-name']", "text", "Ann"),
        ("$.order.né", "number", "1"),
        ("$.order.total", "number", "12.5"),
        ("$.order.paid", "boolean", "true"),
        ("$.order.lines[1].price", "number", "2.25"),
        ("$.order.lines[-1:].price", "number", "2.25"),
        ("$.order.lines[?@.price > 1].price", "number", "2.25"),
        ("$..price", "number", "1"),
        ("$.tiny", "number", "0.0000001"),
        ("$.big", "number", "12345678901234567890.123456789"),
        ("$.zero", "number", "0"),
        ("$.date", "date", "2026-03-01"),
        ("$.at", "date_and_time", "2026-03-01T10:00:00+00:00"),
        ("$.mail", "email", "ann@example.com"),
        ("$.phone", "phone", "+33612345678"),
        ("$.local", "phone", "06 12 34 56 78"),
        ("$.picture", "image", "https://x.example/a.png"),
        ("$.long", "long_text", "x" * 10_000),
    ],
)
def test_a_result_is_found_by_jsonpath_and_given_in_canonical_text(path, type_, value):
    assert read(output(path, type_)) == {"out": value}


@pytest.mark.parametrize(
    ("path", "type_", "value"),
    [
        ("order.id", "text", "A-1"),
        ('order."first-name"', "text", "Ann"),
        ("sum(order.lines[].price)", "number", "3.25"),
        ("order.lines[?price > `1`] | [0].price", "number", "2.25"),
        ("order.total > `12`", "boolean", "true"),
        ("tiny", "number", "0.0000001"),
    ],
)
def test_a_result_is_found_by_jmespath(path, type_, value):
    assert read(output(path, type_, "jmespath")) == {"out": value}


def test_no_declared_results_need_no_body():
    assert read_outputs(b"no JSON", []) == {}


def test_all_results_are_given_by_name():
    assert read(output("$.order.id", name="id"), output("order.paid", "boolean", "jmespath", "paid")) == {"id": "A-1", "paid": "true"}


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("$.nothing", "jsonpath"),
        ("$.order.note", "jsonpath"),
        ("$.order.lines[7]", "jsonpath"),
        ("nothing", "jmespath"),
        ("order.note", "jmespath"),
        ("$.[", "jsonpath"),
        ("[", "jmespath"),
        ("$.x", "xpath"),
    ],
)
def test_a_result_that_is_not_there_or_null_is_missing(path, language):
    with pytest.raises(Refused) as refused:
        read(output(path, language=language))
    assert refused.value.reason == "missing_output"


@pytest.mark.parametrize(
    ("path", "type_"),
    [
        ("$.order", "text"),
        ("$.order.lines", "text"),
        ("$.order.total", "text"),
        ("$.order.paid", "number"),
        ("$.order.id", "number"),
        ("$.order.id", "boolean"),
        ("$.order.lines[0].price", "boolean"),
        ("$.order.id", "date"),
        ("$.order.id", "date_and_time"),
        ("$.order.id", "email"),
        ("$.order.id", "phone"),
        ("$.order.id", "image"),
        ("$.order.total", "long_text"),
        ("$.order.id", "nonsense"),
    ],
)
def test_a_result_of_another_type_is_refused_and_says_what_it_is_not_what_it_holds(path, type_):
    with pytest.raises(Refused) as refused:
        read(output("$.phone"), output(path, type_))
    assert refused.value.reason == "wrong_type"
    assert "A-1" not in str(refused.value)


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        ("1e999999999", "number"),
        ("1e99999999999999999999", "number"),
        ("-1e-999999999", "number"),
        ("1" * 61, "number"),
        ('"' + "x" * 10_001 + '"', "long_text"),
        ('"+33 1"', "phone"),
        ('"http://x.example/a.png"', "image"),
        ('"https://[/"', "image"),
        ('"2026-02-30"', "date"),
    ],
)
def test_a_value_beyond_its_type_is_refused(value, type_):
    with pytest.raises(Refused, match="wrong_type"):
        read(output("$.x", type_), body=f'{{"x": {value}}}')


@pytest.mark.parametrize("value", ["1e999", "NaN"])
def test_jmespath_takes_no_number_beyond_ieee_754(value):
    with pytest.raises(Refused):
        read(output("x", "number", "jmespath"), body=f'{{"x": {value}}}')


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b'{"x": NaN}', b'{"x": "\xff"}', b"[" * 100_000, b'{"x": ' + b"9" * 5_000 + b"}"])
def test_a_body_that_is_no_json_is_unreadable(body):
    with pytest.raises(Refused) as refused:
        read(output("$.x"), body=body)
    assert refused.value.reason == "unreadable_body"


def test_a_byte_order_mark_is_passed_over():
    assert read(output("$.x"), body=b'\xef\xbb\xbf{"x": "y"}') == {"out": "y"}


def test_a_path_whose_function_does_not_fit_is_a_wrong_type():
    with pytest.raises(Refused, match="wrong_type"):
        read(output("sum(order.id)", "number", "jmespath"))


def test_results_that_are_too_large_together_are_refused():
    body = '{"x": "%s"}' % ("é" * (LARGEST_VALUES_BYTES // 4))
    assert len(read(output("$.x", name="a"), body=body)) == 1
    with pytest.raises(Refused, match="too_large"):
        read(*(output("$.x", name=name) for name in "abc"), body=body)
