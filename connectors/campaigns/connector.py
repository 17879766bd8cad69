"""The campaigns connector: targets in the SQL store, where dialers fetch them (§ 9)."""

from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.campaigns import store
from connectors.campaigns.campaign import Wanted, start_of
from connectors.campaigns.medium import contacted
from connectors.framework.connector import Body, Connector, command
from connectors.framework.context import Context
from connectors.framework.definitions import Definitions
from connectors.framework.outcome import Outcome
from connectors.framework.surroundings import Surroundings
from connectors.sql.database import Database


class CampaignsConnector(Connector):
    """Inserts targets into campaigns. A target and the note that its command was executed are one transaction."""

    family = "campaigns"

    def __init__(self, surroundings: Surroundings) -> None:
        """Prepare. Raises SettingsError."""
        self._database = Database(surroundings, self.family)
        self._definitions = Definitions(surroundings)

    async def open(self) -> None:
        """Connect to the store and read the definitions."""
        await self._database.open()
        await self._definitions.open()

    async def close(self) -> None:
        """Disconnect."""
        await self._definitions.close()
        await self._database.close()

    @command("InsertTarget", idempotent=True)
    async def insert_target(self, body: Body, context: Context) -> Outcome:
        """Insert a target; what is wrong with it is told in the schema's order: campaign and layout, number, the rest, duplicate."""
        # Before the transaction: a question to Kafka would keep others waiting for its end.
        wanted = await Wanted.find(self._definitions, body["medium"], body["campaign"], body["layout"])

        async def work(connection: AsyncConnection) -> Outcome:
            campaign, layout = wanted.present()
            phone_number = contacted(campaign.medium, body["phone_number"])
            await store.refuse_if_closed(connection, campaign.medium, campaign.reference)
            fields = layout.fitting(body["fields"])
            start_date, due_at = start_of(body["start_date"])
            target = store.NewTarget(
                medium=campaign.medium,
                campaign=campaign.reference,
                phone_number=phone_number,
                priority=campaign.priority(body["priority"]),
                start_date=start_date,
                due_at=due_at,
                layout=body["layout"],
                fields=fields,
                interaction_id=context.envelope["interaction_id"],
                flow=context.envelope["flow"],
            )
            return Outcome.ok(id=str(await store.add(connection, target, although_duplicate=body["insert_if_duplicate"])))

        return await self._database.once(context, work)
