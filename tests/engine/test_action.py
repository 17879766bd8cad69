from processor.actions.message_with_choice import MessageWithChoice
from processor.actions.node import Node
from processor.actions.web_service import ResponseField, WebService
from processor.engine.action import LINKS, SUCCESSES, Action
from processor.engine.definitions import DefinitionLog
from processor.engine.entities import Input, Output
from processor.engine.entities import WebService as WebServiceDefinition
from processor.engine.errors import Misfit
from processor.engine.parameters import WebServiceReference
from processor.engine.template import Template

SERVICE = WebServiceDefinition(
    id="s1",
    reference="lookup",
    url="https://example.org/",
    inputs={"number": Input(), "copies": Input(type="number", required=False)},
    outputs={"status": Output(path="$.status"), "total": Output(path="$.total")},
)


def call(reference: WebServiceReference, *results: str, **inputs: str) -> WebService:
    return WebService(
        web_service=reference,
        request_settings={name: Template(value) for name, value in inputs.items()},
        synchronous=True,
        variables=[ResponseField(response_field=result, variable="v", field="f") for result in results],
    )


def misfits(action: Action) -> list[Misfit]:
    log = DefinitionLog()
    log.publish(0, SERVICE)
    return action.misfits(log.newest())


def test_there_are_ten_links_and_they_are_successes() -> None:
    assert len(LINKS) == 10
    assert set(LINKS) <= SUCCESSES
    assert "no_link" not in SUCCESSES


def test_an_action_fits_any_definitions_and_can_take_all_its_branches_where_it_does_not_say_otherwise() -> None:
    node = Node(links={})
    assert misfits(node) == []
    assert node.used_branches() == ("ok",)
    assert not node.waits()


def test_choices_that_there_are_can_be_taken() -> None:
    choice = MessageWithChoice.model_validate(
        {"message": "?", "maximum_response_wait_time_sec": 30, "responses": [{"response_content": "a"}, {"response_content": "b"}]}
    )
    assert choice.used_branches() == ("link_1", "link_2", "error", "response_time_exceeded")


def test_a_call_that_fits_its_service_has_no_faults() -> None:
    for reference in (WebServiceReference(id="s1"), WebServiceReference(reference=Template(" lookup "))):
        assert misfits(call(reference, "status", number="5")) == []
        assert misfits(call(reference, number="5", copies="{{ v.f }}")) == []


def test_missing_and_surplus_inputs_and_unknown_results_are_faults() -> None:
    assert misfits(call(WebServiceReference(id="s1"), "status", "colour", shade="red")) == [
        Misfit("unknown_input", "request_settings.shade", "an input that the web service declares", "none"),
        Misfit("missing_input", "request_settings.number", "a value for this required input", "nothing"),
        Misfit("unknown_output", "variables[1].response_field", "one of status, total", "colour"),
    ]


def test_a_service_that_cannot_be_known_before_has_no_faults() -> None:
    unknown = [WebServiceReference(id="s2"), WebServiceReference(reference=Template("{{ v.f }}"))]
    assert [misfits(call(reference)) for reference in unknown] == [[], []]


def test_a_service_without_results_says_so() -> None:
    log = DefinitionLog()
    log.publish(0, WebServiceDefinition(id="s1", reference="lookup", url="https://example.org/"))
    (fault,) = call(WebServiceReference(id="s1"), "status").misfits(log.newest())
    assert fault.expected == "one of no results"
