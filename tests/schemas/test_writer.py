"""Compiled writers write the bytes that fastavro writes, and refuse what does not fit."""

from io import BytesIO
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import current_schema, released_schemas
from schemas.writer import writer

NAMES = sorted({name for name, _ in released_schemas().values()})
LONGS = st.integers(-(2**63), 2**63 - 1) | st.integers(-70, 8300)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)


def values(schema: Any) -> st.SearchStrategy[Any]:
    """Draw values of a schema as the project writes them."""
    if isinstance(schema, list):
        if schema[0] == "null" and len(schema) == 2:
            return st.none() | values(schema[1])
        return st.one_of(*(st.tuples(st.just(f"{kind['namespace']}.{kind['name']}"), values(kind)) for kind in schema))
    match schema if isinstance(schema, str) else schema["type"]:
        case "int" | "long":
            return LONGS
        case "boolean":
            return st.booleans()
        case "string":
            return TEXTS
        case "bytes":
            return st.binary(max_size=80)
        case "array":
            return st.lists(values(schema["items"]), max_size=3)
        case "map":
            return st.dictionaries(TEXTS, values(schema["values"]), max_size=3)
        case "record":
            required = {field["name"]: values(field["type"]) for field in schema["fields"] if "default" not in field}
            optional = {field["name"]: values(field["type"]) for field in schema["fields"] if "default" in field}
            return st.fixed_dictionaries(required, optional=optional)
    raise AssertionError(f"no values for {schema}")


def by_fastavro(schema: Any, datum: Any) -> bytes:
    buffer = BytesIO()
    fastavro.schemaless_writer(buffer, fastavro.parse_schema(schema), datum)
    return buffer.getvalue()


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_every_record_is_written_as_fastavro_writes_it(name, data):
    schema = current_schema(name)
    datum = data.draw(values(schema))
    assert writer(schema)(datum, b"") == by_fastavro(schema, datum)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_fields_that_a_record_does_not_have_are_passed_over(name, data):
    schema = current_schema(name)
    datum = data.draw(values(schema))
    assert writer(schema)({**datum, "and": "more"}, b"") == writer(schema)(datum, b"")


SCHEMA = {
    "type": "record",
    "name": "Sample",
    "namespace": "test",
    "fields": [
        {"name": "text", "type": "string"},
        {"name": "number", "type": "long"},
        {"name": "raw", "type": "bytes"},
        {"name": "maybe", "type": ["null", "string"], "default": None},
        {"name": "plain", "type": "string", "default": "as it was"},
        {
            "name": "inner",
            "type": {"type": "record", "name": "Inner", "namespace": "test", "fields": [{"name": "flag", "type": "boolean"}]},
        },
        {"name": "again", "type": {"type": "array", "items": "test.Inner"}},
        {"name": "either", "type": ["test.Inner", "string", "null"]},
    ],
}
DATUM: dict[str, Any] = {
    "text": "é",
    "number": -1,
    "raw": b"\0",
    "inner": {"flag": True},
    "again": [{"flag": False}],
    "either": ("test.Inner", {"flag": True}),
}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"number": 2**63 - 1},
        {"number": -(2**63)},
        {"either": ("string", "x")},
        {"either": ("null", None)},
        {"maybe": "", "plain": ""},
        {"text": "x" * 5000},
    ],
)
def test_named_types_unions_and_defaults_are_written_as_fastavro_writes_them(change):
    assert writer(SCHEMA)(DATUM | change, b"before") == b"before" + by_fastavro(SCHEMA, DATUM | change)


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"text": None}, AttributeError),
        ({"text": 1}, AttributeError),
        ({"text": "\ud800"}, UnicodeEncodeError),
        ({"number": "1"}, TypeError),
        ({"number": 1.5}, TypeError),
        ({"number": 1e9}, TypeError),
        ({"number": 2**63}, OverflowError),
        ({"number": None}, TypeError),
        ({"raw": "text"}, TypeError),
        ({"maybe": 5}, AttributeError),
        ({"again": 5}, TypeError),
        ({"inner": None}, TypeError),
        ({"either": ("test.Outer", {})}, ValueError),
        ({"either": None}, TypeError),
    ],
)
def test_what_does_not_fit_is_refused(change, refused):
    with pytest.raises(refused):
        writer(SCHEMA)(DATUM | change, b"")


def test_a_missing_field_is_refused():
    with pytest.raises(KeyError, match="number"):
        writer(SCHEMA)({name: value for name, value in DATUM.items() if name != "number"}, b"")


def test_a_type_that_no_topic_has_is_refused():
    with pytest.raises(ValueError, match="expected a schema without type 'double'"):
        writer({"type": "record", "name": "Other", "fields": [{"name": "size", "type": "double"}]})
