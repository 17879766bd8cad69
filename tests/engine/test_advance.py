from typing import Any

import pytest

from processor.actions.node import Node
from processor.engine.action import Action
from processor.engine.advance import Advance, advance, overdue, quarantine
from processor.engine.commands import SendMessage
from processor.engine.definitions import DefinitionLog
from processor.engine.entities import EntryPoint
from processor.engine.errors import EventRejected
from processor.engine.events import Continued, EndRequested, MessageReceived, ResponseReceived, ResumeRequested, Ticked
from processor.engine.flow import Flow
from processor.engine.interaction import Conversation
from processor.engine.limits import CHAIN_ACTIONS, EXPIRY_HOURS, LAST_TIME, MESSAGE_IDS
from processor.engine.outcome import Awaiting, Outcome, Taken
from processor.engine.visit import Visit
from tests.flows import Document, Variables, flow_of
from tests.talk import MONDAY, SEC, Talk, talk_through

HOUR_MS = 3600 * SEC

ASK: Document = {
    "type": "message_awaiting_response",
    "message": "",
    "maximum_response_wait_time_sec": 60,
    "maximum_number_of_response_attempts": 3,
    "default_error_message": "Once more.",
    "questions": [{"question_content": "How many?", "variable_type": "number", "variable": "order", "field": "count"}],
}
VARIABLES = {"order": {"count": "number", "note": "text"}}


def ask(**links: str) -> Document:
    return {**ASK, "links": links}


def pause(seconds: int, **links: str) -> Document:
    return {"type": "pause", "pause_time_sec": seconds, "links": links}


def say(text: str, **links: str) -> Document:
    return {"type": "simple_message", "message": text, "links": links}


def chain_of(nodes: int, end: str | None = "end") -> dict[str, Document]:
    """Return so many nodes, each leading to the next; with Start before them the chain is one longer."""
    links = {f"n{number}": f"n{number + 1}" for number in range(1, nodes)}
    return {
        f"n{number}": {"type": "node", "links": {"ok": target} if (target := links.get(f"n{number}", end)) is not None else {}}
        for number in range(1, nodes + 1)
    }


class Hold(Action):
    """Wait without a deadline, as types will that are yet to come."""

    type = "hold"
    section = "0.0"
    branches = ("ok",)
    failure = "ok"

    def apply(self, visit: Visit) -> Outcome:
        return Taken("ok") if isinstance(visit.event, ResponseReceived) else Awaiting("response", None, (SendMessage("held"),))


def goodbye(actions: dict[str, Document] | None = None, variables: Variables | None = None) -> Flow:
    """Return an end-of-interaction flow."""
    given = actions if actions is not None else {"bye": say("Bye: {{ order.note }}", ok="end")}
    return flow_of(given, reference="goodbye", type="end_of_interaction", variables=variables)


def with_tail(actions: dict[str, Document | Action], tail: Flow | None = None, **entry: Any) -> Talk:
    talk = Talk(flow_of(actions, variables=VARIABLES), tail or goodbye(variables=VARIABLES), end_of_interaction="goodbye", **entry)
    talk.say("hello", after_ms=0)
    return talk


# Opening.


def test_a_message_without_a_live_interaction_opens_one() -> None:
    talk = talk_through({"wait": pause(5)})
    assert talk.advances[0].opened
    assert talk.advances[0].interaction_id == talk.interaction.id == "talk-1"
    assert (talk.interaction.flow, talk.interaction.flow_version, talk.interaction.started_at) == ("main", 1, MONDAY)
    assert talk.interaction.message.text == "hello"


def test_the_next_message_opens_the_next_interaction() -> None:
    talk = talk_through({"done": {"type": "node", "links": {"ok": "end"}}})
    again = talk.say("hello again")
    assert talk.advances[0].ended == "completed"
    assert (again.opened, again.interaction_id) == (True, "talk-2")


def test_an_interaction_keeps_the_version_that_it_started_with() -> None:
    talk = talk_through({"wait": pause(5, ok="after"), "after": say("one", ok="end")})
    talk.publish(flow_of({"wait": pause(5, ok="after"), "after": say("two", ok="end")}, version=2))
    talk.fall_silent()
    talk.say("hello")
    talk.fall_silent()
    assert talk.texts == ["one", "two"]


