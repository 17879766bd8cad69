"""The staff's view of what became of messages by WhatsApp and SMS: the providers' latest receipts."""

from pathlib import Path
from typing import Any, Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict
from redis.asyncio import Redis

from connectors.framework.fault import Fault, shown
from connectors.messaging.settings import MessagingSettings
from connectors.office.answering import answered
from connectors.office.office import Office
from connectors.office.paging import LARGEST_PAGE, Limit, query_of
from connectors.sms_gateway.receipts import Receipts

_PAGE: Final = Path(__file__).parent / "deliveries"
_ROLES: Final = frozenset({"supervisor"})


class _Query(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Limit = LARGEST_PAGE


def mount(office: Office) -> None:
    """Add the page /deliveries, `GET /api/deliveries` and `GET /api/deliveries/{command}`, for supervisors."""
    surroundings = office.surroundings
    redis = Redis.from_url(surroundings.deployment.redis_url)
    seconds = surroundings.read(MessagingSettings).receipt_expiry_seconds
    stores = {channel: Receipts(redis, f"{surroundings.deployment.topic_prefix}{channel}:", seconds) for channel in ("whatsapp", "sms")}
    office.on_close(redis.aclose)

    async def recent(request: web.Request) -> web.StreamResponse:
        """The latest receipts of all channels, newest first."""
        limit = query_of(request, _Query).limit
        found = [_delivery(channel, receipt) for channel, store in stores.items() for receipt in await store.recent(limit)]
        found.sort(key=lambda delivery: -delivery["at"])
        return answered({"deliveries": found[:limit]})

    async def one(request: web.Request) -> web.StreamResponse:
        """The latest receipt of one command's message."""
        command = request.match_info["command"]
        for channel, store in stores.items():
            if (receipt := await store.find(command)) is not None:
                return answered(_delivery(channel, {"key": command, **receipt}))
        raise Fault(404, "command", "a command whose message a provider has told of", shown(command))

    office.add("GET", "/api/deliveries", recent, _ROLES)
    office.add("GET", "/api/deliveries/{command}", one, _ROLES)
    office.page("/deliveries", "Deliveries", _PAGE, _ROLES)


def _delivery(channel: str, receipt: dict[str, str]) -> dict[str, Any]:
    return {
        "channel": channel,
        "command_id": receipt["key"],
        "status": receipt["status"],
        "code": receipt["code"] or None,
        "message_id": receipt["message"],
        "at": int(receipt["at"]),
    }
