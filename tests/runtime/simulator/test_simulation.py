import pytest

from processor.engine.events import Media
from processor.runtime.simulator.script import Answer
from processor.runtime.simulator.simulation import EVENTS, SimulationError, Unanswered
from tests.runtime.simulator.documents import DRAWING, ENTRY, FAREWELL, FLOW, PACKING, QUEUE, SERVICE, simulation, world

OK = [Answer(outcome="ok", values={"status": "packing"})]
MINUTE = 60_000


def to_the_question(*rules, **more):
    talk = simulation(*rules, **more)
    talk.say("Hello", after_ms=0)
    talk.choose("My order")
    return talk


def to_the_service(*rules, **more):
    talk = to_the_question(*rules, **more)
    talk.say("42")
    return talk


def to_the_queue(answer):
    talk = simulation({"command": "DistributeToQueue", "answer": answer})
    talk.say("Hello", after_ms=0)
    return talk, talk.choose("3")


def branches(turn):
    return [f"{step.action}: {step.branch}" for step in turn.taken]


def test_the_customer_is_greeted_by_name_and_offered_choices():
    turn = simulation(name="Ana").say("Hi")
    assert turn.messages == ["Hello Ana", "What is it about?"]
    assert [choice.text for choice in turn.choices] == ["My order", "A photo", "People"]


@pytest.mark.parametrize("wanted", ["1", "order", "My order", "my  ORDER"])
def test_a_choice_is_pressed_by_number_id_or_text(wanted):
    talk = simulation()
    talk.say("Hi")
    assert branches(talk.choose(wanted))[0] == "menu: link_1"


def test_on_a_channel_without_buttons_a_choice_is_its_number():
    talk = simulation(of=world(FLOW, SERVICE, QUEUE, channel="sms"))
    talk.say("Hi")
    turn = talk.choose("A photo")
    assert (turn.said, branches(turn)) == ("customer: 2", ["menu: link_2"])


def test_a_choice_that_is_not_offered_cannot_be_pressed():
    talk = simulation()
    with pytest.raises(SimulationError, match="there are none"):
        talk.choose("1")
    talk.say("Hi")
    with pytest.raises(SimulationError, match="1 My order; 2 A photo; 3 People"):
        talk.choose("My parcel")


def test_time_stands_still_but_for_a_beat_each_turn():
    talk = to_the_service(PACKING)
    assert talk.at == talk.conversation.interaction.started_at + 2000
    assert talk.waiting.awaits == "time"


def test_a_wait_takes_what_is_due_just_then():
    talk = to_the_service(PACKING)
    turn = talk.wait(10_000)
    assert branches(turn) == ["breathe: ok", "find: ok", "found: ok"]
    assert (turn.messages, turn.ending, turn.variables) == (
        ["Order 42 is packing."],
        "completed",
        {"order": {"number": "42", "status": "packing"}},
    )


def test_a_message_at_the_deadline_is_in_time_and_one_after_it_is_not():
    assert branches(to_the_question().say("42", after_ms=600_000)) == ["number: ok"]
    assert branches(to_the_question().say("42", after_ms=600_001))[:2] == ["number: response_time_exceeded", "bye: ok"]


def test_an_answer_takes_the_time_that_the_script_says():
    talk = to_the_service({"command": "CallWebService", "answer": {"values": {"status": "packing"}, "after": "3s"}})
    assert branches(talk.wait(12_000)) == ["breathe: ok"]
    assert talk.next_at == talk.at - 1 + 1001
    assert branches(talk.wait(1000)) == ["find: ok", "found: ok"]


def test_an_answer_after_the_deadline_comes_too_late():
    talk = to_the_service({"command": "CallWebService", "answer": {"after": "20s"}})
    turn = talk.wait(MINUTE)
    assert branches(turn) == ["breathe: ok", "find: not_ok", "sorry: ok"]
    assert turn.taken[1].reason == "timeout"
    assert [advance.disposition for advance in turn.advances] == ["applied", "applied", "stale"]


def test_silence_is_an_answer_of_the_script():
    talk = to_the_service({"command": "CallWebService", "answer": "silence"})
    assert branches(talk.wait(MINUTE)) == ["breathe: ok", "find: not_ok", "sorry: ok"]


def test_a_command_that_waits_without_a_rule_must_be_answered():
    talk = to_the_service()
    with pytest.raises(
        Unanswered, match=r"an answer to CallWebService of action `find`.*\n.*command: CallWebService, action: find"
    ) as said:
        talk.wait(MINUTE)
    assert said.value.command.action == "find"


def test_the_customer_cannot_go_on_before_it_is_answered():
    talk = to_the_service()
    talk.wait(10_000)
    with pytest.raises(Unanswered):
        talk.say("Well?")


def test_a_command_can_be_answered_on_the_spot():
    talk = to_the_service()
    talk.wait(10_000)
    assert branches(talk.answer(OK)) == ["find: ok", "found: ok"]


def test_a_command_can_be_left_unanswered_on_the_spot():
    talk = to_the_service()
    talk.wait(10_000)
    assert talk.answer([]).said == "answer CallWebService: silence"
    assert branches(talk.wait(MINUTE)) == ["find: not_ok", "sorry: ok"]


