"""Each rule of the linter: documents in which it finds something, and documents that come near to it and are sound."""

import re
from pathlib import Path
from typing import Any

import pytest

import processor.actions
import processor.engine
from processor.actions import action_types
from processor.engine.definitions import DefinitionLog
from processor.engine.entities import KINDS
from processor.flow.batch import FLOW, lint_batch, read_batch
from processor.flow.document import load
from processor.flow.rules import NEEDS_EVERYTHING, RULES
from processor.flow.rules.sms import segments
from tests.flow.documents import END, ENTRY_POINT, QUESTION, WEB_SERVICE, document

LONG = "x" * 161
TYPES = {
    "order": {"number": "number", "status": "text", "day": "date", "at": "date_and_time", "paid": "boolean"},
    "contact": {"email": "email", "phone": "phone", "words": "long_text"},
}
EXISTS: dict[str, Any] = {"type": "test_values", "conditions": [{"variable": "{{ now }}", "operator": "exists"}]}
CHECKPOINT = {"kind": "checkpoint", "id": "c-1", "reference": "qualified"}
QUEUE = {"kind": "queue", "id": "q-1", "reference": "sales"}
DATABASE = {
    "kind": "database",
    "id": "d-1",
    "reference": "orders",
    "columns": {"number": {"required": True}, "status": {"type": "list", "proposals": ["open", "closed"]}},
}
WHATSAPP = {**ENTRY_POINT, "channel": "whatsapp"}
SMS = {**ENTRY_POINT, "channel": "sms"}
CALL = {
    "type": "web_service",
    "web_service": {"reference": "order_status"},
    "request_settings": {"number": "{{ order.number }}"},
    "synchronous": True,
    "variables": [{"response_field": "status", "variable": "order", "field": "status"}],
    "links": {"ok": "end", "not_ok": "end"},
}
FROM_CARD = {"type": "associate_case", "links": {"ok": "end", "not_found": "end"}}
PAUSE = {"type": "pause", "pause_time_sec": 5}


def to(actions, /, **more):
    return document(actions, **{"variables": {}, **more})


def typed(actions, /, **more):
    return to(actions, variables=TYPES, **more)


def node(target):
    return {"type": "node", "links": {"ok": target}}


def say(text, target="end"):
    return {"say": {"type": "simple_message", "message": text, "links": {"ok": target}}}


def ask(links=None, **question):
    questions = [{**QUESTION["questions"][0], **question}]
    return {"ask": {**QUESTION, "questions": questions, "links": {**QUESTION["links"], **(links or {})}}}


def choose(*texts):
    links = {f"link_{number}": "end" for number in range(1, len(texts) + 1)}
    return {
        "choose": {
            "type": "message_with_choice",
            "message": "Which?",
            "maximum_response_wait_time_sec": 60,
            "responses": [{"response_content": text} for text in texts],
            "links": {**links, "error": "end", "response_time_exceeded": "end"},
        }
    }


def check(*conditions):
    return {"test": {"type": "test_values", "conditions": list(conditions), "links": {"yes": "end", "no": "end", "error": "end"}}}


def compare(variable, operator, value=None):
    return check({"variable": f"{{{{ {variable} }}}}", "operator": operator, **({} if value is None else {"value": value})})


def assign(field, value):
    return {
        "set": {
            "type": "assign_variables",
            "variables": [{"variable": "order", "field": field, "new_value": value}],
            "links": {"ok": "end", "error": "end"},
        }
    }


def tag(reference):
    return {"tag": {"type": "add_checkpoint", "checkpoint": reference, "links": {"ok": "end", "reference_not_found": "end"}}}


def hand_over(reference, **more):
    links = {"not_found": "end", "maximum_distributions_reached": "end"}
    return {"go": {"type": "distribution_to_smart_routing", "smart_routing": {"reference": reference}, "links": links}, **more}


def passages(less, greater, **more):
    count = {"type": "check_passages", "maximum_number_of_passages": 2, "links": {"less_than_or_equal": less, "greater": greater}}
    return {"count": {**count, **more}, "ask": {**QUESTION, "links": {**QUESTION["links"], "error": "count"}}}


