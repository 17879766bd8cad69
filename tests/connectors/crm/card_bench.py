"""A CRM connector, and commands as flows send them."""

from contextlib import asynccontextmanager
from typing import Any

from connectors.crm.connector import CrmConnector
from connectors.framework.settings import ConnectorSettings
from tests.connectors.command_bench import QUICK
from tests.connectors.record_bench import Commands, opened

FIELDS: dict[str, dict[str, Any]] = {
    "phone": {"type": "phone", "required": True},
    "name": {},
    "mail": {"type": "email"},
    "bill": {"type": "number"},
    "car": {"type": "boolean"},
    "asked_on": {"type": "date"},
    "level": {"type": "list", "values": ["gold", "silver"]},
}
CONTACTS = {"kind": "crm", "name": "Contacts", "fields": FIELDS}
MEMBERS = {
    "kind": "crm",
    "fields": {"number": {"type": "number", "required": True}, "mail": {"type": "email"}, "name": {}},
    "unique": ["number", "mail"],
}
PARTNERS = {"kind": "crm", "fields": FIELDS, "integration": True}
SALES = {
    "kind": "crm_v2",
    "objects": {"lead": {"fields": FIELDS}, "company": {"fields": {"name": {}, "mail": {"type": "email"}}, "unique": ["name"]}},
    "scenarios": {"by_phone": {"object": "lead", "assertions": {"phone": "{{ contact.phone }}"}}, "who_writes": {"object": "lead"}},
}
DEFINITIONS: dict[str, dict[str, Any]] = {"contacts": CONTACTS, "members": MEMBERS, "partners": PARTNERS, "sales": SALES}

ANN = "+33612345678"
BOB = "+33612345679"


def fields(given):
    """What a command carries."""
    pairs = given.items() if isinstance(given, dict) else given
    return [{"name": name, "type": FIELDS.get(name, {}).get("type", "text"), "value": value} for name, value in pairs]


class Cards:
    """The four commands."""

    def __init__(self, commands: Commands) -> None:
        self.commands = commands

    async def find(self, *assertions, crm="contacts", combination="all", create=False, command_id=None, **envelope):
        body = {"crm": crm, "combination": combination, "assertions": fields(assertions), "create_if_not_found": create}
        return await self.commands.call("FindCard", body, command_id, **envelope)

    async def create(self, crm="contacts", *, associate=False, command_id=None, envelope=None, **given):
        body = {"crm": crm, "fields": fields(given), "associate": associate}
        return await self.commands.call("CreateCard", body, command_id, **(envelope or {}))

    async def scenario(self, *assertions, crm="sales", object_="lead", scenario="by_phone", combination="all", command_id=None, **envelope):
        body = {"crm": crm, "object": object_, "scenario": scenario, "combination": combination, "assertions": fields(assertions)}
        return await self.commands.call("FindCardByScenario", body, command_id, **envelope)

    async def create_v2(self, crm="sales", object_="lead", *, associate=False, command_id=None, **given):
        body = {"crm": crm, "object": object_, "fields": fields(given), "associate": associate}
        return await self.commands.call("CreateCardV2", body, command_id)

    async def card_of(self, interaction="c1-1"):
        """Kind, object and id of the card that an interaction belongs to."""
        query = f"SELECT kind, object, card FROM crm_associations WHERE interaction_id = '{interaction}'"
        return next(iter(await self.commands.sql(query)), None)

    async def count(self) -> int:
        number: int
        [(number,)] = await self.commands.sql("SELECT count(*) FROM crm_records")
        return number


@asynccontextmanager
async def cards(deployment, sql_url, *, settings: ConnectorSettings = QUICK, **environment):
    async with opened(CrmConnector, deployment, sql_url, settings=settings, **environment) as commands:
        yield Cards(commands)
