"""How an interaction's variables change: written by actions, carried from flow to flow."""

from processor.engine.field_types import canonical
from processor.engine.flow import Flow
from processor.engine.interaction import Variables
from processor.engine.outcome import Write


def written(variables: Variables, writes: tuple[Write, ...]) -> Variables:
    """Return the variables with the writes made, in order; an empty value clears its field."""
    if not writes:
        return variables
    result = dict(variables)
    own: set[str] = set()  # variables whose fields are no longer those of the state before
    for write in writes:
        fields = result.pop(write.variable, {})
        if write.variable not in own:
            fields = dict(fields)
            own.add(write.variable)
        if write.value:
            fields[write.field] = write.value
        else:
            fields.pop(write.field, None)
        if fields:
            result[write.variable] = fields
    return result


def fields_of(variables: Variables) -> int:
    """Return how many fields hold something."""
    return sum(map(len, variables.values()))


def carried(variables: Variables, source: Flow, target: Flow) -> tuple[Variables, tuple[str, ...]]:
    """Return the variables that survive a change of flow, and a warning for each that the target declares with another type."""
    kept: Variables = {}
    warnings = []
    for variable, fields in variables.items():
        for field, value in fields.items():
            received = _received(variable, field, value, source, target)
            if received:
                kept.setdefault(variable, {})[field] = received
            else:
                warnings.append(f"variable_dropped: {variable}.{field}")
    return kept, tuple(warnings)


def _received(variable: str, field: str, value: str, source: Flow, target: Flow) -> str:
    """Return a value as the target has it; empty where it has another type.

    What the source does not declare comes from a flow before it, and is read in the type that the target declares.
    """
    known, wanted = source.variables.get(variable, {}).get(field), target.variables.get(variable, {}).get(field)
    if wanted is None or wanted == known:
        return value
    try:
        return canonical(wanted, value, target) if known is None else ""
    except ValueError:
        return ""
