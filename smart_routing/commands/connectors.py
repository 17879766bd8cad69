"""`smart-routing connectors`: carries out commands."""

import asyncio
import logging
import os
import signal

import click

from connectors.framework.settings import SettingsError
from connectors.framework.surroundings import Surroundings
from connectors.run import CONNECTORS, SETTINGS, run_connectors


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
    try:
        surroundings = Surroundings.from_environment(os.environ)
        for kind in SETTINGS:  # what is wrong is told before anything is started
            surroundings.read(kind)
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    asyncio.run(_until_stopped(surroundings, families))


@connectors.command()
def settings() -> None:
    """List what can be set, each as an environment variable, with its value at the moment."""
    try:
        chosen = [kind.from_environment() for kind in SETTINGS]
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    for one in chosen:
        for variable, value, description in one.described():
            click.echo(f"{variable}={value}\n    {description}")


async def _until_stopped(surroundings: Surroundings, families: tuple[str, ...]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await run_connectors(surroundings, families, stop)
