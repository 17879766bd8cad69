"""Contacts are counted, exactly or not at all."""

import asyncio
from contextlib import asynccontextmanager

from connectors.contacts.connector import ContactsConnector
from tests.connectors.command_bench import QUICK, around, running
from tests.connectors.contacts.journal_bench import DAY, now

ANN = ("whatsapp", "support", "33612345678")
ANN_BY_SMS = ("sms", "38600", "+33612345678")
BOB = ("web_chat", "demo", "bob")


@asynccontextmanager
async def counting(journal, deployment=None, **environment):
    deployment = deployment or journal.deployment
    connector = ContactsConnector(
        around(deployment, QUICK, **{f"SMART_ROUTING_CONTACTS_{name}": value for name, value in environment.items()})
    )
    async with running(connector, journal.deployment):
        yield connector


def counts(answers):
    return {answer["command_id"]: answer["values"].get("count", (answer["outcome"], answer["reason"])) for answer in answers}


async def test_contacts_over_all_channels_are_counted_but_for_the_one_that_asks(journal):
    journal.contact(*ANN, now() - 40 * DAY)
    journal.contact(*ANN, now() - 20 * DAY)
    journal.contact(*ANN_BY_SMS, now() - 10 * DAY)
    journal.contact(*BOB)
    asking = journal.contact(*ANN)
    journal.ask("ann", *ANN, asking)
    journal.ask("by sms", *ANN_BY_SMS)
    journal.ask("bob", *BOB)
    journal.ask("nobody", "sms", "38600", "+33699999999")
    async with counting(journal):
        assert counts(await journal.responses(4)) == {"ann": "2", "by sms": "3", "bob": "1", "nobody": "0"}
