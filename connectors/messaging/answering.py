"""How the gateway's handlers answer what goes wrong."""

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiohttp import web
from redis.exceptions import RedisError

from connectors.framework.fault import Fault
from connectors.messaging.inbound import KafkaUnavailable

Owner = TypeVar("Owner")

logger = logging.getLogger(__name__)


def answered(
    handler: Callable[[Owner, web.Request], Awaitable[web.StreamResponse]],
) -> Callable[[Owner, web.Request], Awaitable[web.StreamResponse]]:
    """Answer what goes wrong in a handler in JSON: whose fault it is, what was expected and what was found."""

    async def answer(owner: Owner, request: web.Request) -> web.StreamResponse:
        try:
            return await handler(owner, request)
        except Fault as fault:
            return fault.response()
        except KafkaUnavailable as error:
            logger.warning("a message was not taken: %s", error)
            return Fault(503, "kafka", "an answer in time", "none; send the same message again").response()
        except RedisError as error:
            logger.warning("Redis is not to be had: %s", error)
            return Fault(503, "redis", "an answer in time", "none; send the same request again").response()

    return answer
