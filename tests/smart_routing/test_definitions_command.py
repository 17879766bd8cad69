"""Definitions on the command line: listed, shown, renamed, deleted."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from processor.actions import action_types
from processor.flow.document import load
from processor.flow.publication import prepare
from processor.runtime.publisher import publish
from schemas.deployment import Deployment
from smart_routing.cli import main
from tests.flow.documents import ENTRY_POINT, document

CHECKPOINT = {"kind": "checkpoint", "id": "c-1", "reference": "qualified", "name": "Qualified"}
SPARE = {"kind": "checkpoint", "id": "c-2", "reference": "spare"}
TAG = {"type": "add_checkpoint", "checkpoint": {"reference": "qualified"}, "links": {"ok": "end", "reference_not_found": "end"}}


@pytest.fixture
def where(deployment: Callable[..., Deployment]) -> Deployment:
    made = deployment()
    documents: list[tuple[str, Any]] = [("1", document({"tag": TAG})), ("2", CHECKPOINT), ("3", ENTRY_POINT), ("4", SPARE)]
    publish(made, lambda log: prepare(documents, log, action_types(), author="ana", at=1_780_000_000_000))
    return made


def run(where: Deployment, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["definitions", *arguments], env=where.to_environment() | {"COLUMNS": "200"})


def references(where: Deployment) -> list[str]:
    return [row["reference"] for row in json.loads(run(where, "list", "checkpoint", "--json").stdout)]


def test_definitions_are_listed_with_who_names_them(where: Deployment) -> None:
    rows = [row.split() for row in run(where, "list").stdout.splitlines()]
    assert rows[1:] == [
        ["checkpoint", "c-1", "qualified", "2026-05-28", "20:26", "ana", "flow", "support"],
        ["checkpoint", "c-2", "spare", "2026-05-28", "20:26", "ana"],
        ["entry_point", "web", "web", "2026-05-28", "20:26", "ana"],
    ]


def test_a_definition_is_shown_as_its_document(where: Deployment) -> None:
    assert load(run(where, "show", "checkpoint", "c-1").stdout) == CHECKPOINT
    unknown = run(where, "show", "checkpoint", "c-9")
    assert (unknown.exit_code, unknown.stderr) == (1, "Error: expected the id of a checkpoint; found 'c-9'.\n")


def test_what_nobody_names_is_deleted_and_what_a_flow_names_only_on_purpose(where: Deployment) -> None:
    assert run(where, "delete", "checkpoint", "c-2").stdout == "checkpoint spare: deleted\n"
    named = run(where, "delete", "checkpoint", "c-1")
    assert named.exit_code == 1
    assert "checkpoint qualified is named by flow support: nothing was deleted. --yes deletes it all the same." in named.stderr
    assert references(where) == ["qualified"]
    deleted = run(where, "delete", "checkpoint", "c-1", "--yes")
    assert (deleted.stdout, deleted.stderr) == ("checkpoint qualified: deleted\n", "warning: flow support names it\n")
    assert references(where) == []
    again = run(where, "delete", "checkpoint", "c-1")
    assert again.stderr == 'Error: id: expected the id of a checkpoint; found "c-1": nothing was deleted.\n'


def test_a_rename_tells_who_still_uses_the_old_name(where: Deployment) -> None:
    renamed = run(where, "rename", "checkpoint", "c-1", "done", "--author", "ben")
    assert renamed.exit_code == 0, renamed.output
    assert renamed.stdout == "checkpoint done: published, renamed from qualified\n"
    assert "warning old_reference: reference: flow support still names this checkpoint `qualified`, which it is no longer" in renamed.stderr
    assert references(where) == ["done", "spare"]
    assert load(run(where, "show", "checkpoint", "c-1").stdout) == {**CHECKPOINT, "reference": "done"}
    taken = run(where, "rename", "checkpoint", "c-1", "spare")
    assert 'expected a reference that no other published entity has; found that of "c-2": nothing was renamed.' in taken.stderr
    assert run(where, "rename", "checkpoint", "c-9", "x").exit_code == 1
