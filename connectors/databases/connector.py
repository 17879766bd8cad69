"""The databases connector: three commands on the SQL store (§ 6.4 to 6.6)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.databases.custom_database import KIND, collection_of
from connectors.databases.tables import rows
from connectors.framework.connector import Body, Connector, command
from connectors.framework.context import Context
from connectors.framework.definitions import Definitions
from connectors.framework.errors import Refused
from connectors.framework.outcome import Outcome
from connectors.framework.surroundings import Surroundings
from connectors.records.declared_fields import complete
from connectors.records.records import Asserted, Collection, Combination, Records
from connectors.sql.database import Database

NOT_OK: Final = "not_ok"
COLUMNS_NOT_FOUND: Final = "columns_not_found"


class DatabasesConnector(Connector):
    """Keeps the rows of custom databases. A command's effect and the note that it was executed are one transaction."""

    family = "databases"

    def __init__(self, surroundings: Surroundings) -> None:
        """Prepare. Raises SettingsError."""
        self._database = Database(surroundings, self.family)
        self._definitions = Definitions(surroundings)
        self._records = Records(rows)

    async def open(self) -> None:
        """Connect to the store and read the databases' definitions."""
        await self._database.open()
        await self._definitions.open()

    async def close(self) -> None:
        """Disconnect."""
        await self._definitions.close()
        await self._database.close()

    @command("ReadRow", idempotent=True)
    async def read_row(self, body: Body, context: Context) -> Outcome:
        """Read columns of the oldest row that conforms."""
        collection = _collection(await self._definitions.find(KIND, body["database"]))
        wanted, columns = _assertions(body), [column["name"] for column in body["columns"]]
        if _lacks(collection, [*columns, *(asserted.field for asserted in wanted)]):
            return Outcome(COLUMNS_NOT_FOUND)
        found = await self._records.look_up(self._database, collection, wanted, _combination(body["confirm"]), 1)
        if not found:
            return Outcome("not_found")
        values = found[0].declared(collection.fields)
        return Outcome("ok", values={column: values[column] for column in columns})

    @command("InsertRow", idempotent=True, failure=NOT_OK)
    async def insert_row(self, body: Body, context: Context) -> Outcome:
        """Add a row."""
        document = await self._definitions.find(KIND, body["database"])

        async def work(connection: AsyncConnection) -> Outcome:
            collection, values = _collection(document), _values(body["values"])
            if _lacks(collection, values):
                raise Refused(COLUMNS_NOT_FOUND, "The database lacks a column that is given a value.")
            fitting = _fitting(collection, values)
            complete(fitting, collection.fields)
            await self._records.enter(connection, collection)
            await self._records.add(connection, collection, [fitting])
            return Outcome.ok()

        return await self._database.once(context, work)

    @command("ModifyRows", idempotent=True)
    async def modify_rows(self, body: Body, context: Context) -> Outcome:
        """Change the oldest row that conforms, or all of them; of several commands on one database, one after the other."""
        document = await self._definitions.find(KIND, body["database"])

        async def work(connection: AsyncConnection) -> Outcome:
            collection, wanted, changes = _collection(document), _assertions(body), _values(body["changes"])
            if _lacks(collection, [*changes, *(asserted.field for asserted in wanted)]):
                return Outcome(COLUMNS_NOT_FOUND)
            fitting = _fitting(collection, changes)
            complete(fitting, {name: collection.fields[name] for name in fitting})
            await self._records.enter(connection, collection, alone=True)
            found = await self._records.find(connection, collection, wanted, "all", _most(body["scope"]))
            changed = [row for row in found if collection.differs(row, fitting)]
            await self._records.change(connection, collection, changed, fitting)
            return Outcome("ok" if changed else "no_modification" if found else "no_value_found")

        return await self._database.once(context, work)


def _collection(document: Mapping[str, Any] | None) -> Collection:
    if document is None:
        raise Refused("database_not_found", "There is no such database.")
    return collection_of(document)


def _assertions(body: Body) -> list[Asserted]:
    if not body["assertions"]:  # every row would conform
        raise Refused("refused", "Expected one assertion or more, found none.")
    return [Asserted(given["column"], given["value"]) for given in body["assertions"]]


def _values(given: Sequence[Mapping[str, str]]) -> dict[str, str]:
    values = {value["column"]: value["value"] for value in given}
    if not values or len(values) < len(given):
        raise Refused("refused", f"Expected columns, each once; found {len(given)} values for {len(values)} columns.")
    return values


def _lacks(collection: Collection, columns: Iterable[str]) -> bool:
    return any(column not in collection.fields for column in columns)


def _fitting(collection: Collection, values: Mapping[str, str]) -> dict[str, str]:
    return {column: collection.fields[column].fitting(column, value) for column, value in values.items()}


def _combination(confirm: str) -> Combination:
    match confirm:
        case "all" | "any":
            return confirm
        case _:
            raise Refused("refused", f"Expected confirm all or any, found {confirm!r}.")


def _most(scope: str) -> int | None:
    match scope:
        case "first":
            return 1
        case "all":
            return None
        case _:
            raise Refused("refused", f"Expected scope first or all, found {scope!r}.")
