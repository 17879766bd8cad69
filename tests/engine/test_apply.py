from processor.engine.apply import apply
from processor.engine.commands import SendMessage
from processor.engine.definitions import DefinitionLog
from processor.engine.entities import CheckpointDefinition
from processor.engine.events import Continued
from processor.engine.interaction import Checkpoint, Customer, Interaction, Last
from processor.engine.outcome import Write
from processor.engine.step import Step
from tests.flows import Document, flow_of
from tests.talk import MONDAY, SEC, Talk, talk_through


def test_exactly_one_action_is_applied() -> None:
    flow = flow_of({"one": {"type": "node", "links": {"ok": "two"}}, "two": {"type": "node", "links": {"ok": "end"}}})
    interaction = Interaction("talk", 1, Customer("sms", "1", "2"), "main", 1, MONDAY, MONDAY, action="one")
    applied = apply(flow, interaction, Continued(MONDAY + 1), DefinitionLog().newest())
    assert (applied.interaction.action, applied.interaction.step, applied.interaction.last_event_at) == ("two", 1, MONDAY + 1)
    assert applied.continues
    ended = apply(flow, applied.interaction, Continued(MONDAY + 1), DefinitionLog().newest())
    assert (ended.ended, ended.continues) == ("completed", False)


def test_a_command_says_who_asks_from_where_and_until_when() -> None:
    talk = talk_through({"hello": {"type": "simple_message", "message": "hello", "links": {"ok": "end"}}})
    (command,) = talk.commands
    assert command.command_id == "talk-1:2:1"
    assert (command.conversation_id, command.interaction_id) == ("talk", "talk-1")
    assert (command.flow, command.flow_version, command.action) == ("main", 1, "hello")
    assert (command.issued_at, command.deadline) == (MONDAY, None)
    assert (command.channel, command.account, command.address) == ("web_chat", "site", "+33612345678")
    assert command.body == SendMessage("hello")


def test_ids_of_commands_and_waits_do_not_repeat_within_a_conversation() -> None:
    ask = {
        "type": "message_awaiting_response",
        "message": "Welcome",
        "maximum_response_wait_time_sec": 60,
        "maximum_number_of_response_attempts": 10,
        "default_error_message": "Once more.",
        "questions": [{"question_content": "?", "variable_type": "number", "variable": "v", "field": "f"}],
        "links": {"ok": "end"},
    }
    talk = talk_through({"ask": ask}, variables={"v": {"f": "number"}})
    waits = [talk.wait.id]
    for text in ("a", "b", "1", "hello", "c"):
        talk.say(text)
        if talk.conversation.interaction is not None:
            waits.append(talk.wait.id)
    identities = [command.command_id for command in talk.commands]
    assert len(set(identities)) == len(identities) == 10
    assert waits == ["talk-1:2", "talk-1:3", "talk-1:4", "talk-2:2", "talk-2:3"]


def test_a_step_tells_what_was_done() -> None:
    assign: Document = {
        "type": "assign_variables",
        "variables": [{"variable": "v", "field": "f", "new_value": "{{ w.g }}x"}],
        "links": {"ok": "wait"},
    }
    talk = talk_through({"note": assign, "wait": {"type": "pause", "pause_time_sec": 5, "links": {"ok": "end"}}})
    start, note, wait = talk.steps
    assert start == Step(1, "main", 1, "start", "start", branch="ok", next="note")
    writes, warnings = (Write("v", "f", "x"),), ("missing_variable: w.g",)
    assert note == Step(2, "main", 1, "note", "assign_variables", branch="ok", next="wait", writes=writes, warnings=warnings)
    assert wait == Step(3, "main", 1, "wait", "pause", wait_id="talk-1:3", deadline=MONDAY + 5 * SEC)


def test_a_hand_over_is_a_step_without_a_branch() -> None:
    over: Document = {"type": "distribution_to_smart_routing", "smart_routing": {"reference": "other"}}
    talk = talk_through({"over": over}, flow_of({"wait": {"type": "pause", "pause_time_sec": 5}}, reference="other", version=3))
    step = talk.steps[1]
    assert (step.branch, step.next, step.handed_over_to) == (None, None, "other 3")
    assert [f"{found.flow} {found.action}" for found in talk.steps] == ["main start", "main over", "other start", "other wait"]
    assert talk.interaction.hand_overs == 1


def test_checkpoints_accumulate_with_time_and_action() -> None:
    tag: Document = {"type": "add_checkpoint", "checkpoint": {"id": "c1"}, "links": {"ok": "wait"}}
    wait: Document = {"type": "pause", "pause_time_sec": 5, "links": {"ok": "tag"}}
    talk = Talk(flow_of({"tag": tag, "wait": wait}), CheckpointDefinition(id="c1", reference="qualified"))
    talk.say("hello", after_ms=0)
    talk.fall_silent()
    assert talk.interaction.checkpoints == (Checkpoint("qualified", "tag", MONDAY), Checkpoint("qualified", "tag", MONDAY + 5 * SEC + 1))


def test_the_action_before_is_told_with_branch_and_reason() -> None:
    tag: Document = {"type": "add_checkpoint", "checkpoint": {"id": "c1"}, "links": {"reference_not_found": "wait"}}
    talk = talk_through({"tag": tag, "wait": {"type": "pause", "pause_time_sec": 5}})
    assert talk.interaction.last == Last("tag", "reference_not_found", "reference_not_found")


def test_a_failed_hand_over_does_not_count() -> None:
    over: Document = {"type": "distribution_to_smart_routing", "smart_routing": {"reference": "nowhere"}, "links": {"not_found": "wait"}}
    talk = talk_through({"over": over, "wait": {"type": "pause", "pause_time_sec": 5}})
    assert talk.interaction.hand_overs == 0
