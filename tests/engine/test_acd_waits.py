"""While an interaction is with the ACD: what the customer and the agent write goes through the action that waits."""

from typing import Any

import pytest
from typing_extensions import override

from processor.engine.action import Action
from processor.engine.commands import CommandBody, SendMessage
from processor.engine.errors import EventRejected
from processor.engine.events import AgentWrote, MessageReceived, ResponseReceived, ResultReported
from processor.engine.limits import MESSAGE_BYTES, REASON_CHARACTERS
from processor.engine.outcome import Awaiting, Outcome, Taken, Write
from processor.engine.visit import Visit
from tests.flows import flow_of
from tests.talk import SEC, Talk

WAIT = {"type": "pause", "pause_time_sec": 60}


class Distribute(Action):
    """Hand to an agent, as §§ 4.1 and 4.3 do, in small."""

    type = "distribute"
    section = "0.0"
    branches = ("ok", "error")
    failure = "error"

    fields: int = 0

    @override
    def apply(self, visit: Visit) -> Outcome:
        match visit.event:
            case MessageReceived(text=text):
                return self._goes_on(visit, f"to the agent: {text}")
            case AgentWrote(text=text):
                return self._goes_on(visit, text)
            case ResponseReceived(outcome="queued"):
                return Awaiting("agent", None, memo={"phase": "queued"}, same_wait=True)
            case ResponseReceived(outcome=outcome):
                return Taken(outcome)
            case _:
                writes = tuple(Write("v", f"f{number}", "x") for number in range(self.fields))
                return Awaiting("agent", visit.at + 30 * SEC, (SendMessage("distribute"),), writes, memo={"phase": "asked"})

    @override
    def give_up(self, visit: Visit) -> tuple[CommandBody, ...]:
        return (SendMessage(f"cancel {visit.memo['phase']}"),)

    def _goes_on(self, visit: Visit, text: str) -> Awaiting:
        wait = visit.interaction.wait
        assert wait is not None
        return Awaiting("agent", wait.deadline, (SendMessage(text),), memo=wait.memo, same_wait=True)


def distributed(**fields: Any) -> Talk:
    action = Distribute(links={"ok": "wait", "error": "wait"}, **fields)
    tail = flow_of(
        {"bye": {"type": "simple_message", "message": "bye", "links": {"ok": "end"}}}, reference="bye", type="end_of_interaction"
    )
    talk = Talk(flow_of({"here": action, "wait": WAIT}), tail, end_of_interaction="bye")
    talk.say("hello", after_ms=0)
    return talk


def agent(talk: Talk, text: str, *, message_id: str = "m1", command: int = 0) -> AgentWrote:
    return AgentWrote(talk.at + SEC, talk.commands[command].command_id, message_id, "anna", text)


def test_what_the_customer_writes_is_handed_on_in_the_same_wait() -> None:
    talk = distributed()
    before = talk.wait
    talk.say("are you there?")
    assert talk.texts == ["distribute", "to the agent: are you there?"]
    assert talk.wait == before
    assert talk.steps[-1].wait_id == before.id


def test_progress_answers_change_the_deadline_and_leave_the_wait() -> None:
    talk = distributed()
    before = talk.wait
    talk.respond("queued", connector="acd")
    assert (talk.wait.id, talk.wait.commands, talk.wait.deadline) == (before.id, before.commands, None)
    talk.say("hello?")
    talk.respond("ok", command_id=before.commands[0], connector="acd")
    assert talk.steps[-2].branch == "ok"


def test_what_the_agent_writes_goes_out_once() -> None:
    talk = distributed()
    for _ in range(2):
        talk.apply(agent(talk, "Good morning"))
    assert talk.texts == ["distribute", "Good morning"]
    assert talk.dispositions[-2:] == ["applied", "duplicate"]


def test_an_agent_who_no_longer_has_the_interaction_is_not_heard() -> None:
    talk = distributed()
    talk.respond("ok", connector="acd")
    talk.apply(agent(talk, "Good morning"))
    assert talk.dispositions[-1] == "stale"
    assert talk.texts == ["distribute"]


def test_an_agent_is_not_heard_in_a_conversation_at_rest() -> None:
    talk = distributed()
    message = agent(talk, "Good morning")
    talk.end()
    talk.apply(message)
    assert talk.dispositions[-1] == "stale"


def test_an_agent_of_another_distribution_is_not_heard() -> None:
    talk = distributed()
    talk.apply(AgentWrote(talk.at + SEC, "another:1", "m1", "anna", "Good morning"))
    assert talk.dispositions[-1] == "stale"