def contacts(**thresholds):
    links = {**dict.fromkeys(thresholds, "end"), "no_link": "end"}
    return {"nth": {"type": "check_nth_contact", "time_interval_to_be_counted": "days", "value": 30, **thresholds, "links": links}}


def save(**fields):
    values = [{"database_field": name, "value": value} for name, value in fields.items()]
    return {
        "save": {"type": "save_database", "database": {"reference": "orders"}, "fields": values, "links": {"ok": "end", "not_ok": "end"}}
    }


def to_user(reference):
    links = {"ok": "end", "error": "end", "no_response": "end", "reference_not_found": "end"}
    return {"go": {"type": "distribution_to_user", "user": {"reference": reference}, "links": links}}


def pay(mode):
    branches = action_types()["pay_invoice"].branches
    invoice = {"payment_type": "invoice", "i_know": "invoice_number", "value": "7"}
    module = {"payment_module": {"reference": "shop"}, "mode": mode}
    return {"pay": {"type": "pay_invoice", **invoice, **module, "links": dict.fromkeys(branches, "end")}}


def call(**changes):
    return {"call": {**CALL, **changes}}


def service(**changes):
    return {**WEB_SERVICE, **changes}


def module(**changes):
    return {"kind": "payment_module", "id": "p-1", "reference": "shop", "provider": "other", **changes}


def user(**changes):
    return {"kind": "user", "id": "u-1", "reference": "anna", **changes}


def sms_template(content):
    return {"kind": "sms_template", "id": "t-1", "reference": "sent", "content": content}


def send_sms(**changes):
    links = dict.fromkeys(action_types()["send_sms"].branches, "end")
    return {
        "send": {
            "type": "send_sms",
            "sms_template": {"id": "t-1"},
            "sms_number": "36000",
            "recipient": "0612345678",
            **changes,
            "links": links,
        }
    }


