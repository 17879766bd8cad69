"""What keeps the cards of a CRM of the second version, where it is not the SQL store: a CRM elsewhere."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from connectors.crm.cards import Card
from connectors.crm.directory import Directory
from connectors.records.records import Asserted, Combination


class System(Protocol):
    """One CRM. Every method raises Refused with a reason of the schema, and Retry where another try may do."""

    def can_tell(self, name: str) -> bool:
        """Whether it can be asked what became of a command about an object, or does one that is repeated only once."""

    async def search(self, directory: Directory, wanted: Sequence[Asserted], combine: Combination) -> Sequence[Card]:
        """Return the cards that meet the assertions exactly; two or more where there are several."""

    async def search_customer(self, directory: Directory, scenario: str, envelope: Mapping[str, Any]) -> Sequence[Card]:
        """Return the cards of the customer, by a scenario that the CRM itself knows; `envelope` has channel, account and address."""

    async def create(self, directory: Directory, values: Mapping[str, str], command_id: str) -> Card:
        """Create a card, once for each command id where the system can tell.

        Raises Refused with outcome `unknown` where it cannot, and the answer was lost.
        """

    async def created(self, directory: Directory, values: Mapping[str, str], command_id: str) -> Card | None:
        """Return the card that a command has created whose connector died; None where it has not, or where it may be repeated."""
