"""What a connector, a page or a webhook is given: where it runs and how it is set."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from connectors.framework.settings import ConnectorSettings, Settings
from schemas.deployment import Deployment

Chosen = TypeVar("Chosen", bound=Settings)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The deployment, the framework's settings, and the environment from which each family reads its own."""

    deployment: Deployment
    settings: ConnectorSettings
    environment: Mapping[str, str]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Surroundings":
        """Read them.

        Raises DeploymentError or SettingsError, which name each variable, what was expected and what was found.
        """
        return cls(Deployment.from_environment(environment), ConnectorSettings.from_environment(environment), environment)

    def read(self, kind: type[Chosen]) -> Chosen:
        """Return settings of a kind.

        Raises SettingsError.
        """
        return kind.from_environment(self.environment)
