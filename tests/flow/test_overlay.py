import json

import pytest

from processor.flow.overlay import Overlay, counts, coverage
from tests.flow.documents import END, faults_of, flow

TEST = {"type": "test_values", "conditions": [{"variable": "{{ order.status }}", "operator": "exists"}]}


def two_ways():
    return flow({"test": {**TEST, "links": {"yes": "one", "no": "other", "error": "other"}}, "one": END, "other": END})


def written(branches):
    return json.dumps({"support": branches, "another": {}}).encode()


def test_coverage_is_what_the_test_command_wrote():
    overlay = coverage(written({"start/ok": 3, "test/yes": 2, "test/no": 0}), "support")
    assert overlay.kind == "coverage"
    assert [overlay.count(action, branch) for action, branch in [("start", "ok"), ("test", "yes"), ("test", "no"), ("test", "error")]] == [
        3,
        2,
        0,
        0,
    ]


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        (b"{", "document: expected coverage as JSON; found something else: Expecting property name"),
        (b"\xff", "document: expected coverage as JSON; found something else"),
        (b"[" * 100_000, "document: expected coverage as JSON; found something else"),
        (b"[]", "document: expected an object with each flow's branches by the flow's reference; found []"),
        (b'{"a": {}, "b": {}}', "document: expected the branches of flow 'support'; found those of 'a', 'b'"),
        (b"{}", "document: expected the branches of flow 'support'; found those of none"),
        (b'{"support": 3}', "support: expected a whole number of 0 or more by `action/branch`; found 3"),
        (written({"start/ok": -1}), "support.start/ok: expected a whole number of 0 or more by `action/branch`; found -1"),
        (written({"start/ok": True}), "support.start/ok: expected a whole number of 0 or more by `action/branch`; found true"),
        (written({"start/ok": "é"}), 'support.start/ok: expected a whole number of 0 or more by `action/branch`; found "é"'),
        (written({"start": 1}), "support.start: expected a whole number of 0 or more by `action/branch`; found 1"),
    ],
)
def test_another_file_is_refused_with_what_was_expected(source, fault):
    (told,) = faults_of(lambda: coverage(source, "support"))
    assert told.startswith(fault)


def test_all_wrong_counts_are_told_at_once():
    assert len(faults_of(lambda: coverage(written({"start/ok": -1, "test/yes": 1.5}), "support"))) == 2


def test_coverage_says_how_often_and_what_never():
    overlay = coverage(written({"test/yes": 2, "test/no": 1234}), "support")
    assert [overlay.note("test", branch) for branch in ("yes", "no", "error")] == ["2×", "1.2k×", "never"]


def test_counts_say_how_often_and_which_share():
    overlay = counts({"test/yes": 999, "test/no": 1, "other/ok": 7})
    assert [overlay.note("test", branch) for branch in ("yes", "no", "error")] == ["999 · >99%", "1 · <1%", "0"]
    assert overlay.note("other", "ok") == "7 · 100%"


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (1, "1"),
        (999, "999"),
        (1_000, "1.0k"),
        (9_949, "9.9k"),
        (9_950, "10k"),
        (38_400, "38k"),
        (2_500_000, "2.5M"),
        (7_000_000_000, "7.0G"),
    ],
)
def test_large_counts_are_short(count, shown):
    assert coverage(written({"a/ok": count}), "support").note("a", "ok") == f"{shown}×"


def test_an_action_is_reached_by_a_branch_that_was_taken_or_by_taking_one():
    made = two_ways()
    overlay = Overlay("coverage", {("test", "yes"): 1, ("test", "no"): 0})
    assert [identity for identity in made.actions if overlay.reaches(made, identity)] == ["start", "test", "one"]


def test_what_was_counted_on_another_version_is_told():
    overlay = counts({"start/ok": 1, "test/maybe": 1, "gone/ok": 1})
    assert overlay.unknown(two_ways()) == ["test/maybe", "gone/ok"]
    assert not overlay.reaches(two_ways(), "one")
