"""The ACD's connector: to our own ACD, or to one that a company already has."""

from typing import Final

from connectors.acd.backend import Backend
from connectors.acd.own import OwnAcd
from connectors.acd.remote.acd import RemoteAcd
from connectors.acd.settings import AcdSettings
from connectors.framework.connector import Body, Connector, command
from connectors.framework.context import Context
from connectors.framework.outcome import Outcome
from connectors.framework.surroundings import Surroundings

_ACKNOWLEDGE_SECONDS: Final = 25.0
"""The interaction is taken back after 30 s without an acknowledgement."""


def _target(_body: Body, _context: Context) -> str:
    return AcdConnector.family


def _in_time(_body: Body) -> float:
    return _ACKNOWLEDGE_SECONDS


class AcdConnector(Connector):
    """Distributions to queues and users (§ 4.1, 4.3). What comes after the first answer is told by the ACD's outbox."""

    family = "acd"

    def __init__(self, surroundings: Surroundings) -> None:
        """Prepare.

        Raises SettingsError.
        """
        settings = surroundings.read(AcdSettings)
        self._backend: Backend = OwnAcd(surroundings, settings) if settings.backend == "own" else RemoteAcd(surroundings, settings)

    async def open(self) -> None:
        """Connect."""
        await self._backend.open()

    async def close(self) -> None:
        """Disconnect."""
        await self._backend.close()

    @command("DistributeToQueue", idempotent=True, failure="unprocessed", budget=_in_time, target=_target)
    async def distribute_to_queue(self, body: Body, context: Context) -> Outcome:
        """Find an agent by a queue, or by the queues of a group."""
        return await self._backend.distribute_to_queue(body, context)

    @command("DistributeToUser", idempotent=True, budget=_in_time, target=_target)
    async def distribute_to_user(self, body: Body, context: Context) -> Outcome:
        """Ask one agent."""
        return await self._backend.distribute_to_user(body, context)

    @command("RelayMessage", idempotent=True, target=_target)
    async def relay_message(self, body: Body, context: Context) -> Outcome:
        """Hand over what the customer wrote."""
        return await self._backend.relay_message(body, context)

    @command("CancelDistribution", idempotent=True, target=_target)
    async def cancel_distribution(self, body: Body, context: Context) -> Outcome:
        """Take a distribution back."""
        return await self._backend.cancel_distribution(body, context)
