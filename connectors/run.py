"""Puts connectors and gateway together and runs them."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import stamina
from aiohttp import web

from connectors.acd import office as acd_office
from connectors.acd import public as acd_public
from connectors.acd.connector import AcdConnector
from connectors.acd.settings import AcdSettings
from connectors.billing import office as billing_office
from connectors.billing import public as billing_public
from connectors.billing.connector import BillingConnector
from connectors.billing.settings import BillingSettings
from connectors.campaigns import office as campaigns_office
from connectors.campaigns.connector import CampaignsConnector
from connectors.cases import office as cases_office
from connectors.cases.connector import CasesConnector
from connectors.cases.settings import CasesSettings
from connectors.contacts.connector import ContactsConnector
from connectors.contacts.settings import ContactsSettings
from connectors.crm import office as crm_office
from connectors.crm.connector import CrmConnector
from connectors.crm.settings import CrmSettings
from connectors.databases import office as databases_office
from connectors.databases.connector import DatabasesConnector
from connectors.email import office as email_office
from connectors.email.connector import EmailConnector
from connectors.email.settings import EmailSettings
from connectors.framework.connector import Connector
from connectors.framework.ending import end
from connectors.framework.metrics import Metrics
from connectors.framework.runner import ConnectorRunner
from connectors.framework.settings import ConnectorSettings, Settings
from connectors.framework.surroundings import Surroundings
from connectors.messaging import office as messaging_office
from connectors.messaging import public as messaging_public
from connectors.messaging.connector import MessagingConnector
from connectors.messaging.gateway import gateway_application
from connectors.messaging.settings import MessagingSettings
from connectors.office.office import Office, office_application
from connectors.office.settings import OfficeSettings
from connectors.sms import office as sms_office
from connectors.sms import public as sms_public
from connectors.sms.connector import SmsConnector
from connectors.sms_gateway.settings import SmsGatewaySettings
from connectors.smtp.settings import SmtpSettings
from connectors.sql.settings import SqlSettings
from connectors.surveys import office as surveys_office
from connectors.surveys import public as surveys_public
from connectors.surveys.connector import SurveysConnector
from connectors.surveys.settings import SurveysSettings
from connectors.tasks import office as tasks_office
from connectors.tasks.connector import TasksConnector
from connectors.tasks.settings import TasksSettings
from connectors.web_service.connector import WebServiceConnector
from connectors.web_service.settings import WebServiceSettings

CONNECTORS: Final[Mapping[str, Callable[[Surroundings], Connector]]] = MappingProxyType(
    {
        MessagingConnector.family: MessagingConnector,
        SmsConnector.family: SmsConnector,
        AcdConnector.family: AcdConnector,
        CasesConnector.family: CasesConnector,
        TasksConnector.family: TasksConnector,
        CrmConnector.family: CrmConnector,
        DatabasesConnector.family: DatabasesConnector,
        CampaignsConnector.family: CampaignsConnector,
        SurveysConnector.family: SurveysConnector,
        WebServiceConnector.family: WebServiceConnector,
        ContactsConnector.family: ContactsConnector,
        EmailConnector.family: EmailConnector,
        BillingConnector.family: BillingConnector,
    }
)
"""Every connector that there is, by family."""

SETTINGS: Final[tuple[type[Settings], ...]] = (
    ConnectorSettings,
    SqlSettings,
    SmtpSettings,
    OfficeSettings,
    WebServiceSettings,
    ContactsSettings,
    EmailSettings,
    BillingSettings,
    MessagingSettings,
    AcdSettings,
    SmsGatewaySettings,
    CasesSettings,
    TasksSettings,
    CrmSettings,
    SurveysSettings,
)
"""All that can be set."""

PUBLIC: Final[tuple[Callable[[web.Application, Surroundings], None], ...]] = (
    messaging_public.mount,
    sms_public.mount,
    acd_public.mount,
    billing_public.mount,
    surveys_public.mount,
)
"""What customers' browsers and providers' webhooks reach beside the web chat: each adds its routes to the gateway."""

OFFICE: Final[tuple[Callable[[Office], None], ...]] = (
    acd_office.mount,
    cases_office.mount,
    tasks_office.mount,
    email_office.mount,
    billing_office.mount,
    campaigns_office.mount,
    surveys_office.mount,
    sms_office.mount,
    messaging_office.mount,
    crm_office.mount,
    databases_office.mount,
)
"""What the staff sees: each adds its pages and its API to the office."""

_LONGEST_PAUSE_SECONDS: Final = 5.0
_HANDLERS_SECONDS: Final = 10.0

logger = logging.getLogger(__name__)


async def run_connectors(
    surroundings: Surroundings, families: Sequence[str], stop: asyncio.Event, *, metrics: Metrics | None = None
) -> None:
    """Run the connectors of these families (all of them, where none is named) until `stop` is set, and then until they have drained.

    A connector that fails, because Kafka or Redis does not answer or because of a fault of ours, is started anew, with growing pauses.

    Raises ValueError where there is no connector of a family.
    """
    unknown = sorted(set(families) - set(CONNECTORS))
    if unknown:
        raise ValueError(f"families: expected some of {', '.join(CONNECTORS)}; found {', '.join(unknown)}")
    metrics = metrics or Metrics()
    async with asyncio.TaskGroup() as group:
        for family in dict.fromkeys(families or CONNECTORS):
            metrics.pulse.expect(family)
            group.create_task(_run_again_and_again(family, surroundings, stop, metrics))


async def _run_again_and_again(family: str, surroundings: Surroundings, stop: asyncio.Event, metrics: Metrics) -> None:
    pausing = asyncio.Event()

    def again(error: BaseException) -> bool:
        if stop.is_set() or not isinstance(error, Exception):  # one who is cancelled is not to begin again
            return False
        logger.error("connector %s: failed, will be started again: %r", family, error)
        logger.debug("connector %s: failed", family, exc_info=error)
        pausing.set()
        return True

    async def run() -> None:
        async for attempt in stamina.retry_context(on=again, attempts=None, timeout=None, wait_max=_LONGEST_PAUSE_SECONDS):
            with attempt:
                pausing.clear()
                connector = CONNECTORS[family](surroundings)
                await ConnectorRunner(connector, surroundings.deployment, surroundings.settings, metrics=metrics).run(stop)

    task = asyncio.create_task(run())
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([task, stopping], return_when=asyncio.FIRST_COMPLETED)
        if pausing.is_set():
            await end(task)
        await asyncio.wait([task])
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.warning("connector %s: stopped: %r", family, error)
    finally:
        await end(task, stopping)


def public_application(surroundings: Surroundings, *, page: bool = True) -> web.Application:
    """Return what customers and providers reach: the web chat, with its page at `/` unless `page` is false, public pages and webhooks.

    Raises DeploymentError or SettingsError where a secret is missing.
    """
    application = gateway_application(surroundings, page=page)
    for mount in PUBLIC:
        mount(application, surroundings)
    return application


async def run_gateway(
    surroundings: Surroundings, host: str, port: int, stop: asyncio.Event, *, listening: Callable[[str], None] | None = None
) -> None:
    """Serve web chat, public pages and webhooks until `stop` is set; `listening` is told the address once it is served. Port 0: a free one.

    Raises:
        OSError: the port cannot be had.
        DeploymentError: the deployment has no secret to name conversations with.
        SettingsError: a secret that signs links is missing.
    """
    await _serve(public_application(surroundings), host, port, stop, listening)


async def run_office(
    surroundings: Surroundings, host: str, port: int, stop: asyncio.Event, *, listening: Callable[[str], None] | None = None
) -> None:
    """Serve the staff's pages until `stop` is set; `listening` is told the address once it is served. Port 0: a free one.

    Raises OSError where the port cannot be had.
    """
    await _serve(office_application(surroundings, OFFICE), host, port, stop, listening)


async def _serve(application: web.Application, host: str, port: int, stop: asyncio.Event, listening: Callable[[str], None] | None) -> None:
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=_HANDLERS_SECONDS)
    try:
        await runner.setup()
        site = web.TCPSite(runner, host, port)
        await site.start()
        address = f"http://{host}:{runner.addresses[0][1]}"
        logger.info("listening: %s", address)
        if listening is not None:
            listening(address)
        await stop.wait()
    finally:
        await runner.cleanup()
