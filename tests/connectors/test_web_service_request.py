"""The HTTP request of a call."""

import json

import pytest

from connectors.framework.errors import Refused
from connectors.web_service.request import request_of


def given(name, value, place="body", type_="text"):
    return {"name": name, "place": place, "type": type_, "value": value}


def call(*inputs, url="https://api.example/orders", method="POST", headers=None):
    return {"method": method, "url": url, "headers": headers or {}, "inputs": list(inputs)}


def test_every_input_stands_in_its_place():
    request = request_of(
        call(
            given("id", "a/b c?d#é%", "path"),
            given("q", "x&y=z +é", "query"),
            given("q", "again", "query"),
            given("X-Customer", "Ann", "header"),
            given("name", 'Ann "A"\n', "body"),
            given("amount", "12.50", "body", "number"),
            given("big", "123456789012345678901234567890.123", "body", "number"),
            given("vip", "true", "body", "boolean"),
            url="https://api.example/orders/{id}/lines?fixed=1#part",
            method="put",
            headers={"X-Fixed": "1"},
        ),
        "i-1-2",
    )
    assert request.method == "PUT"
    assert str(request.url) == "https://api.example/orders/a%2Fb%20c%3Fd%23%C3%A9%25/lines?fixed=1&q=x%26y%3Dz%20%2B%C3%A9&q=again#part"
    assert request.headers == {
        "Accept": "application/json", "Content-Type": "application/json", "X-Fixed": "1", "X-Customer": "Ann", "Idempotency-Key": "i-1-2",
    }  # fmt: skip
    assert request.body == b'{"name": "Ann \\"A\\"\\n", "amount": 12.50, "big": 123456789012345678901234567890.123, "vip": true}'
    assert json.loads(request.body)["vip"] is True


def test_without_body_inputs_there_is_no_body():
    request = request_of(call(method="GET"), "1")
    assert request.body is None
    assert "Content-Type" not in request.headers


def test_a_definition_may_say_another_content_type():
    assert (
        request_of(call(given("a", "b"), headers={"Content-Type": "application/vnd.x+json"}), "1").headers["Content-Type"]
        == "application/vnd.x+json"
    )


@pytest.mark.parametrize("value", ["a\r\nX-Admin: 1", "a\nb", "a\rb", "a\x00b", "a\x7fb"])
def test_a_header_takes_no_line_break_or_control_character(value):
    with pytest.raises(Refused, match="wrong_type: Header X-Name: expected one line"):
        request_of(call(given("X-Name", value, "header")), "1")
    with pytest.raises(Refused, match="wrong_type"):
        request_of(call(headers={"X-Name": value}), "1")


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "Idempotency-Key", "a b", "a:b", "", "é", "a\r\nb"])
def test_a_header_of_the_connection_or_no_name_is_refused(name):
    with pytest.raises(Refused, match="wrong_type"):
        request_of(call(given(name, "x", "header")), "1")


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_a_path_input_that_would_be_another_path_is_refused(value):
    with pytest.raises(Refused, match="wrong_type: Input id: expected a path segment"):
        request_of(call(given("id", value, "path"), url="https://api.example/orders/{id}"), "1")


@pytest.mark.parametrize(
    "url",
    [
        "https://{id}/x",
        "https://{id}.example/x",
        "https://user:pass@api.example/{id}",
        "/orders/{id}",
        "https://api.example/{other}",
        "https://[::1/{id}",
    ],
)
def test_an_address_that_cannot_be_used_is_refused(url):
    with pytest.raises(Refused, match="address_refused"):
        request_of(call(given("id", "evil.example", "path"), url=url), "1")


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("number", "1e3"),
        ("number", "NaN"),
        ("number", ""),
        ("number", "01"),
        ("number", "1,5"),
        ("boolean", "yes"),
        ("boolean", "True"),
        ("date", "x"),
    ],
)
def test_a_body_input_that_does_not_fit_its_type_is_refused(type_, value):
    with pytest.raises(Refused, match="wrong_type: Input x"):
        request_of(call(given("x", value, "body", type_)), "1")


@pytest.mark.parametrize("wrong", [call(given("x", "1", "cookie")), call(method="GE T"), call(method="")])
def test_an_unknown_place_and_a_method_that_is_none_are_refused(wrong):
    with pytest.raises(Refused, match="wrong_type"):
        request_of(wrong, "1")
