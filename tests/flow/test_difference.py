from processor.actions import action_types
from processor.engine.entities import CheckpointDefinition
from processor.flow.difference import Change, entity_difference, flow_difference, plain
from processor.flow.entity_reader import read_entity
from tests.flow.documents import END, QUESTION, WEB_SERVICE, flow

SAY = {"type": "simple_message", "links": {"ok": "end"}}
PAUSE = {"type": "pause", "pause_time_sec": 5, "links": {"ok": "end"}}


def lines(before, after, **renamed):
    return list(flow_difference(before, after, renamed).lines())


def test_the_same_flow_has_no_difference():
    assert lines(flow({"ask": QUESTION}), flow({"ask": QUESTION})) == []


def test_a_new_flow_is_all_new():
    assert lines(None, flow({"ask": QUESTION})) == ["+ start (start)", "+ ask (message_awaiting_response)"]


def test_actions_that_come_and_go_and_links_that_move_are_told():
    before = flow({"ask": {**QUESTION, "links": {**QUESTION["links"], "ok": "old"}}, "old": END})
    after = flow({"ask": {**QUESTION, "links": {"ok": "new", "error": "end", "maximum_attempts_reached": "new"}}, "new": PAUSE})
    assert lines(before, after) == [
        "~ ask (message_awaiting_response)",
        "    ~ ok → new, before old",
        "    ~ maximum_attempts_reached → new, before end",
        "    - response_time_exceeded → end",
        "+ new (pause)",
        "- old (node)",
    ]
    assert "    + response_time_exceeded → end" in lines(after, before)


def test_parameters_are_told_as_deep_as_they_change():
    two = [{**QUESTION["questions"][0], "question_content": "Which {{ order.status }}?"}, QUESTION["questions"][0]]
    after = flow({"ask": {**QUESTION, "questions": two, "timeout": 5, "message": "Hello"}})
    assert lines(flow({"ask": QUESTION}), after) == [
        "~ ask (message_awaiting_response)",
        '    ~ message: "One question" → "Hello"',
        '    ~ questions[0].question_content: "Number?" → "Which {{ order.status }}?"',
        "    + questions[1]: a mapping with variable, field, question_content, variable_type",
        "    + timeout: 5",
    ]
    assert "    - timeout: 5" in lines(after, flow({"ask": QUESTION}))


def test_an_action_of_another_type_tells_both():
    told = lines(flow({"wait": END}), flow({"wait": PAUSE}))
    assert told == ["~ wait (node → pause)", "    + pause_time_sec: 5"]


def test_the_header_is_told():
    after = flow(name="Help", timezone="Europe/Rome", locale="it", country="IT", variables={"order": {"number": "text"}})
    assert lines(flow(), after) == [
        '~ name: "Support" → "Help"',
        '~ timezone: "Europe/Paris" → "Europe/Rome"',
        '~ locale: "fr" → "it"',
        '~ country: "FR" → "IT"',
        '~ variables.order.number: "number" → "text"',
        '- variables.order.status: "text"',
        "- variables.contact: a mapping with email",
    ]


def test_what_is_renamed_is_the_same_action_and_links_to_it_have_not_moved():
    before = flow({"ask": {**QUESTION, "links": {**QUESTION["links"], "ok": "hold"}}, "hold": PAUSE})
    after = flow({"ask": {**QUESTION, "links": {**QUESTION["links"], "ok": "rest"}}, "rest": PAUSE})
    assert lines(before, after, hold="rest") == ["~ hold → rest (pause)"]


def test_a_name_that_is_taken_over_goes_to_who_was_renamed():
    before = flow({"a": QUESTION, "b": PAUSE})
    after = flow({"b": QUESTION})
    assert lines(before, after, a="b") == ["~ a → b (message_awaiting_response)", "- b (pause)"]
    assert lines(before, flow({"a": QUESTION, "b": PAUSE}), nothing="c") == []


def test_an_entity_is_compared_with_what_is_published_under_its_id():
    before = read_entity(WEB_SERVICE)
    after = read_entity({**WEB_SERVICE, "method": "POST", "outputs": {}, "headers": {"Accept": "text/plain"}})
    assert entity_difference(None, after) == ()
    assert entity_difference(before, before) == ()
    assert [str(change) for change in entity_difference(before, after)] == [
        "- outputs: a mapping with status",
        '+ method: "POST"',
        "+ headers: a mapping with Accept",
    ]


def test_lists_of_texts_are_shown_whole():
    anna = {"kind": "user", "id": "anna", "reference": "anna"}
    changes = entity_difference(read_entity(anna), read_entity({**anna, "queues": ["sales", "help"]}))
    assert [str(change) for change in changes] == ['+ queues: "sales", "help"']


def test_defaults_are_not_said():
    assert plain(CheckpointDefinition(id="c", reference="r")) == {"id": "c", "reference": "r"}
    assert plain((1, "a")) == [1, "a"]
    assert str(Change("a", None, "1")) == "+ a: 1"
    assert len(action_types()) > 0


def test_of_long_texts_the_place_is_told_where_they_differ():
    common = "We are open every day but Sunday from nine in the morning until "
    before, after = (flow({"say": {**SAY, "message": f"{common}{hour} in the evening"}}) for hour in ("six", "seven"))
    assert lines(before, after)[1:] == [
        '    ~ message: "… the morning until six in the evening" → "… the morning until seven in the evening"'
    ]
