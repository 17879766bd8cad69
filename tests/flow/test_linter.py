from typing import Any

import pytest

from processor.engine.definitions import DefinitionLog
from processor.engine.limits import CHAIN_ACTIONS
from processor.flow.entity_reader import read_entity
from processor.flow.linter import lint
from tests.flow.documents import END, QUESTION, WEB_SERVICE, flow

NOISE = {"unused_variable", "never_written"}
"""Codes about variables that the documents of these tests declare and do not all use."""

PAUSE: dict[str, Any] = {"type": "pause", "pause_time_sec": 5}


STUCK = (
    f"actions.a: no action waits on the way a → b → a, which would end the interaction after {CHAIN_ACTIONS} actions; "
    "put an action that waits into it, such as a pause or a question, or lead it out"
)


def definitions():
    log = DefinitionLog()
    log.publish(0, read_entity(WEB_SERVICE))
    log.publish(1, read_entity({"kind": "checkpoint", "id": "c-1", "reference": "qualified"}))
    log.publish_flow(2, flow(ref="after_hours"))
    log.publish_flow(3, flow(ref="farewell", type="end_of_interaction"))
    return log.newest()


def findings_of(actions, /, *, known=False, **more):
    return [finding for finding in lint(flow(actions, **more), definitions() if known else None) if finding.code not in NOISE]


def found(actions, /, **more):
    return [(finding.code, finding.severity, finding.path) for finding in findings_of(actions, **more)]


def node(target):
    return {"type": "node", "links": {"ok": target}}


def test_a_sound_flow_has_no_findings():
    assert found({"ask": QUESTION}, known=True) == []


def test_every_finding_tells_what_is_wrong_and_how_to_mend_it():
    actions = {"a": node("b"), "b": node("a"), "say": {"type": "simple_message", "message": "{{ ordr.number }}"}}
    assert [str(finding) for finding in findings_of(actions)] == [
        "actions.say: no way from start leads to this action; link it, or take it away",
        "actions.say.links.ok: branch `ok` of `say` leads nowhere; link it to an action, or to `end` where the routing may end",
        STUCK,
        "actions.say.message: `ordr.number` is read and not declared; declare it, or mend its name",
    ]


def test_an_action_without_a_way_to_it_is_a_warning():
    actions = {"one": END, "island": node("other"), "other": node("island")}
    assert [finding for finding in found(actions) if finding[0] == "unreachable_action"] == [
        ("unreachable_action", "warning", "actions.island"),
        ("unreachable_action", "warning", "actions.other"),
    ]


def test_an_action_reached_by_any_branch_is_reachable():
    assert found({"ask": {**QUESTION, "links": {**QUESTION["links"], "error": "last"}}, "last": END}) == []


def test_a_branch_that_leads_nowhere_is_a_warning():
    links = {"ok": "end", "maximum_attempts_reached": "end"}
    assert found({"ask": {**QUESTION, "links": links}}) == [
        ("unlinked_branch", "warning", "actions.ask.links.error"),
        ("unlinked_timeout", "warning", "actions.ask.links.response_time_exceeded"),
    ]


def test_only_the_branches_that_a_placement_can_take_need_a_link():
    share = {"type": "load_sharing", "link_load_no_1": 50, "link_load_no_3": 50, "links": {"link_1": "end"}}
    assert found({"share": share}) == [("unlinked_branch", "warning", "actions.share.links.link_3")]


EXISTS: dict[str, Any] = {"type": "test_values", "conditions": [{"variable": "{{ now }}", "operator": "exists"}]}
CALL: dict[str, Any] = {"type": "web_service", "web_service": {"id": "x"}}


@pytest.mark.parametrize(
    ("actions", "first"),
    [
        ({"a": node("a")}, "a"),
        ({"a": node("b"), "b": node("c"), "c": node("a")}, "a"),
        ({"a": node("start")}, "start"),
        ({"a": END, "b": node("c"), "c": node("b")}, "b"),
        ({"w": {**PAUSE, "links": {"ok": "a"}}, "a": node("b"), "b": node("a")}, "a"),
        ({"a": {**CALL, "links": {"ok": "a", "not_ok": "end"}}}, "a"),
    ],
)
def test_a_cycle_without_a_wait_is_a_fault(actions, first):
    assert [finding for finding in found(actions) if finding[1] == "fault"] == [("wait_free_cycle", "fault", f"actions.{first}")]


@pytest.mark.parametrize(
    "actions",
    [
        {"a": node("w"), "w": {**PAUSE, "links": {"ok": "a"}}},
        {"ask": {**QUESTION, "links": {**QUESTION["links"], "error": "ask"}}},
        {"a": {**CALL, "synchronous": True, "links": {"ok": "end", "not_ok": "a"}}},
        {"a": {**EXISTS, "links": {"yes": "b", "no": "b", "error": "b"}}, "b": END},
    ],
)
def test_a_cycle_with_a_wait_is_harmless(actions):
    assert [finding for finding in found(actions) if finding[1] == "fault"] == []


def test_each_cycle_is_told_once_and_in_the_order_of_the_flow():
    actions = {
        "entry": {**EXISTS, "links": {"yes": "a", "no": "x", "error": "w"}},
        "a": {**EXISTS, "links": {"yes": "b", "no": "c", "error": "end"}},
        "b": {**EXISTS, "links": {"yes": "a", "no": "c", "error": "b"}},
        "c": node("a"),
        "w": {**PAUSE, "links": {"ok": "x"}},
        "x": node("y"),
        "y": {**EXISTS, "links": {"yes": "x", "no": "w", "error": "c"}},
    }
    told = [finding.message for finding in findings_of(actions)]
    assert [message.partition(",")[0] for message in told] == [
        "no action waits on the way a → b → a",
        "no action waits on the way x → y → x",
    ]


