"""Server-sent events of a desk or a wallboard (HTML standard, 9.2): the whole of what is to be seen, whenever it has changed."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from aiohttp import web
from redis.exceptions import RedisError

from connectors.framework.fault import Fault

LONGEST_STREAM_SECONDS: Final = 600.0
"""Then the browser comes again, and whoever has been signed out meanwhile is not let in."""

_RECONNECT_MS: Final = 2_000
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Type": "text/event-stream; charset=utf-8",
    "X-Accel-Buffering": "no",
}

logger = logging.getLogger(__name__)

View = Callable[[], Awaitable[Mapping[str, Any]]]


async def stream(
    request: web.Request, news: asyncio.Event, view: View, *, pause_seconds: float, rest_seconds: float, stopped: Callable[[], bool]
) -> web.StreamResponse:
    """Send the view as JSON at first and whenever it has changed; only its member `now` may differ without being sent.

    Args:
        request: of the browser.
        news: set when it may have changed.
        view: what is seen.
        pause_seconds: the view is looked at so often without any news, and something is sent, so that a lost connection is found.
        rest_seconds: the view is looked at so often at most.
        stopped: whether the office closes.
    """
    response = web.StreamResponse(headers=_HEADERS)
    ends = asyncio.get_running_loop().time() + LONGEST_STREAM_SECONDS
    seen: Mapping[str, Any] | None = None
    try:
        found = await view()
        await response.prepare(request)
        await response.write(f"retry: {_RECONNECT_MS}\n\n".encode())
        while not stopped() and asyncio.get_running_loop().time() < ends:
            if seen is None or {**found, "now": 0} != {**seen, "now": 0}:
                await response.write(f"data: {json.dumps(found, ensure_ascii=False)}\n\n".encode())
                seen = found
            else:
                await response.write(b": still here\n\n")
            await asyncio.sleep(rest_seconds)
            try:
                async with asyncio.timeout(pause_seconds):
                    await news.wait()
            except TimeoutError:
                pass
            news.clear()
            found = await view()
    except ConnectionError:
        pass  # the browser has gone
    except (RedisError, Fault) as error:
        if not response.prepared:
            raise
        logger.warning("an event stream ends: %s", error)  # the browser comes again
    return response
