import pytest

from processor.runtime.simulator.suite import load_suite
from processor.runtime.simulator.trial import run
from tests.runtime.simulator.documents import DRAWING, PACKING

ORDER = [{"customer": "Hi"}, {"choose": "My order"}, {"customer": 42}]


def verdict(file):
    return run(load_suite(file), 0)


def failure(file):
    found = verdict(file)
    assert not found.passed
    return found.failure.partition("\n\nsteps taken:")[0].splitlines()


def test_a_conversation_passes_where_all_is_as_expected(tests_of):
    found = verdict(
        tests_of(
            [
                {
                    "customer": "Hi",
                    "messages": ["~ Hello", "..."],
                    "choices": ["My order", "...", "People"],
                    "path": ["...", "hello: ok", "menu"],
                },
                {"choose": "My order", "branch": "link_1", "messages": ["One question.", "/^Which/"], "commands": []},
                {"customer": "lots", "messages": ["Digits, please.", "..."], "branch": {}},
                {
                    "customer": 42,
                    "path": [{"number": "ok"}, "breathe"],
                    "variables": {"order": {"number": 42, "status": None}},
                    "ending": None,
                },
                {
                    "wait": "10s",
                    "messages": "Order 42 is packing.",
                    "commands": [{"CallWebService": {"service": "orders", "inputs": {"number": "42"}}}],
                    "path": ["breathe: ok", "support/find: ok", "found"],
                    "ending": "completed",
                    "warnings": [],
                },
            ],
            script=[PACKING],
        )
    )
    assert (found.failure, found.turns) == (None, 5)
    assert found.counts["support", "menu", "link_1"] == 1


def test_a_conversation_can_be_held_as_a_whole(tests_of):
    whole = {"messages": ["...", "Order 42 is packing."], "ending": "completed", "commands": ["CallWebService"]}
    talk = {"conversation": "all", "turns": [*ORDER, {"wait": "10s"}], "expect": whole, "script": [PACKING]}
    assert verdict(tests_of(talk)).passed
    assert failure(tests_of({**talk, "expect": {"ending": "expired"}})) == [
        "the conversation as a whole:",
        "  ending:",
        "    - expired",
        "    + completed",
    ]


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        ({"messages": ["Hello", "Bye"]}, ["messages:", "  = Hello", "  - Bye", "  + What is it about?"]),
        ({"messages": []}, ["messages:", "  + Hello", "  + What is it about?"]),
        ({"messages": ["...", "Bye"]}, ["messages:", "  = ...", "  - Bye", "  + Hello", "  + What is it about?"]),
        ({"choices": ["People"]}, ["choices:", "  + My order", "  + A photo", "  = People"]),
        ({"path": ["start", "menu"]}, ["path:", "  = start: ok", "  + hello: ok", "  = menu (waits)"]),
        ({"branch": "error"}, ["branch:", "  - error", "  + ok"]),
        ({"branch": {"menu": "link_1"}}, ["branch of menu:", "  - link_1", "  + none was taken"]),
        ({"reason": "timeout"}, ["reason:", "  - timeout", "  + nothing"]),
        ({"commands": ["SendEmail"]}, ["commands:", "  - SendEmail"]),
        (
            {"commands": [{"SendMessage": {"text": "Hi"}}, "SendChoices"]},
            ["commands:", '  - SendMessage: {"text": "Hi"}', '  + SendMessage: {"text": "Hello "}', "  = SendChoices"],
        ),
        ({"variables": {"order": {"number": 1}}}, ["order.number:", "  - 1", "  + nothing"]),
        ({"ending": "completed"}, ["ending:", "  - completed", "  + nothing"]),
        ({"warnings": []}, ["warnings:", "  + missing_variable: customer.name"]),
    ],
)
def test_what_differs_is_shown(tests_of, expected, told):
    lines = failure(tests_of([{"customer": "Hi", **expected}]))
    assert lines[0] == "turn 1 (customer: Hi):"
    assert [line.removeprefix("  ") for line in lines[1:]] == told


def test_the_steps_taken_are_shown_beside_what_differs(tests_of):
    told = verdict(
        tests_of(
            [*ORDER, {"wait": "10s", "ending": "expired"}],
            script=[{"command": "CallWebService", "answer": {"outcome": "error", "reason": "status"}}],
        )
    )
    assert told.summary == "turn 4 (wait: 10s): ending"
    for line in (
        "  2026-03-02 09:00:00  customer: Hi",
        "      hello (simple_message) ok → menu",
        "        → SendMessage",
        "        ! missing_variable: customer.name",
        "      menu (message_with_choice) waits until 2026-03-02 09:15:00",
        "        order.number = '42'",
        "      find (web_service) not_ok, status → sorry",
        "      the interaction ends: completed",
    ):
        assert line in told.failure.splitlines()


