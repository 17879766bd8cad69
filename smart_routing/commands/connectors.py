"""`smart-routing connectors`: carries out commands."""

import asyncio
import gc
import logging
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import click

from connectors.framework.logs import log_as_json, log_lost_errors
from connectors.framework.masking import secrets_of
from connectors.framework.metrics import Metrics
from connectors.framework.monitor import monitored
from connectors.framework.settings import ConnectorSettings, SettingsError
from connectors.framework.surroundings import Surroundings
from connectors.run import CONNECTORS, SETTINGS, run_connectors

logger = logging.getLogger(__name__)


@click.group()
def connectors() -> None:
    """Carry out what flows command, and answer."""


@connectors.command()
@click.argument("families", nargs=-1, metavar="[FAMILY]...", type=click.Choice(tuple(CONNECTORS)))
def run(families: tuple[str, ...]) -> None:
    """Run the connectors of these families; without any, all of them.

    Run as many of these processes as you like; they share the work. Each command is executed once, whatever is killed and started anew:
    what was executed is recorded in Redis, so let Redis keep its data. Ctrl-C or SIGTERM: commands under way are finished first.

    Private addresses are not called unless SMART_ROUTING_CONNECTORS_ALLOWED_NETWORKS (10.1.0.0/16, …) or
    SMART_ROUTING_CONNECTORS_ALLOWED_HOSTS (host or host:port, …) allows it. Every setting: `smart-routing connectors settings`.

    http://127.0.0.1:6067/metrics is for Prometheus, /health answers 200 while every connector is at work; other places by
    SMART_ROUTING_CONNECTORS_METRICS_HOST and …_METRICS_PORT (0: nowhere). Logs are lines of JSON, in which no address, no text of a
    customer's and no secret appears.
    """
    try:
        surroundings = Surroundings.from_environment(os.environ)
        chosen = [surroundings.read(kind) for kind in SETTINGS]  # what is wrong is told before anything is started
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    log_as_json(surroundings.settings.log_level, secrets_of(surroundings.deployment, *chosen))
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
    gc.collect()
    gc.freeze()  # what lives as long as the program: to look through it takes 170 ms, every few seconds, in which nothing moves
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    log_lost_errors(loop)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with _monitoring(surroundings.settings) as metrics:
        await run_connectors(surroundings, families, stop, metrics=metrics)


@asynccontextmanager
async def _monitoring(settings: ConnectorSettings) -> AsyncIterator[Metrics]:
    """Serve metrics and health, unless port 0 says that they are not wanted.

    A second process on a machine finds the default port taken, and works all the same; a port that somebody chose has to be free.
    """
    metrics = Metrics()
    patience = settings.session_seconds + settings.drain_seconds
    async with AsyncExitStack() as stack:
        if settings.metrics_port:
            try:
                address = await stack.enter_async_context(monitored(settings.metrics_host, settings.metrics_port, metrics, patience))
                logger.info("monitoring: %s/metrics and %s/health", address, address)
            except OSError as error:
                taken = f"{settings.metrics_host}:{settings.metrics_port} cannot be listened on ({error.strerror or error})"
                if "metrics_port" in settings.model_fields_set:
                    raise click.ClickException(f"{taken}: stop what listens there, or choose another port.") from error
                logger.warning("monitoring: %s; SMART_ROUTING_CONNECTORS_METRICS_PORT chooses another", taken)
        yield metrics
