"""Billing on the real stores: a connector, the pages of its payments, and what it tells the processor."""

import json
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession, web
from sqlalchemy import select, update

from connectors.billing import invoice_store, public
from connectors.billing.connector import BillingConnector
from connectors.billing.new_invoice import NewInvoice
from connectors.billing.tables import invoice, payment
from connectors.framework.context import Context
from connectors.framework.errors import CommandFailed
from connectors.framework.outcome import Outcome
from connectors.framework.settings import ConnectorSettings
from connectors.framework.surroundings import Surroundings
from connectors.sql.tables import outbox
from schemas.deployment import Deployment
from smart_routing.free_port import free_port
from tests.connectors.command_bench import QUICK, around

OPEN: dict[str, Any] = {
    "id": "812", "number": "20260117", "amount": "87.40", "currency": "EUR", "customer_number": "4471", "name": "Aoife Byrne",
    "email": "aoife@example.org", "mobile_phone": "+353861234567", "landline_phone": "+35316790000", "issued_on": "2026-11-12",
    "due_on": "2026-12-10",
}  # fmt: skip
VALUES = {**OPEN, "amount": "87.4", "status": "open"}
CHAT = "smart_routing"


def settings_with(port: int) -> ConnectorSettings:
    return ConnectorSettings.model_validate(
        {**QUICK.model_dump(), "public_url": f"http://127.0.0.1:{port}", "link_secret": "a secret of the tests"}
    )


def context(command_id="c1-1-1", deadline=None):
    return Context(command_id, "c1", deadline, {})


def of_invoice(value="812", mode=CHAT, **changes):
    """The body of a RequestInvoicePayment."""
    asked = {"module": "shop", "provider": "ino_pay", "sandbox": True, "mode": mode, "locale": None}
    return {**asked, "identifier": "invoice_id", "value": value, "select": "most_recent", **changes}


def of_amount(amount="12.5", currency="EUR", mode=CHAT, **changes):
    """The body of a RequestAmountPayment."""
    asked = {"module": "shop", "provider": "ino_pay", "sandbox": True, "mode": mode, "locale": None, "amount": amount, "currency": currency}
    texts = dict.fromkeys(("invoice_name", "invoice_reference", "customer_reference", "comment", "customized_data"), "")
    return {**asked, **texts, "mobile_phone": None, "landline_phone": None, "email": None, **changes}


@dataclass
class Bench:
    """A connector without the framework around it, and its pages, served."""

    connector: BillingConnector
    surroundings: Surroundings
    http: ClientSession
    address: str

    async def put(self, *invoices: dict[str, Any]) -> None:
        async with self.connector._database.writing() as connection:
            await invoice_store.put(connection, [NewInvoice.model_validate(given) for given in invoices])

    async def do(self, method: str, body: dict[str, Any], where: Context | None = None) -> Outcome | CommandFailed:
        """Execute a command: its outcome, or what was raised."""
        try:
            outcome: Outcome = await getattr(self.connector, method)(body, where or context())
        except CommandFailed as failure:
            return failure
        return outcome

    async def begin(self, body: dict[str, Any], where: Context | None = None) -> str:
        """Ask for a payment; gives its link."""
        method = "request_amount_payment" if "amount" in body else "request_invoice_payment"
        outcome = await self.do(method, body, where)
        assert isinstance(outcome, Outcome), outcome
        assert outcome.outcome == "payment_started", outcome
        (link,) = re.findall(r"http://\S+/pay/\S+", outcome.values["message"])
        return str(link)

    async def page(self, link: str) -> dict[str, Any]:
        async with self.http.get(f"{link}/payment") as response:
            assert response.status == 200
            found: dict[str, Any] = await response.json()
            return found

    async def act(self, link: str, **given: Any) -> dict[str, Any]:
        """Do something on the page, as its script does."""
        tries = given.pop("tries", None)
        if tries is None:
            tries = (await self.page(link))["tries"]
        async with self.http.post(f"{link}/payment", json={"tries": tries, **given}) as response:
            assert response.status == 200, await response.text()
            found: dict[str, Any] = await response.json()
            return found

    async def told(self) -> list[tuple[str, str, str | None, dict[str, str] | None]]:
        """What the processor is told since the commands were answered: schema, outcome, reason, the invoice's values."""
        async with self.connector._database.reading() as connection:
            rows = (await connection.execute(select(outbox).order_by(outbox.c.id))).all()
        return [(row.schema, row.datum["outcome"], row.datum["reason"], row.datum.get("values")) for row in rows]

    async def invoice(self, identity: str = "812") -> Any:
        async with self.connector._database.reading() as connection:
            return (await connection.execute(select(invoice).where(invoice.c.id == identity))).one()

    async def payment(self, identity: str = "c1-1-1") -> Any:
        async with self.connector._database.reading() as connection:
            return (await connection.execute(select(payment).where(payment.c.id == identity))).one()

    async def change(self, identity: str = "c1-1-1", **values: Any) -> None:
        async with self.connector._database.writing() as connection:
            await connection.execute(update(payment).where(payment.c.id == identity).values(**values))


@asynccontextmanager
async def billing(sql_url, redis_url="redis://127.0.0.1:1", modules=None, **environment):
    """Billing without Kafka: what it would send stays in the outbox."""
    port = free_port()
    variables = {"SMART_ROUTING_SQL_URL": sql_url, "SMART_ROUTING_BILLING_MODULES": json.dumps(modules or {}), **environment}
    surroundings = around(Deployment(redis_url=redis_url), settings_with(port), **variables)
    application = web.Application()
    public.mount(application, surroundings)
    runner = web.AppRunner(application, shutdown_timeout=0.5)
    made = BillingConnector(surroundings)
    try:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        for part in (made._database, made._providers, made._invitations):
            await part.open()
        async with ClientSession() as http:
            bench = Bench(made, surroundings, http, f"http://127.0.0.1:{port}")
            await bench.put(OPEN)
            yield bench
    finally:
        await made._invitations.close()
        await made._providers.close()
        await made._database.close()
        await runner.cleanup()
