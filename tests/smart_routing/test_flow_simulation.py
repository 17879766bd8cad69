"""`smart-routing flow chat`, `flow test` and `flow record`."""

import json
import os
import pty
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from processor.flow.document import load
from smart_routing.cli import main
from tests.runtime.simulator.documents import DRAWING, FILES, as_yaml

ROOT = Path(__file__).parents[2]
SCRIPT = "{kind: script, rules: [{command: CallWebService, answer: {values: {status: packing}}}]}"
GOOD = {"conversation": "a customer hears of an order", "turns": [{"customer": "Hi"}, {"choose": 1}, {"customer": 42}, {"wait": "10s"}]}
BAD = {"conversation": "a customer is misunderstood", "turns": [{"customer": "Hi", "messages": ["Good morning"]}]}


@pytest.fixture
def folder(tmp_path):
    for name, text in {**FILES, "answers.yaml": SCRIPT}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


@pytest.fixture
def tests_of(folder):
    def write(*conversations, name="support.test.yaml", **head):
        document = {"flow": "support.yaml", "definitions": ["definitions"], "script": ["answers.yaml"], **head}
        (folder / name).write_text(as_yaml({**document, "conversations": list(conversations)}), "utf-8")
        return str(folder / name)

    return write


def run(command, *arguments, lines=()):
    return CliRunner().invoke(main, ["flow", command, *map(str, arguments)], input="".join(f"{line}\n" for line in lines))


def test_tests_that_pass_say_how_many_and_what_they_left_out(tests_of):
    result = run("test", tests_of(GOOD))
    assert result.exit_code == 0
    first, second, *rest = result.output.splitlines()
    assert first.startswith("1 conversation of 4 turns in ")
    assert first.endswith(" s: all passed.")
    assert second == "support: 7 of 26 branches taken, 26.9 %"
    assert "  not taken: find: not_ok" in rest


def test_a_test_that_fails_shows_the_difference_and_ends_with_status_1(tests_of):
    result = run("test", tests_of(GOOD, BAD), "-v")
    assert result.exit_code == 1
    assert "passed " in result.output
    assert ": a customer is misunderstood\n  turn 1 (customer: Hi):\n    messages:\n      - Good morning\n      + Hello\n" in result.output
    assert "2 conversations of 5 turns" in result.output
    assert ": 1 failed." in result.output


def test_tests_are_found_in_folders_and_chosen_by_words(tests_of, folder):
    tests_of(GOOD, BAD)
    tests_of(BAD, name="other.test.yaml")
    assert "3 conversations" in run("test", folder).output
    assert "1 conversation of 4 turns" in run("test", folder, "-k", "HEARS OF").output
    assert "1 conversation of 1 turn" in run("test", folder, "-k", "other.test").output
    nothing = run("test", folder, "-k", "nobody says so")
    assert ("nothing to run" in nothing.output, nothing.exit_code) == (True, 1)


def test_too_little_coverage_ends_with_status_1(tests_of):
    file = tests_of(GOOD)
    assert run("test", file, "--min-coverage", "26").exit_code == 0
    result = run("test", file, "--min-coverage", "27")
    assert result.exit_code == 1
    assert "support: 26.9 % of its branches were taken; at least 27 % is asked." in result.output


def test_an_exempt_branch_that_is_taken_ends_with_status_1(tests_of):
    result = run("test", tests_of(GOOD, exempt={"find/ok": "the service is down", "find/not_ok": "it never is"}))
    assert result.exit_code == 1
    assert "support: 6 of 24 branches taken, 25.0 %, 2 exempt" in result.output
    assert "support: find/ok is exempt, and was taken." in result.output


def test_reports_are_written_for_machines(tests_of, tmp_path):
    result = run(
        "test", tests_of(GOOD, BAD), "--junit", tmp_path / "out" / "junit.xml", "--coverage-json", tmp_path / "out" / "coverage.json"
    )
    assert result.exit_code == 1
    assert len(ET.parse(tmp_path / "out" / "junit.xml").getroot().findall("testsuite/testcase")) == 2
    counts = json.loads((tmp_path / "out" / "coverage.json").read_text("utf-8"))
    assert (counts["support"]["find/ok"], counts["support"]["find/not_ok"], counts["support"]["hello/ok"]) == (1, 0, 2)


def test_a_report_that_cannot_be_written_is_told(tests_of, folder):
    result = run("test", tests_of(GOOD), "--junit", folder / "support.yaml" / "junit.xml")
    assert result.exit_code == 1
    assert "Error: " in result.output
    assert "Traceback" not in result.output


