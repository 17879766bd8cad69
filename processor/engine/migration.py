"""How an interaction changes from one version of its flow to another, in the middle of a wait."""

from msgspec.structs import replace

from processor.engine.definitions import Definitions
from processor.engine.errors import Unmigratable
from processor.engine.events import MigrateRequested
from processor.engine.interaction import Interaction
from processor.engine.variables import carried


def migrated(interaction: Interaction, request: MigrateRequested, definitions: Definitions) -> tuple[Interaction, tuple[str, ...]]:
    """Return the interaction as it goes on with the other version, and a warning for each variable that this one declares otherwise.

    The wait stays as it is: its deadline, its commands and the buttons that were sent. Raises Unmigratable.
    """
    running, wait = (interaction.flow, interaction.flow_version), interaction.wait
    if running != (request.flow, request.from_version) or wait is None:
        raise Unmigratable(f"the interaction runs with {running[0]} {running[1]}")
    source = definitions.flow(request.flow, request.from_version)
    target = definitions.version(request.flow, request.to_version)
    if target is None:
        raise Unmigratable(f"version {request.to_version} of {request.flow} is not known here yet")
    old, identity = source.actions[interaction.action], request.actions.get(interaction.action, interaction.action)
    new = target.actions.get(identity)
    if new is None or new.type != old.type:
        found = "nothing" if new is None else f"one of type {new.type}"
        raise Unmigratable(f"`{interaction.action}` waits: expected an action `{identity}` of type {old.type}; found {found}")
    problem = new.cannot_resume(wait)
    if problem is not None:
        raise Unmigratable(f"`{interaction.action}` waits: {problem}")
    variables, warnings = carried(interaction.variables, source, target)
    counters = {_renamed(key, request): count for key, count in interaction.counters.items()}
    return replace(interaction, flow_version=request.to_version, action=identity, variables=variables, counters=counters), warnings


def _renamed(key: str, request: MigrateRequested) -> str:
    """Return where an action keeps its counter under its new name."""
    flow, _, action = key.rpartition("/")
    return f"{flow}/{request.actions.get(action, action)}" if flow == request.flow else key
