"""`smart-routing bench engine`: what it measures really happens, and its figures are what they say."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench import actions, alone, conversations, growth, rounds
from bench.subject import CONVERSATION
from processor.actions import action_types
from processor.engine import codec
from processor.engine.action import SUCCESSES
from processor.engine.advance import advance
from smart_routing.cli import main

FLOW = """
ref: greeting
timezone: Europe/Paris
locale: fr
country: FR
actions:
  start: {type: start, links: {ok: hello}}
  hello: {type: simple_message, message: Hello, links: {ok: rest}}
  rest: {type: pause, pause_time_sec: 60, links: {ok: end}}
"""
TESTS = """
kind: test
flow: greeting.yaml
conversations:
  - conversation: somebody is greeted and waits
    turns: [{customer: Hi}, {wait: 2m}]
  - conversation: somebody is greeted
    turns: [{customer: Hi}]
"""


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    folder = tmp_path / "greeting"
    folder.mkdir()
    (folder / "greeting.yaml").write_text(FLOW)
    (folder / "greeting.test.yaml").write_text(TESTS)
    (tmp_path / "without_tests").mkdir()
    return tmp_path


def test_every_type_is_measured_on_its_way_to_a_success():
    found = actions.subjects()
    assert list(found) == list(action_types())
    assert {subject.branch for name, subject in found.items() if name != "distribution_to_smart_routing"} <= SUCCESSES
    assert found["distribution_to_smart_routing"].branch is None  # the other flow takes over


def test_those_that_call_nobody_take_their_branch_at_once():
    assert {len(subject.events) for subject in actions.subjects(actions.CALLING_NOBODY).values()} == {1}


def test_an_event_leads_through_the_same_actions_however_much_there_is_around_it():
    for name, grown in growth.subjects().items():
        done = advance(CONVERSATION, codec.decode(grown.payload), grown.answer, grown.definitions)
        assert [step.action for step in done.steps] == ["ask", "note", "look", "mark", "ask"], name
        assert not [warning for step in done.steps for warning in step.warnings if not warning.startswith("record_large")], name


def test_what_grows_is_what_its_name_says():
    flows = {name: grown.definitions.flow("bench", 1) for name, grown in growth.subjects().items()}
    assert [len(flows[f"{size:,} actions"].actions) for size in growth.SIZES] == list(growth.SIZES)
    assert [len(growth.subjects()[f"{size:,} definitions"].definitions.flows()) - 1 for size in growth.SIZES] == list(growth.SIZES)
    assert [sum(map(len, flows[f"{size:,} fields"].variables.values())) for size in growth.SIZES] == list(growth.SIZES)


def test_an_example_s_conversations_are_played_as_their_tests_say(examples: Path):
    found = conversations.examples(sorted(examples.iterdir()))
    assert list(found) == ["greeting"]
    greeting = found["greeting"]
    assert (len(greeting.conversations), greeting.events, greeting.actions) == (2, 3, 7)
    greeting.work()


def test_figures_are_medians_in_parts_and_in_units_of_the_baseline():
    done = []
    figures = rounds.compare({"work": lambda: done.append(sum(range(500)))}, lambda: sum(range(500)), 9, times=3, parts={"work": 2})
    assert len(done) == (9 + 1) * (3 + 1)
    assert figures["work"].low_us <= figures["work"].median_us <= figures["work"].high_us
    assert figures["work"].baselines > 0


def test_the_command_gives_its_figures_as_data(examples: Path):
    done = CliRunner().invoke(main, ["bench", "engine", "--rounds", "1", "--examples", str(examples), "--json"])
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert list(report["actions"]) == list(action_types())
    assert list(report["examples"]) == ["greeting"]
    assert report["growth"].keys() >= growth.subjects().keys()
    assert [aim["aim"] for aim in report["aims"]] == ["≤ 15", "≤ 1.1"]
    assert all(figure["median_us"] > 0 for group in ("actions", "growth", "examples") for figure in report[group].values())


def test_the_command_prints_its_figures_for_people(examples: Path):
    done = CliRunner().invoke(main, ["bench", "engine", "--rounds", "1", "--examples", str(examples)])
    assert done.exit_code == 0, done.output
    for heading in ("One action, answers included", "One event of four actions", "One action of an example", "greeting", "aim ≤ 15"):
        assert heading in done.output


def test_an_example_with_faults_is_told_without_a_trace(examples: Path):
    (examples / "greeting" / "greeting.test.yaml").write_text(
        "kind: test\nflow: missing.yaml\nconversations: [{conversation: one, turns: [{customer: Hi}]}]\n"
    )
    done = CliRunner().invoke(main, ["bench", "engine", "--rounds", "1", "--examples", str(examples)])
    assert done.exit_code == 1
    assert "missing.yaml" in done.output
    assert "Traceback" not in done.output


def test_aims_are_judged_by_the_figures():
    def figure(median: float) -> rounds.Figure:
        return rounds.Figure(median, median, median, 1)

    of_growth = {f"{size:,} actions": figure(60 + size / 100) for size in growth.SIZES}
    average, grown = alone.aims(dict.fromkeys(action_types(), figure(16)), of_growth)
    assert (average.found, average.reached, grown.reached) == (16, False, False)
    average, grown = alone.aims(dict.fromkeys(action_types(), figure(14)), dict.fromkeys(of_growth, figure(60)))
    assert (average.reached, grown.found, grown.reached) == (True, 1, True)