def test_a_faulty_test_file_is_told_with_its_lines_and_the_others_run(tests_of, folder):
    faulty = tests_of({"conversation": "a", "turns": [{"custmer": "Hi"}]}, name="faulty.test.yaml")
    result = run("test", tests_of(GOOD), faulty, "--junit", folder / "junit.xml")
    assert result.exit_code == 1
    assert (
        f"{faulty}:9:5: fault refused: conversations[0].turns[0].custmer: expected no such key (did you mean `customer`?)" in result.output
    )
    assert "1 conversation of 4 turns" in result.output
    assert ET.parse(folder / "junit.xml").getroot().attrib["errors"] == "1"


def test_a_folder_without_tests_is_told(folder):
    result = run("test", folder)
    assert (result.exit_code, f"No test file (*.test.yaml) in {folder}." in result.output) == (1, True)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a: &a [*a]", b"[" * 5000, b"x" * 3_000_000, b"a: 1\na: 2", b"conversations: {}"])
def test_a_hostile_test_file_is_refused_without_a_trace(folder, content):
    (folder / "x.test.yaml").write_bytes(content)
    result = run("test", folder / "x.test.yaml")
    assert (result.exit_code, "fault refused" in result.output, "Traceback" in result.output) == (1, True, False)


def test_processes_of_the_command_line_share_the_work(tests_of):
    file = tests_of(*[{**GOOD, "conversation": f"number {number}"} for number in range(60)])
    command = [sys.executable, "-m", "smart_routing", "flow", "test", file, "--jobs", "2"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("60 conversations of 240 turns")


def test_the_schemas_of_tests_and_scripts_fit_what_the_manual_shows():
    manual = (ROOT / "docs" / "testing.md").read_text("utf-8").split("```yaml\n")
    tests, script = (load(block.partition("```")[0]) for block in manual[1:3])
    for option, document in (("--tests", tests), ("--scripts", script)):
        schema = json.loads(run("schema", option).output)
        Draft202012Validator.check_schema(schema)
        assert list(Draft202012Validator(schema).iter_errors(document)) == []
        assert list(Draft202012Validator(schema).iter_errors({**document, "other": 1}))


def test_the_manuals_example_passes(tmp_path):
    example = (ROOT / "docs" / "testing.md").read_text("utf-8").split("```yaml\n")[1].partition("```")[0]
    (tmp_path / "order_help.test.yaml").write_text(example, "utf-8")
    for name in ("order_help.yaml", "aftercare.yaml", "farewell.yaml", "definitions"):
        (tmp_path / name).symlink_to(ROOT / "examples" / "order_help" / name)
    result = run("test", tmp_path)
    assert result.exit_code == 0, result.output


def test_a_chat_shows_messages_choices_and_steps(folder):
    result = run("chat", folder, lines=["Hi", "1", "/vars", "42", "/vars", "/help"])
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0] == "support, web_chat, 2026-03-02 09:00:00. /help lists what you can type."
    for line in (
        "> Hi",
        "  What is it about?",
        "    1  My order",
        "      menu (message_with_choice) waits until 2026-03-02 09:15:00",
        "      menu (message_with_choice) link_1 → number",
        "  The variables hold nothing yet.",
        "  … 2026-03-02 09:00:12",
        "      find (web_service) ok → found",
        "  Order 42 is packing.",
        "  The interaction has ended: completed. The next message begins another one.",
        "  order.number = 42",
    ):
        assert line in lines
    assert any("/wait deadline" in line for line in lines)


def test_a_chat_asks_for_the_answer_of_a_connector(folder):
    (folder / "answers.yaml").unlink()
    result = run("chat", folder, lines=["Hi", "1", "42", "Well?", "/answer ok status=late", "/quit", "never read"])
    assert "  CallWebService waits for an answer. It says:\n    service: orders\n" in result.output
    assert '    inputs: {"number": "42"}\n' in result.output
    assert "  expected an answer to CallWebService of action `find`" in result.output
    assert "  Order 42 is late.\n" in result.output
    assert "never read" not in result.output


def test_a_chat_begins_as_it_is_told(folder):
    (folder / "draw.yaml").write_text(DRAWING, "utf-8")
    result = run(
        "chat",
        folder,
        "--flow",
        "draw",
        "--channel",
        "sms",
        "--at",
        "2026-07-01T12:00",
        "--draw",
        "halves=link_2",
        lines=["Hi", "/restart"],
    )
    assert "draw, sms, 2026-07-01 12:00:00." in result.output
    assert "halves (load_sharing) link_2 → again" in result.output
    assert "A new conversation begins." in result.output


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--at", "noon"], "expected a time such as 2026-03-02T09:00"),
        (["--draw", "halves"], "expected action=link"),
        (["--draw", "halves=link_1"], "draws.halves: expected an action of type load_sharing"),
        (["--flow", "other"], 'flow: expected a flow "other" of type start'),
    ],
)
def test_a_chat_that_cannot_begin_says_why(folder, options, told):
    result = run("chat", folder, *options)
    assert result.exit_code != 0
    assert told in result.output


