"""What providers' webhooks reach, and customers' files."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

from aiohttp import web
from redis.asyncio import Redis

from connectors.framework.links import Links
from connectors.framework.surroundings import Surroundings
from connectors.messaging.incoming import IncomingMessages
from connectors.messaging.media import MediaLinks
from connectors.messaging.settings import MessagingSettings
from connectors.messaging.sms_webhook import SmsWebhook
from connectors.messaging.whatsapp.api import GraphApi
from connectors.messaging.whatsapp.webhook import WhatsAppWebhook
from connectors.sms_gateway.client import SmsGateway


def mount(application: web.Application, surroundings: Surroundings) -> None:
    """Add `/webhooks/whatsapp`, `/webhooks/sms/{gateway}` and `/media/{token}`, where there are accounts.

    Raises SettingsError or DeploymentError, also where there is no secret to sign links with.
    """
    settings = surroundings.read(MessagingSettings)
    if not settings.whatsapp_accounts and not settings.sms_accounts:
        return
    redis = Redis.from_url(surroundings.deployment.redis_url)
    whatsapp = GraphApi(surroundings, settings.whatsapp_accounts.values(), settings.request_seconds)
    gateway = SmsGateway(surroundings)
    incoming = IncomingMessages(surroundings, redis, settings.webhook_age_seconds)
    media = MediaLinks(Links(surroundings), settings, whatsapp, gateway.settings, gateway.api)

    async def lifetime(_application: web.Application) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(redis.aclose)
            for part in (whatsapp, gateway, incoming):
                stack.push_async_callback(part.close)
                await part.open()
            yield

    application.cleanup_ctx.append(lifetime)
    media.mount(application)
    if settings.whatsapp_accounts:
        WhatsAppWebhook(surroundings, settings, redis, incoming, media).mount(application)
    if settings.sms_accounts:
        SmsWebhook(surroundings.settings.public_url, settings, gateway, incoming, media).mount(application)