FOUND = [
    ("unreachable_action", to({"one": END, "island": END}), "actions.island"),
    ("unlinked_branch", to({"call": {**CALL, "synchronous": False, "variables": [], "links": {"ok": "end"}}}), "actions.call.links.not_ok"),
    (
        "unlinked_timeout",
        to({"ask": {**QUESTION, "links": {"ok": "end"}}}, variables={"order": {"number": "number"}}),
        "actions.ask.links.response_time_exceeded",
    ),
    ("idle_flow", to({"start": {"type": "start", "links": {"ok": "end"}}}), "actions.start.links.ok"),
    ("wait_free_cycle", to({"a": node("b"), "b": node("a")}), "actions.a"),
    ("unlimited_retry", typed(ask({"error": "ask"})), "actions.ask.links.error"),
    ("unlimited_retry", typed(ask({"response_time_exceeded": "ask"})), "actions.ask.links.response_time_exceeded"),
    ("passages_without_exit", typed(passages("ask", "ask")), "actions.count.links.greater"),
    (
        "passages_without_exit",
        typed({**passages("w", "other"), "other": node("w"), "w": {**PAUSE, "links": {"ok": "count"}}}),
        "actions.count.links.greater",
    ),
    ("thresholds_out_of_order", to(contacts(link_1=2, link_2=0)), "actions.nth.link_2"),
    ("thresholds_out_of_order", to(contacts(link_1=0, link_3=0, link_4=1)), "actions.nth.link_3"),
    (
        "idle_hand_over",
        [to(hand_over("tail")), to({"a": END}, ref="tail", type="end_of_interaction")],
        "actions.go.smart_routing.reference",
    ),
    ("idle_hand_over", to(hand_over("{{ message.text }}"), type="end_of_interaction"), "actions.go.smart_routing"),
    ("hand_over_cycle", to(hand_over("support")), "actions.go.smart_routing"),
    (
        "hand_over_cycle",
        [to(hand_over("b")), to({"n": node("go"), **hand_over("c")}, ref="b"), to(hand_over("support"), ref="c")],
        "actions.go.smart_routing",
    ),
    ("unknown_reference", to(tag({"reference": "qualified"})), "actions.tag.checkpoint.reference"),
    ("unknown_reference", to(tag({"id": "c-1"})), "actions.tag.checkpoint.id"),
    ("unknown_reference", to(hand_over("nowhere")), "actions.go.smart_routing.reference"),
    ("unknown_reference", {"kind": "queue_group", "id": "g", "reference": "g", "queues": ["sales", "night"]}, "queues[0]", "queues[1]"),
    ("wrong_kind", [to(tag({"reference": "sales"})), QUEUE], "actions.tag.checkpoint.reference"),
    ("wrong_kind", [to(tag({"id": "q-1"})), QUEUE], "actions.tag.checkpoint.id"),
    ("wrong_kind", [to(hand_over("sales")), QUEUE], "actions.go.smart_routing.reference"),
    ("wrong_kind", [to(tag({"reference": "night"})), to({"a": END}, ref="night")], "actions.tag.checkpoint.reference"),
    ("unknown_flow", ENTRY_POINT, "flow"),
    ("unfit_flow", [ENTRY_POINT, to({"a": END}, type="end_of_interaction")], "flow"),
    ("unfit_flow", [{**ENTRY_POINT, "end_of_interaction": "support"}, to({"a": END})], "end_of_interaction"),
    ("unknown_field", [to(save(number="1", colour="red")), DATABASE], "actions.save.fields[1].database_field"),
    ("missing_field", [to(save(status="open")), DATABASE], "actions.save.fields"),
    ("value_not_listed", [to(save(number="1", status="lost")), DATABASE], "actions.save.fields[1].value"),
    ("payment_mode", [to(pay("smart_routing")), module()], "actions.pay.mode"),
    ("unfit_definition", [to(to_user("anna")), user(active=False)], "actions.go.user"),
    ("unknown_input", [typed(call(request_settings={"number": "1", "x": "1"})), WEB_SERVICE], "actions.call.request_settings.x"),
    ("missing_input", [typed(call(request_settings={})), WEB_SERVICE], "actions.call.request_settings.number"),
    (
        "unknown_output",
        [typed(call(variables=[{"response_field": "x", "variable": "order", "field": "status"}])), WEB_SERVICE],
        "actions.call.variables[0].response_field",
    ),
    ("undeclared_variable", to(say("{{ ordr.number }}")), "actions.say.message"),
    ("never_written", to(say("{{ order.status }}"), variables={"order": {"status": "text"}}), "variables.order.status"),
    (
        "never_written",
        [
            to(say("{{ order.status }}"), variables={"order": {"status": "text"}}),
            to(ask(), ref="other", variables={"order": {"number": "number", "status": "text"}}),
        ],
        "variables.order.status",
    ),
    ("unused_variable", to({"a": END}, variables={"order": {"status": "text"}}), "variables.order.status"),
    ("unused_variable", to(say("{{ order.status }}"), variables={"order": {"status": "text", "day": "date"}}), "variables.order.day"),
    ("unfit_value", typed(assign("number", "many")), "actions.set.variables[0].new_value"),
    ("unfit_value", typed(assign("day", "tomorrow")), "actions.set.variables[0].new_value"),
    ("unfit_value", typed(assign("paid", "yes")), "actions.set.variables[0].new_value"),
    ("unfit_question", typed(ask(field="day")), "actions.ask.questions[0].variable_type"),
    ("unfit_question", typed(ask(variable_type="date", field="number")), "actions.ask.questions[0].variable_type"),
    ("unfit_comparison", typed(compare("order.number", "=", "many")), "actions.test.conditions[0].value"),
    ("unfit_comparison", typed(compare("order.number", "≥", " ")), "actions.test.conditions[0].value"),
    ("unfit_comparison", typed(compare("order.day", "≤", "soon")), "actions.test.conditions[0].value"),
    ("unfit_comparison", typed(compare("order.paid", "≠", "yes")), "actions.test.conditions[0].value"),
    ("unfit_comparison", typed(compare("contact.phone", "=", "hello")), "actions.test.conditions[0].value"),
    ("unfit_comparison", typed(compare("now", "≥", "noon")), "actions.test.conditions[0].value"),
    ("unfit_comparison", typed(compare("checkpoints", "=", "qualified")), "actions.test.conditions[0].operator"),
    ("text_order", typed(compare("order.status", "≥", "6")), "actions.test.conditions[0].operator"),
    ("bad_pattern", typed(compare("order.status", "regular_expression", "(open")), "actions.test.conditions[0].value"),
    ("failing_template", to(say("{{ 1 | divided_by: 0 }}")), "actions.say.message"),
    ("failing_template", to(say("{% for n in (1..99999) %}{{ n }}{% endfor %}")), "actions.say.message"),
    ("empty_message", to(say(" ")), "actions.say.message"),
    ("empty_message", to(say("{% assign x = 1 %}")), "actions.say.message"),
    ("empty_message", typed(ask(question_content="")), "actions.ask.questions[0].question_content"),
    ("empty_message", to({"choose": {**choose("a")["choose"], "message": ""}}), "actions.choose.message"),
    ("same_choices", to(choose("Yes", '{{ "YES" }}')), "actions.choose.responses[1].response_content"),
    ("same_choices", typed(choose("{{ order.day }}", "no", "{{order.day}}")), "actions.choose.responses[2].response_content"),
    ("choices_as_list", [to(choose("a", "b", "c", "d")), WHATSAPP], "actions.choose.responses"),
    ("choices_as_list", [to(choose("x" * 21)), WHATSAPP], "actions.choose.responses"),
    (
        "choices_as_list",
        [to(choose(*"abcd")), to(hand_over("support"), ref="menu"), {**WHATSAPP, "flow": "menu"}],
        "actions.choose.responses",
    ),
    ("choices_as_text", [to(choose("x" * 25)), WHATSAPP], "actions.choose.responses"),
    ("choices_as_text", [to(choose("x" * 25, *"abcde")), WHATSAPP], "actions.choose.responses"),
    ("sms_segments", [to(say(LONG)), SMS], "actions.say.message"),
    ("sms_segments", [to(say("’" + "x" * 70)), SMS], "actions.say.message"),
    (
        "sms_segments",
        [to(say(LONG), ref="tail", type="end_of_interaction"), to({"a": END}), {**SMS, "end_of_interaction": "tail"}],
        "actions.say.message",
    ),
    ("sms_segments", to(send_sms(content=LONG)), "actions.send.content"),
    ("sms_segments", sms_template(LONG), "content"),
    ("question_at_the_end", typed(ask(), type="end_of_interaction"), "actions.ask"),
    ("question_at_the_end", to(choose("a"), type="end_of_interaction"), "actions.choose"),
    ("personal_data_in_checkpoint", to(tag({"reference": "{{ customer.address }}"})), "actions.tag.checkpoint.reference"),
    ("personal_data_in_checkpoint", typed(tag({"reference": "by-{{ contact.email | downcase }}"})), "actions.tag.checkpoint.reference"),
    ("personal_data_in_checkpoint", to(tag({"reference": "{{ crm.email }}"})), "actions.tag.checkpoint.reference"),
    ("personal_data_in_checkpoint", to(tag({"reference": "{{ crm }}"})), "actions.tag.checkpoint.reference"),
    (
        "personal_data_in_url",
        [typed(call(request_settings={"number": "{{ contact.phone }}"})), WEB_SERVICE],
        "actions.call.request_settings.number",
    ),
    (
        "personal_data_in_url",
        [
            typed(call(request_settings={"number": "{{ message.text }}"})),
            service(url="https://x.example.com/", inputs={"number": {"place": "query"}}),
        ],
        "actions.call.request_settings.number",
    ),
    ("secret_in_header", service(headers={"Authorization": "Bearer x"}), "headers.Authorization"),
    ("url_input", service(inputs={}), "url"),
    ("url_input", service(inputs={"number": {"place": "query"}}), "inputs.number.place"),
    ("url_input", service(url="https://x.example.com/"), "inputs.number"),
    ("url_input", service(inputs={"number": {"place": "path", "required": False}}), "inputs.number.required"),
    ("url_input", service(url="https://{number}.example.com/{number}"), "url"),
    ("bad_result_path", service(outputs={"status": {"path": "status"}}), "outputs.status.path"),
    ("bad_result_path", service(outputs={"status": {"path": "$.status", "language": "jmespath"}}), "outputs.status.path"),
]

