"""XML answers, read as JSON."""

import json
import time

import pytest

from connectors.framework.errors import Refused
from connectors.web_service.outputs import read_outputs
from connectors.web_service.xml_answer import json_of


def output(path, type_="text", language="jsonpath"):
    return {"name": "x", "language": language, "path": path, "type": type_}


def read(content, path, type_="text", language="jsonpath"):
    return read_outputs(content, [output(path, type_, language)], from_xml=True)["x"]


ORDER = """<?xml version="1.0" encoding="ISO-8859-1"?>
<s:Envelope xmlns:s="urn:soap"><s:Body>
  <!-- a comment --><?target instruction?>
  <order number=" 7 " paid="1">
    <total currency="EUR"> 12.50 </total><vip>false</vip><when>2026-11-28T10:00:00+01:00</when><note><![CDATA[<b>Köln</b> &amp;]]></note>
    <line>one</line><line>two</line><nothing/><blank>  </blank>
  </order>
</s:Body></s:Envelope>""".encode("latin-1")


def test_elements_attributes_texts_and_arrays_stand_where_the_notation_says():
    assert json.loads(json_of(ORDER)) == {
        "s:Envelope": {
            "@xmlns:s": "urn:soap",
            "s:Body": {
                "order": {
                    "@number": " 7 ",
                    "@paid": "1",
                    "total": {"@currency": "EUR", "#text": "12.50"},
                    "vip": "false",
                    "when": "2026-11-28T10:00:00+01:00",
                    "note": "<b>Köln</b> &amp;",
                    "line": ["one", "two"],
                    "nothing": None,
                    "blank": None,
                }
            },
        }
    }


def test_outputs_find_values_and_read_numbers_and_booleans_from_text():
    assert read(ORDER, "$..order.total['#text']", "number") == "12.5"
    assert read(ORDER, "$..order['@number']", "number") == "7"
    assert read(ORDER, "$..order['@paid']", "boolean") == "true"
    assert read(ORDER, "$..vip", "boolean") == "false"
    assert read(ORDER, "$..line[1]") == "two"
    assert read(ORDER, '"s:Envelope"."s:Body".order.when', "date_and_time", "jmespath") == "2026-11-28T10:00:00+01:00"
    assert read(b"<a>123456789012345678901234567890.10</a>", "$.a", "number") == "123456789012345678901234567890.1"
    assert read(b"<a>+.5</a>", "$.a", "number") == "0.5"
    assert read(b"<a>2.</a>", "a", "number", "jmespath") == "2"
    assert read("<a>é</a>".encode("utf-16"), "$.a") == "é"


@pytest.mark.parametrize(
    ("text", "type_"), [("1e3", "number"), ("seven", "number"), ("NaN", "number"), ("yes", "boolean"), ("1" * 200, "number")]
)
def test_a_text_that_is_no_number_or_boolean_does_not_fit(text, type_):
    with pytest.raises(Refused, match="wrong_type"):
        read(f"<a>{text}</a>".encode(), "$.a", type_)


def test_an_element_with_nothing_is_missing():
    with pytest.raises(Refused, match="missing_output: Output x: expected a value, found null"):
        read(b"<a/>", "$.a")


SECRET = "secret of this machine"


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE a [<!ENTITY e "x">]>',
        '<!DOCTYPE a [<!ENTITY e SYSTEM "file://{path}">]>',
        '<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd">',
        '<!DOCTYPE a PUBLIC "-//W3C//DTD XHTML 1.0//EN" "http://127.0.0.1:9/x.dtd">',
        "<!DOCTYPE a>",
        "<!DOCTYPE a [" + '<!ENTITY l0 "lol">' + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10)) + "]>",
        '<!DOCTYPE a [<!ENTITY e "' + "x" * 50_000 + '">]>',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_no_entity_is_expanded_and_none_is_fetched(declared, encoding, tmp_path):
    kept = tmp_path / "kept.txt"
    kept.write_text(SECRET)
    body = declared.replace("{path}", str(kept)) + "<a>&e;</a>"
    began = time.monotonic()
    with pytest.raises(Refused, match="unreadable_body: Expected XML without a document type declaration") as refused:
        read(body.encode(encoding), "$.a")
    assert SECRET not in str(refused.value)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"<a>",
        b"<a></b>",
        b"<a>&e;</a>",
        b"<a/><b/>",
        b"\xff\xfe<",
        b"<a>\x00</a>",
        b'<?xml version="1.0" encoding="none"?><a/>',
        b"<a b=1/>",
    ],
)
def test_what_is_not_xml_is_unreadable(content):
    with pytest.raises(Refused, match="unreadable_body"):
        read(content, "$.a")


def test_depth_and_number_of_elements_are_bounded():
    with pytest.raises(Refused, match="unreadable_body: Expected XML of at most 100 elements inside of each other"):
        read(b"<a>" * 300_000, "$..x")
    assert read(b"<a>" * 100 + b"1" + b"</a>" * 100, "$" + ".a" * 100, "number") == "1"
    wide = b"<a>" + b"<b/>" * 200_000 + b"<c>1</c></a>"
    assert len(wide) < 1_048_576
    began = time.monotonic()
    assert read(wide, "$.a.c", "number") == "1"
    assert time.monotonic() - began < 10
