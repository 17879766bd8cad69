"""Settings of the CRM connector."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from connectors.framework.settings import Settings, Yaml


class CrmSettings(Settings):
    """Settings of the CRM connector."""

    prefix = "SMART_ROUTING_CRM_"

    systems: Annotated[Mapping[str, object], Yaml] = Field(default_factory=dict, description="soon")
