"""What customers and providers reach: the payment page below /pay, and webhooks at /webhooks/stripe/<module>."""

from collections.abc import AsyncIterator

from aiohttp import web

from connectors.billing import payment_store
from connectors.billing.answering import Handler, answered
from connectors.billing.invitation import PATH
from connectors.billing.payment_page import FOLDER, PaymentPage
from connectors.billing.providers import Providers
from connectors.billing.settings import BillingSettings
from connectors.billing.webhook import Webhook
from connectors.framework.page import mount_folder
from connectors.framework.surroundings import Surroundings
from connectors.sql.database import Database


def mount(application: web.Application, surroundings: Surroundings) -> None:
    """Add pages and webhooks. Raises SettingsError."""
    settings = surroundings.read(BillingSettings)
    database = Database(surroundings, payment_store.FAMILY)
    providers = Providers(surroundings, settings, database)
    page, webhook = PaymentPage(surroundings, settings, database, providers), Webhook(settings, database)

    async def lifetime(_application: web.Application) -> AsyncIterator[None]:
        try:
            await providers.open()
            yield
        finally:
            await providers.close()
            await database.close()

    def opened(handler: Handler) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            await database.ready()
            return await handler(request)

        return answered(handle)

    mount_folder(application, f"{PATH}/page/", FOLDER)
    application.router.add_get(f"{PATH}/{{token}}", page.page)
    application.router.add_get(f"{PATH}/{{token}}/payment", opened(page.show))
    application.router.add_post(f"{PATH}/{{token}}/payment", opened(page.act))
    application.router.add_post("/webhooks/stripe/{module}", opened(webhook.hear))
    application.cleanup_ctx.append(lifetime)
