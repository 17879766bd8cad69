"""The webhook of a remote ACD: `/webhooks/acd`."""

import time
from collections.abc import AsyncIterator
from typing import Final

from aiohttp import web
from pydantic import ValidationError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from connectors.acd.remote.distributions import RemoteDistributions
from connectors.acd.remote.notice import TOLD, noted
from connectors.acd.remote.signature import SignatureRefused, verify
from connectors.acd.settings import AcdSettings
from connectors.framework.fault import Fault
from connectors.framework.request_body import body_of
from connectors.framework.surroundings import Surroundings

LARGEST_BODY_BYTES: Final = 256 * 1_024
"""Most bytes of a notice."""

_NOT_CACHED: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def mount(application: web.Application, surroundings: Surroundings) -> None:
    """Add the webhook where the ACD is a remote one.

    Raises SettingsError.
    """
    settings = surroundings.read(AcdSettings)
    if settings.backend == "remote":
        Webhook(surroundings, settings).mount(application)


class Webhook:
    """Takes what the remote ACD tells: 202 where it is new, 200 where it was told before, else whose fault it is."""

    def __init__(self, surroundings: Surroundings, settings: AcdSettings) -> None:
        if settings.webhook_secret is None:
            raise AssertionError("the settings of backend remote are whole")
        self._secret = settings.webhook_secret
        self._tolerance_seconds = settings.webhook_tolerance_seconds
        self._redis = Redis.from_url(surroundings.deployment.redis_url)
        self._distributions = RemoteDistributions(self._redis, surroundings.deployment, settings.keep_seconds)

    def mount(self, application: web.Application) -> None:
        """Add the route."""
        application.router.add_post("/webhooks/acd", self._post)
        application.cleanup_ctx.append(self._lifetime)

    async def _post(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self._take(request)
        except Fault as fault:
            return fault.response()
        except RedisError:
            return Fault(503, "redis", "an answer in time", "none; send the same notice again").response()

    async def _take(self, request: web.Request) -> web.StreamResponse:
        body = await body_of(request, LARGEST_BODY_BYTES)
        headers = request.headers
        try:
            verify(
                self._secret.get_secret_value(),
                headers.get("X-ACD-Timestamp", ""),
                headers.get("X-ACD-Signature", ""),
                body,
                now=time.time(),
                tolerance_seconds=self._tolerance_seconds,
            )
        except SignatureRefused as refused:
            where, _, expected = str(refused).partition(": expected ")
            raise Fault(401, where, expected, "something else") from None
        try:
            told = TOLD.validate_json(body)
        except ValidationError as invalid:
            raise Fault.of(invalid) from None
        kind = await self._distributions.kind(told.distribution)
        if kind is None:
            raise Fault(404, "distribution", "one that was begun", "another")
        match await self._distributions.note(noted(told, kind, int(time.time() * 1000))):
            case "taken":
                return web.json_response({"repeated": False}, status=202, headers=_NOT_CACHED)
            case "repeated":
                return web.json_response({"repeated": True}, headers=_NOT_CACHED)
            case "over":
                raise Fault(409, "distribution", "one that goes on", "one that has ended")
        raise Fault(404, "distribution", "one that was begun", "another")

    async def _lifetime(self, _application: web.Application) -> AsyncIterator[None]:
        yield
        await self._redis.aclose()
