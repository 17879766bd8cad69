"""Personal data where it does not belong: in what is counted, and in addresses, which end up in the logs of every server on the way."""

from collections.abc import Iterator
from typing import Final

from processor.actions.web_service import WebService as CallWebService
from processor.engine.definitions import Definitions
from processor.engine.entities import Entity, WebService
from processor.engine.flow import Flow
from processor.engine.parameters import CheckpointReference
from processor.engine.template import Template
from processor.flow.rules.facts import Facts
from processor.flow.rules.rule import Spot, entity_warning, flow_warning

_PERSONAL_TYPES: Final = frozenset({"email", "phone", "image", "long_text"})
_PERSONAL: Final = frozenset(
    {("customer",), ("customer", "address"), ("customer", "name"), ("message",), ("message", "text"), ("message", "media")}
)
_PERSONAL_FIELDS: Final = frozenset({"address", "birth_date", "birthday", "email", "first_name", "last_name", "mobile", "name", "phone"})
"""Fields of a CRM card that say who somebody is."""

_SECRET_HEADERS: Final = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key", "api-key", "x-auth-token"})


@flow_warning(
    "personal_data_in_checkpoint",
    "The reference of a checkpoint is made from personal data: checkpoints are counted and kept in statistics.",
    "Make it from something that names nobody.",
)
def personal_data_in_checkpoint(facts: Facts) -> Iterator[Spot]:
    """Look for checkpoint references that read who a customer is or what was written."""
    for path, reference in facts.references:
        if isinstance(reference, CheckpointReference) and reference.reference is not None:
            for name in _personal(reference.reference, facts.flow):
                yield f"{path}.reference", f"`{name}` is personal"


@flow_warning(
    "personal_data_in_url",
    "Personal data goes into the path or the query of a web service's address, which servers on the way write into their logs.",
    "Give the input the place `body` or `header`.",
)
def personal_data_in_url(facts: Facts) -> Iterator[Spot]:
    """Look for inputs with place `path` or `query` whose values read who a customer is or what was written."""
    for path, action in facts.actions:
        service = action.web_service.known(facts.definitions) if isinstance(action, CallWebService) and facts.definitions else None
        if not isinstance(action, CallWebService) or not isinstance(service, WebService):
            continue
        for name, template in action.request_settings.items():
            declared = service.inputs.get(name)
            if declared is not None and declared.place in ("path", "query"):
                for read in _personal(template, facts.flow):
                    yield f"{path}.request_settings.{name}", f"`{read}` is personal and goes into the {declared.place} of the address"


@entity_warning(
    "secret_in_header",
    "A fixed header looks like a secret: whoever reads the definition, the journal or a backup of either has it.",
    "Take it away, and let something in front of the service add it.",
)
def secret_in_header(entity: Entity, _: Definitions) -> Iterator[Spot]:
    """Look for headers by which services know who calls."""
    for name in entity.headers if isinstance(entity, WebService) else ():
        if name.lower() in _SECRET_HEADERS:
            yield f"headers.{name}", f"header `{name}` holds a secret"


def _personal(template: Template, flow: Flow) -> list[str]:
    """Return what of a person a template reads."""
    return [".".join(read) for read in template.paths if _is_personal(read, flow)]


def _is_personal(read: tuple[str, ...], flow: Flow) -> bool:
    if read[:2] in _PERSONAL or (read[0] == "crm" and (len(read) == 1 or read[1] in _PERSONAL_FIELDS)):
        return True
    return len(read) > 1 and flow.variables.get(read[0], {}).get(read[1]) in _PERSONAL_TYPES
