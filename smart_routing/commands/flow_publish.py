"""`smart-routing flow publish`: what will change is told, then documents go to the topic `definitions`."""

import getpass
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click

from processor.actions import action_types
from processor.engine.definitions import DefinitionLog
from processor.engine.errors import DocumentRefused
from processor.flow.batch import read_batch
from processor.flow.difference import entity_difference
from processor.flow.publication import Publication, prepare
from processor.runtime.in_flight import WITHIN_SEC
from processor.runtime.publisher import PublishingFailed, preview
from processor.runtime.publisher import publish as write
from schemas.deployment import Deployment
from smart_routing.action_map import ActionMap, read_map
from smart_routing.flow_files import FILE_OR_FOLDER, Loaded, counted, finding_of, load_files, refuse, tell
from smart_routing.succession_plan import Choice, Counts, Succession, carry_out, in_flight_lines, succession


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE_OR_FOLDER)
@click.option("--author", default=None, help="Who publishes; the user who runs this, unless it is given.")
@click.option(
    "--in-flight",
    "choice",
    type=click.Choice(["drain", "migrate", "end"]),
    default="drain",
    show_default=True,
    help="What becomes of interactions that run with older versions: they keep them, go on with the new one, or end.",
)
@click.option(
    "--map",
    "given_map",
    multiple=True,
    metavar="OLD=NEW|FILE",
    help="With migrate: the action that goes on where OLD waits; its own id where nothing is said. May be given several times.",
)
@click.option(
    "--wait", "within_sec", type=click.FloatRange(0), default=WITHIN_SEC, show_default=True, help="Seconds that the workers may take."
)
@click.option("--dry-run", is_flag=True, help="Tell what would change and whether it may; write nothing.")
@click.option("--yes", is_flag=True, help="Do not ask, whatever is in flight.")
def publish(
    *,
    files: Sequence[Path],
    author: str | None,
    choice: Choice,
    given_map: Sequence[str],
    within_sec: float,
    dry_run: bool,
    yes: bool,
) -> None:
    """Publish documents, all of them or none.

    A flow becomes the next production version of its reference and is frozen. What has not changed is left as it is. Documents that name
    each other are published together.

    Told before: which actions, parameters and links change, and how many interactions wait on each action of the versions in flight. They
    keep the version that they started with, unless --in-flight says otherwise. A migration is refused where interactions wait on an action
    that has no counterpart of the same type; whatever is interrupted can be run again.
    """
    loaded = load_files(files)
    if loaded.found:
        refused_by_reader = [(name, finding_of(fault)) for name, fault in read_batch(loaded.documents, action_types()).faults]
        refuse(loaded.where([*loaded.found, *refused_by_reader]), "nothing was published")
    if given_map and choice != "migrate":
        raise click.UsageError("--map says how interactions migrate: give it with --in-flight migrate.")
    actions = read_map(given_map, [str(document.get("ref")) for _, document in loaded.documents if document.get("kind", "flow") == "flow"])
    publishing = _Publishing(
        Deployment.from_environment(), loaded, author or getpass.getuser(), choice, actions, ask=not yes and not dry_run
    )
    try:
        publication = (preview if dry_run else write)(publishing.deployment, publishing.prepare)
    except DocumentRefused as refused:
        click.echo(str(refused), err=True)
        raise click.ClickException(f"{counted(len(refused.faults), 'fault')}: nothing was published.") from refused
    except PublishingFailed as failed:
        raise click.ClickException(str(failed)) from failed
    for line in publication.lines:
        click.echo(f"would be: {line}" if dry_run else line)
    if not dry_run:
        publishing.carry_out(publication, within_sec)


class _Publishing:
    """One publication, from what will change to what became of those in flight."""

    def __init__(self, deployment: Deployment, loaded: Loaded, author: str, choice: Choice, actions: ActionMap, *, ask: bool) -> None:
        self.deployment = deployment
        self._loaded = loaded
        self._author = author
        self._choice: Choice = choice
        self._actions = actions
        self._ask = ask
        self._log = DefinitionLog()
        self._plans: list[Succession] = []

    def prepare(self, log: DefinitionLog) -> Publication:
        """Tell what will change, refuse what must not be, and ask where somebody can answer.

        While it is asked no other publication is lost: one that begins meanwhile wins, and this one is told so.
        """
        publication = prepare(self._loaded.documents, log, action_types(), author=self._author, at=time.time_ns() // 1_000_000)
        tell(self._loaded.where(publication.warnings))
        counts = Counts(self.deployment)
        now = log.newest()
        changed = [after for _, after in publication.flows]
        kept = publication.kept if self._choice != "drain" else ()  # an interrupted migration is run again
        self._log = log
        self._plans = [succession(now, flow, counts, self._actions) for flow in (*changed, *kept) if flow.version > 1]
        _tell_entities(publication)
        for plan in self._plans:
            _tell_flow(plan, self._choice, changes=plan.after in changed)
        if counts.problem is not None and any(plan.olds for plan in self._plans):
            click.echo(f"warning: how many interactions are in flight is not known: {counts.problem}.", err=True)
        self._refuse_stranded()
        in_flight = sum(plan.count for plan in self._plans)
        if in_flight and self._ask and publication.records and sys.stdin.isatty():
            click.confirm(f"{counted(in_flight, 'interaction')} in flight will {_fate(self._choice)}. Publish?", abort=True)
        return publication

    def carry_out(self, publication: Publication, within_sec: float) -> None:
        """Let those in flight migrate or end."""
        for _, flow in publication.flows:
            self._log.publish_flow(self._log.offset + 1, flow)  # as the topic has it now
        note = "; ".join(f"{flow.reference} {flow.version} is published" for _, flow in publication.flows) or "run again"
        carry_out(
            self.deployment, self._log, self._plans, self._choice, operator=self._author, note=note[:500], within_sec=within_sec
        )  # fmt: skip

    def _refuse_stranded(self) -> None:
        if self._choice != "migrate":
            return
        reasons = [(plan.after.reference, reason) for plan in self._plans for reason in plan.reasons()]
        for flow, reason in reasons:
            click.echo(f"flow {flow}: {reason}", err=True)
        if reasons:
            raise click.ClickException(
                f"Interactions in flight cannot migrate, for {counted(len(reasons), 'reason')}: nothing was published. "
                "Name counterparts with --map, or choose --in-flight drain or end."
            )


def _fate(choice: Choice) -> str:
    return {"drain": "keep their version", "migrate": "migrate", "end": "end"}[choice]


def _tell_entities(publication: Publication) -> None:
    for before, entity in publication.entities:
        changes = entity_difference(before, entity)
        if changes:
            click.echo(f"{entity.entity_kind} {entity.reference} changes:")
            for change in changes:
                click.echo(f"  {change}")


def _tell_flow(plan: Succession, choice: Choice, *, changes: bool) -> None:
    before = plan.before
    lines = [*(plan.difference().lines() if changes else ()), *in_flight_lines(plan, choice)]
    if before is not None and lines:
        click.echo(f"flow {plan.after.reference}, version {before.version} → {plan.after.version}:")
        for line in lines:
            click.echo(f"  {line}")
