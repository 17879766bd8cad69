"""What goes wrong in a request, answered in JSON: where, what was expected and what was found."""

import logging
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError
from redis.exceptions import RedisError

from connectors.framework.errors import Refused, Retry
from connectors.framework.fault import Fault

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Model = TypeVar("Model", bound=BaseModel)

NOT_CACHED: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

logger = logging.getLogger(__name__)


@web.middleware
async def answering(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn Fault, Refused, Retry and what Redis raises into an answer."""
    try:
        return await handler(request)
    except Fault as fault:
        return fault.response()
    except Refused as refused:
        return web.json_response({"error": refused.reason, "detail": refused.detail}, status=409)
    except (Retry, RedisError) as error:
        logger.warning("%s %s: %s", request.method, request.rel_url.path, error)
        return Fault(503, "service", "an answer of its stores in time", "none; send the same request again").response()
    except web.HTTPException as error:
        if error.status >= 400:
            return Fault(error.status, "request", "one that the office knows", error.reason.lower()).response()
        raise


async def body_of(request: web.Request, model: type[Model]) -> Model:
    """Read a request's JSON.

    Raises Fault where it does not fit the model.
    """
    try:
        return model.model_validate_json(await request.read())
    except ValidationError as invalid:
        raise Fault.of(invalid) from None


def answered(document: object, *, status: int = 200) -> web.Response:
    """Return JSON that nobody keeps."""
    return web.json_response(document, status=status, headers=NOT_CACHED)
