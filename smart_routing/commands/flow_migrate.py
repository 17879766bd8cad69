"""`smart-routing flow migrate`: interactions in flight go on with another version of their flow."""

import getpass
from collections.abc import Sequence

import click
from confluent_kafka import KafkaException

from processor.actions import action_types
from processor.runtime.in_flight import WITHIN_SEC
from processor.runtime.published import Published
from processor.runtime.worker.app import codec_of
from schemas.deployment import Deployment
from smart_routing.action_map import read_map
from smart_routing.flow_files import counted
from smart_routing.succession_plan import Choice, Counts, carry_out, in_flight_lines, succession, versions_of


@click.command()
@click.argument("reference", metavar="REF")
@click.option("--from", "sources", type=click.IntRange(1), multiple=True, help="Version in flight; all older ones unless it is given.")
@click.option("--to", "target", type=click.IntRange(1), help="Version to go on with; the one in service unless it is given.")
@click.option("--map", "given_map", multiple=True, metavar="OLD=NEW|FILE", help="The action that goes on where OLD waits.")
@click.option(
    "--wait", "within_sec", type=click.FloatRange(0), default=WITHIN_SEC, show_default=True, help="Seconds that the workers may take."
)
@click.option("--end", "ends", is_flag=True, help="End them instead.")
@click.option("--dry-run", is_flag=True, help="Tell what is in flight and whether it may migrate; ask nobody.")
def migrate(
    *,
    reference: str,
    sources: Sequence[int],
    target: int | None,
    given_map: Sequence[str],
    within_sec: float,
    ends: bool,
    dry_run: bool,
) -> None:
    """Let interactions in flight go on with another version of their flow, or end.

    What `flow publish --in-flight` does once it has published; here for later, for going back to an older version, and for running it
    again. Refused where interactions wait on an action that has no counterpart of the same type.
    """
    deployment = Deployment.from_environment()
    actions = read_map(given_map, [reference])
    try:
        log = Published.read(deployment, codec_of(deployment), action_types()).log
    except KafkaException as error:
        raise click.ClickException(f"The definitions could not be read: {error.args[0].str()}.") from error
    now = log.newest()
    numbers = [flow.version for flow in versions_of(now, reference)]
    in_service = now.production(reference)
    wanted = target if target is not None else in_service.version if in_service is not None else None
    after = now.version(reference, wanted) if wanted is not None else None
    if after is None:
        there = f"versions {', '.join(map(str, numbers))}" if numbers else "no such flow"
        expected = "a version in service" if target is None else f"version {target}"
        raise click.ClickException(f"{reference}: expected {expected}; found {there}.")
    unknown = [number for number in sources if number not in numbers or number == wanted]
    if unknown:
        raise click.ClickException(f"{reference}: expected other versions than {wanted} of {numbers} after --from; found {unknown}.")
    counts = Counts(deployment)
    plan = succession(now, after, counts, actions, list(sources) or None)
    for line in in_flight_lines(plan, "end" if ends else "migrate"):
        click.echo(line)
    if counts.problem is not None:
        click.echo(f"warning: how many interactions are in flight is not known: {counts.problem}.", err=True)
    reasons = [] if ends else plan.reasons()
    for reason in reasons:
        click.echo(reason, err=True)
    if reasons:
        raise click.ClickException(f"The interactions cannot migrate, for {counted(len(reasons), 'reason')}: nobody was asked.")
    if not dry_run:
        choice: Choice = "end" if ends else "migrate"
        note = f"versions before {after.version} of {reference} end"
        carry_out(deployment, log, [plan], choice, operator=getpass.getuser(), note=note, within_sec=within_sec)