def test_a_chat_with_faulty_documents_tells_all_faults(folder):
    (folder / "support.yaml").write_text(FILES["support.yaml"].replace("country: GB", "country: gb"), "utf-8")
    (folder / "answers.yaml").write_text("{kind: script, rules: [{command: Nothing, answer: ok}]}", "utf-8")
    result = run("chat", folder)
    assert result.exit_code == 1
    assert "support.yaml:5:1: fault refused: country: expected a country" in result.output
    assert "answers.yaml:1:25: fault refused: rules[0].command: expected the name of a command" in result.output
    assert "2 faults: there is nothing to talk to." in result.output


def test_ctrl_c_ends_a_chat_in_a_terminal(folder):
    keyboard, terminal = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "smart_routing", "flow", "chat", str(folder)],
        cwd=ROOT, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
        env={**os.environ, "COLUMNS": "160", "TERM": "xterm"},
    ) as chat:  # fmt: skip
        os.close(terminal)
        seen = read_until(keyboard, b"> ")
        os.write(keyboard, b"Hi\n")
        seen += read_until(keyboard, b"> ")
        for _ in range(6):  # one that comes between the prompt and the reading is heard with the next key only
            chat.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                chat.wait(10)
                break
        else:
            chat.kill()
        assert chat.returncode == 0
    os.close(keyboard)
    assert b"What is it about?" in seen
    assert b"Traceback" not in seen
    beside = next(line for line in seen.splitlines() if b"Hello" in line)
    assert b"start (start) ok" in beside


def read_until(descriptor, words):
    seen = b""
    while not seen.endswith(words):
        seen += os.read(descriptor, 4096)
    return seen


def test_a_chat_becomes_a_test_that_passes(folder):
    file = folder / "new" / "recorded.test.yaml"
    first = run("record", folder, "-o", file, "--name", "an order", lines=["Hi", "1", "lots", "42"])
    assert first.exit_code == 0, first.output
    assert first.output.splitlines()[-1] == f"{file}: an order (5 turns)."
    again = run("record", folder / "support.yaml", folder / "definitions", "-o", file, "--name", "an order", lines=["Hi", "/wait 15m"])
    assert again.exit_code == 0, again.output
    document = load(file.read_bytes())
    assert (document["flow"], document["definitions"], document["script"]) == ("../support.yaml", [".."], ["../answers.yaml"])
    assert [talk["conversation"] for talk in document["conversations"]] == ["an order", "an order (2)"]
    assert document["conversations"][0]["turns"][1]["choose"] == "My order"
    result = run("test", file, "-v")
    assert result.exit_code == 0, result.output


def test_a_recording_keeps_channel_time_and_draws(folder):
    (folder / "support.yaml").write_text(DRAWING, "utf-8")
    options = ["--channel", "whatsapp", "--at", "2026-07-01T12:00", "--draw", "halves=link_2"]
    result = run("record", folder, "-o", folder / "a.test.yaml", *options, lines=["Hi"])
    assert result.exit_code == 0, result.output
    (talk,) = load((folder / "a.test.yaml").read_bytes())["conversations"]
    assert (talk["channel"], talk["at"], talk["draws"]) == ("whatsapp", "2026-07-01T12:00", {"halves": ["link_2"]})


def test_nothing_is_recorded_where_nothing_was_said(folder):
    result = run("record", folder, "-o", folder / "a.test.yaml")
    assert (result.exit_code, "Nothing was said" in result.output, (folder / "a.test.yaml").exists()) == (1, True, False)


def test_a_recording_is_not_added_to_what_is_no_test(folder):
    result = run("record", folder, "-o", folder / "support.yaml", lines=["Hi"])
    assert result.exit_code == 1
    assert "is no test file that could be added to" in result.output
    assert (folder / "support.yaml").read_text("utf-8") == FILES["support.yaml"]
