"""Settings of the cases family."""

from pydantic import Field

from connectors.framework.settings import Settings


class CasesSettings(Settings):
    """How cases are numbered and found."""

    prefix = "SMART_ROUTING_CASES_"

    reference_prefix: str = Field(
        default="C", pattern=r"^[A-Z][A-Z0-9]{0,7}$", description="what references begin with: C gives C-2026-000123; capitals and digits"
    )
    own_cases_only: bool = Field(
        default=False,
        description=(
            "whether a flow that gives a reference reaches the customer's own cases only; otherwise whoever knows a reference"
            " reaches the case, from another channel, too"
        ),
    )
