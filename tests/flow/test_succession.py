from dataclasses import replace

from processor.flow.succession import can_wait, misnamed, stranded
from tests.flow.documents import END, QUESTION, flow

CALL = {"type": "web_service", "web_service": {"reference": "x"}, "links": {"ok": "end", "not_ok": "end"}}
OLD = replace(flow({"ask": QUESTION, "note": END, "call": CALL, "wait": {**CALL, "synchronous": True}}), version=1)
NEW = flow({"question": QUESTION, "wait": END})


def test_what_can_wait_is_what_says_so():
    assert [identity for identity, action in OLD.actions.items() if can_wait(action)] == ["ask", "wait"]


def test_those_who_wait_without_a_counterpart_are_told_with_their_number():
    assert list(stranded([OLD], NEW, {}, {1: {"ask": 3, "wait": 0}})) == [
        "version 1, 3 in flight: `ask` waits: expected an action `ask` of type message_awaiting_response; found nothing"
    ]
    assert list(stranded([OLD], NEW, {"ask": "question"}, {1: {"ask": 3}})) == []
    assert list(stranded([OLD], NEW, {}, {2: {"ask": 3}})) == []


def test_where_nothing_is_known_all_that_can_wait_is_held_to_it():
    assert list(stranded([OLD], NEW, {"ask": "question"}, None)) == [
        "version 1: `wait` waits: expected an action `wait` of type web_service; found one of type node"
    ]


def test_names_that_no_version_has_are_told():
    assert list(misnamed([OLD], NEW, {"aks": "question", "ask": "quesiton", "note": "wait"})) == [
        'expected an action of a version in flight (did you mean `ask`?); found "aks"',
        'expected an action of the new version for `ask` (did you mean `question`?); found "quesiton"',
    ]