def test_a_retired_version_drains_and_opens_nothing_new() -> None:
    talk = talk_through({"wait": pause(5, ok="end")})
    talk.log.retire_flow(talk.log.offset + 1, "main", 1)
    assert talk.fall_silent().ended == "completed"
    with pytest.raises(EventRejected, match="no_production_version"):
        talk.say("hello")


def test_a_message_for_an_account_without_entry_point_is_rejected_and_leaves_the_state_as_it_was() -> None:
    message = MessageReceived(MONDAY, "m1", "web_chat", "elsewhere", "me", "hello")
    with pytest.raises(EventRejected) as rejected:
        advance("talk", None, message, Talk(flow_of({})).log.newest())
    assert rejected.value.reason == "no_entry_point"
    assert "'elsewhere'" in rejected.value.detail


def test_an_unknown_channel_has_no_entry_point() -> None:
    message = MessageReceived(MONDAY, "m1", "pigeon", "site", "me", "hello")
    with pytest.raises(EventRejected, match="no_entry_point"):
        advance("talk", None, message, Talk(flow_of({})).log.newest())


@pytest.mark.parametrize("flows", [[], [flow_of({}, type="end_of_interaction")]], ids=["none", "one of another type"])
def test_a_message_for_a_flow_not_in_service_is_rejected_until_there_is_one(flows: list[Flow]) -> None:
    talk = Talk(*flows)
    with pytest.raises(EventRejected) as rejected:
        talk.say("hello", message_id="m1")
    assert rejected.value.reason == "no_production_version"
    talk.publish(flow_of({"wait": pause(5)}, version=2))
    assert talk.say("hello", message_id="m1").opened


def test_the_entry_point_says_how_long_and_how_often() -> None:
    talk = Talk(flow_of({"wait": pause(5)}), expires_after_hours=1, maximum_distributions=2)
    talk.say("hello")
    assert talk.interaction.expires_after_ms == HOUR_MS
    assert talk.interaction.maximum_hand_overs == 2


def test_what_the_channel_does_not_say_again_of_the_customer_stays_known() -> None:
    talk = Talk(flow_of({"wait": pause(5)}))
    talk.say("hello", name="Ada", locale="fr")
    talk.say("hello")
    assert (talk.interaction.customer.name, talk.interaction.customer.locale) == ("Ada", "fr")
    talk.say("hello", name="Countess")
    assert talk.interaction.customer.name == "Countess"


# Duplicates.


def test_a_message_delivered_again_has_no_effect() -> None:
    talk = talk_through({"ask": ask(ok="end")}, variables=VARIABLES)
    talk.say("3", message_id="m")
    before = talk.payload
    again = talk.say("3", message_id="m")
    assert (again.disposition, again.payload, again.commands, again.steps) == ("duplicate", None, (), ())
    assert talk.payload == before


def test_256_message_ids_are_remembered_and_the_257th_is_forgotten() -> None:
    talk = Talk(flow_of({"wait": pause(3600)}))
    for number in range(MESSAGE_IDS):
        talk.say("hello", message_id=f"m{number}", after_ms=1)
    assert talk.say("hello", message_id="m0").disposition == "duplicate"
    talk.say("hello", message_id="one more")
    assert talk.say("hello", message_id="m1").disposition == "duplicate"
    assert talk.say("hello", message_id="m0").disposition == "unawaited"


def test_a_message_that_was_rejected_is_not_remembered() -> None:
    talk = talk_through({"wait": pause(5)})
    with pytest.raises(EventRejected, match="message_too_large"):
        talk.say("x" * 70_000, message_id="m")
    assert talk.say("x", message_id="m").disposition == "unawaited"


# Messages that nobody awaits.


def test_a_message_that_nobody_awaits_is_kept_as_the_last_one_and_answers_nothing_later() -> None:
    talk = talk_through({"wait": pause(5, ok="ask"), "ask": ask()}, variables=VARIABLES)
    assert talk.say("3").disposition == "unawaited"
    assert talk.interaction.message.text == "3"
    talk.fall_silent()
    assert talk.wait.awaits == "message"
    assert talk.interaction.variables == {}


def test_a_message_past_the_deadline_opens_a_new_interaction_where_silence_ended_the_old_one() -> None:
    talk = talk_through({"ask": ask(response_time_exceeded="end")}, variables=VARIABLES)
    late = talk.say("3", after_ms=60 * SEC + 1)
    assert talk.advances[-2].ended == "completed"
    assert (late.opened, late.interaction_id) == (True, "talk-2")


