"""`smart-routing demo`: everything in one process, to chat with and to look into."""

import asyncio
import signal

import click

PORT = 8080
OFFICE_PORT = 8081


@click.command()
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(0, 65_535), help="Port of the page; 0: a free one.")
@click.option(
    "--office-port", default=OFFICE_PORT, show_default=True, type=click.IntRange(0, 65_535), help="Port of the office; 0: a free one."
)
@click.option("--verbose", is_flag=True, help="Show what the parts log.")
def demo(port: int, office_port: int, verbose: bool) -> None:
    """Chat with a flow in the browser and watch its steps light up.

    One process runs all parts: a broker, a Redis, the worker, the connectors with an SQLite store, the gateway, the console, the staff's
    office, and what the examples' flows reach outside: an order service, a mail server and an SMS gateway that show what they are given.
    Nothing has to be installed or set up, and nothing is left behind. Ctrl-C ends it.

    The broker is librdkafka's built-in one: it keeps everything in memory and neither isolates nor fences transactions. For real use see
    `smart-routing broker` or docker-compose.yml.
    """
    from smart_routing.demo import HOST, quiet_logging, reserve, run_demo

    quiet_logging(verbose=verbose)
    listener = reserve(port)
    office_listener = reserve(office_port, "--office-port")
    address = f"http://{HOST}:{listener.getsockname()[1]}"

    def ready() -> None:
        click.echo(f"{address}")
        click.echo("Open it in a browser; Ctrl-C ends the demo. The embedded broker is for trying out: in memory only, without isolation.")

    async def until_stopped() -> None:
        running = asyncio.create_task(run_demo(listener, office_listener, ready))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, running.cancel)
        await asyncio.wait([running])
        if not running.cancelled():
            running.result()

    asyncio.run(until_stopped())
