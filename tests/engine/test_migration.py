"""Interactions that go on with another version of their flow, in the middle of a wait."""

from collections.abc import Mapping
from typing import Any

import pytest

from processor.engine.errors import Unmigratable
from processor.engine.events import Media, MigrateRequested
from processor.engine.flow import Flow
from processor.engine.migration import counterpart
from tests.flows import Document, flow_of
from tests.talk import SEC, Talk

VARIABLES = {"order": {"number": "number", "note": "text"}, "contact": {"photo": "text"}}
NUMBER = {"question_content": "Number?", "variable_type": "number", "variable": "order", "field": "number"}
NOTE = {"question_content": "Note?", "variable_type": "long_text", "variable": "order", "field": "note"}
PHOTO = {"question_content": "Photo?", "variable_type": "image", "variable": "contact", "field": "photo"}
ENDS = {"ok": "end", "error": "end", "maximum_attempts_reached": "end", "response_time_exceeded": "end"}


def asking(*questions: dict[str, str], **more: Any) -> dict[str, Any]:
    return {
        "type": "message_awaiting_response",
        "message": "",
        "maximum_response_wait_time_sec": 600,
        "maximum_number_of_response_attempts": 3,
        "default_error_message": "Again, please.",
        "questions": list(questions),
        "links": ENDS,
        **more,
    }


def main(version: int, actions: Mapping[str, Document], **more: Any) -> Flow:
    return flow_of(actions, version=version, variables=VARIABLES, **more)


def migrate(talk: Talk, to: int = 2, *, since: int = 1, **actions: str) -> str | None:
    """Ask the conversation to migrate; returns the journal's note where it was refused."""
    advance = talk.apply(MigrateRequested(talk.at + SEC, "ana", "main", since, to, actions))
    assert advance.steps == ()
    assert advance.commands == ()
    assert advance.disposition in ("applied", "ignored")
    return None if advance.disposition == "applied" else advance.note


def begun(*definitions: Flow) -> Talk:
    """A conversation that has begun with the first of some versions before the others were published."""
    first, *others = definitions
    talk = Talk(first)
    talk.say("hello")
    for other in others:
        talk.publish(other)
    return talk


def test_an_answer_goes_to_the_new_version_and_the_wait_stays_as_it_was() -> None:
    talk = begun(main(1, {"ask": asking(NUMBER)}), main(2, {"ask": asking(NOTE, links={**ENDS, "ok": "thank"}), "thank": thanks()}))
    wait, deadline = talk.wait, talk.conversation.due_at
    assert migrate(talk) is None
    assert (talk.interaction.flow_version, talk.wait, talk.conversation.due_at) == (2, wait, deadline)
    assert talk.advances[-1].note == "main 1 → 2"
    talk.say("by the door")
    assert [(step.flow_version, step.action, step.branch) for step in talk.steps[-2:]] == [(2, "ask", "ok"), (2, "thank", "ok")]
    assert talk.texts[-1] == "Thanks: by the door"


def thanks() -> dict[str, Any]:
    return {"type": "simple_message", "message": "Thanks: {{ order.note }}", "links": {"ok": "end"}}


def test_the_map_names_the_action_that_goes_on() -> None:
    talk = begun(main(1, {"ask": asking(NUMBER)}), main(2, {"question": asking(NUMBER)}))
    assert migrate(talk) == "`ask` waits: expected an action `ask` of type message_awaiting_response; found nothing"
    assert migrate(talk, ask="question") is None
    talk.say("12")
    assert (talk.steps[-1].action, talk.steps[-1].branch) == ("question", "ok")


def test_an_action_of_another_type_is_no_counterpart() -> None:
    talk = begun(main(1, {"ask": asking(NUMBER)}), main(2, {"ask": {"type": "node", "links": {"ok": "end"}}}))
    assert migrate(talk) == "`ask` waits: expected an action `ask` of type message_awaiting_response; found one of type node"
    assert talk.interaction.flow_version == 1


def test_a_flow_of_another_type_takes_nothing_over() -> None:
    source, target = main(1, {"ask": asking(NUMBER)}), main(0, {"ask": asking(NUMBER)}, type="end_of_interaction")
    with pytest.raises(Unmigratable, match="version to come is a flow of type end_of_interaction: expected one of type start"):
        counterpart(source, target, "ask", {})


def test_only_the_version_that_was_named_migrates() -> None:
    talk = begun(main(1, {"ask": asking(NUMBER)}), main(2, {"ask": asking(NUMBER)}))
    assert migrate(talk, 2, since=2) == "the interaction runs with main 1"
    assert migrate(talk) is None
    assert migrate(talk) == "the interaction runs with main 2"


def test_a_version_that_is_not_known_yet_is_refused() -> None:
    talk = begun(main(1, {"ask": asking(NUMBER)}))
    assert migrate(talk) == "version 2 of main is not known here yet"


def test_nothing_migrates_where_nothing_is_live() -> None:
    talk = begun(main(1, {"greet": {"type": "simple_message", "message": "Hi", "links": {"ok": "end"}}}))
    assert migrate(talk) == "no interaction is live"


def test_the_question_that_was_asked_must_be_there() -> None:
    talk = begun(main(1, {"ask": asking(NUMBER, NOTE)}), main(2, {"ask": asking(NOTE)}), main(3, {"ask": asking(NOTE, NUMBER)}))
    talk.say("12")
    assert migrate(talk) == "`ask` waits: question 2 was asked: expected it among the questions; found 1 of them"
    assert migrate(talk, 3) is None
    talk.say("13")
    assert talk.conversation.interaction is None


