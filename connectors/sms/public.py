"""The SMS gateway's receipts of all texts, whatever family sent them."""

import logging
from typing import Final

from aiohttp import web
from redis.exceptions import RedisError

from connectors.framework.errors import Retry
from connectors.framework.fault import Fault
from connectors.framework.request_body import body_of
from connectors.framework.surroundings import Surroundings
from connectors.sms import outgoing
from connectors.sms_gateway.client import SmsGateway
from connectors.sms_gateway.receipts import RANKS
from connectors.sms_gateway.webhook import signed_form
from connectors.sql.database import Database

PATH: Final = "/webhooks/sms/{gateway}/status"
LARGEST_BODY_BYTES: Final = 64 * 1_024

logger = logging.getLogger(__name__)


def mount(application: web.Application, surroundings: Surroundings) -> None:
    """Add `/webhooks/sms/{gateway}/status`, where there are accounts.

    Raises SettingsError or DeploymentError.
    """
    gateway = SmsGateway(surroundings)
    if gateway.settings.accounts:
        _Receipts(surroundings, gateway).mount(application)


class _Receipts:
    """Takes receipts; 503 where one of the stores does not answer."""

    def __init__(self, surroundings: Surroundings, gateway: SmsGateway) -> None:
        self._public_url = surroundings.settings.public_url
        self._gateway = gateway
        self._database = Database(surroundings, "sms")

    def mount(self, application: web.Application) -> None:
        application.on_startup.append(self._open)
        application.on_cleanup.append(self._close)
        application.router.add_post(PATH, self._post)

    async def _open(self, _application: web.Application) -> None:
        await self._gateway.open()

    async def _close(self, _application: web.Application) -> None:
        await self._gateway.close()
        await self._database.close()

    async def _post(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self._take(request)
        except Fault as fault:
            return fault.response()
        except (RedisError, Retry) as error:
            logger.warning("a receipt was not taken: %s", error)
            return Fault(503, "store", "an answer in time", "none; send the same receipt again").response()

    async def _take(self, request: web.Request) -> web.StreamResponse:
        body = await body_of(request, LARGEST_BODY_BYTES)
        form = signed_form(self._gateway.settings, self._public_url, request, body)
        key, status, message_id = request.query.get("message", ""), form.get("MessageStatus", ""), form.get("MessageSid", "")
        code = form.get("ErrorCode") or None
        if (
            not key
            or not (key + message_id).isprintable()
            or status not in RANKS
            or not 1 <= len(message_id) <= 64
            or not (code or "0").isdigit()
        ):
            raise Fault(400, "form", "message in the address, MessageSid and a known MessageStatus", "something else")
        if not await self._gateway.was_asked(request.match_info["gateway"], key):
            raise Fault(404, "message", "one that the account was asked for", "another")
        await self._gateway.receipts.record(key, status, message_id, code)
        await self._database.ready()
        async with self._database.writing() as connection:
            await outgoing.tell(connection, key, status, message_id=message_id, reason=None if code is None else code[:64])
        return web.Response(status=204)
