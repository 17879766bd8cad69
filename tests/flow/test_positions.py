import json

import pytest

from processor.flow.document import MAX_BYTES, MAX_DEPTH, load
from processor.flow.finding import Finding
from processor.flow.positions import Positions, placed
from tests.flow.documents import faults_of

YAML = """# An order
ref: support
variables: {order: {number: number}}
actions:
  start:
    type: start
    links: {ok: "x"}
  'a.b':
    - 1
    - {c: 2}
  "t\\tg": &q
    - z: 1
      y: |
        two
        lines
  r: *q
  s: &word hello
  t: *word
  ? key
  : value
"""
JSON = """{"ref": "support",
 "actions": {
\t"start": {"type": "start", "links": {"ok": "\\ud83d\\ude00 \\" ] {"}, "n": -1.5e3},
  "q": [1, {"c": true}, [], [[null]]]}}"""


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("", (1, 1)),
        ("ref", (2, 1)),
        ("variables.order.number", (3, 21)),
        ("actions.start", (5, 3)),
        ("actions.start.links.ok", (7, 13)),
        ("actions.a.b[1].c", (10, 8)),
        ('actions."t\\tg"', (11, 3)),
        ('actions."t\\tg"[0].y', (13, 7)),
        ("actions.r", (16, 3)),
        ("actions.r[0].z", (12, 7)),
        ("actions.s", (17, 3)),
        ("actions.t", (18, 3)),
        ("actions.key", (19, 5)),
    ],
)
def test_a_path_leads_to_its_key_or_item_in_yaml(path, place):
    assert Positions(YAML).of(path) == place
    assert Positions(YAML.encode("utf-8-sig")).of(path) == place


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("ref", (1, 2)),
        ("actions.start.links.ok", (3, 39)),
        ("actions.start.n", (3, 69)),
        ("actions.q[0]", (4, 9)),
        ("actions.q[1].c", (4, 13)),
        ("actions.q[3][0][0]", (4, 31)),
    ],
)
def test_a_path_leads_to_its_key_or_item_in_json(path, place):
    load(JSON)
    assert Positions(JSON).of(path) == place


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("country", (1, 1)),
        ("actions.start.links.error", (7, 5)),
        ("actions.start.type.more[0]", (6, 5)),
        ("actions.a.b[7].c", (8, 3)),
    ],
)
def test_what_is_not_there_is_where_it_should_be(path, place):
    assert Positions(YAML).of(path) == place


def test_of_a_key_that_comes_twice_the_second_is_told():
    assert Positions("a: 1\na: 2\n").of("a") == (2, 1)
    assert Positions('{"a": 1,\n"a": 2}').of("a") == (2, 1)


def test_json_with_what_only_yaml_allows_is_read_as_such():
    assert Positions('{"ref": support,\n "n": [1, 2]}').of("n[1]") == (2, 11)


@pytest.mark.parametrize("text", ["", "a: [", "a: *x", b"\xff", "- a: &x\n  b: *x", "x" * (MAX_BYTES + 1), "a: &x [*x]", "? [a]\n: b"])
def test_a_text_that_is_no_document_has_a_beginning(text):
    assert Positions(text).of("nothing.there")[0] == 1


def test_a_deep_text_has_its_places():
    deep = "[" * 5000 + "]" * 5000
    assert Positions(deep).of("[0]" * MAX_DEPTH) == (1, MAX_DEPTH + 1)
    assert Positions('{"a":' * 200_000).of("a") == (1, 2)


def finding(path):
    return Finding("refused", "fault", path, "it is wrong", "")


def told(text):
    """Return the places of all faults of a document."""
    faults = [fault.partition(": ")[0] for fault in faults_of(lambda: load(text))]
    return [(found.path, found.line, found.column) for _, found in placed([("it", finding(path)) for path in faults], {"it": text})]


def test_all_faults_have_their_places():
    assert told('a: 1\nb: {c: 1, c: 2}\n"d\\0": ["\\0"]') == [("b.c", 2, 11), ('"d\\u0000"', 3, 1), ('"d\\u0000"[0]', 3, 9)]


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: 'x\nb: 1", 2, 5),
        ("a: é\nb: é\x07", 2, 5),
        ("é: *x", 1, 4),
        ("a: 1\nb: é".encode("latin-1"), 2, 4),
        ("é\né".encode() + b"\xff", 2, 2),
        (b"\xef\xbb\xbfa\xff", 1, 2),
        ("ref: x".encode("utf-16"), 1, 1),
        ("a: 1\nb: \ud800", 2, 4),
        ("a:\n  - [\n" + "[" * MAX_DEPTH, 3, MAX_DEPTH - 2),
    ],
)
def test_what_the_parser_says_of_the_place_becomes_the_place(text, line, column):
    assert told(text) == [("", line, column)]


def test_findings_of_several_files_are_placed_in_their_own():
    found = placed(
        [("a", finding("x")), ("b", finding("x.y")), ("a", finding(""))], {"a": "# none\nx: 1", "b": json.dumps({"x": {"y": 1}})}
    )
    assert [(name, found.path, found.line, found.column) for name, found in found] == [
        ("a", "x", 2, 1),
        ("b", "x.y", 1, 8),
        ("a", "", 1, 1),
    ]


def test_ten_thousand_aliases_of_aliases_have_places():
    laughs = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 30))
    assert Positions(laughs).of("a29" + "[9]" * 29 + "[0]") == (1, 10)