def test_a_message_logged_before_the_question_does_not_answer_it() -> None:
    talk = talk_through({"wait": pause(5, ok="ask"), "ask": ask(ok="end")}, variables=VARIABLES)
    talk.tick(after_ms=6 * SEC)
    assert talk.say("3", after_ms=-1).disposition == "unawaited"
    assert talk.interaction.last_event_at == MONDAY + 6 * SEC
    assert talk.say("3", after_ms=-1).disposition == "unawaited"
    assert talk.say("3", after_ms=2).disposition == "applied"
    assert talk.advances[-1].ended == "completed"


# Deadlines.


def test_overdue_gives_the_tick_that_an_event_past_the_deadline_overtakes() -> None:
    talk = talk_through({"ask": ask()}, variables=VARIABLES)
    deadline = MONDAY + 60 * SEC
    message = MessageReceived(deadline, "m", "web_chat", "site", "me", "3")
    assert overdue(talk.conversation, message) is None
    response = ResponseReceived(deadline + 1, "talk-1:2:1", "ok")
    assert overdue(talk.conversation, response) == Ticked(deadline + 2)
    assert overdue(talk.conversation, Ticked(deadline + 1)) is None
    assert overdue(None, message) is None


def test_nothing_is_overdue_in_a_conversation_at_rest_or_in_quarantine() -> None:
    late = MessageReceived(MONDAY * 2, "m", "web_chat", "site", "me", "3")
    assert overdue(Conversation("talk", 1), late) is None
    talk = talk_through({"ask": ask()}, variables=VARIABLES)
    held = quarantine("talk", talk.conversation, late, "a fault")
    assert overdue(held.conversation, late) is None


def test_a_tick_before_or_at_the_deadline_is_stale() -> None:
    talk = talk_through({"wait": pause(5, ok="end")})
    assert talk.tick(after_ms=4 * SEC).disposition == "stale"
    assert talk.tick(after_ms=1 * SEC).disposition == "stale"
    assert talk.tick(after_ms=1).ended == "completed"


def test_a_tick_for_a_conversation_at_rest_is_stale() -> None:
    talk = talk_through({"done": {"type": "node", "links": {"ok": "end"}}})
    assert talk.tick().disposition == "stale"


# Responses.


def test_a_response_to_a_command_of_no_wait_is_stale_and_changes_nothing() -> None:
    talk = talk_through({"ask": ask()}, variables=VARIABLES)
    before = talk.payload
    answered = talk.respond("error", command_id="talk-1:9:1", connector="web_service", reason="status")
    assert (answered.disposition, answered.note, answered.payload) == ("stale", "error: status", None)
    assert talk.payload == before


def test_a_late_failure_of_a_message_is_acknowledged_with_its_reason() -> None:
    talk = talk_through({"hello": say("hello", ok="end")})
    assert (talk.respond("error").disposition, talk.advances[-1].note) == ("acknowledged", "error: no reason given")
    assert (talk.respond("ok").disposition, talk.advances[-1].note) == ("acknowledged", None)


# Ends.


def test_a_branch_that_leads_to_end_completes() -> None:
    talk = talk_through({"done": {"type": "node", "links": {"ok": "end"}}})
    assert talk.advances[0].ended == "completed"
    assert talk.conversation.interaction is None
    assert talk.steps[-1].next == "end"


def test_a_branch_that_leads_nowhere_ends_with_its_reason() -> None:
    talk = talk_through({"done": {"type": "node"}})
    assert talk.advances[0].ended == "unlinked_branch"
    assert (talk.steps[-1].action, talk.steps[-1].branch, talk.steps[-1].next) == ("done", "ok", None)


def test_an_operator_ends_an_interaction() -> None:
    talk = talk_through({"wait": pause(5)})
    ended = talk.end()
    assert (ended.ended, ended.disposition, ended.interaction_id) == ("ended_by_operator", "applied", "talk-1")
    assert talk.conversation.interaction is None


def test_there_is_nothing_to_end_in_a_conversation_at_rest() -> None:
    talk = talk_through({"done": {"type": "node", "links": {"ok": "end"}}})
    assert (talk.end().disposition, talk.advances[-1].note) == ("ignored", "no interaction is live")


