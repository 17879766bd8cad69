"""Files that are sent as they are read."""

import logging
from collections.abc import AsyncIterator
from typing import Final

from aiohttp import web

from connectors.framework.errors import Retry
from connectors.office.answering import NOT_CACHED

_ALLOWED: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")

logger = logging.getLogger(__name__)


async def send(request: web.Request, content: AsyncIterator[bytes], content_type: str, name: str) -> web.StreamResponse:
    """Send content as a file in UTF-8, and return the response.

    Where its source fails in between, the connection is cut before the last chunk, so that nobody takes the file for whole (RFC 9112, 8).
    """
    safe = "".join(character if character in _ALLOWED else "_" for character in name)
    response = web.StreamResponse(headers={**NOT_CACHED, "Content-Disposition": f'attachment; filename="{safe}"'})
    response.content_type, response.charset = content_type, "utf-8"
    await response.prepare(request)
    try:
        async for some in content:
            await response.write(some)
    except Retry as error:
        logger.warning("%s %s: broken off: %s", request.method, request.rel_url.path, error)
        if request.transport is not None:
            request.transport.abort()
    return response
