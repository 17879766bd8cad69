"""The CRMs that are reached over HTTP, by the reference of their definition."""

from collections.abc import Mapping

from connectors.crm.settings import CrmSettings
from connectors.crm.system import System
from connectors.framework.settings import ConnectorSettings


class Systems:
    """All that are set; any other CRM is kept in the SQL store."""

    def __init__(self, settings: CrmSettings, framework: ConnectorSettings) -> None:
        self._systems: Mapping[str, System] = {}

    async def open(self) -> None:
        """Open them all."""
        for system in self._systems.values():
            await system.open()

    async def close(self) -> None:
        """Close them all."""
        for system in self._systems.values():
            await system.close()

    def of(self, reference: str) -> System | None:
        """Return the system of a CRM; None where the SQL store is it."""
        return self._systems.get(reference)
