import json

import pytest

from processor.flow.document import MAX_BYTES, MAX_DEPTH, MAX_VALUES, canonical, content_hash, load
from tests.flow.documents import faults_of


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("off", "off"),
        ("True", "True"),
        ("true", True),
        ("false", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("0", 0),
        ("12", 12),
        ("-7", -7),
        ("-0", "-0"),
        ("0644", "0644"),
        ("0o17", "0o17"),
        ("0x1f", "0x1f"),
        ("12:30", "12:30"),
        ("1:30:00", "1:30:00"),
        ("1.10", "1.10"),
        ("1e3", "1e3"),
        ("1_000", "1_000"),
        ("+33612345678", "+33612345678"),
        ("123456789012345678", 123456789012345678),
        ("1234567890123456789", "1234567890123456789"),
        (".nan", ".nan"),
        ("2026-03-01", "2026-03-01"),
        ("<<", "<<"),
        ("'12'", "12"),
        ('"true"', "true"),
        ("|\n  two\n  lines\n", "two\nlines\n"),
    ],
)
def test_a_value_is_what_it_looks_like(written, meant):
    loaded = load(f"key: {written}")["key"]
    assert loaded == meant
    assert type(loaded) is type(meant)


def test_keys_are_the_text_that_was_written():
    assert load("yes: 1\nno: 2\n3: 4\ntrue: 5\n~: 6\n") == {"yes": 1, "no": 2, "3": 4, "true": 5, "~": 6}


def test_json_means_the_same_as_yaml():
    text = '{"a": [1, true, null, "1.10", {}], "b": 1.10, "c": 12345678901234567890, "d": "\\ud83d\\ude00"}'
    assert load(text) == {"a": [1, True, None, "1.10", {}], "b": "1.10", "c": "12345678901234567890", "d": "😀"}


@pytest.mark.parametrize("text", ['{"ref": support, "n": [1, 2]}', "{ref: support, n: [1, 2]}", '\ufeff{"ref": "support",\t"n": [1, 2]}'])
def test_flow_style_yaml_and_json_are_told_apart(text):
    assert load(text) == {"ref": "support", "n": [1, 2]}
    assert load(text.encode()) == {"ref": "support", "n": [1, 2]}


def test_an_anchor_stands_for_its_value_wherever_it_is_named():
    assert load("a: &x {b: &y [1]}\nc: *x\nd: *y\ne: &x 2\nf: *x\n&z g: *x") == {
        "a": {"b": [1]},
        "c": {"b": [1]},
        "d": [1],
        "e": 2,
        "f": 2,
        "g": 2,
    }


def test_values_that_share_an_anchor_are_not_shared():
    loaded = load("a: &x {b: 1}\nc: *x")
    assert loaded["a"] is not loaded["c"]


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", ["document: expected one YAML document; found nothing"]),
        ("# nothing but a remark", ["document: expected one YAML document; found nothing"]),
        ("a: 1\n---\nb: 2", ["line 3, column 1: expected one YAML document; found another"]),
        ("- a", ["document: expected a mapping; found a list of 1"]),
        ("[]", ["document: expected a mapping; found an empty list"]),
        ("hello", ['document: expected a mapping; found "hello"']),
        ("a: 'x\nb: 1", ["line 2, column 5: expected YAML; found a fault in it: found unexpected end of stream"]),
        ("a: \x07", ["line 1, column 4: expected YAML; found a character that it does not allow: 0x0007"]),
        ('{"a": 1 "b": 2}', ["line 1, column 9: expected JSON; found a fault in it: Expecting ',' delimiter"]),
        ("a: *x", ["line 1, column 4: expected an anchor `&x` before its alias; found none"]),
        ("a: &x [1, *x]", ["line 1, column 11: expected an alias of something complete; found `*x` within what it names"]),
        ("a: 1\nb: &x {c: {d: *x}}", ["line 2, column 15: expected an alias of something complete; found `*x` within what it names"]),
        ("? [a]\n: b", ["line 1, column 3: expected text as a key; found an alias, a list or a mapping"]),
        ("? {a: b}\n: b", ["line 1, column 3: expected text as a key; found an alias, a list or a mapping"]),
        ("a: &x b\n*x : c", ["line 2, column 1: expected text as a key; found an alias, a list or a mapping"]),
        (
            "a: !!set {x}",
            ["line 1, column 4: expected a value without a tag (text goes between quotes); found the tag tag:yaml.org,2002:set"],
        ),
        ("a: !x [1]", ["line 1, column 4: expected a value without a tag (text goes between quotes); found the tag !x"]),
        ("a: 1\na: 2\nb:\n  c: 1\n  c: 2", ["a: expected each key once; found it twice", "b.c: expected each key once; found it twice"]),
        ('{"a": {"b": 1, "b": 1}}', ["a.b: expected each key once; found it twice"]),
        ('a: ["\\0"]', ['a[0]: expected text without control characters; found "\\u0000"']),
        ('{"a": "\\ud800"}', ['a: expected text without control characters; found "\\ud800"']),
        ('"a\\nb": 1', ['"a\\nb": expected a key without control characters; found "a\\nb"']),
    ],
)
def test_what_is_no_document_is_refused(text, faults):
    assert faults_of(lambda: load(text)) == faults


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"a: 1\nb: \0", "line 2, column 4: expected YAML; found a character that it does not allow: 0x0000"),
        ("a: é".encode("utf-16"), "line 1, column 1: expected text in UTF-8; found UTF-16 or UTF-32"),
        ("a: 1\nb: é".encode("latin-1"), "line 2, column 4: expected text in UTF-8; found byte 0xe9"),
        ("a: é".encode("utf-16-le"), "line 1, column 1: expected text in UTF-8; found UTF-16 or UTF-32"),
        ("a: b".encode("utf-16-be"), "line 1, column 1: expected text in UTF-8; found UTF-16 or UTF-32"),
        ("a: b".encode("utf-32"), "line 1, column 1: expected text in UTF-8; found UTF-16 or UTF-32"),
        (b"a: \xed\xa0\x80", "line 1, column 4: expected text in UTF-8; found byte 0xed"),
        ("a: 1\nb: \ud800", "line 2, column 4: expected text in Unicode; found half of a surrogate pair"),
    ],
)
def test_another_encoding_is_refused(text, fault):
    assert faults_of(lambda: load(text)) == [fault]


