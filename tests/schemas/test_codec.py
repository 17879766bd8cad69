"""Records on the wire."""

import json
import struct
from contextlib import suppress
from io import BytesIO
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import codec as module
from schemas.codec import Codec, UndecodableRecord, UnencodableRecord, current_schema, packaged_id, released_schemas

RESPONSE = {
    "command_id": "i-1",
    "connector": "messaging",
    "outcome": "ok",
    "reason": None,
    "detail": None,
    "values": {"a": "é"},
    "answered_at": 253_402_300_799_999,
}
MESSAGE: dict[str, Any] = {
    "message_id": "m",
    "channel": "web_chat",
    "account": "demo",
    "address": "ann",
    "text": "x",
    "media": [],
    "choice": None,
    "name": None,
    "locale": None,
    "sent_at": 1,
}


def command(kind, body):
    return {
        "command_id": "c",
        "conversation_id": "k",
        "interaction_id": "k-1",
        "flow": "f",
        "flow_version": 1,
        "action": "a",
        "issued_at": 0,
        "deadline": 5,
        "channel": "web_chat",
        "account": "demo",
        "address": "ann",
        "body": (f"smart_routing.{kind}", body),
    }


@pytest.mark.parametrize(
    ("name", "datum"),
    [
        ("response", RESPONSE),
        ("inbound_message", MESSAGE),
        ("messaging_command", command("SendMessage", {"text": "hello", "agent": None})),
        ("messaging_command", command("CheckImage", {"url": "https://x/"})),
        ("tick", {"ticked_at": -1, "ticker": ""}),
    ],
)
def test_what_is_encoded_is_decoded(name, datum):
    assert Codec().decode(Codec().encode(name, datum)) == (name, datum)


def test_a_record_begins_with_a_zero_byte_and_its_schemas_id():
    value = Codec().encode("response", RESPONSE)
    assert value[:5] == struct.pack(">bI", 0, packaged_id("response"))


def test_a_field_that_is_left_out_has_its_default():
    datum = {name: value for name, value in MESSAGE.items() if name not in {"media", "choice", "name", "locale"}}
    assert Codec().decode(Codec().encode("inbound_message", datum)) == ("inbound_message", MESSAGE)


@pytest.mark.parametrize(
    ("value", "reason", "said"),
    [
        (None, "no_value", "found no value"),
        (b"", "not_confluent", "found nothing"),
        (b"\x00\x00\x00\x00", "not_confluent", "found 00000000"),
        (b'{"text": "x"}', "not_confluent", "found 7b22746578"),
        (b"\x01" + b"\x00" * 20, "not_confluent", "a zero byte"),
        (b"\x00\x00\x00\x00\x00rest", "unknown_schema", "found 0"),
        (b"\x00\xff\xff\xff\xff", "unknown_schema", "found 4294967295"),
    ],
)
def test_what_is_no_record_of_ours_gives_its_reason(value, reason, said):
    with pytest.raises(UndecodableRecord, match=said) as undecodable:
        Codec().decode(value)
    assert undecodable.value.reason == reason
    assert undecodable.value.detail == str(undecodable.value)


GOOD = Codec().encode("messaging_command", command("SendMessage", {"text": "hello"}))
TICK = Codec().encode("tick", {"ticked_at": 1, "ticker": "a"})


@pytest.mark.parametrize(
    "value",
    [
        GOOD[:5],
        GOOD[:-1],
        GOOD + b"x",
        GOOD[:5] + b"\xff" * 10,
        GOOD[:5] + b"\x02\xff" + GOOD[7:],  # no UTF-8
        GOOD[:5] + b"\xfe\xff\xff\xff\x0f" + GOOD[6:],  # a text of 2 GiB
        GOOD[:5] + b"\x01" + GOOD[6:],  # a text of minus one byte
        GOOD.replace(b"\x00\x0ahello", b"\x0e\x0ahello"),  # the eighth of three kinds
        GOOD.replace(b"\x00\x0ahello", b"\x0d\x0ahello"),  # one before the first
    ],
)
def test_bytes_that_do_not_fit_their_schema_are_undecodable(value):
    with pytest.raises(UndecodableRecord, match="expected a messaging_command") as undecodable:
        Codec().decode(value)
    assert undecodable.value.reason == "undecodable"


@given(st.binary(max_size=60))
def test_no_bytes_whatever_make_the_codec_fail_otherwise(rest):
    codec = Codec()
    for number in released_schemas():
        with suppress(UndecodableRecord):
            name, datum = codec.decode(struct.pack(">bI", 0, number) + rest)
            assert isinstance(datum, dict)
            assert name == released_schemas()[number][0]


@pytest.mark.parametrize(
    ("name", "datum"),
    [
        ("response", {**RESPONSE, "outcome": None}),
        ("response", {**RESPONSE, "values": {"a": 1}}),
        ("response", {**RESPONSE, "answered_at": 1 << 63}),
        ("response", {**RESPONSE, "answered_at": "1"}),
        ("response", {name: value for name, value in RESPONSE.items() if name != "command_id"}),
        ("response", {**RESPONSE, "outcome": "\ud800"}),
        ("messaging_command", command("SendPigeon", {"text": "x"})),
        ("messaging_command", command("SendMessage", {})),
        ("messaging_command", {**command("SendMessage", {}), "body": {"nothing": "x"}}),
    ],
)
def test_a_datum_that_does_not_fit_its_schema_is_the_writers_fault(name, datum):
    with pytest.raises(UnencodableRecord, match=name):
        Codec().encode(name, datum)


def test_a_schema_that_was_changed_and_not_released_is_not_written(monkeypatch):
    monkeypatch.setattr(module, "current_schema", lambda _name: {**current_schema("tick"), "doc": "changed"})
    packaged_id.cache_clear()
    try:
        with pytest.raises(LookupError, match=r"run `python -m schemas\.release`"):
            packaged_id("tick")
    finally:
        packaged_id.cache_clear()


def test_what_an_older_release_wrote_is_read_in_todays_shape(monkeypatch):
    """A schema that had one field less and one of a narrower type."""
    today = current_schema("inbound_message")
    older = json.loads(json.dumps(today))
    older["fields"] = [field for field in older["fields"] if field["name"] not in {"media", "choice", "name", "locale"}]
    next(field for field in older["fields"] if field["name"] == "sent_at")["type"] = "int"
    monkeypatch.setattr(module, "released_schemas", lambda: {1: ("inbound_message", today), 7: ("inbound_message", older)})
    buffer = BytesIO(struct.pack(">bI", 0, 7))
    buffer.seek(5)
    fastavro.schemaless_writer(buffer, older, {name: value for name, value in MESSAGE.items() if name not in {"media", "choice"}})
    assert Codec().decode(buffer.getvalue()) == ("inbound_message", MESSAGE)


def test_a_record_within_a_union_is_a_pair_of_its_full_name_and_its_datum():
    choices = {
        "text": "?",
        "choices": [{"id": "1", "text": "a"}],
        "limits": {"buttons": 1, "button_length": 2, "list_items": 3, "list_item_length": 4},
        "template": None,
    }
    _, datum = Codec().decode(Codec().encode("messaging_command", command("SendChoices", choices)))
    assert datum["body"] == ("smart_routing.SendChoices", choices)
