"""`smart-routing dead-letters` as an operator uses it."""

from collections.abc import Callable
from typing import Any

from tests.runtime.worker_bench import ENTRY, WorkerBench, flow


def test_an_operator_lists_shows_and_redrives_dead_letters(bench: WorkerBench, run_smart_routing: Callable[..., Any]) -> None:
    def run(*arguments: str) -> str:
        done = run_smart_routing(bench.deployment, "dead-letters", *arguments)
        assert done.returncode == 0, done.stderr
        return str(done.stdout)

    bench.start()
    name = bench.write("ada", "1", "hello")
    bench.send("inbound", b"garbage", name.encode())
    listed = bench.await_(lambda: found if len(found := run("list").splitlines()) == 2 else None, "two dead letters")
    early = next(line for line in listed if "no_entry_point" in line).split()[0]
    assert name in run("list")
    assert '"text": "hello"' in run("show", early)
    garbage = next(line for line in listed if "not_confluent" in line).split()[0]
    assert b"garbage".hex() in run("show", garbage)

    bench.publish(flow({"greet": {"type": "simple_message", "message": "Hello", "links": {"ok": "end"}}}), ENTRY)
    assert run("redrive", "--reason", "no_entry_point") == f"{early}\n1 put back\n"
    assert run("redrive", "--reason", "no_entry_point") == "0 put back\n"
    bench.await_journal(1)
    assert bench.texts() == ["Hello"]
    assert run("list").splitlines() == [line for line in listed if "not_confluent" in line]
    assert "(put back)" in run("list", "--all")

    unknown = run_smart_routing(bench.deployment, "dead-letters", "show", "inbound/0/999")
    assert unknown.returncode == 1
    assert "expected the name of a dead letter" in unknown.stderr
