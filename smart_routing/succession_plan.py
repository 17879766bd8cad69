"""What becomes of the interactions in flight when flows change: shown and checked before anything is written, then carried out and told."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import click
from confluent_kafka import KafkaException

from processor.engine.definitions import DefinitionLog, Definitions
from processor.engine.flow import Flow
from processor.flow.difference import FlowDifference, flow_difference
from processor.flow.succession import misnamed, stranded
from processor.runtime.in_flight import Ask, End, Migrate, Report, sweep_flow
from processor.runtime.waiting import CountsUnavailable, read_waiting
from processor.runtime.worker.app import codec_of
from schemas.deployment import Deployment
from smart_routing.action_map import ActionMap
from smart_routing.flow_files import counted

Choice = Literal["drain", "migrate", "end"]
MOST_REASONS = 20
"""Reasons shown of each flow."""


@dataclass(frozen=True, slots=True)
class Succession:
    """One flow, the version that is to be, and who runs with others."""

    after: Flow
    before: Flow | None
    """The version that it follows; None where it is new."""

    olds: tuple[Flow, ...]
    """The versions that may be in flight."""

    waiting: Mapping[int, Mapping[str, int]] | None
    """Version → action → how many interactions wait there; None where that cannot be known."""

    actions: Mapping[str, str] = field(default_factory=dict)
    """Old action → new action."""

    @property
    def count(self) -> int:
        """How many interactions are in flight, as far as is known."""
        return sum(sum(counts.values()) for counts in (self.waiting or {}).values())

    def difference(self) -> FlowDifference:
        """Return what changes."""
        return flow_difference(self.before, self.after, self.actions)

    def reasons(self) -> list[str]:
        """Return why a migration must not be begun."""
        checked = self.olds
        if self.waiting is not None:
            checked = tuple(flow for flow in self.olds if self.waiting.get(flow.version))
        elif self.before is not None:  # who runs with still older ones is not known: they are asked one by one
            checked = (self.before,)
        return [*misnamed(self.olds, self.after, self.actions), *stranded(checked, self.after, self.actions, self.waiting)]


class Counts:
    """The projection's counts of many flows; where they cannot be had, that is told once."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self.problem: str | None = None

    def of(self, flow: str, versions: Sequence[int]) -> Mapping[int, Mapping[str, int]] | None:
        """Return version → action → how many wait; None where that cannot be known, and `problem` says why."""
        if self.problem is not None:
            return None
        try:
            found = read_waiting(self._deployment, [(flow, version) for version in versions])
        except CountsUnavailable as unavailable:
            self.problem = str(unavailable)
            return None
        return {version: counts for (_, version), counts in found.items()}


def versions_of(definitions: Definitions, reference: str) -> list[Flow]:
    """Return every published version of a flow, oldest first."""
    numbers = range(1, definitions.latest_version(reference) + 1)
    return [flow for number in numbers if (flow := definitions.version(reference, number)) is not None]


def succession(
    definitions: Definitions, after: Flow, counts: Counts, actions: ActionMap, versions: Sequence[int] | None = None
) -> Succession:
    """Return what is known of a flow's versions in flight beside one version; of all others, unless some are named."""
    known = [flow for flow in versions_of(definitions, after.reference) if flow.version != after.version]
    olds = tuple(flow for flow in known if (flow.version < after.version if versions is None else flow.version in versions))
    waiting = counts.of(after.reference, [flow.version for flow in olds])
    return Succession(after, olds[-1] if olds else None, olds, waiting, actions.get(after.reference, {}))


def in_flight_lines(plan: Succession, choice: Choice) -> Iterator[str]:
    """Give how many interactions wait on each action of older versions, and what becomes of them."""
    if not plan.count:
        return
    fate = {"drain": "keep their version", "migrate": f"go on with version {plan.after.version}", "end": "end"}[choice]
    yield f"in flight: {counted(plan.count, 'interaction')}, which {fate}"
    changes = {change.before: change for change in plan.difference().actions if change.before is not None}
    for version, counts in sorted((plan.waiting or {}).items()):
        for action, count in counts.items():
            change = changes.get(action) if plan.before is not None and version == plan.before.version else None
            marks = {"-": ", which goes", "~": ", which changes", "+": ""}
            yield f"    {count} on {action} of version {version}{marks[change.sign] if change is not None else ''}"


def carry_out(
    deployment: Deployment, log: DefinitionLog, plans: Sequence[Succession], choice: Choice, *, operator: str, note: str, within_sec: float
) -> None:
    """Sweep the interactions in flight of each flow, and tell what came of it; `log` holds the versions that they are to have.

    Raises click.ClickException where requests are left that no worker has come to.
    """
    unanswered = 0
    for plan in plans if choice != "drain" else ():
        if not plan.olds:
            continue
        flow, numbers = plan.after.reference, frozenset(old.version for old in plan.olds)
        ask: Ask = End(note) if choice == "end" else Migrate(log.newest(), flow, plan.after.version, plan.actions)
        # A worker that does not know the new version yet opens interactions with the one before, whichever were in flight when we looked.
        try:
            report = sweep_flow(deployment, codec_of(deployment), flow, numbers.__contains__, ask, operator=operator, within_sec=within_sec)
        except (KafkaException, TimeoutError) as error:
            told = error.args[0].str() if isinstance(error, KafkaException) else str(error)
            raise click.ClickException(
                f"flow {flow}: the interactions in flight could not all be asked ({told}). Run `smart-routing flow migrate` again."
            ) from error
        for line in report_lines(report, choice, plan.after.version):
            click.echo(f"flow {flow}: {line}")
        unanswered += report.unanswered
    if unanswered:
        raise click.ClickException(
            f"{counted(unanswered, 'request')} {'is' if unanswered == 1 else 'are'} in the log, but no worker has applied "
            f"{'it' if unanswered == 1 else 'them'} within {within_sec:g} seconds. Does one run? `smart-routing flow migrate` asks again."
        )


def report_lines(report: Report, choice: Choice, version: int) -> Iterator[str]:
    """Give what came of a sweep."""
    if not report.found:
        yield "no interaction was in flight with an older version"
        return
    done = "ended" if choice == "end" else f"go on with version {version}, or have ended meanwhile"
    yield f"{counted(report.found, 'interaction')} in flight: {report.done} {done}"
    for reason, count in sorted(report.refused.items())[:MOST_REASONS]:
        yield f"{count} {'keeps its' if count == 1 else 'keep their'} version: {reason}"
    if len(report.refused) > MOST_REASONS:
        yield f"… and {len(report.refused) - MOST_REASONS} more reasons"
    if report.quarantined:
        yield f"{report.quarantined} in quarantine: nothing is applied to them before they are resumed"
