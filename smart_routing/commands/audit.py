"""`smart-routing audit`: nothing lost, nothing doubled, nothing out of order."""

import json
import os
import sys

import click
from redis.exceptions import RedisError

from connectors.framework.errors import Retry
from connectors.framework.settings import SettingsError
from connectors.framework.surroundings import Surroundings
from processor.runtime.audit import Finding, Topics
from processor.runtime.audit import audit as run_audit
from processor.runtime.topic_log import read_topic
from processor.runtime.worker.app import codec_of
from schemas.deployment import Deployment
from schemas.topics import COMMAND_FAMILIES
from smart_routing.back_end_audit import check_back_ends
from smart_routing.connector_audit import Answers, read_answers

SHOWN = 30


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the result as data.")
@click.option("--settled", is_flag=True, help="Count what is still under way as lost, too.")
@click.option("--back-ends", is_flag=True, help="Hold commands against the connectors' own back ends, the SQL store and Redis, too.")
def audit(as_json: bool, settled: bool, back_ends: bool) -> None:
    """Hold inputs, journal, state, commands and responses against each other.

    Reports effects that are lost, doubled, out of order, or not what the journal says. Exit code 1 where there is one. With --back-ends it
    reads what the connectors' settings name: what was executed, by the back ends' own records, is what was commanded and answered.
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
    answers = read_answers(
        {family: read_topic(deployment, names.commands(family)) for family in COMMAND_FAMILIES},
        read_topic(deployment, names.responses),
        codec_of(deployment),
    )
    findings = [*report.findings, *answers.findings, *(_check_back_ends(answers) if back_ends else [])]
    kinds = {kind: sum(finding.kind == kind for finding in findings) for kind in ("lost", "doubled", "out_of_order", "mismatched")}
    counts = {name: getattr(report, name) for name in report.__struct_fields__ if name != "findings"}
    counts |= {"unanswered_commands": len(answers.unanswered), "unknown_outcomes": answers.unknown}
    if as_json:
        click.echo(json.dumps({**kinds, **counts, "findings": [{"kind": finding.kind, "what": finding.what} for finding in findings]}))
    else:
        for finding in findings[:SHOWN]:
            click.echo(f"{finding.kind}: {finding.what}")
        if len(findings) > SHOWN:
            click.echo(f"… and {len(findings) - SHOWN} more")
        click.echo("   ".join(f"{name.replace('_', ' ')}: {count}" for name, count in counts.items()))
        click.echo("   ".join(f"{kind.replace('_', ' ')}: {count}" for kind, count in kinds.items()))
    unsettled = settled and (report.pending_inputs or report.pending_commands or answers.unanswered)
    sys.exit(1 if findings or unsettled else 0)


def _check_back_ends(answers: Answers) -> list[Finding]:
    try:
        return check_back_ends(answers, Surroundings.from_environment(os.environ))
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    except (Retry, RedisError) as error:
        raise click.ClickException(f"The connectors' back ends do not answer: {error}") from error
