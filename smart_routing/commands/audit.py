"""`smart-routing audit`: nothing lost, nothing doubled, nothing out of order."""

import json
import sys

import click

from processor.runtime.audit import Topics
from processor.runtime.audit import audit as run_audit
from processor.runtime.topic_log import read_topic
from processor.runtime.worker.app import codec_of
from schemas.deployment import Deployment
from schemas.topics import COMMAND_FAMILIES

SHOWN = 30


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the result as data.")
@click.option("--settled", is_flag=True, help="Count what is still under way as lost, too.")
def audit(as_json: bool, settled: bool) -> None:
    """Hold inputs, journal, state, commands and responses against each other.

    Reports effects that are lost, doubled, out of order, or not what the journal says. Exit code 1 where there is one.
    """
    deployment = Deployment.from_environment()
    names = deployment.topics
    report = run_audit(
        Topics(
            read_topic(deployment, names.inbound),
            read_topic(deployment, names.responses),
            read_topic(deployment, names.journal),
            read_topic(deployment, names.dead_letters),
            read_topic(deployment, names.state),
            {family: read_topic(deployment, names.commands(family)) for family in COMMAND_FAMILIES},
        ),
        codec_of(deployment),
    )
    kinds = {kind: report.count(kind) for kind in ("lost", "doubled", "out_of_order", "mismatched")}
    counts = {name: getattr(report, name) for name in report.__struct_fields__ if name != "findings"}
    if as_json:
        click.echo(
            json.dumps({**kinds, **counts, "findings": [{"kind": finding.kind, "what": finding.what} for finding in report.findings]})
        )
    else:
        for finding in report.findings[:SHOWN]:
            click.echo(f"{finding.kind}: {finding.what}")
        if len(report.findings) > SHOWN:
            click.echo(f"… and {len(report.findings) - SHOWN} more")
        click.echo("   ".join(f"{name.replace('_', ' ')}: {count}" for name, count in counts.items()))
        click.echo("   ".join(f"{kind.replace('_', ' ')}: {count}" for kind, count in kinds.items()))
    unsettled = settled and (report.pending_inputs or report.pending_commands)
    sys.exit(1 if report.findings or unsettled else 0)