def test_an_agent_s_text_above_the_limit_is_rejected() -> None:
    talk = distributed()
    talk.apply(agent(talk, "x" * MESSAGE_BYTES))
    with pytest.raises(EventRejected, match="message_too_large"):
        talk.apply(agent(talk, "x" * (MESSAGE_BYTES + 1), message_id="m2"))


def test_an_operator_s_end_calls_the_distribution_back_before_the_tail_runs() -> None:
    talk = distributed()
    talk.respond("queued", connector="acd")
    talk.end()
    assert talk.texts == ["distribute", "cancel queued", "bye"]
    assert [(step.action, step.branch) for step in talk.steps[-3:]] == [("here", None), ("start", "ok"), ("bye", "ok")]
    assert talk.advances[-1].ended == "ended_by_operator"
    assert len({step.step for step in talk.steps}) == len(talk.steps)
    assert len({command.command_id for command in talk.commands}) == len(talk.commands)


def test_expiry_calls_the_distribution_back() -> None:
    talk = distributed()
    talk.respond("queued", connector="acd")
    talk.fall_silent()
    assert talk.advances[-1].ended == "expired"
    assert talk.texts == ["distribute", "cancel queued", "bye"]


def test_a_routing_that_ends_by_a_limit_calls_the_distribution_back() -> None:
    talk = distributed(fields=2001)
    assert talk.advances[-1].ended == "too_many_variables"
    assert talk.texts == ["distribute", "cancel asked"]  # the tail has as many variables


# Results that are reported later.


def paid(talk: Talk, command_id: str, outcome: str = "payment_successful", reason: str | None = None) -> str:
    return talk.apply(ResultReported(talk.at + SEC, command_id, outcome, reason, "billing")).disposition


def billed() -> Talk:
    """Return a conversation whose bill has the payment `p1`."""

    class Bill(Action):
        """Send a link."""

        type = "bill"
        section = "0.0"
        branches = ("ok",)
        failure = "ok"

        @override
        def apply(self, visit: Visit) -> Outcome:
            return Taken("ok", writes=visit.fill("bill", {"payment": "notification_sent", "payment_id": "p1"}))

    talk = Talk(flow_of({"bill": Bill(links={"ok": "wait"}), "wait": WAIT}))
    talk.say("hello", after_ms=0)
    return talk


def test_a_reported_payment_is_kept_on_its_bill() -> None:
    talk = billed()
    before = talk.wait
    assert paid(talk, "p1", "failed_payment", "x" * 1000) == "applied"
    assert talk.interaction.variables["bill"] == {
        "payment": "failed_payment", "payment_reason": "x" * REASON_CHARACTERS, "payment_id": "p1",
    }  # fmt: skip
    assert paid(talk, "p1") == "applied"
    assert talk.interaction.variables["bill"] == {"payment": "payment_successful", "payment_id": "p1"}
    assert talk.wait == before
    assert talk.interaction.last_event_at == talk.at


def test_a_payment_that_has_been_made_stays_made_whatever_older_result_is_told_again() -> None:
    talk = billed()
    assert [paid(talk, "p1", "failed_payment"), paid(talk, "p1"), paid(talk, "p1", "failed_payment")] == ["applied", "applied", "stale"]
    assert talk.interaction.variables["bill"] == {"payment": "payment_successful", "payment_id": "p1"}


def test_a_payment_of_another_bill_and_a_word_that_is_no_result_change_nothing() -> None:
    talk = billed()
    assert [paid(talk, "p2"), paid(talk, "p1", "ok")] == ["acknowledged", "acknowledged"]
    assert talk.interaction.variables["bill"] == {"payment": "notification_sent", "payment_id": "p1"}


def test_a_payment_after_the_interaction_is_journalled_and_nothing_else() -> None:
    talk = billed()
    talk.end()
    assert paid(talk, "p1") == "acknowledged"


@pytest.mark.parametrize(
    ("values", "note"), [({"survey": "opinion", "stars": "4"}, "answered: 2 values"), ({}, "answered: no reason given")]
)
def test_a_survey_s_answers_are_journalled_and_change_nothing(values: dict[str, str], note: str) -> None:
    talk = billed()
    before = talk.conversation
    told = talk.apply(ResultReported(talk.at + SEC, "talk-1:1:1", "answered", None, "surveys", values=values))
    assert (told.disposition, told.note) == ("acknowledged", note)
    assert talk.conversation == before
