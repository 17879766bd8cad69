from processor.engine.errors import DocumentRefused, EventRejected, Fault, SmartRoutingError, TemplateFailed


def test_a_fault_says_where_what_was_expected_and_what_was_found() -> None:
    assert str(Fault("actions.ask.message", "text", "nothing")) == "actions.ask.message: expected text; found nothing"
    assert str(Fault("", "a mapping", "a list")) == "document: expected a mapping; found a list"


def test_a_refused_document_tells_all_its_faults() -> None:
    faults = [Fault("a", "b", "c"), Fault("d", "e", "f")]
    refused = DocumentRefused(faults)
    assert refused.faults == tuple(faults)
    assert str(refused).splitlines() == [str(fault) for fault in faults]


def test_all_are_of_one_family() -> None:
    assert {DocumentRefused.__base__, EventRejected.__base__, TemplateFailed.__base__} == {SmartRoutingError}
    assert (EventRejected("bad_time", "x").reason, str(EventRejected("bad_time", "x"))) == ("bad_time", "bad_time: x")
