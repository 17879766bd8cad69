"""What no single case can show of § 11.2: the branches that each use can take, what does not fit, and what a new version may change."""

import pytest

from processor.actions.pay_invoice import PayInvoice
from processor.engine.definitions import DefinitionLog, Definitions
from processor.engine.errors import Misfit
from processor.engine.events import MigrateRequested
from tests.actions.test_cases import entity_of
from tests.flows import action_of, flow_of
from tests.talk import Talk

RESULTS = ["payment_stopped", "bank_transfer_error", "fraudulent_payment", "failed_payment", "payment_error", "payment_successful"]
INVOICE = {"type": "pay_invoice", "payment_type": "invoice", "i_know": "invoice_id", "value": "7", "payment_module": {"id": "m1"}}
AMOUNT = {
    "type": "pay_invoice", "payment_type": "amount", "amount": 5, "currency": "EUR", "payment_module": {"id": "m1"},
    "mobile_phone_number": "+33612345678", "email": "ada@example.org",
}  # fmt: skip


@pytest.mark.parametrize(
    ("document", "branches"),
    [
        ({**INVOICE, "mode": "sms"}, {"invoice_not_found", "payment_error", "notification_sent"}),
        ({**AMOUNT, "mode": "email"}, {"payment_error", "notification_sent"}),
        ({**INVOICE, "mode": "smart_routing"}, {"invoice_not_found", *RESULTS}),
        ({**AMOUNT, "mode": "smart_routing"}, set(RESULTS)),
    ],
)
def test_a_use_can_take_the_branches_of_its_type_and_mode(document: dict[str, object], branches: set[str]) -> None:
    used = action_of(document).used_branches()
    assert set(used) == branches
    assert [branch for branch in PayInvoice.branches if branch in branches] == list(used)


def definitions_with(**module: object) -> Definitions:
    log = DefinitionLog()
    log.publish(0, entity_of({"kind": "payment_module", "id": "m1", "reference": "shop", "provider": "ino_pay", **module}))
    return log.newest()


@pytest.mark.parametrize(
    ("module", "mode", "codes"),
    [
        ({}, "smart_routing", []),
        ({"provider": "other"}, "sms", []),
        ({"provider": "other"}, "smart_routing", ["payment_mode"]),
        ({"status": "inactive"}, "smart_routing", ["unfit_definition"]),
        ({"internal": False, "provider": "other"}, "smart_routing", ["unfit_definition", "payment_mode"]),
    ],
)
def test_a_module_that_does_not_fit_is_told(module: dict[str, object], mode: str, codes: list[str]) -> None:
    action = action_of({**INVOICE, "mode": mode})
    assert [misfit.code for misfit in action.misfits(definitions_with(**module))] == codes


def test_a_mode_that_the_module_does_not_allow_is_told_where_it_stands() -> None:
    action = action_of({**INVOICE, "mode": "smart_routing", "payment_module": {"reference": "shop"}})
    expected = Misfit("payment_mode", "mode", "sms or email, the modes of this payment module", "smart_routing")
    assert action.misfits(definitions_with(provider="other")) == [expected]


def test_nothing_is_told_of_a_module_that_only_an_interaction_knows() -> None:
    action = action_of({**INVOICE, "mode": "smart_routing", "payment_module": {"reference": "{{ a.b }}"}})
    assert action.misfits(definitions_with(status="inactive")) == []


@pytest.mark.parametrize(
    ("mode", "disposition", "note"),
    [("sms", "applied", "main 1 → 2"), ("email", "ignored", "`pay` waits: expected mode sms; found email")],
)
def test_a_payment_under_way_goes_on_only_in_its_mode(mode: str, disposition: str, note: str) -> None:
    module = entity_of({"kind": "payment_module", "id": "m1", "reference": "shop", "provider": "ino_pay"})
    talk = Talk(flow_of({"pay": {**INVOICE, "mode": "sms"}}), module)
    talk.say("hello")
    talk.publish(flow_of({"pay": {**INVOICE, "mode": mode}}, version=2))
    migrated = talk.apply(MigrateRequested(talk.at + 1, "operator", "main", 1, 2))
    assert (migrated.disposition, migrated.note) == (disposition, note)
