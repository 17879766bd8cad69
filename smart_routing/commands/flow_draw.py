"""`smart-routing flow draw`: a flow as a picture."""

import asyncio
from pathlib import Path

import click
from confluent_kafka import KafkaException
from redis.asyncio import Redis
from redis.exceptions import RedisError

from processor.actions import action_types
from processor.engine.errors import DocumentRefused
from processor.engine.flow import Flow
from processor.flow.drawing import draw as drawing_of
from processor.flow.mermaid import mermaid as chart_of
from processor.flow.overlay import Overlay, counts, coverage
from processor.flow.reader import read
from processor.runtime.definition_reader import DefinitionReader
from processor.runtime.worker.app import codec_of
from processor.runtime.worker.projection import BranchCounts
from schemas.deployment import Deployment
from smart_routing.flow_files import FILE, finding_of, load_files, refuse

_DEFINITIONS_SEC = 60
_TOLD = 5


@click.command()
@click.argument("file", type=FILE)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write; standard output without it.")
@click.option("--mermaid", is_flag=True, help="Write Mermaid's flowchart text, for Markdown, instead of SVG.")
@click.option("--coverage", "covered", type=FILE, help="Show which branches no test took: what `flow test --coverage-json` wrote.")
@click.option("--counts", "counted", is_flag=True, help="Show how often customers took each branch, from Redis.")
@click.option("--version", type=click.IntRange(min=1), help="Version whose counts are shown; without it, the one in production.")
def draw(file: Path, output: Path | None, *, mermaid: bool, covered: Path | None, counted: bool, version: int | None) -> None:
    """Draw a flow as SVG, which browsers show in light and dark, or as Mermaid.

    Actions that wait have a double frame and a clock, failures are dashed, branches that lead nowhere are dotted.
    """
    if covered is not None and counted:
        raise click.UsageError("expected either --coverage or --counts; found both")
    if version is not None and not counted:
        raise click.UsageError("--version: expected --counts beside it; found it alone")
    loaded = load_files([file])
    if loaded.found:
        refuse(loaded.where(loaded.found), "nothing was drawn")
    try:
        flow = read(loaded.documents[0][1], action_types())
    except DocumentRefused as refused:
        refuse(loaded.where([(str(file), finding_of(fault)) for fault in refused.faults]), "nothing was drawn")
    overlay = _coverage(flow, covered) if covered is not None else _counts(flow, version) if counted else None
    if overlay is not None:
        _tell_unknown(overlay, flow)
    drawn = chart_of(flow, overlay) if mermaid else drawing_of(flow, overlay)
    if output is None:
        click.echo(drawn, nl=False)
        return
    try:
        output.write_text(drawn, "utf-8")
    except OSError as error:
        raise click.ClickException(f"{output}: {error.strerror}") from error


def _coverage(flow: Flow, file: Path) -> Overlay:
    try:
        return coverage(file.read_bytes(), flow.reference)
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from error
    except DocumentRefused as refused:
        refuse([(str(file), finding_of(fault)) for fault in refused.faults], "nothing was drawn")


def _counts(flow: Flow, version: int | None) -> Overlay:
    """Return the live counts of a version of a flow."""
    deployment = Deployment.from_environment()
    if version is None:
        version = _in_production(deployment, flow.reference)
    try:
        return counts(asyncio.run(_counted(deployment, flow.reference, version)))
    except RedisError as error:
        raise click.ClickException(f"Redis: expected the branch counts at {deployment.redis_url}; found {error}") from error


async def _counted(deployment: Deployment, reference: str, version: int) -> dict[str, int]:
    async with Redis.from_url(deployment.redis_url) as redis:
        return await BranchCounts(redis, deployment.topic_prefix, codec_of(deployment)).counts(reference, version)


def _in_production(deployment: Deployment, reference: str) -> int:
    reader = DefinitionReader(deployment, codec_of(deployment), action_types())
    try:
        reader.catch_up(_DEFINITIONS_SEC)
        published = reader.newest().production(reference)
    except (KafkaException, TimeoutError) as error:
        raise click.ClickException(f"Kafka: expected the definitions at {deployment.bootstrap_servers}; found {error}") from error
    finally:
        reader.close()
    if published is None:
        raise click.ClickException(f"expected a version of flow {reference!r} in production; found none (--version names an older one)")
    return published.version


def _tell_unknown(overlay: Overlay, flow: Flow) -> None:
    unknown = overlay.unknown(flow)
    if unknown:
        named = ", ".join([*unknown[:_TOLD], *(["…"] if len(unknown) > _TOLD else [])])
        click.echo(f"warning: counted on another version of the flow, and not drawn: {named}", err=True)