NEAR = [
    ("unreachable_action", to({"a": {**EXISTS, "links": {"yes": "b", "no": "end", "error": "end"}}, "b": END})),
    ("unlinked_branch", typed(call())),
    ("unlinked_branch", to(contacts(link_1=0, link_2=0))),
    ("unlinked_timeout", typed(ask())),
    ("idle_flow", to({"a": END})),
    ("idle_flow", to({"start": {"type": "start"}})),
    ("wait_free_cycle", to({"a": node("b"), "b": {**PAUSE, "links": {"ok": "a"}}})),
    ("unlimited_retry", typed(ask({"maximum_attempts_reached": "ask"}))),
    ("unlimited_retry", typed(passages("ask", "end"))),
    ("unlimited_retry", to({"choose": {**choose("again")["choose"], "links": {"link_1": "choose"}}})),
    ("passages_without_exit", typed(passages("ask", "end"))),
    ("passages_without_exit", typed({**passages("end", "end"), "count2": {**passages("ask", "ask")["count"], "links": {}}})),
    ("passages_without_exit", typed({**passages("ask", "other"), "other": node("ask")})),
    (
        "passages_without_exit",
        typed({**passages("w", "other", reset_the_counter=True), "other": node("w"), "w": {**PAUSE, "links": {"ok": "count"}}}),
    ),
    ("passages_without_exit", typed({**passages("ask", "other"), "other": {**PAUSE, "links": {"ok": "other"}}})),
    (
        "passages_without_exit",
        typed(
            {**passages("w", "go"), "go": {**hand_over("x")["go"], "links": {"not_found": "w"}}, "w": {**PAUSE, "links": {"ok": "count"}}}
        ),
    ),
    ("thresholds_out_of_order", to(contacts(link_1=0, link_2=2, link_5=3))),
    ("idle_hand_over", [to(hand_over("other")), to({"a": END}, ref="other")]),
    ("hand_over_cycle", [to(hand_over("b")), typed({**ask({"ok": "go"}), **hand_over("support")}, ref="b")]),
    ("hand_over_cycle", [to(hand_over("b")), to(hand_over("b"), ref="b")]),
    ("hand_over_cycle", to(hand_over("{{ message.text }}"))),
    ("hand_over_cycle", to(hand_over("b"))),
    ("unknown_reference", [to(tag({"reference": " qualified "})), CHECKPOINT]),
    ("unknown_reference", to(tag({"reference": "{{ message.text }}"}))),
    ("unknown_reference", to(hand_over("support"))),
    ("unknown_reference", [{"kind": "queue_group", "id": "g", "reference": "g", "queues": ["sales"]}, QUEUE]),
    ("wrong_kind", [to(tag({"reference": "qualified"})), CHECKPOINT, {**QUEUE, "reference": "qualified"}]),
    ("wrong_kind", to(tag({"reference": "qualified"}))),
    ("unknown_flow", [ENTRY_POINT, to({"a": END})]),
    ("unfit_flow", [{**ENTRY_POINT, "end_of_interaction": "tail"}, to({"a": END}), to({"a": END}, ref="tail", type="end_of_interaction")]),
    ("unfit_flow", ENTRY_POINT),
    ("unknown_field", [to(save(number="1", status="open")), DATABASE]),
    ("missing_field", [to(save(number="1")), DATABASE]),
    ("value_not_listed", [to(save(number="1", status="{{ message.text }}")), DATABASE]),
    ("payment_mode", [to(pay("smart_routing")), module(provider="ino_pay")]),
    ("payment_mode", [to(pay("sms")), module()]),
    ("unfit_definition", [to(to_user("anna")), user()]),
    ("unknown_input", [typed(call()), WEB_SERVICE]),
    ("missing_input", [typed(call()), service(inputs={"number": {"place": "path"}, "x": {"required": False}})]),
    ("unknown_output", [typed(call()), WEB_SERVICE]),
    ("undeclared_variable", to(say("{{ customer.anything }} {{ now }}"))),
    ("never_written", to({**ask({"ok": "say"}), **say("{{ order.number }}")}, variables={"order": {"number": "number"}})),
    (
        "never_written",
        [
            to(say("{{ order.number }}"), variables={"order": {"number": "number"}}),
            to(ask(), ref="other", variables={"order": {"number": "number"}}),
        ],
    ),
    ("unused_variable", to(ask(), variables={"order": {"number": "number"}})),
    ("unused_variable", to(say("{{ order }}"), variables={"order": {"status": "text"}})),
    ("unused_variable", to(say("{{ order[last.reason] }}"), variables={"order": {"status": "text"}})),
    ("unfit_value", typed(assign("number", "1 234,56"))),
    ("unfit_value", typed(assign("day", ""))),
    ("unfit_value", typed(assign("number", "{{ message.text }}"))),
    ("unfit_question", typed(ask(variable_type="date", field="at"))),
    ("unfit_question", typed(ask(variable_type="long_text", field="number"))),
    ("unfit_comparison", typed(compare("order.number", "=", "12,5"))),
    ("unfit_comparison", typed(compare("order.number", "contains", "many"))),
    ("unfit_comparison", typed(compare("order.number", "=", "{{ message.text }}"))),
    ("unfit_comparison", typed(compare("order.day", "≥", "2026-03-01"))),
    ("unfit_comparison", typed(compare("order.status", "=", ""))),
    ("unfit_comparison", typed(compare("order.number | plus: 1", "=", "many"))),
    ("unfit_comparison", typed(compare("message.media[0].url", "=", "x"))),
    ("unfit_comparison", to(compare("checkpoints", "contains", "qualified"))),
    ("unfit_comparison", to(compare("last.reason", "exists"))),
    ("text_order", typed(compare("order.number", "≥", "6"))),
    ("text_order", typed(compare("order.status", "≥", "open"))),
    ("text_order", typed(compare("order.status", "=", "6"))),
    ("text_order", typed(compare("order.status", "≤", "{{ order.number }}"))),
    ("bad_pattern", typed(compare("order.status", "regular_expression", "(open|closed)"))),
    ("bad_pattern", typed(compare("order.status", "regular_expression", "({{ message.text }}"))),
    ("bad_pattern", typed(compare("order.status", "=", "(open"))),
    ("failing_template", to(say("{{ 8 | divided_by: 2 }}"))),
    ("failing_template", to(say("{{ 1 | divided_by: message.text }}"))),
    ("empty_message", to(say("{{ message.text }}"))),
    ("empty_message", to(say("{{ 1 | divided_by: 0 }}"))),
    ("empty_message", typed({"ask": {**ask()["ask"], "message": ""}})),
    ("same_choices", typed(choose("Yes", "No", "{{ order.status }}", "{{ order.number }}", "{{ order.status }}!"))),
    ("choices_as_list", [to(choose("x" * 20, "b", "c")), WHATSAPP]),
    ("choices_as_list", [to(choose("x" * 25)), WHATSAPP]),
    ("choices_as_list", [to(choose(*"abcd")), ENTRY_POINT]),
    ("choices_as_list", [to(choose(*"abcd")), SMS]),
    ("choices_as_list", [to(choose(*"abcd")), {**WHATSAPP, "flow": "other"}]),
    ("choices_as_text", [to(choose("x" * 24, *"abcdefghi")), WHATSAPP]),
    ("sms_segments", [to(say("x" * 160)), SMS]),
    ("sms_segments", [to(say("’" * 70)), SMS]),
    ("sms_segments", [to(say(LONG)), WHATSAPP]),
    ("sms_segments", [to(say(LONG + "{{ message.text }}")), SMS]),
    ("sms_segments", to(send_sms())),
    ("sms_segments", sms_template("x" * 160)),
    ("question_at_the_end", typed(ask())),
    ("question_at_the_end", to(say("bye"), type="end_of_interaction")),
    ("personal_data_in_checkpoint", to(tag({"reference": "{{ customer.locale }}"}))),
    ("personal_data_in_checkpoint", typed(tag({"reference": "{{ order.status }}-{{ crm.id }}"}))),
    ("personal_data_in_checkpoint", to(tag({"id": "c-1"}))),
    ("personal_data_in_url", [typed(call()), WEB_SERVICE]),
    (
        "personal_data_in_url",
        [
            typed(call(request_settings={"number": "{{ message.text }}", "x": "{{ message.text }}"})),
            service(url="https://x.example.com/", inputs={"number": {}}),
        ],
    ),
    ("personal_data_in_url", typed(call(request_settings={"number": "{{ message.text }}"}))),
    ("secret_in_header", service(headers={"X-Tenant": "kettle"})),
    ("url_input", service()),
    ("bad_result_path", service(outputs={"a": {"path": "$.items[0]['status']"}, "b": {"path": "items[0].status", "language": "jmespath"}})),
]


