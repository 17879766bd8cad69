from typing import ClassVar

from typing_extensions import override

from processor.engine.commands import CommandBody, SendMessage
from processor.engine.outcome import Taken
from processor.engine.request import Request
from processor.engine.visit import Visit
from tests.talk import Talk, talk_through

WAIT = {"type": "pause", "pause_time_sec": 60}


class Ask(Request):
    """Ask, with a branch for failure."""

    type = "ask"
    section = "0.0"
    branches: ClassVar[tuple[str, ...]] = ("ok", "maybe", "error")
    failure = "error"

    at_once: bool = False

    @override
    def request(self, visit: Visit) -> CommandBody | Taken:
        return Taken("maybe") if self.at_once else SendMessage("question")


class Insist(Ask):
    """Ask, with no branch for failure."""

    type = "insist"
    branches = ("ok",)
    failure = "ok"


def asked(action: Request) -> Talk:
    return talk_through({"ask": action, "wait": WAIT})


def links(*branches: str) -> dict[str, str]:
    return dict.fromkeys(branches, "wait")


ASK = Ask(links=links("ok", "maybe", "error"))


def taken(talk: Talk) -> tuple[str | None, str | None]:
    step = next(step for step in reversed(talk.steps) if step.action == "ask")
    return step.branch, step.reason


def test_a_request_waits_thirty_seconds_for_its_answer() -> None:
    talk = asked(ASK)
    assert ASK.waits()
    assert talk.wait.awaits == "response"
    assert talk.wait.deadline == talk.at + 30_000
    assert talk.commands[0].deadline == talk.wait.deadline


def test_an_outcome_takes_the_branch_of_its_name() -> None:
    talk = asked(ASK)
    talk.respond("maybe")
    assert taken(talk) == ("maybe", "maybe")


def test_an_outcome_without_a_branch_takes_the_failure_with_its_reason() -> None:
    talk = asked(ASK)
    talk.respond("strange")
    assert taken(talk) == ("error", "strange")
    other = asked(ASK)
    other.respond("strange", reason="odd")
    assert taken(other) == ("error", "odd")


def test_silence_takes_the_failure_with_reason_timeout() -> None:
    talk = asked(ASK)
    talk.fall_silent()
    assert taken(talk) == ("error", "timeout")


def test_without_a_failure_branch_a_request_goes_on_and_warns() -> None:
    talk = asked(Insist(timeout=5, links=links("ok")))
    talk.fall_silent()
    assert taken(talk) == ("ok", "timeout")
    assert talk.steps[-2].warnings == ("timeout",)


def test_a_branch_may_be_taken_without_asking() -> None:
    talk = asked(Ask(at_once=True, links=links("ok", "maybe", "error")))
    assert taken(talk) == ("maybe", "maybe")
    assert talk.commands == []
