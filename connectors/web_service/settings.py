"""How web services are called, read from `SMART_ROUTING_WEB_SERVICE_*` environment variables."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from connectors.framework.settings import Settings, Yaml
from connectors.web_service.credentials import Credential


class WebServiceSettings(Settings):
    """What the connector knows of the services beside their definitions."""

    prefix = "SMART_ROUTING_WEB_SERVICE_"

    credentials: Annotated[Mapping[str, Credential], Yaml] = Field(
        default_factory=dict,
        description="reference of a web service → type (basic, bearer, api_key, oauth2_client_credentials or hmac), its secrets, and the "
        "origins that they may be sent to",
    )
