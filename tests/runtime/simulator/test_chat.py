import pytest

from processor.runtime.simulator.chat import Chat, NotUnderstood
from processor.runtime.simulator.script import Rule
from processor.runtime.simulator.simulation import SimulationError, Unanswered
from tests.runtime.simulator.documents import PACKING, world
from tests.talk import MONDAY


def chat(*rules):
    return Chat(world(), [Rule.model_validate(rule) for rule in rules], MONDAY)


def typed(of, *lines):
    return [done.happening for line in lines for done in of.take(line)]


def test_what_is_typed_is_what_a_test_would_write():
    assert typed(chat(PACKING), "Hi", "1", "/wait 2m", "42") == [
        {"customer": "Hi"},
        {"choose": "My order"},
        {"wait": "2m"},
        {"customer": "42"},
        {"wait": "deadline"},
    ]


def test_short_pauses_and_delayed_answers_pass_by_themselves():
    of = chat({"command": "CallWebService", "answer": {"values": {"status": "packing"}, "after": "5s"}})
    assert typed(of, "Hi", "1", "42")[-2:] == [{"wait": "deadline"}, {"wait": "5s"}]
    assert of.done[-1].turn.messages == ["Order 42 is packing."]


def test_a_command_without_a_rule_is_answered_on_the_spot():
    of = chat()
    typed(of, "Hi", "1", "42")
    with pytest.raises(Unanswered):
        of.take("Hello?")
    assert typed(of, '/answer status="on its way"') == [{"answer": {"outcome": "ok", "values": {"status": "on its way"}}}]
    assert of.done[-1].turn.messages == ["Order 42 is on its way."]


def test_waiting_stops_where_an_answer_is_needed(monkeypatch):
    monkeypatch.setattr("processor.runtime.simulator.chat.PAUSE_MS", 0)
    of = chat()
    assert typed(of, "Hi", "1", "42", "/wait 1h")[-1] == {"wait": "10s"}
    assert of.simulation.unanswered is not None
    assert typed(of, "/answer silence", "/wait 1h")[-1] == {"wait": "1h"}
    assert of.done[-1].turn.ending == "completed"


@pytest.mark.parametrize(
    ("line", "happening"),
    [
        ("/answer", {"answer": {"outcome": "ok"}}),
        ("/answer error reason=busy to=CallWebService", {"answer": {"outcome": "error", "reason": "busy"}, "to": "CallWebService"}),
        ("/answer silence", {"answer": "silence"}),
    ],
)
def test_answers_are_typed_in_words(line, happening):
    of = chat()
    typed(of, "Hi", "1", "42")
    assert typed(of, line)[0] == happening


@pytest.mark.parametrize(
    ("line", "happening"),
    [
        ("/image https://example.com/a.png", {"image": "https://example.com/a.png"}),
        ("/image https://example.com/a.png my roof", {"customer": "my roof", "image": "https://example.com/a.png"}),
        ("//help", {"customer": "/help"}),
        ("9", {"customer": "9"}),
        ("/choose people", {"choose": "people"}),
        ("/wait until 2026-03-02T11:00", {"wait": "until 2026-03-02T11:00"}),
        ("/end", {"operator": "end"}),
        ("/report paid late", {"report": {"outcome": "paid", "reason": "late"}}),
    ],
)
def test_lines_with_a_slash_are_no_text_of_the_customer(line, happening):
    of = chat({"command": "DistributeToQueue", "answer": "queued"}, PACKING)
    typed(of, "Hi")
    if "report" in happening:
        typed(of, "1", "42", "Hi again")
    assert typed(of, line)[0] == happening


def test_an_agent_answers():
    of = chat({"command": "DistributeToQueue", "answer": ["queued", "accepted"]})
    assert typed(of, "Hi", "People", "/agent Hello")[-1] == {"agent": "Hello"}
    assert of.done[-1].turn.messages == ["Hello"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/wiat 2h", "expected one of /agent, /answer"),
        ("/wait long", "expected a duration such as"),
        ("/wait until noon", "expected a time such as"),
        ("/image", "expected an address"),
        ('/answer "', "expected quotes in pairs"),
        ("/answer ok then", "expected one outcome"),
        ("/answer ok", "expected a command that can be answered"),
        ("/choose nothing", "expected one of the choices offered"),
        ("/agent Hi", "expected a command that can be answered"),
    ],
)
def test_a_line_that_means_nothing_changes_nothing(line, told):
    of = chat()
    typed(of, "Hi")
    before = (of.simulation.at, of.simulation.conversation)
    with pytest.raises((NotUnderstood, SimulationError), match=told):
        of.take(line)
    assert (of.simulation.at, of.simulation.conversation, len(of.done)) == (*before, 1)


def test_the_customer_speaks_first():
    with pytest.raises(NotUnderstood, match="first message"):
        chat().take("/wait 2h")


def test_a_chat_begins_anew():
    of = chat(PACKING)
    typed(of, "Hi", "1")
    of.restart()
    assert (of.done, of.simulation.conversation) == ([], None)
    assert typed(of, "Hi") == [{"customer": "Hi"}]