def test_a_command_that_nobody_answers_fails_the_test_and_says_how_to_write_a_rule(tests_of):
    told = "\n".join(failure(tests_of([*ORDER, {"wait": "10s"}])))
    assert told.startswith("at the end:\n  expected an answer to CallWebService of action `find`")
    assert "- {command: CallWebService, action: find, answer: {outcome: ok, values: {}}}" in told


@pytest.mark.parametrize(
    "turn",
    [
        {"answer": {"values": {"status": "sent"}}, "messages": ["Order 42 is sent."]},
        {"answer": "silence"},
        {"answer": "error", "to": "CallWebService", "branch": {"find": "not_ok"}},
        {"report": {"outcome": "x", "reason": "y"}},
    ],
)
def test_the_next_turn_may_answer(tests_of, turn):
    found = verdict(tests_of([*ORDER, {"wait": "10s"}, turn, {"answer": "ok"}]))
    assert found.passed, found.failure


def test_everything_that_can_happen_happens(tests_of):
    found = verdict(
        tests_of(
            [
                {"customer": "Hi", "messages": ["Hello Ana", "..."]},
                {"choose": 2},
                {"image": {"url": "https://example.com/x", "mime_type": "image/png"}, "customer": "here", "ending": "completed"},
                {"customer": "More"},
                {"choose": "A photo"},
                {"image": "https://example.com/roof.webp", "variables": {"photo": {"url": "~ roof"}}},
                {"customer": "People, please"},
                {"wait": "deadline", "branch": "ok", "path": ["menu: response_time_exceeded", "bye"], "after": "1s"},
                {"customer": "People", "after": "1h"},
                {"choose": 3, "commands": [{"DistributeToQueue": {"queues": [{"reference": "desk"}]}}]},
                {"answer": ["queued", {"outcome": "accepted", "after": "1m"}]},
                {"wait": "until 2026-03-02T10:30"},
                {"agent": "Hello", "by": "anna", "messages": ["Hello"]},
                {"operator": "end", "ending": "ended_by_operator", "commands": ["CancelDistribution"]},
            ],
            customer={"name": "Ana", "address": "+447700900001", "locale": "en"},
            channel="whatsapp",
        )
    )
    assert found.passed, found.failure


def test_a_turn_that_cannot_happen_fails_the_test(tests_of):
    assert failure(tests_of([{"customer": "Hi"}, {"choose": "Nothing"}])) == [
        "turn 2 (choose: Nothing):",
        "  expected one of the choices offered (1 My order; 2 A photo; 3 People); found 'Nothing'",
    ]


def test_what_load_sharing_draws_is_part_of_a_conversation(tests_of, folder):
    (folder / "support.yaml").write_text(DRAWING, "utf-8")
    talk = {"conversation": "a", "draws": {"halves": ["link_2", "link_1"]}, "turns": [{"customer": "Hi", "branch": {"halves": "link_1"}}]}
    assert verdict(tests_of(talk)).counts["draw", "halves", "link_2"] == 1
    assert failure(tests_of({**talk, "draws": {"half": "link_2"}}))[0].startswith("draws.half: expected an action of type load_sharing")


def test_a_failure_of_the_engine_fails_one_conversation(tests_of, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("no")

    monkeypatch.setattr("processor.actions.simple_message.SimpleMessage.apply", broken)
    told = verdict(tests_of([{"customer": "Hi"}]))
    assert told.summary == "the engine failed, which would quarantine the conversation"
    assert "ZeroDivisionError: no (test_trial.py, line" in told.failure


def test_a_reason_that_is_null_means_that_there_is_none(tests_of):
    pattern = {"variable": "{{ message.text }}", "operator": "regular_expression", "value": "("}
    failing = {
        "ref": "support", "timezone": "Europe/London", "locale": "en-GB", "country": "GB",
        "actions": {"start": {"type": "start", "links": {"ok": "test"}}, "test": {"type": "test_values", "conditions": [pattern]}},
    }  # fmt: skip
    talk = {"conversation": "a", "definitions": [failing], "turns": [{"customer": "Hi", "reason": "bad_pattern"}]}
    assert verdict(tests_of(talk)).passed
    assert failure(tests_of({**talk, "turns": [{"customer": "Hi", "reason": None}]}))[1:] == [
        "  reason:",
        "    - nothing",
        "    + bad_pattern",
    ]
    assert verdict(tests_of([{"customer": "Hi", "reason": None}])).passed
