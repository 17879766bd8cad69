from typing import Any

import pytest

from processor.engine.definitions import DefinitionLog
from processor.engine.events import Continued, Media
from processor.engine.interaction import Checkpoint, Customer, Interaction, Last, Message
from processor.engine.outcome import Write
from processor.engine.template import Template
from processor.engine.values import Number
from processor.engine.visit import BUILT_IN, BUILT_IN_TYPES, Visit
from tests.flows import flow_of
from tests.talk import MONDAY, SEC

VARIABLES = {"order": {"total": "number", "open": "boolean", "note": "text"}}


def visit(**fields: Any) -> Visit:
    known: dict[str, Any] = {
        "customer": Customer("whatsapp", "331", "336", None, "fr"),
        "message": Message("hello", (Media("https://example.org/a", "image/png"),), "c1"),
        "last": Last("ask", "error", "timeout"),
        "checkpoints": (Checkpoint("qualified", "tag", MONDAY), Checkpoint("urgent", "tag", MONDAY)),
        "variables": {"order": {"total": "12.5", "open": "true", "note": "x"}, "carried": {"value": "1"}},
    }
    interaction = Interaction("talk", 3, flow="main", flow_version=7, started_at=MONDAY, last_event_at=MONDAY, **{**known, **fields})
    return Visit(
        flow_of({"here": {"type": "node"}}, variables=VARIABLES), interaction, Continued(MONDAY + 90 * SEC), DefinitionLog().newest()
    )


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ interaction.id }} {{ interaction.channel }} {{ interaction.account }}", "talk-3 whatsapp 331"),
        ("{{ interaction.flow }} {{ interaction.version }} {{ interaction.number }}", "main 7 3"),
        ("{{ interaction.started_at }}", "2026-03-02T10:00:00+01:00"),
        ("{{ customer.id }} {{ customer.address }} {{ customer.locale }}", "talk 336 fr"),
        ("{{ message.text }} {{ message.choice }} {{ message.media[0].url }}", "hello c1 https://example.org/a"),
        ("{{ last.action }} {{ last.branch }} {{ last.reason }}", "ask error timeout"),
        ("{{ checkpoints | join: ',' }}", "qualified,urgent"),
        ("{{ now }} {{ today }}", "2026-03-02T10:01:30+01:00 2026-03-02"),
        ("{{ order.total }} {{ order.open }} {{ order.note }} {{ carried.value }}", "12.5 true x 1"),
        ("{{ case }}{{ crm }}{{ bill }}", "{}{}{}"),
    ],
)
def test_templates_see_built_in_and_flow_variables(source: str, text: str) -> None:
    seen = visit()
    assert seen.render(Template(source)) == text
    assert seen.warnings == []


def test_what_is_not_known_of_a_customer_is_missing() -> None:
    seen = visit()
    assert seen.render(Template("{{ customer.name }}")) == ""
    assert seen.warnings == ["missing_variable: customer.name"]


def test_numbers_are_numbers_and_truth_values_truth_values() -> None:
    order = visit().scope["order"]
    assert order == {"total": Number("12.5"), "open": True, "note": "x"}


def test_the_scope_is_a_mapping_of_all_names_each_once() -> None:
    scope = visit().scope
    assert set(scope) == {"order", "carried", *BUILT_IN}
    assert len(scope) == len(list(scope)) == len(BUILT_IN) + 2
    assert "order" in scope
    assert "now" in scope
    assert "nothing" not in scope
    with pytest.raises(KeyError):
        scope["nothing"]


def test_a_flow_s_variable_goes_before_a_built_in_one_of_its_name() -> None:
    scope = visit(variables={"case": {"title": "5"}}).scope
    assert scope["case"] == {"title": "5"}
    assert list(scope).count("case") == 1


def test_a_visit_goes_on_with_what_was_written() -> None:
    seen = visit()
    later = seen.after((Write("order", "note", "y"),))
    assert later.render(Template("{{ order.note }}{{ nothing.here }}")) == "y"
    assert seen.render(Template("{{ order.note }}")) == "x"
    assert later.wait_id == seen.wait_id == "talk-3:1"
    assert seen.warnings == ["missing_variable: nothing.here"]


def test_types_of_built_in_variables_are_those_of_their_values() -> None:
    bill = {"amount": "12.50", "issued_on": "2026-03-02", "due_on": "2026-04-02"}
    seen = visit(variables={"bill": bill})
    for path, declared in BUILT_IN_TYPES.items():
        text = seen.render(Template("{{ " + ".".join(path) + " }}"))
        assert declared == ("date_and_time" if "T" in text else "date" if "-" in text else "number")


def test_a_filled_variable_has_these_fields_and_no_others() -> None:
    seen = visit(variables={"bill": {"amount": "5", "status": "open"}})
    writes = seen.fill("bill", {"amount": "12.50", "number": "F-1"})
    assert writes == (Write("bill", "status", ""), Write("bill", "amount", "12.5"), Write("bill", "number", "F-1"))
    assert visit().fill("bill", {}) == ()


def test_a_variable_is_not_filled_with_what_does_not_fit_its_type() -> None:
    with pytest.raises(ValueError, match="a number, found 'five'"):
        visit().fill("bill", {"amount": "five"})
