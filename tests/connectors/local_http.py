"""Real HTTP servers on loopback, as good or bad as a test wants them."""

import asyncio
from contextlib import asynccontextmanager

from aiohttp import web


@asynccontextmanager
async def serving(handler, *, host="127.0.0.1", ssl_context=None):
    """Serve every path and method by one handler; gives the port."""
    application = web.Application(client_max_size=10_000_000)
    application.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(application, shutdown_timeout=0.2)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, 0, ssl_context=ssl_context).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def speaking(answer):
    """Answer every connection with bytes of the test's own, whatever was asked; `answer(reader, writer)` may do as it likes."""

    async def talk(reader, writer):
        try:
            await answer(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
