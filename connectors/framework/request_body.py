"""Bodies of requests that anybody may send."""

from aiohttp import web

from connectors.framework.fault import Fault


async def body_of(request: web.Request, most: int) -> bytes:
    """Return a request's body.

    Raises Fault where it has more than `most` bytes, of which no more than needed is read.
    """
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > most:
            raise Fault(413, "body", f"at most {most} bytes", f"more than {len(body) - len(chunk)} bytes")
    return bytes(body)
