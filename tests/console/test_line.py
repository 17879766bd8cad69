import json

from processor.console.line import line_of
from schemas.codec import Codec
from tests.console.journal import CONVERSATION, STEP, datum


def read(**fields):
    """A record as it comes off the topic."""
    codec = Codec()
    return codec.decode(codec.encode("journal_record", datum(**fields)))[1]


def shown(**fields):
    return json.loads(line_of(3, 41, read(**fields)).json)


def test_a_line_says_what_was_applied_and_what_followed():
    line = line_of(3, 41, read())
    assert (line.conversation_id, line.partition, line.offset) == (CONVERSATION, 3, 41)
    found = json.loads(line.json)
    assert found["offset"] == 41
    assert found["interaction"] == f"{CONVERSATION}-1"
    assert found["event"]["kind"] == "MessageReceived"
    assert found["event"]["text"] == "hello"
    assert found["steps"][0]["action"] == "ask"
    assert found["steps"][0]["branch"] == "ok"


def test_a_line_says_nothing_of_the_customers_address():
    assert "7946" not in line_of(0, 0, read()).json
    assert not {"channel", "account", "address"} & shown()["event"].keys()


def test_a_hand_over_names_flow_and_version():
    steps = [{**STEP, "handed_over_to": "after hours 12"}, {**STEP, "handed_over_to": None}]
    assert [step["handed_over_to"] for step in shown(steps=steps)["steps"]] == [{"flow": "after hours", "flow_version": 12}, None]


def test_a_command_is_named_without_its_digest():
    command = {"command_id": "c:1:1", "family": "messaging", "name": "SendMessage", "digest": "00ff"}
    assert shown(steps=[{**STEP, "commands": [command]}])["steps"][0]["commands"] == [
        {"id": "c:1:1", "family": "messaging", "name": "SendMessage"}
    ]


def test_a_long_text_is_cut_wherever_it_stands():
    written = {"variable": "answer", "field": "words", "value": "y" * 10_000}
    found = shown(text="x" * 60_000, steps=[{**STEP, "writes": [written]}])
    assert found["event"]["text"] == "x" * 2_000 + "…"
    assert found["steps"][0]["writes"][0]["value"] == "y" * 2_000 + "…"
