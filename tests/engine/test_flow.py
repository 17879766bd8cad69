from tests.flows import flow_of


def test_a_field_has_its_declared_type_and_is_text_where_nothing_is_declared() -> None:
    flow = flow_of({}, variables={"order": {"total": "number"}})
    assert flow.declared("order", "total") == "number"
    assert flow.declared("order", "note") == "text"
    assert flow.declared("person", "name") == "text"


def test_two_flows_that_differ_in_their_hash_alone_are_equal() -> None:
    assert flow_of({}) == flow_of({})
    assert flow_of({}) != flow_of({}, version=2)
