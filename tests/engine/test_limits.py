"""Each bound of the engine, with what happens on either side of it. That none is forgotten is the last test."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from processor.engine import limits
from processor.engine.advance import advance
from processor.engine.commands import SendMessage
from processor.engine.entities import EntryPoint
from processor.engine.errors import EventRejected, TemplateFailed
from processor.engine.events import Media, ResultReported
from processor.engine.template import Template
from tests.flows import Document, flow_of
from tests.talk import SEC, Talk, talk_through

PAUSE: Document = {"type": "pause", "pause_time_sec": 0, "links": {"ok": "end"}}


def assign(count: int, value: str, **links: str) -> Document:
    written = [{"variable": "v", "field": f"f{number}", "new_value": value} for number in range(count)]
    return {"type": "assign_variables", "variables": written, "links": links}


def fields(count: int) -> dict[str, dict[str, str]]:
    return {"v": {f"f{number}": "text" for number in range(count)}}


def test_chain_actions() -> None:
    loop = talk_through({"here": {"type": "node", "links": {"ok": "here"}}})
    assert (len(loop.steps), loop.advances[0].ended) == (limits.CHAIN_ACTIONS + 1, "loop")


def test_what_the_semantics_fix_is_as_they_say() -> None:
    assert (limits.CHAIN_ACTIONS, limits.MESSAGE_IDS, limits.HAND_OVERS, limits.EXPIRY_HOURS) == (250, 256, 10, 72)
    assert (limits.RECORD_WARN_BYTES, limits.RECORD_STOP_BYTES) == (64 * 1024, 512 * 1024)
    assert (limits.ANSWER_CHARACTERS, limits.REQUEST_TIMEOUT_SEC) == (10_000, 30)


# Records.


def test_record_warn_bytes() -> None:
    for length, warned in ((limits.RECORD_WARN_BYTES - 2000, False), (limits.RECORD_WARN_BYTES - 100, True)):
        talk = Talk(flow_of({"write": assign(1, "{{ message.text | slice: 0, 5 }}", ok="wait"), "wait": PAUSE}, variables=fields(1)))
        talk.say("x" * length)
        assert talk.payload is not None
        assert (len(talk.payload) > limits.RECORD_WARN_BYTES) == warned
        assert [f"record_large: {len(talk.payload)} bytes"] * warned == list(talk.steps[-1].warnings)


def grown(tail: Document | None = None, actions: int = 9) -> Talk:
    """Return a conversation whose record grows with each tick, until it is too large."""
    steps = {
        f"write{number}": {
            "type": "assign_variables",
            "variables": [{"variable": "v", "field": f"f{number}", "new_value": "{{ message.text }}"}],
            "links": {"ok": f"wait{number}"},
        }
        for number in range(actions)
    }
    waits = {
        f"wait{number}": {**PAUSE, "links": {"ok": f"write{number + 1}" if number + 1 < actions else "end"}} for number in range(actions)
    }
    flows = [flow_of({**steps, **waits}, variables=fields(actions))]
    if tail is not None:
        flows.append(flow_of({"tail": tail}, reference="tail", type="end_of_interaction"))
    talk = Talk(*flows, end_of_interaction="tail" if tail is not None else None)
    talk.say("x" * 60_000)
    while talk.conversation.interaction is not None and not talk.interaction.tail:
        talk.fall_silent()
    return talk


def test_record_stop_bytes() -> None:
    talk = grown()
    assert talk.advances[-1].ended == "record_too_large"
    assert talk.payload is not None
    assert len(talk.payload) < 1000
    assert talk.say("hello").opened


def test_a_record_below_record_stop_bytes_goes_on() -> None:
    assert grown(actions=7).advances[-1].ended == "completed"


def test_the_tail_runs_after_a_record_that_is_too_large() -> None:
    talk = grown({"type": "simple_message", "message": "Bye", "links": {"ok": "end"}})
    assert (talk.advances[-1].ended, talk.texts) == ("record_too_large", ["Bye"])


def test_a_tail_that_would_wait_with_a_record_that_is_too_large_ends_as_well() -> None:
    talk = grown(PAUSE)
    assert (talk.advances[-1].ended, talk.advances[-1].note) == ("record_too_large", "end-of-interaction flow: record_too_large")
    assert talk.conversation.interaction is None


def test_steps_bytes() -> None:
    for messages, ended in ((8, "completed"), (9, "steps_too_large")):
        says = {
            f"m{number}": {
                "type": "simple_message",
                "message": "{{ message.text }}",
                "links": {"ok": f"m{number + 1}" if number + 1 < messages else "end"},
            }
            for number in range(messages)
        }
        talk = Talk(flow_of(says))
        advance = talk.say("x" * 60_000)
        assert advance.ended == ended
        assert len(advance.commands) == (messages if ended == "completed" else 0)
        assert all(step.writes == () and step.warnings == () for step in advance.steps)


# Messages.


def test_message_bytes() -> None:
    talk = talk_through({"wait": PAUSE})
    talk.say("é" * (limits.MESSAGE_BYTES // 2))
    with pytest.raises(EventRejected) as rejected:
        talk.say("é" * (limits.MESSAGE_BYTES // 2) + "x")
    assert rejected.value.reason == "message_too_large"
    assert str(limits.MESSAGE_BYTES + 1) in rejected.value.detail
    with pytest.raises(EventRejected, match="message_too_large"):
        talk.say("x", media=(Media("https://example.org/" + "x" * limits.MESSAGE_BYTES, "image/png"),))
    with pytest.raises(EventRejected, match="message_too_large"):
        talk.say(choice="x" * limits.MESSAGE_BYTES)


def test_message_ids() -> None:
    talk = Talk(flow_of({"wait": {**PAUSE, "pause_time_sec": 3600}}))
    for number in range(limits.MESSAGE_IDS + 1):
        talk.say("hello", message_id=f"m{number}", after_ms=1)
    assert len(talk.conversation.seen) == limits.MESSAGE_IDS * 8
    assert talk.say("hello", message_id="m1").disposition == "duplicate"
    assert talk.say("hello", message_id="m0").disposition == "unawaited"


def test_last_time() -> None:
    talk = Talk(flow_of({"wait": PAUSE}), at=limits.LAST_TIME)
    with pytest.raises(EventRejected, match="bad_time"):
        talk.say("hello", after_ms=1)
    assert talk.say("hello", after_ms=0).opened


# Variables and hand-overs.


def test_fields() -> None:
    for count, ended in ((limits.FIELDS, "completed"), (limits.FIELDS + 1, "too_many_variables")):
        talk = talk_through({"write": assign(count, "x", ok="end")}, variables=fields(count))
        assert talk.advances[0].ended == ended


def test_fields_written_while_an_action_waits() -> None:
    ask = {
        "type": "message_awaiting_response",
        "message": "",
        "maximum_response_wait_time_sec": 60,
        "maximum_number_of_response_attempts": 1,
        "default_error_message": "",
        "questions": [
            {"question_content": "?", "variable_type": "long_text", "variable": "v", "field": f"f{limits.FIELDS + n}"} for n in range(2)
        ],
    }
    talk = talk_through({"write": assign(limits.FIELDS, "x", ok="ask"), "ask": ask}, variables=fields(limits.FIELDS + 2))
    assert talk.say("one more").ended == "too_many_variables"


def test_fields_carried_from_flow_to_flow() -> None:
    over = {"type": "distribution_to_smart_routing", "smart_routing": {"reference": "other"}}
    other = flow_of(
        {"write": {**assign(1, "x", ok="end"), "variables": [{"variable": "w", "field": "f", "new_value": "x"}]}},
        reference="other",
        variables={"w": {"f": "text"}},
    )
    talk = talk_through({"write": assign(limits.FIELDS, "x", ok="over"), "over": over}, other, variables=fields(limits.FIELDS))
    assert talk.advances[0].ended == "too_many_variables"


def test_hand_overs() -> None:
    assert EntryPoint(id="d", reference="d", channel="sms", account="1", flow="main").maximum_distributions == limits.HAND_OVERS == 10
    again = {
        "type": "distribution_to_smart_routing",
        "smart_routing": {"reference": "main"},
        "links": {"maximum_distributions_reached": "wait"},
    }
    talk = talk_through({"again": again, "wait": PAUSE})
    assert talk.interaction.hand_overs == limits.HAND_OVERS
    assert talk.interaction.last.reason == "maximum_distributions_reached"


def test_expiry_hours() -> None:
    entry = EntryPoint(id="d", reference="d", channel="sms", account="1", flow="main")
    assert entry.expires_after_hours == limits.EXPIRY_HOURS == 72
    talk = talk_through({"wait": PAUSE})
    assert talk.interaction.expires_at == talk.at + 72 * 3600 * SEC


# Answers and requests.


def test_answer_characters() -> None:
    ask = {
        "type": "message_awaiting_response",
        "message": "",
        "maximum_response_wait_time_sec": 60,
        "maximum_number_of_response_attempts": 1,
        "default_error_message": "",
        "questions": [{"question_content": "?", "variable_type": "long_text", "variable": "v", "field": "f0"}],
        "links": {"ok": "end", "maximum_attempts_reached": "end"},
    }
    for length, branch in ((limits.ANSWER_CHARACTERS, "ok"), (limits.ANSWER_CHARACTERS + 1, "maximum_attempts_reached")):
        talk = talk_through({"ask": ask}, variables=fields(1))
        talk.say(" " + "é" * length + "\n")
        assert talk.steps[-1].branch == branch


def test_request_timeout_sec() -> None:
    ask = {
        "type": "message_awaiting_response",
        "message": "",
        "maximum_response_wait_time_sec": 60,
        "maximum_number_of_response_attempts": 1,
        "default_error_message": "",
        "questions": [{"question_content": "?", "variable_type": "image", "variable": "v", "field": "f0"}],
    }
    talk = talk_through({"ask": ask}, variables=fields(1))
    talk.say("https://example.org/a.png")
    assert talk.wait.deadline == talk.at + limits.REQUEST_TIMEOUT_SEC * SEC
    assert talk.commands[-1].deadline == talk.wait.deadline


# Templates.


def render(source: str, **scope: object) -> str:
    return Template(source).render(scope, [])


def reason(source: str, **scope: object) -> str:
    with pytest.raises(TemplateFailed) as failed:
        render(source, **scope)
    return failed.value.reason


def test_template_characters() -> None:
    Template("x" * limits.TEMPLATE_CHARACTERS)
    with pytest.raises(ValueError, match="at most 16384 characters, found 16385"):
        Template("x" * (limits.TEMPLATE_CHARACTERS + 1))


@pytest.mark.parametrize(
    "source", ["{{ v.text }}{{ v.text }}", "{{ v.text }}{% if true %}{{ v.text }}{% endif %}"], ids=["plain", "Liquid"]
)
def test_template_output_bytes(source: str) -> None:
    half = limits.TEMPLATE_OUTPUT_BYTES // 2
    assert len(render(source, v={"text": "x" * half})) == 2 * half
    assert reason(source, v={"text": "é" * (half // 2 + 1)}) == "template_limit"


def test_template_iterations() -> None:
    loops = "{% for i in (1..20) %}{% for j in (1..N) %}x{% endfor %}{% endfor %}"
    assert render(loops.replace("N", "50")) == "x" * limits.TEMPLATE_ITERATIONS
    assert reason(loops.replace("N", "51")) == "template_limit"
    assert reason("{% for i in (1..1001) limit: 3 %}x{% endfor %}") == "template_limit"


def test_template_work() -> None:
    once = "{{ v.text | upcase | size }}"
    v = {"text": "x" * (limits.TEMPLATE_OUTPUT_BYTES // 2)}
    assert render(once * 5, v=v) == f"{len(v['text'])}" * 5
    assert reason(once * 20, v=v) == "template_limit"


def test_template_depth() -> None:
    def nested(depth: int) -> str:
        return "{{ " + "a[" * depth + "b" + "]" * depth + " }}"

    Template(nested(limits.TEMPLATE_DEPTH - 3))
    with pytest.raises(ValueError, match="at most 100 deep"):
        Template(nested(limits.TEMPLATE_DEPTH))


def test_missing_names() -> None:
    missing: list[str] = []
    Template("{% for i in (1..100) %}{{ a[i] }}{% endfor %}").render({}, missing)
    assert missing == [f"a.{number}" for number in range(1, limits.MISSING_NAMES + 1)]


def test_missing_name_characters() -> None:
    missing: list[str] = []
    Template("{{ a[v.text] }}").render({"v": {"text": "x" * 1000}}, missing)
    assert missing == ["a." + "x" * (limits.MISSING_NAME_CHARACTERS - 2)]


def test_reason_characters() -> None:
    talk = Talk(flow_of({"wait": PAUSE}))
    talk.say("hello")
    bill = {"payment": "notification_sent", "payment_id": "p"}
    paid = replace(talk.conversation, interaction=replace(talk.interaction, variables={"bill": bill}))
    reported = ResultReported(talk.at + SEC, "p", "failed_payment", "x" * (limits.REASON_CHARACTERS + 1), "billing")
    after = advance("talk", paid, reported, talk.log.newest()).conversation.interaction
    assert after is not None
    assert after.variables["bill"]["payment_reason"] == "x" * limits.REASON_CHARACTERS


def test_what_is_sent_is_within_the_bounds_of_a_template() -> None:
    talk = Talk(flow_of({"say": {"type": "simple_message", "message": "{{ message.text }}{{ message.text }}", "links": {"ok": "end"}}}))
    talk.say("x" * (limits.TEMPLATE_OUTPUT_BYTES // 2))
    assert isinstance(talk.commands[0].body, SendMessage)
    talk.say("x" * (limits.TEMPLATE_OUTPUT_BYTES // 2 + 1))
    assert talk.steps[-1].reason == "template_limit"


def test_each_limit_has_its_test() -> None:
    tested = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in vars(limits) if name.isupper() and f"def test_{name.lower()}(" not in tested] == []