def lint(documents, code):
    """Return the paths at which a rule finds something in the first of the documents."""
    named = [(f"{number}.yaml", given) for number, given in enumerate([documents] if isinstance(documents, dict) else documents)]
    batch = read_batch(named, action_types())
    assert batch.faults == []
    return [finding.path for name, finding in lint_batch(batch, DefinitionLog()) if (name, finding.code) == ("0.yaml", code)]


@pytest.mark.parametrize(("code", "documents", "paths"), [(code, documents, paths) for code, documents, *paths in FOUND])
def test_a_rule_finds_what_it_looks_for(code, documents, paths):
    assert lint(documents, code) == paths


@pytest.mark.parametrize(("code", "documents"), NEAR)
def test_a_rule_is_silent_where_it_is_only_nearly_wrong(code, documents):
    assert lint(documents, code) == []


def test_every_rule_is_tried_and_nearly_tried():
    codes = {rule.code for rule in RULES if rule.flow is not None or rule.entity is not None}
    assert {code for code, *_ in FOUND} == codes
    assert {code for code, _ in NEAR} == codes


def test_every_rule_has_a_code_of_its_own_and_two_sentences():
    assert len({rule.code for rule in RULES}) == len(RULES) >= 20
    for rule in RULES:
        assert re.fullmatch("[a-z][a-z_]*", rule.code)
        assert re.fullmatch(r"[A-Z`].+\.", rule.summary), rule.code
        assert re.fullmatch(r"[A-Z`].+\.", rule.mend), rule.code
    assert {rule.code for rule in RULES} >= NEEDS_EVERYTHING