def test_expiry_is_counted_from_the_later_of_the_last_event_and_the_deadline() -> None:
    talk = talk_through({"wait": pause(100 * 3600)})
    assert talk.interaction.expires_at == MONDAY + (100 + EXPIRY_HOURS) * HOUR_MS
    talk = talk_through({"hold": Hold()})
    assert talk.interaction.expires_at == MONDAY + EXPIRY_HOURS * HOUR_MS
    talk.say("still there", after_ms=HOUR_MS)
    assert talk.interaction.expires_at == MONDAY + (1 + EXPIRY_HOURS) * HOUR_MS


def test_an_interaction_without_deadline_expires_after_its_hours() -> None:
    talk = talk_through({"hold": Hold()})
    assert talk.tick(after_ms=EXPIRY_HOURS * HOUR_MS).disposition == "stale"
    assert talk.tick(after_ms=1).ended == "expired"


def test_a_message_after_the_hours_of_expiry_opens_a_new_interaction() -> None:
    talk = talk_through({"hold": Hold()})
    assert talk.say("hello", after_ms=EXPIRY_HOURS * HOUR_MS + 1).opened
    assert talk.advances[-2].ended == "expired"


def test_a_deadline_that_is_passed_goes_before_expiry() -> None:
    talk = talk_through({"ask": ask(response_time_exceeded="end")}, variables=VARIABLES)
    assert talk.tick(after_ms=1000 * HOUR_MS).ended == "completed"


# Chains.


def test_a_chain_of_250_actions_goes_through() -> None:
    talk = talk_through(dict(chain_of(CHAIN_ACTIONS - 1)))
    assert talk.advances[0].ended == "completed"
    assert len(talk.steps) == CHAIN_ACTIONS


def test_a_chain_of_251_actions_is_a_loop_even_if_it_would_end() -> None:
    talk = talk_through(dict(chain_of(CHAIN_ACTIONS)))
    assert talk.advances[0].ended == "loop"
    assert len(talk.steps) == CHAIN_ACTIONS + 1


def test_a_chain_of_250_actions_may_end_in_a_wait() -> None:
    talk = talk_through({**chain_of(CHAIN_ACTIONS - 1, "wait"), "wait": pause(0, ok="end")})
    assert talk.advances[0].ended is None
    assert talk.wait.awaits == "time"
    assert talk.fall_silent().ended == "completed"


def test_a_wait_begins_the_count_anew() -> None:
    first = chain_of(CHAIN_ACTIONS - 1, "wait")
    second = {f"again-{name}": {**node, "links": {"ok": f"again-{node['links']['ok']}"}} for name, node in chain_of(CHAIN_ACTIONS).items()}
    second[f"again-n{CHAIN_ACTIONS}"] = {"type": "node", "links": {"ok": "end"}}
    talk = talk_through({**first, "wait": pause(0, ok="again-n1"), **second})
    assert talk.fall_silent().ended == "completed"


def test_the_commands_of_a_chain_that_is_a_loop_are_dropped() -> None:
    talk = talk_through({"here": say("again", ok="here")})
    assert talk.advances[0].ended == "loop"
    assert talk.commands == []
    assert all(step.commands == () for step in talk.steps)
    assert len(talk.steps) == CHAIN_ACTIONS + 1


def test_a_hand_over_does_not_begin_the_count_anew() -> None:
    over = {"type": "distribution_to_smart_routing", "smart_routing": {"reference": "other"}}
    other = flow_of(dict(chain_of(200)), reference="other")
    talk = talk_through({**chain_of(100, "over"), "over": over}, other)
    assert talk.advances[0].ended == "loop"


def test_after_a_loop_the_conversation_goes_on_with_a_new_interaction() -> None:
    talk = talk_through({"here": {"type": "node", "links": {"ok": "here"}}})
    talk.publish(flow_of({"wait": pause(5)}, version=2))
    assert talk.say("hello").opened


# The tail.


def test_the_tail_runs_once_with_the_interaction_s_variables() -> None:
    note = {"type": "assign_variables", "variables": [{"variable": "order", "field": "note", "new_value": "kept"}], "links": {"ok": "end"}}
    talk = with_tail({"note": note})
    assert talk.texts == ["Bye: kept"]
    assert talk.advances[0].ended == "completed"
    assert talk.conversation.interaction is None


def test_the_tail_runs_after_a_branch_that_leads_nowhere() -> None:
    talk = with_tail({"done": {"type": "node"}})
    assert (talk.texts, talk.advances[0].ended) == (["Bye: "], "unlinked_branch")


def test_the_tail_runs_when_an_operator_ends_the_interaction() -> None:
    talk = with_tail({"wait": pause(5)})
    assert talk.end().ended == "ended_by_operator"
    assert talk.texts == ["Bye: "]


