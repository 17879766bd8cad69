"""Requests of customers and providers: bodies of bounded size, and faults answered in JSON."""

import logging
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from connectors.framework.errors import Refused, Retry
from connectors.framework.fault import Fault

NOT_CACHED: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

logger = logging.getLogger(__name__)


def answered(handler: Handler) -> Handler:
    """Answer what goes wrong: whose fault it is, what was expected and what was found."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Fault as fault:
            return fault.response()
        except Refused as refused:
            logger.warning("billing: %s", refused)
            return Fault(502, "provider", "a page for the payment", "none; nothing was taken").response()
        except Retry as failure:
            logger.warning("billing: %s", failure)
            return Fault(503, "payments", "an answer in time", "none; send the same request again").response()

    return answer