def test_every_code_that_action_types_use_is_a_rule():
    sources = [path for package in (processor.actions, processor.engine) for path in Path(str(package.__path__[0])).rglob("*.py")]
    used = {code for path in sources for code in re.findall(r"Misfit\(\s*\"(\w+)\"", path.read_text("utf-8"))}
    assert used >= {"unknown_field", "unknown_input"}
    assert used <= {rule.code for rule in RULES}


def test_the_examples_are_sound():
    examples = Path(__file__).parents[2] / "examples"
    for folder in sorted(path.parent for path in examples.glob("*/tests")):
        loaded = [(str(path), load(path.read_bytes())) for path in sorted(folder.rglob("*.yaml"))]
        named = [(name, given) for name, given in loaded if given.get("kind") in (FLOW, *KINDS)]  # others are tests of flows
        assert named
        batch = read_batch(named, action_types())
        faults = [finding for _, finding in lint_batch(batch, DefinitionLog()) if finding.severity == "fault"]
        assert (batch.faults, faults) == ([], []), folder.name


@pytest.mark.parametrize(
    ("text", "count", "foreign"),
    [
        ("", 1, ""),
        ("x" * 160, 1, ""),
        ("x" * 161, 2, ""),
        ("x" * 306, 2, ""),
        ("x" * 307, 3, ""),
        ("€" * 80, 1, ""),
        ("€" * 81, 2, ""),
        ("é" * 160, 1, ""),
        ("ê" * 70, 1, "ê"),
        ("ê" * 71, 2, "ê"),
        ("ê" * 134, 2, "ê"),
        ("ê" * 135, 3, "ê"),
        ("😀" * 35, 1, "😀"),
        ("😀" * 36, 2, "😀"),
    ],
)
def test_a_text_takes_as_many_sms_as_its_alphabet_asks_for(text, count, foreign):
    assert segments(text) == (count, foreign)
