import pytest

from processor.runtime.simulator.fitting import all_fit, check_patterns, exactly, fits

INPUTS = ({"name": "number", "type": "number", "value": "42"}, {"name": "day", "type": "text", "value": ""})


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("kettle", " kettle\n"),
        (42, "42"),
        ("42", 42),
        (True, "true"),
        ("~ ett", "kettle"),
        ("/^k.*e$/", "kettle"),
        (None, None),
        (None, ""),
        ("", None),
        (None, ()),
        ({"a": {"b": "1"}}, {"a": {"b": 1, "c": 2}, "d": 3}),
        ({"gone": None}, {}),
        ({"number": 42}, INPUTS),
        ([{"value": "42"}, "..."], INPUTS),
        (["1", 2], (1, "2")),
        ([], ()),
    ],
)
def test_what_fits(wanted, found):
    assert fits(wanted, found)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("kettle", "Kettle"),
        ("~ Ett", "kettle"),
        ("/^ett/", "kettle"),
        ("x", None),
        ("x", {"x": 1}),
        (None, "x"),
        ({"a": 1}, {"b": 1}),
        ({"a": 1}, "a"),
        ({"a": 1}, [1, 2]),
        ({"a": 1}, [{"other": 1}]),
        ({"number": 43}, INPUTS),
        (["1"], ("1", "2")),
        (["1"], "1"),
    ],
)
def test_what_does_not_fit(wanted, found):
    assert not fits(wanted, found)


@pytest.mark.parametrize(
    "wanted", [["..."], ["...", "c"], ["a", "..."], ["a", "...", "b", "...", "c"], ["...", "...", "b", "c"], ["a", "b", "c"]]
)
def test_dots_stand_for_any_number_of_items(wanted):
    assert all_fit(wanted, ["a", "b", "c"])


@pytest.mark.parametrize("wanted", [["a"], ["...", "b"], ["c", "...", "a"], ["...", "d"], ["a", "b", "c", "...", "c"]])
def test_dots_stand_for_nothing_else(wanted):
    assert not all_fit(wanted, ["a", "b", "c"])


def test_many_dots_take_no_longer_than_few():
    assert not all_fit(["...", "a"] * 50 + ["b"], ["a"] * 200)


@pytest.mark.parametrize("text", ["...", "~ about", "/usr/", "plain (a+b)", "~", "/^a.$/"])
def test_a_text_that_looks_like_a_pattern_can_be_meant_literally(text):
    assert all_fit([exactly(text)], [text])
    assert not all_fit([exactly(text)], [f"{text} and more"])
    assert not all_fit([exactly(text)], [])


def test_a_pattern_that_does_not_compile_is_refused_wherever_it_stands():
    with pytest.raises(ValueError, match="regular expression"):
        check_patterns({"a": ["b", "/(/"]})
