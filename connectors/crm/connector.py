"""The CRM connector: directories in the SQL store (§ 5.5, 5.6), and CRMs of the second version, there or over HTTP (§ 5.7, 5.8)."""

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.crm import cards
from connectors.crm.cards import Card
from connectors.crm.directory import CRM, CRM_V2, Directory, directory_of, object_of
from connectors.crm.settings import CrmSettings
from connectors.crm.system import System
from connectors.crm.systems import Systems
from connectors.framework.connector import Body, Connector, command
from connectors.framework.context import Context
from connectors.framework.definitions import Definitions
from connectors.framework.errors import Refused, StoreAway
from connectors.framework.outcome import UNKNOWN, Outcome
from connectors.framework.surroundings import Surroundings
from connectors.records.declared_fields import checked
from connectors.records.records import Asserted, Combination
from connectors.sql.database import Database


def _crm(body: Body, _context: Context) -> str:
    return str(body["crm"])


class CrmConnector(Connector):
    """Finds and creates cards, and notes which card an interaction belongs to."""

    family = "crm"

    def __init__(self, surroundings: Surroundings) -> None:
        """Prepare. Raises SettingsError."""
        self._database = Database(surroundings, self.family)
        self._definitions = Definitions(surroundings)
        self._systems = Systems(surroundings.read(CrmSettings), surroundings.settings)

    async def open(self) -> None:
        """Connect to the store, read the definitions, and make the HTTP clients."""
        await self._database.open()
        await self._definitions.open()
        await self._systems.open()

    async def close(self) -> None:
        """Disconnect."""
        await self._systems.close()
        await self._definitions.close()
        await self._database.close()

    @command("FindCard", idempotent=True)
    async def find_card(self, body: Body, context: Context) -> Outcome:
        """Find the card that meets the assertions, or create one, and make it the interaction's."""
        document = await self._definitions.find(CRM, body["crm"])

        async def work(connection: AsyncConnection) -> Outcome:
            directory, combine = directory_of(document), _combination(body["combination"])
            wanted = _assertions(body["assertions"], directory)
            if not wanted:
                raise Refused("refused", "Expected one assertion or more, found none.")
            if not body["create_if_not_found"]:
                return await _concluded(connection, context, directory, await cards.search(connection, directory, wanted, combine))
            if directory.integration:
                raise Refused("refused", "An integration keeps these cards: a search creates none.")
            if combine == "any" or len(dict(wanted)) < len(wanted):
                raise Refused("refused", "A card is created from assertions that must all hold, each on another field.")
            found, is_new = await cards.search_or_create(connection, directory, wanted)
            return await _concluded(connection, context, directory, found, outcome="created" if is_new else "one")

        return await self._database.once(context, work)

    @command("CreateCard", idempotent=True)
    async def create_card(self, body: Body, context: Context) -> Outcome:
        """Create a card in a directory."""
        document = await self._definitions.find(CRM, body["crm"])

        async def work(connection: AsyncConnection) -> Outcome:
            directory = directory_of(document)
            card = await cards.create(connection, directory, _values(body["fields"], directory))
            return await _created(connection, context, directory, card, associate=body["associate"])

        return await self._database.once(context, work)

    @command("FindCardByScenario", idempotent=True, target=_crm)
    async def find_card_by_scenario(self, body: Body, context: Context) -> Outcome:
        """Find the customer's card by a scenario of a CRM, and make it the interaction's."""
        document, system = await self._definitions.find(CRM_V2, body["crm"]), self._systems.of(body["crm"])
        elsewhere = None if system is None else await _search(system, object_of(document, body["object"]), body, context)

        async def work(connection: AsyncConnection) -> Outcome:
            directory = object_of(document, body["object"])
            wanted, combine = _assertions(body["assertions"], directory), _combination(body["combination"])
            if elsewhere is not None:
                found = elsewhere
            elif wanted:
                found = await cards.search(connection, directory, wanted, combine)
            else:
                found = await cards.search_address(connection, directory, context.envelope["address"])
            return await _concluded(connection, context, directory, found)

        return await self._database.once(context, work)

    async def _what_became_of_card(self, body: Body, context: Context) -> Outcome | None:
        system = self._systems.of(body["crm"])
        if system is None:  # the store remembers which commands it has done
            return None
        if (noted := await self._database.recorded(context)) is not None:
            return noted
        if not system.can_tell(body["object"]):
            return Outcome(UNKNOWN, "interrupted", "The CRM was asked to create a card, its answer was not noted, and it cannot tell.")
        try:
            directory = object_of(await self._definitions.find(CRM_V2, body["crm"]), body["object"])
            card = await system.created(directory, _values(body["fields"], directory), context.command_id)
        except Refused as refused:  # which says nothing of what was done before
            return Outcome(UNKNOWN, "interrupted", refused.detail)
        return None if card is None else await self._noted(body, context, directory, card)

    @command("CreateCardV2", look_up="_what_became_of_card", target=_crm)
    async def create_card_v2(self, body: Body, context: Context) -> Outcome:
        """Create a card of an object."""
        document, system = await self._definitions.find(CRM_V2, body["crm"]), self._systems.of(body["crm"])
        if system is not None:
            directory = object_of(document, body["object"])
            card = await system.create(directory, _values(body["fields"], directory), context.command_id)
            return await self._noted(body, context, directory, card)

        async def work(connection: AsyncConnection) -> Outcome:
            directory = object_of(document, body["object"])
            card = await cards.create(connection, directory, _values(body["fields"], directory))
            return await _created(connection, context, directory, card, associate=body["associate"])

        return await self._database.once(context, work)

    async def _noted(self, body: Body, context: Context, directory: Directory, card: Card) -> Outcome:
        """Note what was created elsewhere. Where that fails, it is looked up before anything is created again."""

        async def work(connection: AsyncConnection) -> Outcome:
            return await _created(connection, context, directory, card, associate=body["associate"])

        try:
            return await self._database.once(context, work)
        except StoreAway as away:
            raise StoreAway("The card was created, and the SQL store did not note it.", outcome=UNKNOWN) from away