def test_the_tail_runs_when_an_interaction_expires() -> None:
    talk = with_tail({"hold": Hold()}, expires_after_hours=1)
    assert talk.tick(after_ms=HOUR_MS + 1).ended == "expired"
    assert talk.texts == ["held", "Bye: "]


def test_the_tail_runs_after_a_loop_and_its_commands_are_issued() -> None:
    talk = with_tail({"here": say("again", ok="here")})
    assert talk.advances[0].ended == "loop"
    assert talk.texts == ["Bye: "]


def test_a_tail_that_waits_ends_the_interaction_later_with_the_first_reason() -> None:
    talk = with_tail({"done": {"type": "node"}}, goodbye({"ask": ask(ok="end")}, variables=VARIABLES))
    assert talk.advances[0].ended is None
    assert talk.interaction.tail
    assert talk.say("5").ended == "unlinked_branch"
    assert talk.advances[-1].note is None


def test_a_message_in_the_tail_opens_nothing_new() -> None:
    talk = with_tail({"done": {"type": "node"}}, goodbye({"wait": pause(5, ok="end")}, variables=VARIABLES))
    assert talk.say("hello").disposition == "unawaited"
    talk.fall_silent()
    assert talk.say("hello").opened


def test_an_operator_ends_the_tail_for_good() -> None:
    talk = with_tail({"wait": pause(5)}, goodbye({"ask": ask()}, variables=VARIABLES))
    talk.end()
    ended = talk.end()
    assert (ended.ended, ended.note) == ("ended_by_operator", "end-of-interaction flow: ended_by_operator")
    assert talk.conversation.interaction is None


def test_a_tail_that_is_a_loop_ends_and_is_noted() -> None:
    talk = with_tail({"done": {"type": "node"}}, goodbye({"here": say("again", ok="here")}))
    assert (talk.advances[0].ended, talk.advances[0].note) == ("unlinked_branch", "end-of-interaction flow: loop")
    assert talk.commands == []


def test_the_tail_hands_over_to_nothing() -> None:
    over = {"type": "distribution_to_smart_routing", "smart_routing": {"reference": "main"}, "links": {"not_found": "end"}}
    talk = with_tail({"done": {"type": "node", "links": {"ok": "end"}}}, goodbye({"over": over}))
    assert (talk.steps[-1].branch, talk.steps[-1].reason) == ("not_found", "end_of_interaction")
    assert talk.advances[0].ended == "completed"


def test_a_variable_that_the_tail_declares_with_another_type_is_dropped_with_a_warning() -> None:
    note = {"type": "assign_variables", "variables": [{"variable": "order", "field": "note", "new_value": "kept"}], "links": {"ok": "end"}}
    talk = with_tail({"note": note}, goodbye(variables={"order": {"note": "number"}}))
    assert talk.texts == ["Bye: "]
    assert talk.steps[-2].warnings == ("variable_dropped: order.note",)


@pytest.mark.parametrize("tail", [flow_of({}, reference="other"), flow_of({}, reference="goodbye")], ids=["none", "one of another type"])
def test_without_a_tail_in_service_the_interaction_ends_all_the_same(tail: Flow) -> None:
    talk = with_tail({"done": {"type": "node", "links": {"ok": "end"}}}, tail)
    assert talk.advances[0].ended == "completed"
    assert talk.advances[0].note == "end-of-interaction flow: no version of 'goodbye' in service"
    assert talk.conversation.interaction is None


# Quarantine.


def held_in_quarantine() -> Talk:
    talk = talk_through({"ask": ask(ok="end")}, variables=VARIABLES)
    event = MessageReceived(talk.at + SEC, "poison", "web_chat", "site", "me", "3")
    held = quarantine("talk", talk.conversation, event, "a fault")
    assert (held.disposition, held.note, held.event) == ("quarantined", "a fault", event)
    talk.payload = held.payload
    return talk


def test_a_quarantined_conversation_rejects_events_with_the_reason() -> None:
    talk = held_in_quarantine()
    rejected = []
    for happen in (lambda: talk.say("3"), lambda: talk.respond(command_id="talk-1:2:1"), talk.tick, talk.end):
        with pytest.raises(EventRejected) as error:
            happen()
        rejected.append((error.value.reason, error.value.detail))
    assert rejected == [("quarantined", "a fault")] * 4


