"""The HTTP request of a call."""

import json
from contextlib import suppress
from urllib.parse import parse_qsl
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given as given_values
from hypothesis import strategies as st

from connectors.framework.errors import Refused
from connectors.web_service.request import request_of


def given(name, value, place="body", type_="text"):
    return {"name": name, "place": place, "type": type_, "value": value}


def call(*inputs, url="https://api.example/orders", method="POST", headers=None, body_format="json", root="request"):
    return {
        "method": method, "url": url, "headers": headers or {}, "body_format": body_format, "body_root": root, "inputs": list(inputs),
    }  # fmt: skip


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


def test_a_form_holds_the_inputs_as_browsers_write_them():
    request = request_of(
        call(
            given("name", "Ann & Bo=1\r\n+é"),
            given("n", "1.50", "body", "number"),
            given("vip", "true", type_="boolean"),
            body_format="form",
        ),
        "1",
    )
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert request.body == b"name=Ann+%26+Bo%3D1%0D%0A%2B%C3%A9&n=1.50&vip=true"
    assert parse_qsl(request.body.decode()) == [("name", "Ann & Bo=1\r\n+é"), ("n", "1.50"), ("vip", "true")]


def test_xml_holds_the_inputs_as_elements_and_attributes():
    request = request_of(
        call(
            given("@xmlns:s", "urn:shop"),
            given("s:order/@number", '"7" <&>'),
            given("s:order/s:customer/name", "Ann ]]> <!DOCTYPE x> & Bö 🙂"),
            given("s:order/s:customer/vip", "true", type_="boolean"),
            given("total", "12.50", type_="number"),
            body_format="xml",
            root="s:ask",
        ),
        "1",
    )
    assert request.headers["Content-Type"] == "application/xml"
    assert request.headers["Accept"].startswith("application/xml")
    assert request.body is not None
    root = fromstring(request.body)
    assert root.tag == "{urn:shop}ask"
    (order, total) = root
    assert (order.tag, order.get("number"), total.text) == ("{urn:shop}order", '"7" <&>', "12.50")
    assert [(element.tag, element.text) for element in order[0]] == [("name", "Ann ]]> <!DOCTYPE x> & Bö 🙂"), ("vip", "true")]


@given_values(st.text())
def test_any_text_stands_in_a_form_and_in_xml_as_it_is_or_is_refused(value):
    form = request_of(call(given("a", value), body_format="form"), "1") if value.isprintable() else None
    assert form is None or parse_qsl((form.body or b"").decode(), keep_blank_values=True) == [("a", value)]
    with suppress(Refused):
        root = fromstring(request_of(call(given("a", value), given("b/@c", value), body_format="xml"), "1").body or b"")
        assert len(root) == 2
        assert (root[0].text or "").splitlines() == value.splitlines()


@pytest.mark.parametrize("value", ["\x00", "a\x08", "\x1b[0m", "\ufffe", "\ud800"])
def test_a_character_that_xml_has_not_is_refused(value):
    with pytest.raises(Refused, match="wrong_type: Input a: expected characters that XML allows"):
        request_of(call(given("a", value), body_format="xml"), "1")


@pytest.mark.parametrize("name", ["a b", "a><b", "", "a/", "1", "@", "a\n", "é"])
def test_a_name_that_xml_has_not_is_refused(name):
    with pytest.raises(Refused, match="wrong_type"):
        request_of(call(given(name, "x"), body_format="xml"), "1")
    with pytest.raises(Refused, match="wrong_type: The root"):
        request_of(call(given("a", "x"), body_format="xml", root=name), "1")


def test_a_format_that_nobody_knows_is_refused():
    with pytest.raises(Refused, match="wrong_type: Expected a body in json, form, xml, found 'yaml'"):
        request_of(call(given("a", "x"), body_format="yaml"), "1")


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