@pytest.mark.parametrize("text", [b"a: " + b"x" * MAX_BYTES, "a: " + "x" * MAX_BYTES])
def test_a_large_document_is_refused(text):
    assert faults_of(lambda: load(text)) == [f"document: expected a document of at most {MAX_BYTES} bytes; found more"]


@pytest.mark.parametrize("text", [b"[" * 10_000_000, b"a: b\n" * 2_000_000, "a" * 10_000_000, b"\0" * 10_000_000])
def test_ten_megabytes_are_refused_unread(text):
    assert faults_of(lambda: load(text)) == [f"document: expected a document of at most {MAX_BYTES} bytes; found more"]


@pytest.mark.parametrize("piece", [b'"', b"'", b"\t", b"? ", b"- &a x\n", b"*a ", b"%", b"{", b"!", b"|\n", b"---\n", b"a: &a {b: "])
def test_two_megabytes_of_anything_are_refused(piece):
    assert len(faults_of(lambda: load(piece * (MAX_BYTES // len(piece))))) == 1


def test_a_document_that_grows_by_its_canonical_form_is_refused():
    text = "a: |\n" + '  """"""""""""""""""\n' * 60_000
    assert len(text) < MAX_BYTES
    assert faults_of(lambda: load(text)) == [f"document: expected a document of at most {MAX_BYTES} bytes; found more in canonical form"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: " + "[" * (MAX_DEPTH + 1), f"line 1, column {MAX_DEPTH + 3}"),
        ("- " * 500_000, f"line 1, column {2 * MAX_DEPTH + 1}"),
        ('{"a":' * 200_000, "document"),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "[0]" * MAX_DEPTH),
    ],
)
def test_a_deep_document_is_refused(text, place):
    assert faults_of(lambda: load(text)) == [f"{place}: expected at most {MAX_DEPTH} lists and mappings within each other; found more"]


def test_the_deepest_document_is_read():
    assert load('{"a":' + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1) + "}")


def test_aliases_do_not_explode():
    laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 20))
    (fault,) = faults_of(lambda: load(laughs))
    assert fault.endswith(f": expected at most {MAX_VALUES} values, those that aliases repeat counted each time; found more")


def test_an_alias_of_a_long_text_does_not_explode():
    text = f"a: &a {'x' * 500_000}\nb: [*a, *a, *a, *a, *a]"
    assert faults_of(lambda: load(text)) == [
        f"document: expected a document of at most {MAX_BYTES} bytes; found more, with what aliases repeat"
    ]


def test_the_canonical_form_is_the_same_however_a_document_is_written():
    yaml = "b: [1, x]\na:\n  d: é\n  c: ~"
    assert canonical(load(yaml)) == '{"a":{"c":null,"d":"é"},"b":[1,"x"]}'
    assert content_hash(load(yaml)) == content_hash(load('{"a": {"c": null, "d": "é"}, "b": [1, "x"]}'))
    assert content_hash(load(yaml)) != content_hash(load("b: [1, x]\na:\n  d: é\n  c: 1"))


def test_the_canonical_form_is_read_back():
    document = load("a: 1.10\nb: 007\nc: 'true'\nd: [-3, 99999999999999999999]\ne: 'a\\nb'\n\"\": x")
    assert load(canonical(document)) == document
    assert json.loads(canonical(document)) == document
