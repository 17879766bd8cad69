"""`smart-routing office`: the staff's pages."""

import asyncio
import logging
import os
import signal

import click

from connectors.framework.settings import SettingsError
from connectors.framework.surroundings import Surroundings
from connectors.office.staff import hashed
from connectors.run import run_office


@click.group(invoke_without_command=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of the interface to listen on; 0.0.0.0 for all of them.")
@click.option("--port", default=8081, show_default=True, type=click.IntRange(0, 65_535), help="Port to listen on; 0 for a free one.")
@click.pass_context
def office(context: click.Context, host: str, port: int) -> None:
    """Serve the staff's pages: the agents' desk, cases, tasks, cards, campaigns, surveys, invoices, and their APIs.

    SMART_ROUTING_OFFICE_STAFF (or …_STAFF_FILE, the path of a file) says who may sign in and do what, SMART_ROUTING_OFFICE_PROGRAMS which
    programs may call the APIs. Put a server in front that speaks TLS, and name its address in SMART_ROUTING_CONNECTORS_OFFICE_URL. Ctrl-C
    ends it.
    """
    if context.invoked_subcommand is not None:
        return
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("aiokafka").setLevel(logging.WARNING)
    try:
        asyncio.run(_until_stopped(Surroundings.from_environment(os.environ), host, port))
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(
            f"{host}:{port} cannot be listened on ({error.strerror or error}): stop what listens there, or choose another --port."
        ) from error


@office.command()
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True, help="The password; asked for where it is not given.")
def password(password: str) -> None:
    """Print the hash of a password, as SMART_ROUTING_OFFICE_STAFF takes it."""
    click.echo(hashed(password))


async def _until_stopped(surroundings: Surroundings, host: str, port: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await run_office(surroundings, host, port, stop, listening=lambda address: click.echo(f"Office: {address}"))