async def _search(system: System, directory: Directory, body: Body, context: Context) -> Sequence[Card]:
    wanted = _assertions(body["assertions"], directory)
    if wanted:
        return await system.search(directory, wanted, _combination(body["combination"]))
    return await system.search_customer(directory, body["scenario"], context.envelope)


async def _concluded(
    connection: AsyncConnection, context: Context, directory: Directory, found: Sequence[Card], *, outcome: str = "one"
) -> Outcome:
    match found:
        case []:
            return Outcome("none")
        case [card]:
            await cards.associate(connection, context.envelope, directory, card.id)
            return Outcome(outcome, values=card.answer)
        case _:
            return Outcome("several")


async def _created(connection: AsyncConnection, context: Context, directory: Directory, card: Card, *, associate: bool) -> Outcome:
    if associate:
        await cards.associate(connection, context.envelope, directory, card.id)
    return Outcome("ok", values=card.answer)


def _assertions(given: Sequence[Mapping[str, str]], directory: Directory) -> list[Asserted]:
    """Return what cards must have, held to the fields' types; a field may be named more than once. Raises Refused."""
    wanted = [
        Asserted(name, value) for field in given for name, value in checked({field["name"]: field["value"]}, directory.fields).items()
    ]
    if not all(asserted.value for asserted in wanted):
        raise Refused("refused", "Expected assertions that have a value, found one without.")
    return wanted


def _values(given: Sequence[Mapping[str, str]], directory: Directory) -> dict[str, str]:
    values = {field["name"]: field["value"] for field in given}
    if not values or len(values) < len(given):
        raise Refused("refused", f"Expected fields, each once; found {len(given)} values for {len(values)} fields.")
    return {name: value for name, value in checked(values, directory.fields).items() if value}


def _combination(combination: str) -> Combination:
    match combination:
        case "all" | "any":
            return combination
        case _:
            raise Refused("refused", f"Expected combination all or any, found {combination!r}.")
