"""The CRMs that are reached over HTTP, by the reference of their definition."""

from connectors.crm.client import CrmClient
from connectors.crm.http_crm import HttpSystem
from connectors.crm.hubspot import HubSpotSystem
from connectors.crm.settings import CrmSettings, CrmSystem, HttpCrm, HubSpotCrm
from connectors.crm.system import System
from connectors.framework.outbound import Outbound
from connectors.framework.settings import ConnectorSettings


class Systems:
    """All that are set; any other CRM is kept in the SQL store."""

    def __init__(self, settings: CrmSettings, framework: ConnectorSettings) -> None:
        self._outbound = Outbound.of(framework)
        self._clients = {
            reference: CrmClient(system.base_url, system.credential, system.timeout_seconds, self._outbound)
            for reference, system in settings.systems.items()
        }
        self._systems = {reference: _system(system, self._clients[reference]) for reference, system in settings.systems.items()}

    async def open(self) -> None:
        """Make the HTTP clients."""
        await self._outbound.open()

    async def close(self) -> None:
        """Close their connections."""
        for client in self._clients.values():
            await client.close()
        await self._outbound.close()

    def of(self, reference: str) -> System | None:
        """Return the system of a CRM; None where the SQL store is it."""
        return self._systems.get(reference)


def _system(settings: CrmSystem, client: CrmClient) -> System:
    match settings:
        case HttpCrm():
            return HttpSystem(settings, client)
        case HubSpotCrm():
            return HubSpotSystem(settings, client)