def test_time_stops_where_an_answer_is_typed():
    talk = to_the_service(must_answer=False)
    turn = talk.wait(MINUTE)
    assert talk.unanswered is not None
    assert talk.at == turn.advances[-1].event.at
    assert branches(talk.answer(OK)) == ["find: ok", "found: ok"]


def test_a_message_that_the_channel_refuses_is_answered_by_name():
    talk = to_the_question()
    turn = talk.answer([Answer(outcome="refused", reason="blocked")], "SendMessage")
    assert branches(turn) == ["number: error", "sorry: ok"]


def test_a_command_that_was_not_issued_cannot_be_answered():
    talk = to_the_question()
    with pytest.raises(SimulationError, match="expected a command SendEmail; found SendMessage, SendChoices"):
        talk.answer(OK, "SendEmail")
    with pytest.raises(SimulationError, match="expected a command that can be answered"):
        talk.answer(OK)
    with pytest.raises(SimulationError, match="none issued"):
        simulation().answer(OK)


def test_a_picture_is_taken_and_an_address_is_checked():
    talk = simulation()
    talk.say("Hi")
    talk.choose("A photo")
    assert branches(talk.say(None, (Media("https://example.com/a.png", "image/png"),))) == ["photo: ok", "bye: ok"]
    talk = simulation({"command": "CheckImage", "answer": "not_an_image"})
    talk.say("Hi")
    talk.choose("A photo")
    assert talk.say("https://example.com/a").messages == ["That is no picture.", "Show me."]


def test_an_agent_takes_over_writes_and_ends():
    talk, turn = to_the_queue(["queued", {"outcome": "accepted", "after": "20s"}, {"agent": "Anna here", "after": "5s"}])
    assert turn.messages == []
    assert talk.wait(25_000).messages == ["Anna here"]
    assert [type(command.body).__name__ for command in talk.say("At last").commands] == ["RelayMessage"]
    assert talk.agent("Good", "anna").messages == ["Good"]
    turn = talk.answer([Answer(outcome="processed")])
    assert (branches(turn), turn.messages) == (["people: processed", "bye: ok"], ["Bye."])


def test_what_answers_a_relayed_message_belongs_to_the_distribution():
    talk = simulation(
        {"command": "DistributeToQueue", "answer": ["queued", "accepted"]},
        {"command": "RelayMessage", "nth": 1, "answer": {"agent": "One moment"}},
        {"command": "RelayMessage", "answer": "processed"},
    )
    talk.say("Hi")
    talk.choose("People")
    assert talk.say("Hello?").messages == ["One moment"]
    assert branches(talk.say("Still there?")) == ["people: processed", "bye: ok"]


def test_an_operator_ends_the_interaction_and_the_next_message_opens_another():
    talk = simulation()
    talk.say("Hi")
    assert talk.end().ending == "ended_by_operator"
    turn = talk.say("Again")
    assert (turn.advances[-1].opened, turn.steps[0].action) == (True, "start")


def test_an_interaction_expires():
    talk, _ = to_the_queue("queued")
    assert talk.wait(73 * 3600 * 1000).ending == "expired"


def test_the_tail_runs_where_the_entry_point_names_one():
    talk = simulation(of=world(FLOW, ENTRY, FAREWELL, SERVICE, QUEUE))
    talk.say("Hi")
    turn = talk.wait_for_deadline()
    assert (turn.messages, turn.ending) == (["Bye.", "The end."], "completed")


def test_a_deadline_is_waited_for_only_where_one_is_pending():
    with pytest.raises(SimulationError, match="waits with a deadline"):
        simulation().wait_for_deadline()


def test_time_does_not_run_backwards():
    talk = simulation()
    talk.say("Hi")
    with pytest.raises(SimulationError, match="not past, found one 1s ago"):
        talk.wait_until(talk.at - 1000, "until then")


def test_what_would_be_a_dead_letter_is_told():
    with pytest.raises(SimulationError, match="MessageReceived would go to the dead letters: message_too_large"):
        simulation().say("x" * 70_000)


def test_a_flow_that_never_rests_is_stopped():
    restless = DRAWING.replace(
        "{type: check_passages, maximum_number_of_passages: 1, links: {less_than_or_equal: halves, greater: end}}",
        "{type: pause, pause_time_sec: 0, links: {ok: halves}}",
    )
    talk = simulation(of=world(restless))
    talk.say("Hi")
    with pytest.raises(SimulationError, match=f"at most {EVENTS} events"):
        talk.wait(3600 * 1000)


def test_what_became_of_a_command_is_reported():
    talk = to_the_service(PACKING)
    talk.wait(10_000)
    turn = talk.report("delivered", None)
    assert (turn.said, [advance.disposition for advance in turn.advances]) == ("report on CallWebService: delivered", ["acknowledged"])


def test_the_same_conversation_gives_the_same_state_every_time():
    once, again = to_the_service(PACKING), to_the_service(PACKING)
    once.wait(MINUTE)
    again.wait(MINUTE)
    assert once.conversation == again.conversation
