from pydantic import Field

from processor.engine.action import Action
from processor.engine.commands import CallWebService, WebServiceInput, WebServiceOutput
from processor.engine.definitions import Definitions
from processor.engine.entities import WebService as WebServiceDefinition
from processor.engine.errors import Fault
from processor.engine.events import ResponseReceived, Ticked
from processor.engine.field_types import canonical
from processor.engine.outcome import Awaiting, Outcome, Taken
from processor.engine.parameters import Target, WebServiceReference
from processor.engine.template import Template
from processor.engine.visit import Visit


class ResponseField(Target):
    """A result of the service and where it goes."""

    response_field: str = Field(description="Name of the result, as the web service's definition declares it.")


class WebService(Action):
    """Call an HTTP service.

    - `ok`: asynchronous: as soon as the command is durable. Synchronous: the service answered, and every mapped result was there.
    - `not_ok`: no such service, inputs that do not match its definition, or, synchronous, the connector's reason: `timeout`, `status` …
      No field is written.

    ```yaml
    type: web_service
    web_service: {reference: order_status}
    request_settings: {number: "{{ order.number }}"}
    synchronous: true
    variables:
      - {response_field: status, variable: order, field: status}
    links: {ok: end, not_ok: end}
    ```
    """

    type = "web_service"
    section = "8.1"
    branches = ("ok", "not_ok")
    failure = "not_ok"

    web_service: WebServiceReference
    request_settings: dict[str, Template] = Field(default_factory=dict, description="Input → value, one for each input that the service declares.")
    synchronous: bool = Field(default=False, description="Wait for the answer.")
    variables: list[ResponseField] = Field(default_factory=list, description="Results to store; only where synchronous.")
    timeout: int = Field(default=10, ge=1, le=600, description="Seconds that the call may take.")

    def waits(self) -> bool:
        return self.synchronous

    def misfits(self, definitions: Definitions) -> list[Fault]:
        """Return inputs that are missing or surplus, and results that the service does not declare."""
        service = self._known(definitions)
        if service is None:
            return []
        return [
            *(Fault(f"request_settings.{name}", "an input that the web service declares", "none") for name in self.request_settings if name not in service.inputs),
            *(Fault(f"request_settings.{name}", "a value for this required input", "nothing") for name in _missing(service, self.request_settings)),
            *(
                Fault(f"variables[{index}].response_field", f"one of {', '.join(sorted(service.outputs)) or 'no results'}", item.response_field)
                for index, item in enumerate(self.variables)
                if item.response_field not in service.outputs
            ),
        ]

    def apply(self, visit: Visit) -> Outcome:
        match visit.event:
            case ResponseReceived() as response:
                return self._answered(visit, response)
            case Ticked():
                return Taken("not_ok", "timeout")
            case _:
                return self._call(visit)

    def _call(self, visit: Visit) -> Outcome:
        service = visit.entity(self.web_service)
        if not isinstance(service, WebServiceDefinition):
            return Taken("not_ok", "reference_not_found")
        if _missing(service, self.request_settings) or not service.inputs.keys() >= self.request_settings.keys():
            return Taken("not_ok", "inputs_mismatch")
        if any(item.response_field not in service.outputs for item in self.variables):
            return Taken("not_ok", "outputs_mismatch")
        try:
            inputs = tuple(
                WebServiceInput(name, service.inputs[name].place, service.inputs[name].type, canonical(service.inputs[name].type, visit.render(value), visit.flow))
                for name, value in self.request_settings.items()
            )
        except ValueError as problem:
            visit.warnings.append(f"wrong_type: expected {problem}")
            return Taken("not_ok", "wrong_type")
        wanted = dict.fromkeys(item.response_field for item in self.variables)
        outputs = tuple(WebServiceOutput(name, service.outputs[name].language, service.outputs[name].path, service.outputs[name].type) for name in wanted)
        timeout_ms = self.timeout * 1000
        if not self.synchronous:
            return Taken("ok", commands=(CallWebService(service.reference, service.method, service.url, service.headers, inputs, (), timeout_ms),))
        call = CallWebService(service.reference, service.method, service.url, service.headers, inputs, outputs, timeout_ms)
        return Awaiting("response", visit.at + timeout_ms, (call,))

    def _answered(self, visit: Visit, response: ResponseReceived) -> Outcome:
        if response.outcome != "ok":
            return Taken("not_ok", response.reason or response.outcome)
        values = [response.values.get(item.response_field, "") for item in self.variables]
        if not all(values):
            return Taken("not_ok", "missing_output")
        try:
            return Taken("ok", writes=tuple(visit.write(item, value) for item, value in zip(self.variables, values, strict=True)))
        except ValueError as problem:
            visit.warnings.append(f"wrong_type: expected {problem}")
            return Taken("not_ok", "wrong_type")

    def _known(self, definitions: Definitions) -> WebServiceDefinition | None:
        wanted = self.web_service
        if wanted.id is not None:
            found = definitions.entity(wanted.kind, wanted.id)
        else:
            reference = wanted.reference.constant if wanted.reference is not None else None
            found = definitions.by_reference(wanted.kind, reference) if reference is not None else None
        return found if isinstance(found, WebServiceDefinition) else None


def _missing(service: WebServiceDefinition, given: dict[str, Template]) -> list[str]:
    return [name for name, declared in service.inputs.items() if declared.required and name not in given]
