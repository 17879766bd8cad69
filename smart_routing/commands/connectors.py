"""`smart-routing connectors`: carries out commands."""

import asyncio
import logging
import signal

import click

from connectors.framework.settings import ConnectorSettings, SettingsError
from connectors.run import CONNECTORS, run_connectors
from schemas.deployment import Deployment


@click.group()
def connectors() -> None:
    """Carry out what flows command, and answer."""


@connectors.command()
@click.argument("families", nargs=-1, metavar="[FAMILY]...", type=click.Choice(tuple(CONNECTORS)))
def run(families: tuple[str, ...]) -> None:
    """Run the connectors of these families: messaging, web_service; without any, all of them.

    Run as many of these processes as you like; they share the work. Each command is executed once, whatever is killed and started anew:
    what was executed is recorded in Redis, so let Redis keep its data. Ctrl-C or SIGTERM: commands under way are finished first.

    Private addresses are not called unless SMART_ROUTING_CONNECTORS_ALLOWED_NETWORKS (10.1.0.0/16, …) or
    SMART_ROUTING_CONNECTORS_ALLOWED_HOSTS (host or host:port, …) allows it. Every setting: `smart-routing connectors settings`.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("aiokafka").setLevel(logging.WARNING)
    deployment = Deployment.from_environment()
    try:
        chosen = ConnectorSettings.from_environment()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    asyncio.run(_until_stopped(deployment, families, chosen))


@connectors.command()
def settings() -> None:
    """List what can be set, each as an environment variable, with its value at the moment."""
    try:
        chosen = ConnectorSettings.from_environment()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    for (variable, value), field in zip(chosen.to_environment().items(), ConnectorSettings.model_fields.values(), strict=True):
        click.echo(f"{variable}={value}\n    {field.description}")


async def _until_stopped(deployment: Deployment, families: tuple[str, ...], chosen: ConnectorSettings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await run_connectors(deployment, families, chosen, stop)
