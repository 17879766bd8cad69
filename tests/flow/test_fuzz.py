"""Nothing that an author can write is met with anything but a flow or its faults."""

import json

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from processor.actions import action_types
from processor.engine.definitions import DefinitionLog
from processor.engine.errors import DocumentRefused
from processor.flow.document import canonical, load
from processor.flow.drawing import draw
from processor.flow.entity_reader import read_entity
from processor.flow.faults import below
from processor.flow.finding import Finding
from processor.flow.linter import lint
from processor.flow.positions import Positions, placed
from processor.flow.publication import absorb, prepare
from processor.flow.reader import read, read_text
from processor.flow.sarif import sarif
from tests.flow.documents import ENTRY_POINT, QUESTION, WEB_SERVICE, document

YAML_PIECES = st.sampled_from(
    [
        *(
            "a",
            "b",
            "ref",
            "actions",
            "start",
            ": ",
            ":",
            "\n",
            "\n  ",
            "\n    ",
            "- ",
            "? ",
            "&x ",
            "*x",
            "!!str ",
            "!",
            "|",
            ">",
            "'",
            '"',
        ),
        *(
            "{",
            "}",
            "[",
            "]",
            ",",
            "#",
            "%",
            "---\n",
            "...\n",
            "yes",
            "true",
            "null",
            "~",
            "12",
            "-0",
            "1.5",
            "<<",
            "\\",
            "\\u",
            "\t",
            "@",
            "`",
        ),
        *("\ufeff", "\x00", "\x85", "\u2028", "\ud800", "é", "😀", "{{ a }}", "{% if %}"),
    ]
)

HEADER = st.sampled_from(["ref", "kind", "name", "type", "timezone", "variables", "locale", "country", "id", "inputs"])
WORDS = st.sampled_from(
    [
        "start",
        "end",
        "ok",
        "node",
        "pause",
        "",
        "a b",
        "order",
        "number",
        "text",
        "x" * 70,
        "{{ order.number }}",
        "{{ x",
        "\ud800",
        "yes",
        "c-1",
    ]
) | st.text(max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=True) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=8,
)
PARAMETERS = sorted(
    {name for action_type in action_types().values() for name in action_type.model_fields} | {"type", "link", "id", "field"}
)
PLACED = st.builds(
    lambda kind, links, others: {"type": kind, "links": links, **others},
    st.sampled_from(sorted(action_types())) | VALUES,
    st.dictionaries(
        st.sampled_from(["ok", "error", "link_1", "yes"]) | WORDS, st.sampled_from(["start", "a", "b", "end"]) | VALUES, max_size=3
    ),
    st.dictionaries(st.sampled_from(PARAMETERS), VALUES, max_size=4),
)
DOCUMENTS = st.builds(
    lambda base, changes, actions: {**base, **changes, **({"actions": {**base.get("actions", {}), **actions}} if actions else {})},
    st.sampled_from([document({"a": QUESTION}), ENTRY_POINT, WEB_SERVICE, {}]),
    st.dictionaries(HEADER | WORDS, VALUES, max_size=3),
    st.dictionaries(st.sampled_from(["start", "a", "b"]) | WORDS, PLACED, max_size=3),
)
RECORDS = st.fixed_dictionaries(
    dict.fromkeys(("kind", "id", "reference", "status", "document", "content_hash", "author"), WORDS)
    | {"version": st.integers(0, 3), "published_at": st.integers(0, 9)}
)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(0, 99) | st.sampled_from(["x", "a: b", "[", "'", '"', "é 😀", "two\nlines", ""]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "b-c", "é", "x y", '"', ""]), inner, max_size=4),
    max_leaves=12,
)


def refusal(attempt):
    """Return what an attempt gives, or the refusal; anything else that it raises fails the test."""
    try:
        return attempt(), None
    except DocumentRefused as refused:
        return None, refused


@settings(max_examples=300, deadline=None)
@given(st.lists(YAML_PIECES, max_size=30).map("".join) | st.text(max_size=60))
def test_any_text_is_loaded_or_refused(text):
    loaded, refused = refusal(lambda: load(text))
    assert refused.faults if loaded is None else load(canonical(loaded)) == loaded


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80) | st.lists(YAML_PIECES, max_size=20).map(lambda pieces: "".join(pieces).encode("utf-8", "surrogatepass")))
def test_any_bytes_are_loaded_or_refused_in_words_that_can_be_shown(data):
    _, refused = refusal(lambda: read_text(data, action_types()))
    assert str(refused).encode()


@settings(max_examples=200, deadline=None)
@given(st.lists(YAML_PIECES, max_size=30).map("".join) | st.text(max_size=60) | DOCUMENTS.map(lambda made: json.dumps(made, indent=1)))
def test_every_fault_of_any_text_has_a_place_in_it_and_can_be_told(text):
    _, refused = refusal(lambda: read_text(text, action_types()))
    findings = [Finding("refused", "fault", fault.path, fault.expected, "") for fault in refused.faults] if refused else []
    found = placed([("it.yaml", finding) for finding in findings], {"it.yaml": text})
    lines, widest = len(text.splitlines()), max(map(len, text.split("\n")))  # YAML breaks lines at more than line feeds, editors do not
    for _, finding in found:
        assert finding.line in range(1, lines + 2)
        assert finding.column in range(1, widest + 2)
    assert json.dumps(sarif(found, "1.0.0")).encode()


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(["a", "b-c", "é", "x y"]), PLAIN, min_size=1, max_size=3))
def test_the_place_of_a_path_is_where_its_key_is_written(made):
    for text in (json.dumps(made, indent=1), json.dumps(made, ensure_ascii=False), yaml.safe_dump(made, allow_unicode=True)):
        positions, lines = Positions(text), text.split("\n")
        for path, key, value in paths_of(load(text), ""):
            line, column = positions.of(path)
            written = lines[line - 1][column - 1 :]
            if key is None:  # an item stands where it begins
                assert not written.startswith(("- ", ",", "]")) or isinstance(value, list) or str(value).startswith("- ")
            else:
                assert written.startswith((key, json.dumps(key), json.dumps(key, ensure_ascii=False), "'", '"', "? "))


def paths_of(value, path):
    """Give the paths within a document, each with its key, where it has one, and its value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield below(path, key), key if isinstance(key, str) else None, item
        yield from paths_of(item, below(path, key))


@settings(max_examples=300, deadline=None)
@given(DOCUMENTS)
def test_any_document_is_read_or_refused(given_document):
    for reader in (lambda: read(given_document, action_types()), lambda: read_entity(given_document)):
        made, refused = refusal(reader)
        assert made is not None or refused.faults
        assert made is not None or all(fault.expected and fault.found for fault in refused.faults)


@settings(max_examples=150, deadline=None)
@given(DOCUMENTS)
def test_whatever_is_prepared_is_absorbed_linted_and_drawn(given_document):
    text = json.dumps(given_document)
    publication, refused = refusal(lambda: prepare([("it.yaml", load(text))], DefinitionLog(), action_types(), author="ana", at=1))
    if publication is None:
        assert refused.faults
        return
    log = DefinitionLog()
    assert [absorb(log, offset, record, action_types()) for offset, record in enumerate(publication.records)] == [None]
    for flow in log.newest().flows():
        assert not [finding for finding in lint(flow, log.newest()) if finding.severity == "fault"]
        assert draw(flow).endswith("</svg>\n")


@settings(max_examples=150, deadline=None)
@given(RECORDS)
def test_any_record_is_absorbed_or_told(record):
    log = DefinitionLog()
    absorb(log, 3, record, action_types())
    assert log.offset == 3
