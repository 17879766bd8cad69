import pytest

from processor.flow.document import load
from processor.runtime.simulator.recording import appended, conversation, new_file
from processor.runtime.simulator.script import Answer
from processor.runtime.simulator.suite import load_suite
from processor.runtime.simulator.trial import run
from tests.runtime.simulator.documents import simulation

HEAD = {"flow": "support.yaml", "definitions": ["definitions"]}


@pytest.fixture
def talked():
    talk = simulation()
    done = [({"customer": "Hi"}, talk.say("Hi", after_ms=0)), ({"choose": "My order"}, talk.choose("My order"))]
    done += [({"customer": "42"}, talk.say("42")), ({"wait": "10s"}, talk.wait(10_000))]
    answer = Answer(outcome="ok", values={"status": "~ packed"})
    return [*done, ({"answer": {"values": {"status": "~ packed"}}}, talk.answer([answer]))]


def test_what_followed_becomes_expectations_and_passes(talked, folder):
    told = conversation("Recorded", {}, talked, "support")
    (folder / "a.test.yaml").write_text(new_file(HEAD, told), "utf-8")
    verdict = run(load_suite(folder / "a.test.yaml"), 0)
    assert verdict.passed, verdict.failure
    assert told["turns"][0]["path"] == [{"start": "ok"}, {"hello": "ok"}, "menu"]
    assert told["turns"][3]["commands"][0]["CallWebService"]["inputs"] == {"number": "42"}
    assert told["turns"][4]["variables"] == {"order": {"status": "/^\\~\\ packed$/"}}
    assert told["turns"][4]["ending"] == "completed"


def test_every_expectation_that_is_recorded_matters(talked, folder):
    told = conversation("Recorded", {}, talked, "support")
    for number, turn in enumerate(told["turns"]):
        for key in turn.keys() & {"messages", "path", "commands", "variables", "ending"}:
            wrong = [*told["turns"]]
            wrong[number] = {
                **turn,
                key: "no such thing" if key == "ending" else {"order": {"number": "0"}} if key == "variables" else ["Nope"],
            }
            (folder / "a.test.yaml").write_text(new_file(HEAD, {**told, "turns": wrong}), "utf-8")
            assert not run(load_suite(folder / "a.test.yaml"), 0).passed, (number, key)


@pytest.mark.parametrize("indent", ["", "  ", "    "])
def test_a_conversation_is_added_and_what_was_written_stays(talked, indent):
    lines = ["# ours", "flow: support.yaml", "conversations:  # all", "", f"{indent}# the first", f"{indent}- conversation: first"]
    text = "\n".join([*lines, f"{indent}  turns: [{{customer: Hi}}]", ""])
    told = conversation("second", {"at": "2026-03-02T10:00"}, talked, "support")
    longer = appended(text, told)
    assert longer.startswith(text)
    assert [talk["conversation"] for talk in load(longer)["conversations"]] == ["first", "second"]
    assert (
        load(appended(longer, {**told, "conversation": "third"}))["conversations"][2]["turns"] == load(longer)["conversations"][1]["turns"]
    )


@pytest.mark.parametrize(
    "text",
    [
        "flow: a\nconversations: [{conversation: a, turns: [{customer: Hi}]}]\n",
        "conversations:\n  - conversation: a\n    turns: [{customer: Hi}]\nflow: a\n",
    ],
)
def test_a_file_to_which_nothing_can_be_added_is_left_alone(talked, text):
    with pytest.raises(ValueError, match="`conversations` as the last key"):
        appended(text, conversation("b", {}, talked, "support"))
