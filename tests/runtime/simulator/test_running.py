from processor.runtime.simulator import running
from processor.runtime.simulator.running import run_all
from processor.runtime.simulator.suite import load_suite


def told(verdicts):
    return [(verdict.file, verdict.conversation, verdict.passed, verdict.counts) for verdict in verdicts]


def test_processes_find_what_one_finds(tests_of):
    files = [tests_of([{"customer": "Hi"}], [{"customer": "Hi", "messages": []}], name=f"{name}.test.yaml") for name in "ab"]
    chosen = [(load_suite(file), [0, 1]) for file in files]
    alone, shared = told(run_all(chosen, 1)), told(run_all(chosen, 2))
    assert alone == shared
    assert [passed for _, _, passed, _ in alone] == [True, False, True, False]


def test_few_conversations_are_run_where_they_are(tests_of, monkeypatch):
    monkeypatch.setattr(running, "ProcessPoolExecutor", None)
    assert len(list(run_all([(load_suite(tests_of([{"customer": "Hi"}])), [0])]))) == 1
