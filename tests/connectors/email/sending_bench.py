"""E-mail commands and a connector that executes them against mail servers of the tests."""

import json
from contextlib import asynccontextmanager

from connectors.email.connector import EmailConnector
from connectors.framework.context import Context
from connectors.framework.errors import CommandFailed
from schemas.deployment import Deployment
from tests.connectors.command_bench import around

ANN, BEN, CAT = "ann@example.org", "ben@example.org", "cat@example.org"


def command(**changes):
    """The body of a SendEmail."""
    body = {
        "template": "receipt",
        "outgoing_interaction": False,
        "queue": None,
        "mailbox": "shop",
        "to": [ANN],
        "cc": [],
        "bcc": [],
        "refused": 0,
        "subject": "Your receipt",
        "text": "Thank you.\n",
        "html": None,
    }
    return {**body, **changes}


def context(command_id="c1-1-1", deadline=None):
    """The envelope of a command."""
    envelope = {"interaction_id": "c1-1", "flow": "shop", "flow_version": 1, "action": "receipt"}
    return Context(command_id, "c1", deadline, envelope)


def variables(sql_url, default=None, **mailboxes):
    """What the connector is set to."""
    chosen = {} if default is None else {"SMART_ROUTING_SMTP_DEFAULT_MAILBOX": default}
    return {"SMART_ROUTING_SQL_URL": sql_url, "SMART_ROUTING_SMTP_MAILBOXES": json.dumps(mailboxes), **chosen}


@asynccontextmanager
async def connector(sql_url, default=None, **mailboxes):
    """A connector, open."""
    made = EmailConnector(around(Deployment(), **variables(sql_url, default, **mailboxes)))
    try:
        await made.open()
        yield made
    finally:
        await made.close()


async def send(made, body, where=None):
    """Execute a command once: outcome and reason, or what was raised."""
    try:
        outcome = await made.send_email(body, where or context())
    except CommandFailed as failure:
        return type(failure).__name__, failure.reason, failure.outcome
    return outcome.outcome, outcome.reason
