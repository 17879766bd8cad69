from processor.runtime.simulator.coverage import as_data, coverage
from processor.runtime.simulator.suite import load_suite
from processor.runtime.simulator.trial import run


def covered(file):
    suite = load_suite(file)
    return coverage(suite.under_test(), [run(suite, 0).counts, run(suite, 0).counts], suite.exempt)


def test_branches_that_no_conversation_took_are_known(tests_of):
    (found,) = covered(tests_of([{"customer": "Hi"}, {"choose": 1}, {"wait": "deadline"}]))
    assert found.taken == {
        ("start", "ok"): 2,
        ("hello", "ok"): 2,
        ("menu", "link_1"): 2,
        ("number", "response_time_exceeded"): 2,
        ("bye", "ok"): 2,
    }
    assert ("menu", "link_4") not in found.counted
    assert ("menu", "link_2") in found.missed
    assert found.percent == 100 * 5 / len(found.counted)


def test_an_exempt_branch_is_not_counted_and_told_where_it_was_taken(tests_of):
    exempt = {"menu/error": "nobody writes that", "support/bye/ok": "never"}
    (found,) = covered(tests_of([{"customer": "Hi"}, {"wait": "deadline"}], exempt=exempt))
    assert ("menu", "error") not in found.counted
    assert found.taken_all_the_same == [("bye", "ok")]


def test_counts_are_data_for_drawings(tests_of):
    data = as_data(covered(tests_of([{"customer": "Hi"}])))
    assert {branch: count for branch, count in data["support"].items() if count} == {"start/ok": 2, "hello/ok": 2}
    assert data["support"]["menu/link_1"] == 0