def test_the_shortest_cycle_through_an_action_is_told():
    actions = {"a": {**EXISTS, "links": {"yes": "b", "no": "d", "error": "end"}}, "b": node("c"), "c": node("d"), "d": node("a")}
    (finding,) = findings_of(actions)
    assert "a → d → a," in finding.message


def test_ways_that_meet_again_do_not_hide_a_cycle():
    actions = {
        "a": {**EXISTS, "links": {"yes": "b", "no": "c", "error": "b"}},
        "b": node("d"),
        "c": node("d"),
        "d": node("e"),
        "e": node("a"),
    }
    (finding,) = findings_of(actions)
    assert "a → b → d → e → a," in finding.message


def test_a_long_cycle_is_told_in_short():
    actions = {f"a{n}": node(f"a{(n + 1) % 40}") for n in range(40)}
    (finding,) = findings_of(actions)
    assert "a9 → a10 → … (40 actions) → a0," in finding.message


@pytest.mark.parametrize(
    ("reference", "findings"),
    [
        ({"id": "c-1"}, []),
        ({"reference": "qualified"}, []),
        ({"reference": " qualified "}, []),
        ({"reference": "{{ order.status }}"}, []),
        ({"reference": ""}, []),
        ({"id": "c-2"}, [("unknown_reference", "fault", "actions.tag.checkpoint.id")]),
        ({"reference": "qualifed"}, [("unknown_reference", "fault", "actions.tag.checkpoint.reference")]),
    ],
)
def test_an_entity_that_is_known_to_be_missing_is_a_fault(reference, findings):
    tag = {"type": "add_checkpoint", "checkpoint": reference, "links": {"ok": "end", "reference_not_found": "end"}}
    assert found({"tag": tag}, known=True) == findings
    assert found({"tag": tag}) == []


def hand_over(reference):
    links = {"not_found": "end", "maximum_distributions_reached": "end"}
    return {"go": {"type": "distribution_to_smart_routing", "smart_routing": reference, "links": links}}


@pytest.mark.parametrize(
    ("reference", "findings"),
    [
        ({"reference": "after_hours"}, []),
        ({"id": "after_hours"}, []),
        ({"reference": "support"}, [("hand_over_cycle", "warning", "actions.go.smart_routing")]),
        ({"reference": "{{ order.status }}"}, []),
        ({"reference": "at_night"}, [("unknown_reference", "fault", "actions.go.smart_routing.reference")]),
        ({"reference": "farewell"}, [("idle_hand_over", "warning", "actions.go.smart_routing.reference")]),
    ],
)
def test_a_hand_over_to_what_cannot_take_it_is_told(reference, findings):
    assert found(hand_over(reference), known=True) == findings


def test_an_end_of_interaction_flow_hands_over_to_nothing():
    assert found(hand_over({"reference": "after_hours"}), known=True, type="end_of_interaction") == [
        ("idle_hand_over", "warning", "actions.go.smart_routing")
    ]
    assert found(hand_over({"reference": "after_hours"}), type="end_of_interaction") == [
        ("idle_hand_over", "warning", "actions.go.smart_routing")
    ]


def test_parameters_that_do_not_fit_what_they_name_are_a_fault():
    call = {
        "type": "web_service",
        "web_service": {"reference": "order_status"},
        "request_settings": {"colour": "red"},
        "synchronous": True,
        "variables": [{"response_field": "stat", "variable": "order", "field": "status"}],
        "links": {"ok": "end", "not_ok": "end"},
    }
    assert [(finding.code, finding.path, finding.message) for finding in findings_of({"call": call}, known=True)] == [
        ("unknown_input", "actions.call.request_settings.colour", "expected an input that the web service declares; found none"),
        ("missing_input", "actions.call.request_settings.number", "expected a value for this required input; found nothing"),
        ("unknown_output", "actions.call.variables[0].response_field", "expected one of status; found stat"),
    ]
    assert found({"call": call}) == []


@pytest.mark.parametrize(
    ("template", "names"),
    [
        ("{{ order.number }} {{ order.status | upcase }}", []),
        ("{{ customer.anything }} {{ now }} {{ last.reason }} {{ crm.x }}", []),
        ("{{ order }} {% for item in order %}{{ item.x }}{% endfor %}", []),
        ("{{ order[last.reason] }} {{ order[0] }}", []),
        ("{{ ordr.number }}", ["ordr.number"]),
        ("{{ order.total.net }} {{ order.total.gross }}", ["order.total"]),
        ("{% if vip %}{{ order['colour'] }}{% endif %}", ["order.colour", "vip"]),
    ],
)
def test_reading_what_nothing_declares_is_a_warning(template, names):
    findings = findings_of({"say": {"type": "simple_message", "message": template, "links": {"ok": "end"}}})
    assert [finding.message for finding in findings] == [f"`{name}` is read and not declared" for name in names]
    assert all(
        (finding.code, finding.severity, finding.path) == ("undeclared_variable", "warning", "actions.say.message") for finding in findings
    )


def test_five_thousand_actions_in_a_ring_are_linted():
    ring = {f"a{n}": node(f"a{(n + 1) % 5000}") for n in range(5000)}
    assert [finding.code for finding in findings_of(ring, known=True)] == ["wait_free_cycle"]
