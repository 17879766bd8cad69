"""The heart: one action is applied to one event."""

from msgspec import Struct
from msgspec.structs import replace

from processor.engine.action import SUCCESSES
from processor.engine.commands import Command, CommandBody
from processor.engine.definitions import Definitions
from processor.engine.errors import TemplateFailed
from processor.engine.events import Event
from processor.engine.flow import END, START, Flow
from processor.engine.interaction import Interaction, Last, Variables, Wait
from processor.engine.limits import FIELDS
from processor.engine.outcome import Awaiting, HandedOver, Taken
from processor.engine.step import Step
from processor.engine.variables import carried, fields_of, written
from processor.engine.visit import Visit


class Applied(Struct, frozen=True):
    """What one application led to."""

    interaction: Interaction
    step: Step
    ended: str | None = None
    """Reason why the routing ended: `completed`, `unlinked_branch` or `too_many_variables`."""

    @property
    def continues(self) -> bool:
        """Whether `Continued` is the next event."""
        return self.ended is None and self.interaction.wait is None


def apply(flow: Flow, interaction: Interaction, event: Event, definitions: Definitions) -> Applied:
    """Apply exactly one action, the one that the interaction has come to or waits in.

    Pure: the same arguments give the same result on any machine at any date (design, promises 1 and 3).
    """
    action = flow.actions[interaction.action]
    visit = Visit(flow, interaction, event, definitions)
    try:
        outcome = action.apply(visit)
    except TemplateFailed as failure:
        outcome = Taken(action.failure, failure.reason)
        visit.warnings.append(str(failure))
    match outcome:
        case Taken():
            return _taken(visit, outcome)
        case Awaiting():
            return _awaiting(visit, outcome)
        case _:
            return _handed_over(visit, outcome)


def give_up(flow: Flow, interaction: Interaction, event: Event, definitions: Definitions) -> Step | None:
    """Return the step with which a waiting action is left because its routing ends; None where nobody need be told."""
    action = flow.actions[interaction.action]
    visit = Visit(flow, interaction, event, definitions)
    commands = _commands(visit, action.give_up(visit))
    if not commands:
        return None
    return Step(interaction.step + 1, flow.reference, flow.version, interaction.action, action.type, commands=commands)


def _taken(visit: Visit, taken: Taken) -> Applied:
    interaction, flow = visit.interaction, visit.flow
    action = flow.actions[interaction.action]
    number = interaction.step + 1
    reason = taken.reason if taken.branch in SUCCESSES else taken.reason or taken.branch
    target = action.links.get(taken.branch)
    commands = _commands(visit, taken.commands)
    counters = interaction.counters
    if taken.counter is not None:
        counters = {**counters, visit.counter_key: taken.counter}
    step = Step(
        number, flow.reference, flow.version, interaction.action, action.type,
        taken.branch, reason, None, None, target, None, commands, taken.writes, tuple(visit.warnings),
    )  # fmt: skip
    moved = replace(
        interaction,
        action=target or END,
        step=number,
        wait=None,
        variables=written(interaction.variables, taken.writes),
        counters=counters,
        checkpoints=interaction.checkpoints if taken.checkpoint is None else (*interaction.checkpoints, taken.checkpoint),
        survey=interaction.survey if taken.survey is None else taken.survey,
        last=Last(interaction.action, taken.branch, reason or ""),
        last_event_at=visit.at,
    )
    ended = "unlinked_branch" if target is None else "completed" if target == END else None
    return Applied(moved, step, _overfull(moved.variables) or ended)


def _awaiting(visit: Visit, awaiting: Awaiting) -> Applied:
    interaction, flow = visit.interaction, visit.flow
    number = interaction.step + 1
    commands = _commands(visit, awaiting.commands, awaiting.deadline if awaiting.awaits == "response" else None)
    wait = Wait(visit.wait_id, awaiting.awaits, awaiting.deadline, tuple(command.command_id for command in commands), awaiting.memo)
    if awaiting.same_wait:
        assert interaction.wait is not None, "only a waiting action goes on with its wait"
        heeded = wait.commands if awaiting.heeds_refusals else ()
        wait = replace(wait, id=interaction.wait.id, commands=(*interaction.wait.commands, *heeded))
    step = Step(
        number, flow.reference, flow.version, interaction.action, flow.actions[interaction.action].type,
        None, None, wait.id, wait.deadline, None, None, commands, awaiting.writes, tuple(visit.warnings),
    )  # fmt: skip
    waiting = replace(
        interaction, step=number, wait=wait, variables=written(interaction.variables, awaiting.writes), last_event_at=visit.at
    )
    return Applied(waiting, step, _overfull(waiting.variables))


def _handed_over(visit: Visit, target: HandedOver) -> Applied:
    interaction, flow = visit.interaction, visit.flow
    number = interaction.step + 1
    successor = visit.definitions.flow(target.flow, target.version)
    variables, warnings = carried(interaction.variables, flow, successor)
    step = Step(
        number, flow.reference, flow.version, interaction.action, flow.actions[interaction.action].type,
        handed_over_to=f"{target.flow} {target.version}", warnings=(*visit.warnings, *warnings),
    )  # fmt: skip
    moved = replace(
        interaction,
        flow=target.flow,
        flow_version=target.version,
        action=START,
        step=number,
        wait=None,
        variables=variables,
        last=Last(interaction.action),
        hand_overs=interaction.hand_overs + 1,
        last_event_at=visit.at,
    )
    return Applied(moved, step, _overfull(variables))


def _overfull(variables: Variables) -> str | None:
    """Return the reason why the routing ends, where the variables hold more than they may."""
    return "too_many_variables" if fields_of(variables) > FIELDS else None


def _commands(visit: Visit, bodies: tuple[CommandBody, ...], deadline: int | None = None) -> tuple[Command, ...]:
    """Give each body its derived id: interaction, step and running number."""
    if not bodies:
        return ()
    interaction, customer = visit.interaction, visit.interaction.customer
    return tuple(
        Command(
            f"{visit.wait_id}:{number}", interaction.conversation_id, interaction.id,
            visit.flow.reference, visit.flow.version, interaction.action, visit.at, deadline,
            customer.channel, customer.account, customer.address, body,
        )
        for number, body in enumerate(bodies, 1)
    )  # fmt: skip
