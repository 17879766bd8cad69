"""`smart-routing gateway`: the web chat's way in."""

import asyncio
import logging
import os
import signal

import click

from connectors.framework.settings import SettingsError
from connectors.framework.surroundings import Surroundings
from connectors.run import run_gateway


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of the interface to listen on; 0.0.0.0 for all of them.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65_535), help="Port to listen on; 0 for a free one.")
def gateway(host: str, port: int) -> None:
    r"""Let customers in by web chat: a page at /, and an API for programs.

    \b
    POST /chat/ADDRESS/messages   {"id": "…", "text": "…"} or {"id": "…", "choice": "…"}: 202 once Kafka has it
    GET  /chat/ADDRESS/messages   the transcript, oldest first
    GET  /chat/ADDRESS/events     the transcript and what is added, as server-sent events
    …    /accounts/ACCOUNT/chat/… the same for each account; without it, the first one is meant
    GET  /health                  200 while Kafka and Redis answer

    Clients make their address up, and whoever knows an address can read its chat: let nobody guess it. Put a server in front that speaks
    TLS and limits rates. SMART_ROUTING_CONNECTORS_CHAT_ACCOUNTS names the accounts that entry points bind to flows. Ctrl-C ends it.
    """
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


async def _until_stopped(surroundings: Surroundings, host: str, port: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await run_gateway(surroundings, host, port, stop, listening=lambda address: click.echo(f"Chat: {address}"))
