"""Variables that are read, written and declared."""

from collections.abc import Iterator

from processor.engine.flow import Flow
from processor.engine.visit import BUILT_IN
from processor.flow.mentions import mentions
from processor.flow.names import is_field_name
from processor.flow.rules.facts import Facts
from processor.flow.rules.rule import Spot, flow_warning


@flow_warning(
    "undeclared_variable",
    "A template reads a variable or a field that is not declared: it renders as nothing, unless another flow's hand-over brings it.",
    "Declare it, or mend its name.",
)
def undeclared_variable(facts: Facts) -> Iterator[Spot]:
    """Look for reads of what is neither declared nor built in."""
    for path, template in facts.templates:
        for name in dict.fromkeys(".".join(read[:2]) for read in template.paths if not _is_declared(facts.flow, read)):
            yield path, f"`{name}` is read and not declared"


@flow_warning(
    "never_written",
    "A declared field is read, and no action writes it: it is always empty.",
    "Write it before it is read, such as by a question, or take it away.",
)
def never_written(facts: Facts) -> Iterator[Spot]:
    """Look for fields that are read and that neither this flow nor another one, whose hand-over may bring it here, writes."""
    reads, writes = _reads(facts), _writes(facts)
    for variable, field in _fields(facts.flow):
        if (variable, field) in reads and (variable, field) not in writes and not _is_brought(facts, variable, field):
            yield f"variables.{variable}.{field}", f"`{variable}.{field}` is read, and nothing writes it"


@flow_warning("unused_variable", "A declared field is neither read nor written.", "Take it away, or use it.")
def unused_variable(facts: Facts) -> Iterator[Spot]:
    """Look for fields that no action mentions."""
    reads, writes = _reads(facts), _writes(facts)
    whole = {name[0] for name in reads if len(name) == 1}
    for variable, field in _fields(facts.flow):
        if variable not in whole and (variable, field) not in reads and (variable, field) not in writes:
            yield f"variables.{variable}.{field}", f"`{variable}.{field}` is neither read nor written"


def _is_declared(flow: Flow, read: tuple[str, ...]) -> bool:
    if read[0] in BUILT_IN:
        return True
    fields = flow.variables.get(read[0])
    # A segment that is no name is reckoned while the template is rendered: `order[last.reason]`.
    return fields is not None and (len(read) == 1 or read[1] in fields or not is_field_name(read[1]))


def _fields(flow: Flow) -> Iterator[tuple[str, str]]:
    for variable, fields in flow.variables.items():
        for field in fields:
            yield variable, field


def _reads(facts: Facts) -> set[tuple[str, ...]]:
    """Return what templates read: variable and field, or a variable alone where any of its fields may be meant."""
    paths = {read for _, template in facts.templates for read in template.paths}
    return {read[:2] if len(read) > 1 and is_field_name(read[1]) else read[:1] for read in paths}


def _writes(facts: Facts) -> set[tuple[str, str]]:
    return {(target.variable, target.field) for mentioned in facts.mentions.values() for _, target in mentioned.targets}


def _is_brought(facts: Facts, variable: str, field: str) -> bool:
    """Tell whether another flow in service writes a field."""
    others = facts.definitions.flows() if facts.definitions is not None else []
    return any(
        target.variable == variable and target.field == field
        for flow in others
        if flow.reference != facts.flow.reference and field in flow.variables.get(variable, {})
        for action in flow.actions.values()
        for _, target in mentions(action).targets
    )
