"""How an interaction changes from one version of its flow to another, in the middle of a wait."""

from collections.abc import Mapping

from msgspec.structs import replace

from processor.engine.action import Action
from processor.engine.definitions import Definitions
from processor.engine.errors import Unmigratable
from processor.engine.events import MigrateRequested
from processor.engine.flow import Flow
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
    identity, new = counterpart(source, target, interaction.action, request.actions)
    problem = new.cannot_resume(wait)
    if problem is not None:
        raise Unmigratable(f"`{interaction.action}` waits: {problem}")
    variables, warnings = carried(interaction.variables, source, target)
    counters = _renamed(interaction.counters, request)
    return replace(interaction, flow_version=request.to_version, action=identity, variables=variables, counters=counters), warnings


def counterpart(source: Flow, target: Flow, action: str, actions: Mapping[str, str]) -> tuple[str, Action]:
    """Return the action of one version that goes on where an action of another waits: by the map, else the one with the same id.

    Raises Unmigratable where there is none of the same type, or the versions are of different types themselves.
    """
    if target.type != source.type:
        raise Unmigratable(f"version {target.version or 'to come'} is a flow of type {target.type}: expected one of type {source.type}")
    old, identity = source.actions[action], actions.get(action, action)
    new = target.actions.get(identity)
    if new is None or new.type != old.type:
        found = "nothing" if new is None else f"one of type {new.type}"
        raise Unmigratable(f"`{action}` waits: expected an action `{identity}` of type {old.type}; found {found}")
    return identity, new


def _renamed(counters: Mapping[str, int], request: MigrateRequested) -> dict[str, int]:
    """Return the counters under their actions' new names; where two would have one name, the one that the map names wins."""
    own = f"{request.flow}/"
    named = {f"{own}{old}": f"{own}{new}" for old, new in request.actions.items()}
    kept = {key: count for key, count in counters.items() if key not in named}
    return {**kept, **{named[key]: count for key, count in counters.items() if key in named}}