def test_a_quarantined_conversation_still_knows_duplicates() -> None:
    talk = held_in_quarantine()
    assert talk.say("hello", message_id="message 1").disposition == "duplicate"


def test_after_a_resumption_the_interaction_goes_on_where_it_was_and_the_poison_can_be_redriven() -> None:
    talk = held_in_quarantine()
    assert talk.resume().disposition == "applied"
    assert talk.say("3", message_id="poison").ended == "completed"


def test_deadlines_do_not_fire_in_quarantine_but_after_it() -> None:
    talk = held_in_quarantine()
    held = talk.conversation.due_at
    talk.resume(after_ms=HOUR_MS)
    assert (held, talk.conversation.due_at) == (None, MONDAY + 60 * SEC)
    assert talk.tick().ended == "unlinked_branch"


def test_there_is_nothing_to_resume_outside_quarantine() -> None:
    talk = talk_through({"wait": pause(5)})
    assert (talk.resume().disposition, talk.advances[-1].note) == ("ignored", "the conversation is not quarantined")


def test_a_conversation_whose_first_message_makes_the_engine_fail_is_quarantined_too() -> None:
    event = MessageReceived(MONDAY, "m", "web_chat", "site", "me", "3")
    held = quarantine("talk", None, event, "a fault")
    assert held.conversation == Conversation("talk", sequence=1, quarantined="a fault")
    assert held.interaction_id is None


# What cannot be applied.


@pytest.mark.parametrize(
    "event",
    [
        Ticked(MONDAY),
        ResponseReceived(MONDAY, "talk-1:1:1", "ok"),
        EndRequested(MONDAY, "operator"),
        ResumeRequested(MONDAY, "operator"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_an_event_for_a_conversation_that_never_began_is_rejected(
    event: Ticked | ResponseReceived | EndRequested | ResumeRequested,
) -> None:
    with pytest.raises(EventRejected) as rejected:
        advance("talk", None, event, DefinitionLog().newest())
    assert rejected.value.reason == "unknown_conversation"
    assert type(event).__name__ in rejected.value.detail


@pytest.mark.parametrize("at", [-1, LAST_TIME + 1, 10**18])
def test_an_event_out_of_the_calendar_is_rejected(at: int) -> None:
    message = MessageReceived(at, "m", "web_chat", "site", "me", "hello")
    with pytest.raises(EventRejected, match="bad_time"):
        advance("talk", None, message, Talk(flow_of({})).log.newest())


@pytest.mark.parametrize("at", [0, LAST_TIME])
@pytest.mark.parametrize("timezone", ["Pacific/Kiritimati", "Pacific/Niue"])
def test_the_first_and_the_last_time_are_in_every_calendar(at: int, timezone: str) -> None:
    talk = Talk(flow_of({"hello": say("{{ now }} {{ interaction.started_at }}", ok="end")}, timezone=timezone), at=at)
    assert talk.say("hello", after_ms=0).ended == "completed"
    assert talk.texts[0]


def test_an_event_earlier_than_the_last_one_is_applied() -> None:
    talk = talk_through({"wait": pause(5)})
    assert talk.say("hello", after_ms=-HOUR_MS).disposition == "unawaited"
    assert talk.interaction.last_event_at == MONDAY


def test_what_changes_the_state_counts_and_what_does_not_does_not() -> None:
    talk = talk_through({"ask": ask(ok="end")}, variables=VARIABLES)
    assert talk.conversation.sequence == 1
    talk.tick()
    talk.say("hello", message_id="message 1")
    assert talk.conversation.sequence == 1
    talk.say("many")
    talk.say(choice="talk-1:1#a")
    talk.end()
    assert talk.conversation.sequence == 4


def test_an_advance_tells_the_commands_of_its_steps_in_order() -> None:
    talk = talk_through({"one": say("one", ok="two"), "two": say("two", ok="end")})
    applied: Advance = talk.advances[0]
    assert [command.command_id for command in applied.commands] == ["talk-1:2:1", "talk-1:3:1"]
    assert applied.commands == tuple(command for step in applied.steps for command in step.commands)
    assert [step.step for step in applied.steps] == [1, 2, 3]


def test_continued_is_never_an_event_from_outside() -> None:
    flow = flow_of({"done": Node(links={"ok": "end"})})
    talk = Talk(flow, EntryPoint(id="other", reference="other", channel="sms", account="1", flow="main"))
    talk.say("hello")
    assert not any(isinstance(applied.event, Continued) for applied in talk.advances)
