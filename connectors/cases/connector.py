"""The cases connector: four commands on the SQL store (§ 5.1 to 5.4)."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.cases import store
from connectors.cases.actor import Actor
from connectors.cases.case import TITLE, Case, Customer
from connectors.cases.case_type import KIND, CaseType
from connectors.cases.reference import next_reference
from connectors.cases.settings import CasesSettings
from connectors.framework.connector import Body, Connector, command
from connectors.framework.context import Context
from connectors.framework.definitions import Definitions
from connectors.framework.errors import Refused
from connectors.framework.outcome import Outcome
from connectors.framework.surroundings import Surroundings
from connectors.sql.database import Database

NOT_FOUND = "not_found"


class CasesConnector(Connector):
    """Keeps cases in SQL. A command's effect and the note that it was executed are one transaction, so that each is done once."""

    family = "cases"

    def __init__(self, surroundings: Surroundings) -> None:
        """Prepare. Raises SettingsError."""
        self._settings = surroundings.read(CasesSettings)
        self._database = Database(surroundings, self.family)
        self._definitions = Definitions(surroundings)

    async def open(self) -> None:
        """Connect to the store and read the case types."""
        await self._database.open()
        await self._definitions.open()

    async def close(self) -> None:
        """Disconnect."""
        await self._definitions.close()
        await self._database.close()

    @command("AssociateCase", idempotent=True)
    async def associate_case(self, body: Body, context: Context) -> Outcome:
        """Find a case, by its reference or as the customer's newest, and make it the interaction's."""

        async def work(connection: AsyncConnection) -> Outcome:
            case = await self._wanted(connection, body["reference"], _customer(context))
            await store.associate(connection, context.envelope["interaction_id"], case, Actor.flow(context.envelope))
            return Outcome.ok(**case.values)

        return await self._database.once(context, work)

    @command("DissociateCase", idempotent=True)
    async def dissociate_case(self, body: Body, context: Context) -> Outcome:
        """Take the interaction from whatever case it belongs to."""

        async def work(connection: AsyncConnection) -> Outcome:
            await store.dissociate(connection, context.envelope["interaction_id"], Actor.flow(context.envelope))
            return Outcome.ok()

        return await self._database.once(context, work)

    @command("CreateCase", idempotent=True)
    async def create_case(self, body: Body, context: Context) -> Outcome:
        """Open a case of a type for the customer, and make it the interaction's."""
        document = await self._definitions.find(KIND, body["case_type"])
        actor = Actor.flow(context.envelope)

        async def work(connection: AsyncConnection) -> Outcome:
            if document is None:  # said here only: a command that was done is answered from its record, whatever has become of the type
                raise Refused("reference_not_found", "There is no such case type.", outcome=NOT_FOUND)
            case_type = CaseType.of(document)
            title = _fitting_title(case_type, body["title"])
            reference = await next_reference(connection, self._settings.reference_prefix, actor.at)
            case = Case(
                id=store.new_id(),
                reference=reference,
                type=case_type.reference,
                title=title,
                status=case_type.first_status,
                fields={},
                customer=_customer(context),
                opened_at=actor.at,
                changed_at=actor.at,
            )
            await store.add(connection, case, actor)
            await store.associate(connection, context.envelope["interaction_id"], case, actor)
            return Outcome.ok(**case.values)

        return await self._database.once(context, work)

    @command("ModifyCase", idempotent=True)
    async def modify_case(self, body: Body, context: Context) -> Outcome:
        """Change fields of a case, all of them or none."""
        given = _given(body["fields"])
        async with self._database.reading() as connection:
            found = await self._wanted(connection, body["reference"], _customer(context))
        # Before the transaction: a case's type never changes, and a question to Kafka would keep others waiting for its end.
        document = await self._definitions.find(KIND, found.type)
        case_type = CaseType.gone(found.type) if document is None else CaseType.of(document)

        async def work(connection: AsyncConnection) -> Outcome:
            case = await self._wanted(connection, body["reference"], _customer(context), to_change=True)
            changed = await store.change(connection, case, case_type.checked(given), Actor.flow(context.envelope))
            # Every field that there could be: what people have emptied since is to be empty in the flow's variable, too.
            return Outcome.ok(**{"reference": case.reference, **dict.fromkeys(case_type.fields, ""), **changed.all_fields})

        return await self._database.once(context, work)

    async def _wanted(self, connection: AsyncConnection, reference: str | None, customer: Customer, *, to_change: bool = False) -> Case:
        if reference is None:
            case = next(iter(await store.last_of(connection, customer)), None)
        else:
            case = await store.by_reference(connection, reference, to_change=to_change)
        if case is None or (self._settings.own_cases_only and case.customer != customer):
            raise Refused("no_case", "There is no such case.", outcome=NOT_FOUND)
        return case


def _customer(context: Context) -> Customer:
    envelope = context.envelope
    return Customer(envelope["channel"], envelope["account"], envelope["address"])


def _fitting_title(case_type: CaseType, title: str) -> str:
    try:
        fitting = case_type.fields[TITLE].fitting(TITLE, title)
    except Refused as unfit:
        raise Refused("refused", unfit.detail) from unfit
    if not fitting:
        raise Refused("refused", "Field title: expected a title, found none.")
    return fitting


def _given(fields: list[dict[str, Any]]) -> dict[str, str]:
    values = {field["name"]: field["value"] for field in fields}
    if not fields or len(values) != len(fields):
        raise Refused("refused", f"Expected fields, each once; found {len(fields)} fields with {len(values)} names.")
    return values
