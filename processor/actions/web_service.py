"""§ 8.1, web service."""

from typing import Self

from pydantic import Field, model_validator
from typing_extensions import override

from processor.engine.action import Action
from processor.engine.commands import CallWebService, WebServiceInput, WebServiceOutput
from processor.engine.definitions import Definitions
from processor.engine.entities import WebService as WebServiceDefinition
from processor.engine.errors import Misfit
from processor.engine.events import ResponseReceived, Ticked
from processor.engine.field_types import canonical
from processor.engine.outcome import Awaiting, Outcome, Taken, Write
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
    request_settings: dict[str, Template] = Field(
        default_factory=dict, description="Input → value, one for each input that the service declares."
    )
    synchronous: bool = Field(default=False, description="Wait for the answer.")
    variables: list[ResponseField] = Field(default_factory=list, description="Results to store; only where synchronous.")
    timeout: int = Field(default=10, ge=1, le=600, description="Seconds that the call may take.")

    @model_validator(mode="after")
    def _waits_for_what_it_stores(self) -> Self:
        if self.variables and not self.synchronous:
            raise ValueError("no `variables` where the call is not `synchronous`")
        return self

    @override
    def waits(self) -> bool:
        return self.synchronous

    @override
    def misfits(self, definitions: Definitions) -> list[Misfit]:
        service = self.web_service.known(definitions)
        if not isinstance(service, WebServiceDefinition):
            return []
        surplus = [name for name in self.request_settings if name not in service.inputs]
        results = ", ".join(sorted(service.outputs)) or "no results"
        return [
            *(Misfit("unknown_input", f"request_settings.{name}", "an input that the web service declares", "none") for name in surplus),
            *(
                Misfit("missing_input", f"request_settings.{name}", "a value for this required input", "nothing")
                for name in self._missing(service)
            ),
            *(
                Misfit("unknown_output", f"variables[{index}].response_field", f"one of {results}", item.response_field)
                for index, item in enumerate(self.variables)
                if item.response_field not in service.outputs
            ),
        ]

    @override
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
        if self._missing(service) or not service.inputs.keys() >= self.request_settings.keys():
            return Taken("not_ok", "inputs_mismatch")
        if any(item.response_field not in service.outputs for item in self.variables):
            return Taken("not_ok", "outputs_mismatch")
        try:
            inputs = self._inputs(service, visit)
        except ValueError as problem:
            visit.warnings.append(f"wrong_type: expected {problem}")
            return Taken("not_ok", "wrong_type")
        wanted = {item.response_field: service.outputs[item.response_field] for item in self.variables}
        outputs = tuple(WebServiceOutput(name, output.language, output.path, output.type) for name, output in wanted.items())
        timeout_ms = self.timeout * 1000
        call = CallWebService(
            service.reference,
            service.method,
            service.url,
            service.headers,
            service.body_format,
            service.body_root,
            inputs,
            outputs,
            timeout_ms,
        )
        return Awaiting("response", visit.at + timeout_ms, (call,)) if self.synchronous else Taken("ok", commands=(call,))

    def _inputs(self, service: WebServiceDefinition, visit: Visit) -> tuple[WebServiceInput, ...]:
        """Return the inputs; an optional one without a value is left out. Raises ValueError where one does not fit its type."""
        inputs = []
        for name, template in self.request_settings.items():
            declared = service.inputs[name]
            value = canonical(declared.type, visit.render(template), visit.flow)
            if value or (declared.required and declared.type == "text"):
                inputs.append(WebServiceInput(name, declared.place, declared.type, value))
            elif declared.required:
                raise ValueError(f"a {declared.type} for input {name}, found nothing")
        return tuple(inputs)

    def _answered(self, visit: Visit, response: ResponseReceived) -> Outcome:
        if response.outcome != "ok":
            return Taken("not_ok", response.reason or response.outcome)
        if any(item.response_field not in response.values for item in self.variables):
            return Taken("not_ok", "missing_output")
        try:
            return Taken("ok", writes=tuple(_stored(item, response.values[item.response_field], visit) for item in self.variables))
        except ValueError as problem:
            visit.warnings.append(f"wrong_type: expected {problem}")
            return Taken("not_ok", "wrong_type")

    def _missing(self, service: WebServiceDefinition) -> list[str]:
        return [name for name, declared in service.inputs.items() if declared.required and name not in self.request_settings]


def _stored(item: ResponseField, value: str, visit: Visit) -> Write:
    """Return the write of a result; an empty one is a text and nothing else. Raises ValueError where it does not fit its field."""
    write = visit.write(item, value)
    declared = visit.flow.declared(item.variable, item.field)
    if not write.value and declared not in ("text", "long_text"):
        raise ValueError(f"a {declared} for result {item.response_field}, found nothing")
    return write
