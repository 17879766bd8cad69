"""Flows go from one deployment to another as one file."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from processor.actions import action_types
from processor.flow.archive import unpack
from processor.flow.publication import prepare
from processor.runtime.publisher import publish
from schemas.deployment import Deployment
from smart_routing.cli import main
from tests.flow.documents import document

CHECKPOINT = {"kind": "checkpoint", "id": "c-1", "reference": "qualified"}
NOT_FOUND = {"ok": "end", "reference_not_found": "end"}
TAG = {"type": "add_checkpoint", "checkpoint": {"reference": "qualified"}, "links": NOT_FOUND}
OVER = {
    "type": "distribution_to_smart_routing",
    "smart_routing": {"reference": "after_hours"},
    "links": {"not_found": "end", "maximum_distributions_reached": "end"},
}
SUPPORT = document({"go": OVER})
AFTER_HOURS = document({"tag": TAG}, ref="after_hours")


def put(where: Deployment, *documents: Mapping[str, Any]) -> None:
    named = [(str(number), found) for number, found in enumerate(documents)]
    publish(where, lambda log: prepare(named, log, action_types(), author="ana", at=0))


def run(where: Deployment | None, *arguments: str) -> Result:
    environment = where.to_environment() if where is not None else {"SMART_ROUTING_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    return CliRunner().invoke(main, ["flow", *arguments], env=environment)


@pytest.fixture
def exported(deployment: Callable[..., Deployment], tmp_path: Path) -> str:
    """An archive of the flow `support` with its checkpoint and the flow that it hands over to."""
    where, archive = deployment(), tmp_path / "support.zip"
    put(where, SUPPORT, AFTER_HOURS, CHECKPOINT, document(ref="unconcerned"))
    result = run(where, "export", "support", "-o", str(archive))
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == ["checkpoint qualified", "flow after_hours", "flow support", f"{archive}: 3 documents."]
    return str(archive)


def test_what_was_exported_is_imported_elsewhere_and_again(exported: str, deployment: Callable[..., Deployment]) -> None:
    where = deployment()
    assert run(where, "import", exported, "--dry-run").stdout.splitlines()[-1] == "would be: flow support: published as version 1"
    first = run(where, "import", exported, "--author", "ben")
    assert first.stdout.splitlines() == [
        "checkpoint qualified: published",
        "flow after_hours: published as version 1",
        "flow support: published as version 1",
    ]
    again = run(where, "import", exported)
    assert [line.partition(": ")[2].partition(",")[0] for line in again.stdout.splitlines()] == ["unchanged"] * 3


def test_clashes_are_told_in_whole_before_anything_is_written(exported: str, deployment: Callable[..., Deployment]) -> None:
    where = deployment()
    put(where, {**CHECKPOINT, "id": "other"}, document(ref="support", name="Another"))
    refused = run(where, "import", exported)
    assert refused.exit_code == 1
    assert refused.stderr.splitlines() == [
        "clash: flow support: version 1 in service has other content",
        'clash: checkpoint qualified: the published one has the id "other", this one "c-1"',
        "Error: 2 clashes: nothing was imported. Rename with --as, or take over with --replace.",
    ]
    assert "1 clash: nothing was imported" in run(where, "import", exported, "--replace").stderr
    renamed = ("--as", "support=support_eu", "--as", "checkpoint:qualified=done", "--as", "c-1=c-eu", "--as", "after_hours=night")
    result = run(where, "import", exported, *renamed)
    assert result.stdout.splitlines() == [
        "checkpoint done: published",
        "flow night: published as version 1",
        "flow support_eu: published as version 1",
    ]


def test_what_is_there_is_taken_over_on_request(exported: str, deployment: Callable[..., Deployment]) -> None:
    where = deployment()
    put(where, {**CHECKPOINT, "name": "Other"}, document(ref="support", name="Another"))
    result = run(where, "import", exported, "--replace")
    assert result.stdout.splitlines() == [
        "checkpoint qualified: published",
        "flow after_hours: published as version 1",
        "flow support: published as version 2",
    ]


def test_files_are_packed_without_a_broker(tmp_path: Path) -> None:
    files = []
    for name, found in (("s", SUPPORT), ("a", AFTER_HOURS), ("c", CHECKPOINT)):
        (tmp_path / name).write_text(json.dumps(found))
        files += ["--file", str(tmp_path / name)]
    archive = tmp_path / "out.zip"
    assert run(None, "export", "support", *files, "-o", str(archive)).exit_code == 0
    assert len(unpack(archive.read_bytes())) == 3
    missing = run(None, "export", "support", *files[:4], "-o", str(archive))
    assert missing.stderr.splitlines() == [
        "flow after_hours: actions.tag.checkpoint: checkpoint `qualified` is not there",
        "Error: 1 definition missing: nothing was written.",
    ]
    (tmp_path / "again").write_text(json.dumps(CHECKPOINT))
    twice = run(None, "export", "support", *files, "--file", str(tmp_path / "again"), "-o", str(archive))
    assert "expected a id that no other file has; found checkpoint 'c-1' again" in twice.stderr
    for text in ("kind: telepathy", "a: ["):
        (tmp_path / "again").write_text(text)
        assert run(None, "export", "support", *files, "--file", str(tmp_path / "again"), "-o", str(archive)).exit_code == 1
    nowhere = run(None, "export", "support", *files, "-o", str(tmp_path / "none" / "out.zip"))
    assert (nowhere.exit_code, "No such file or directory" in nowhere.stderr) == (1, True)


def test_what_only_variables_name_is_told(deployment: Callable[..., Deployment], tmp_path: Path) -> None:
    where = deployment()
    put(where, document({"tag": {**TAG, "checkpoint": {"reference": "{{ order.status }}"}}}))
    result = run(where, "export", "support", "-o", str(tmp_path / "out.zip"))
    assert result.exit_code == 0
    assert "`{{ order.status }}` holds variables: what it names is not in the archive" in result.stderr
    unknown = run(where, "export", "nothing", "-o", str(tmp_path / "out.zip"))
    assert unknown.stderr.splitlines()[0] == 'ref: expected the reference of a flow; found "nothing"'


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--as", "support"), "expected OLD=NEW or KIND:OLD=NEW; found 'support'"),
        (("--as", "queue:=x"), "expected OLD=NEW or KIND:OLD=NEW"),
        (("--as", "support=a", "--as", "support=b"), "expected one new name for 'support'; found 'a' and 'b'"),
        (("--as", "nothing=x"), 'expected a name that the archive has; found "nothing"'),
    ],
)
def test_wrong_names_are_told(exported: str, arguments: tuple[str, ...], told: str) -> None:
    result = run(None, "import", exported, *arguments)
    assert result.exit_code != 0
    assert told in result.stderr


def test_a_file_that_is_no_archive_is_told(tmp_path: Path) -> None:
    (tmp_path / "no.zip").write_text("hello")
    result = run(None, "import", str(tmp_path / "no.zip"))
    assert result.exit_code == 1
    assert "expected a zip archive that `smart-routing flow export` wrote" in result.stderr
    assert "1 fault: nothing was imported." in result.stderr