def test_an_image_that_is_being_checked_must_still_be_asked_for() -> None:
    talk = begun(main(1, {"ask": asking(PHOTO)}), main(2, {"ask": asking(NOTE)}), main(3, {"ask": asking(PHOTO, NOTE)}))
    talk.say("https://example.com/a.png")
    assert talk.wait.awaits == "response"
    refused = "`ask` waits: an image is being checked: expected question 1 to ask for one; found long_text"
    assert migrate(talk) == refused
    assert migrate(talk, 3) is None
    talk.respond("ok")
    assert talk.interaction.variables["contact"]["photo"] == "https://example.com/a.png"
    assert talk.texts[-1] == "Note?"


def test_silence_after_a_migration_takes_the_new_versions_branch_at_the_old_deadline() -> None:
    longer = asking(NUMBER, maximum_response_wait_time_sec=3600, links={**ENDS, "response_time_exceeded": "thank"})
    talk = begun(main(1, {"ask": asking(NUMBER)}), main(2, {"ask": longer, "thank": thanks()}))
    assert migrate(talk) is None
    talk.fall_silent()
    assert [(step.action, step.branch) for step in talk.steps[-2:]] == [("ask", "response_time_exceeded"), ("thank", "ok")]


def test_a_variable_that_is_declared_otherwise_is_dropped_with_a_warning() -> None:
    talk = begun(main(1, {"ask": asking(NUMBER, NOTE)}))
    talk.say("12")
    talk.publish(flow_of({"ask": asking(NOTE, NOTE)}, version=2, variables={"order": {"number": "date", "note": "text"}}))
    assert migrate(talk) is None
    assert talk.advances[-1].note == "main 1 → 2; variable_dropped: order.number"
    assert talk.interaction.variables == {}


def passage(links: dict[str, str], maximum: int = 5) -> dict[str, Any]:
    return {"type": "check_passages", "maximum_number_of_passages": maximum, "links": links}


def test_counters_follow_their_actions_and_one_that_is_named_wins() -> None:
    old = {
        "first": passage({"less_than_or_equal": "second", "greater": "end"}),
        "second": passage({"less_than_or_equal": "hold", "greater": "end"}),
        "hold": {"type": "pause", "pause_time_sec": 5, "links": {"ok": "again"}},
        "again": {"type": "node", "links": {"ok": "first"}},
    }
    new = {"second": passage({"less_than_or_equal": "hold", "greater": "end"}), "hold": {**old["hold"], "links": {"ok": "second"}}}
    talk = begun(main(1, old), main(2, new))
    talk.fall_silent()
    assert talk.interaction.counters == {"main/first": 2, "main/second": 2}
    talk.fall_silent()
    assert migrate(talk, first="second", again="hold") is None
    assert talk.interaction.counters == {"main/second": 3}
    talk.fall_silent()
    assert talk.interaction.counters == {"main/second": 4}


def test_two_actions_can_swap_their_names_with_their_counters() -> None:
    def version(number: int, one: str, two: str) -> Flow:
        first = passage({"less_than_or_equal": two, "greater": "end"})
        second = passage({"less_than_or_equal": "hold", "greater": "end"})
        hold = {"type": "pause", "pause_time_sec": 5, "links": {"ok": one}}
        return main(number, {"begin": {"type": "node", "links": {"ok": two}}, one: first, two: second, "hold": hold})

    talk = begun(version(1, "a", "b"), version(2, "b", "a"))
    talk.fall_silent()
    assert talk.interaction.counters == {"main/a": 1, "main/b": 2}
    assert migrate(talk, a="b", b="a") is None
    assert talk.interaction.counters == {"main/a": 2, "main/b": 1}


def test_a_counter_of_another_flow_keeps_its_name() -> None:
    over = {
        "count": passage({"less_than_or_equal": "go", "greater": "end"}),
        "go": {"type": "distribution_to_smart_routing", "smart_routing": {"reference": "other"}, "links": {}},
    }
    old, new = ({name: asking(NUMBER)} for name in ("ask", "count"))
    talk = Talk(main(1, over), flow_of(old, reference="other", variables=VARIABLES))
    talk.publish(flow_of(new, reference="other", version=2, variables=VARIABLES))
    talk.log.publish_flow(talk.log.offset + 1, flow_of(old, reference="other", version=3, variables=VARIABLES))
    talk.say("hello")
    talk.apply(MigrateRequested(talk.at + SEC, "ana", "other", 3, 2, {"ask": "count", "count": "gone"}))
    assert (talk.interaction.action, talk.interaction.flow_version, talk.interaction.counters) == ("count", 2, {"main/count": 1})


def test_a_button_of_the_old_version_still_answers() -> None:
    def choosing(*texts: str) -> dict[str, Any]:
        responses = [{"response_content": text} for text in texts]
        links = {f"link_{number}": "end" for number in range(1, len(texts) + 1)}
        return {
            "type": "message_with_choice",
            "message": "?",
            "maximum_response_wait_time_sec": 60,
            "responses": responses,
            "links": {**links, "error": "end", "response_time_exceeded": "end"},
        }

    talk = begun(main(1, {"choose": choosing("yes", "no")}), main(2, {"choose": choosing("Yes, please", "No, thanks")}))
    assert migrate(talk) is None
    talk.press("2")
    assert (talk.steps[-1].flow_version, talk.steps[-1].branch) == (2, "link_2")


def test_what_the_old_version_asked_a_connector_is_answered_to_the_new_one() -> None:
    talk = begun(main(1, {"ask": asking(PHOTO)}), main(2, {"show": asking(PHOTO)}))
    talk.show("https://example.com/a.gif", "video/mp4")
    assert migrate(talk, ask="show") is None
    talk.say(media=(Media("https://example.com/a.png", "image/png"),))
    assert (talk.steps[-1].action, talk.steps[-1].branch) == ("show", "ok")
