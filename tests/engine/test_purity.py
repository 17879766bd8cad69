"""The engine and the actions look at nothing but their arguments: what they import, what they call, and what they give twice."""

import ast
from pathlib import Path

import pytest

import processor.actions
import processor.engine
from processor.engine import codec
from processor.engine.action import Action
from processor.engine.apply import apply
from processor.engine.events import Continued
from processor.engine.interaction import Customer, Interaction
from tests.actions.test_conventions import VARIABLES, example, named
from tests.flows import action_of, flow_of
from tests.talk import MONDAY, Talk

FORBIDDEN = {
    "asyncio", "confluent_kafka", "faust", "http", "io", "logging", "multiprocessing", "os", "pathlib", "random", "redis", "rocksdict",
    "secrets", "signal", "socket", "subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid",
}  # fmt: skip
CLOCKS = {"now", "today", "utcnow", "time", "monotonic", "time_ns"}
SOURCES = [
    source
    for package in (processor.engine, processor.actions)
    for folder in package.__path__
    for source in sorted(Path(folder).rglob("*.py"))
]


def test_there_are_sources_to_look_at() -> None:
    assert len(SOURCES) > 40


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_nothing_is_imported_that_reads_a_clock_or_chance_or_does_io(source: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
    assert imported & FORBIDDEN == set()


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_no_clock_is_read_and_nothing_is_printed_or_opened(source: Path) -> None:
    called = set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="datetime" | "date" | "time" as module), attr=name)) if name in CLOCKS:
                called.add(f"{module}.{name}")
            case ast.Call(func=ast.Name(id="open" | "print" | "input" | "eval" | "exec" as name)):
                called.add(name)
            case ast.Global():
                called.add("global")
            case _:
                pass
    assert called == set()


@pytest.mark.parametrize("action_type", processor.actions.action_types().values(), ids=lambda found: found.type)
def test_an_action_applied_twice_gives_equal_results_and_changes_none_of_its_arguments(action_type: type[Action]) -> None:
    flow = flow_of({"example": action_of(example(action_type))}, variables=VARIABLES)
    definitions = Talk(flow, *named()).log.newest()
    interaction = Interaction(
        "talk", 1, Customer("web_chat", "site", "me"), "main", 1, MONDAY, MONDAY, action="example", variables={"order": {"number": "5"}}
    )
    before = codec.size(interaction)
    first, again = (apply(flow, interaction, Continued(MONDAY), definitions) for _ in range(2))
    assert first == again
    assert codec.size(interaction) == before
