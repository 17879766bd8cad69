from processor.actions import action_types
from processor.engine.definitions import DefinitionLog
from processor.flow.publication import absorb, prepare
from processor.flow.usage import named_by_flow, users_of
from tests.flow.documents import ENTRY_POINT, document, flow


def tag(**names):
    return {"type": "add_checkpoint", "checkpoint": names, "links": {"ok": "end", "reference_not_found": "end"}}


def test_a_flow_names_by_id_and_by_references_without_variables():
    named = flow({"a": tag(id="c-1"), "b": tag(reference=" qualified "), "c": tag(reference="{{ order.status }}")})
    assert list(named_by_flow(named)) == [
        ("actions.a.checkpoint", ("checkpoint", "id", "c-1")),
        ("actions.b.checkpoint", ("checkpoint", "reference", "qualified")),
    ]


def test_users_are_flows_in_service_and_other_entities():
    log = DefinitionLog()
    documents = [
        ("1", document({"a": tag(id="c-1"), "b": tag(reference="qualified")})),
        ("2", {"kind": "checkpoint", "id": "c-1", "reference": "qualified"}),
        ("3", {**ENTRY_POINT, "end_of_interaction": "support"}),
        ("4", {"kind": "queue", "id": "q-1", "reference": "sales"}),
        ("5", {"kind": "user", "id": "anna", "reference": "anna", "queues": ["sales"]}),
    ]
    for record in prepare(documents, log, action_types(), author="ana", at=1).records:
        assert absorb(log, log.offset + 1, record, action_types()) is None
    now = log.newest()
    assert users_of(now, "checkpoint", "c-1", "") == ["flow support"]
    assert users_of(now, "checkpoint", "", "qualified") == ["flow support"]
    assert users_of(now, "checkpoint", "c-2", "lost") == []
    assert users_of(now, "flow", "support", "support") == ["entry_point web"]
    assert users_of(now, "queue", "q-1", "sales") == ["user anna"]
    assert users_of(now, "queue", "", "") == []
