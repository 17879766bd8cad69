"""The examples as a whole: they pass their own tests, take every branch, and between them use every action type."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from processor.actions import action_types
from processor.flow.document import load
from smart_routing.cli import main

FOLDER = Path(__file__).parents[2] / "examples"
EXAMPLES = sorted(path.parent.name for path in FOLDER.glob("*/tests"))


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_passes_its_tests_and_takes_every_branch(example):
    run = CliRunner().invoke(main, ["flow", "test", str(FOLDER / example), "--min-coverage", "100", "--jobs", "1"])
    assert run.exit_code == 0, run.output


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_explains_itself(example):
    readme = (FOLDER / example / "README.md").read_text("utf-8")
    for path in sorted((FOLDER / example).glob("*.yaml")):
        assert path.name in readme or path.name == "answers.yaml"


def test_between_them_the_examples_use_every_action_type():
    flows = [load(path.read_bytes()) for path in FOLDER.glob("*/*.yaml")]
    used = {action["type"] for flow in flows for action in flow.get("actions", {}).values()}
    assert used == set(action_types())
