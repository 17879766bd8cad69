import json
import os

import pytest
from click.testing import CliRunner

from processor.flow.document import MAX_BYTES
from processor.flow.rules import RULES
from smart_routing.cli import main

GOOD = """
ref: support
timezone: Europe/Paris
locale: fr
country: FR
actions:
  start: {type: start, links: {ok: tag}}
  tag: {type: add_checkpoint, checkpoint: {reference: qualified}, links: {ok: end, reference_not_found: end}}
"""
WARNED = GOOD.replace(", reference_not_found: end", "")
FAULTY = GOOD.replace("add_checkpoint", "add_chekpoint").replace("FR", "fr")
CHECKPOINT = "{kind: checkpoint, id: c-1, reference: qualified}"
NOWHERE = "branch `reference_not_found` of `tag` leads nowhere"
LINK_IT = "link it to an action, or to `end` where the routing may end"


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write


def lint(*arguments):
    return CliRunner().invoke(main, ["flow", "lint", *arguments])


def test_nothing_is_found_in_a_sound_flow(write):
    result = lint(write("support.yaml", GOOD))
    assert (result.exit_code, result.output) == (0, "1 file: 0 faults, 0 warnings.\n")


def test_all_faults_and_warnings_of_all_files_are_told_with_their_places(write):
    faulty, warned, garbage, bytes_ = write("a.yaml", FAULTY), write("b.yaml", WARNED), write("c.yaml", "a: ["), write("d.yaml", b"x\n\xff")
    result = lint(faulty, warned, garbage, bytes_, write("e.yaml", CHECKPOINT))
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        f'{faulty}:5:1: fault refused: country: expected a country by ISO 3166-1 alpha-2, such as FR (did you mean `FR`?); found "fr"',
        f'{faulty}:8:9: fault refused: actions.tag.type: expected an action type (did you mean `add_checkpoint`?); found "add_chekpoint"',
        f"{warned}:8:67: warning unlinked_branch: actions.tag.links.reference_not_found: {NOWHERE}; {LINK_IT}",
        f"{garbage}:2:1: fault refused: expected YAML; found a fault in it: did not find expected node content",
        f"{bytes_}:2:1: fault refused: expected text in UTF-8; found byte 0xff",
        "5 files: 4 faults, 1 warning.",
    ]


def test_warnings_do_not_fail(write):
    assert lint(write("support.yaml", WARNED)).exit_code == 0


def test_findings_are_given_as_data(write):
    file = write("a.yaml", WARNED)
    result = lint("--format", "json", file, write("b.yaml", FAULTY.replace("support", "other")))
    assert result.exit_code == 1
    told = json.loads(result.output)
    assert told["files"][0] == file
    assert {finding["severity"] for finding in told["findings"]} == {"fault", "warning"}
    assert told["findings"][0] == {
        "file": file,
        "code": "unlinked_branch",
        "severity": "warning",
        "path": "actions.tag.links.reference_not_found",
        "message": NOWHERE,
        "mend": LINK_IT,
        "line": 8,
        "column": 67,
    }


def test_findings_are_given_as_sarif(write):
    file = write("a.yaml", WARNED)
    result = lint("--format", "sarif", file)
    assert result.exit_code == 0
    (run,) = json.loads(result.output)["runs"]
    (found,) = run["results"]
    assert found["ruleId"] == "unlinked_branch"
    assert len(run["tool"]["driver"]["rules"]) == len(RULES)


def test_documents_are_seen_beside_each_other(write):
    call = GOOD.replace("add_checkpoint, checkpoint: {reference: qualified}", "web_service, web_service: {reference: orders}")
    call = call.replace("reference_not_found", "not_ok")
    service = "{kind: web_service, id: s, reference: orders, url: 'https://orders.example.com', inputs: {number: {}}}"
    assert lint(write("support.yaml", call)).exit_code == 0
    result = lint(write("support.yaml", call), write("orders.yaml", service))
    assert "missing_input: actions.tag.request_settings.number: expected a value for this required input" in result.output


def test_what_the_files_do_not_define_is_a_fault_where_they_are_all_there_is(write):
    flow, checkpoint = write("support.yaml", GOOD), write("qualified.yaml", CHECKPOINT)
    assert lint(flow).exit_code == 0
    result = lint("--complete", flow)
    assert result.exit_code == 1
    assert f"{flow}:8:44: fault unknown_reference: actions.tag.checkpoint.reference: there is no checkpoint" in result.output
    assert lint("--complete", flow, checkpoint).exit_code == 0


def test_a_file_that_is_named_twice_is_read_once(write):
    file = write("support.yaml", GOOD)
    assert lint(file, file).output == "1 file: 0 faults, 0 warnings.\n"


def test_a_file_that_is_not_there_is_told():
    result = lint("nowhere.yaml")
    assert result.exit_code == 2
    assert "'nowhere.yaml' does not exist" in result.output


def test_a_huge_file_is_refused_without_being_read_to_its_end(tmp_path):
    file = tmp_path / "huge.yaml"
    with file.open("wb") as opened:
        os.truncate(opened.fileno(), 1 << 40)  # a terabyte of nothing
    result = lint(str(file))
    assert result.output.splitlines()[0] == f"{file}:1:1: fault refused: expected a document of at most {MAX_BYTES} bytes; found more"


def test_a_folder_stands_for_the_definitions_in_it(write, tmp_path):
    write("support.yaml", GOOD)
    write("support.test.yaml", "kind: test\n")
    write("answers.yaml", "kind: script\nrules: []\n")
    assert lint(str(tmp_path)).output == "1 file: 0 faults, 0 warnings.\n"


def test_a_folder_without_documents_is_told(tmp_path):
    result = lint(str(tmp_path))
    assert result.exit_code == 1
    assert f"{tmp_path}: expected a folder with documents (.yaml, .yml, .json), found none in it." in result.output


def test_names_with_control_characters_are_told_without_them(write):
    file = write("support.yaml", GOOD.replace("  tag:", '  "t\\e[31m\\ng":'))
    result = lint(file)
    assert result.exit_code == 1
    assert "\x1b" not in result.output
    assert f'{file}:8:3: fault refused: actions."t\\u001b[31m\\ng": expected a key without control characters' in result.output
