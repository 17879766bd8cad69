"""The page of a connectors' process for monitoring: `/metrics` and `/health`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import exposition

from connectors.framework.metrics import Metrics


@asynccontextmanager
async def monitored(host: str, port: int, metrics: Metrics, patience_seconds: float) -> AsyncIterator[str]:
    """Serve inside, and give the address; port 0 takes a free one.

    `/health` answers 200 while every connector came to read commands within so many seconds, else 503; its body names those that did not.
    Raises OSError where the port cannot be had.
    """

    async def show_metrics(request: web.Request) -> web.Response:
        generate, content_type = exposition.choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=generate(metrics.registry), headers={"Content-Type": content_type})

    async def show_health(_request: web.Request) -> web.Response:
        states = {
            family: "starting" if silent is None else "working" if silent <= patience_seconds else "silent"
            for family, silent in metrics.pulse.silence().items()
        }
        healthy = all(state == "working" for state in states.values())
        return web.json_response({"healthy": healthy, "connectors": states}, status=200 if healthy else 503)

    application = web.Application()
    application.add_routes([web.get("/metrics", show_metrics), web.get("/health", show_health)])
    runner = web.AppRunner(application, access_log=None)
    try:
        await runner.setup()
        await web.TCPSite(runner, host, port).start()
        yield f"http://{host}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
