"""Settings of the CRM connector."""

from connectors.framework.settings import Settings


class CrmSettings(Settings):
    """Settings of the CRM connector."""

    prefix = "SMART_ROUTING_CRM_"
