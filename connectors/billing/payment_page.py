"""The payment page: what is to be paid, and how it is paid or left."""

from pathlib import Path
from typing import Final, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from yarl import URL

from connectors.billing import invoice_store, payment_store
from connectors.billing.answering import NOT_CACHED
from connectors.billing.invitation import PATH, PURPOSE, title_of
from connectors.billing.payment import (
    CLOSING,
    ENDED,
    ERROR,
    FAILED,
    FRAUDULENT,
    OPEN,
    RESULTS,
    STOPPED,
    SUCCESSFUL,
    TRANSFER_ERROR,
    Payment,
)  # fmt: skip
from connectors.billing.payment_store import ALREADY_PAID, EXPIRED, TakesNoMoney
from connectors.billing.providers import Providers
from connectors.billing.settings import BillingSettings
from connectors.framework.fault import Fault
from connectors.framework.links import Links
from connectors.framework.page import PAGE_HEADERS
from connectors.framework.request_body import body_of
from connectors.framework.surroundings import Surroundings
from connectors.sql.database import Database

FOLDER: Final = Path(__file__).parent / "page"

_LARGEST_BODY_BYTES: Final = 4_096
_OF_OUR_PAGE: Final = frozenset({"same-origin", "none"})

# What a bank may say of the sandbox's cards; reasons as a provider would write them.
_CARDS: Final = {
    "paid": (SUCCESSFUL, None),
    "declined": (FAILED, "card_declined"),
    "fraud": (FRAUDULENT, "fraudulent"),
    "transfer": (TRANSFER_ERROR, "bank_transfer_failed"),
    "broken": (ERROR, "processing_error"),
}


class Act(BaseModel):
    """What a customer does on the page."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    act: Literal["pay", "stop"]
    card: Literal["paid", "declined", "fraud", "transfer", "broken"] | None = Field(default=None, description="One of the sandbox's cards.")
    tries: int = Field(ge=0, description="Results that the page knows of: a second click comes too late.")


class PaymentPage:
    """The handlers. A link is the pass: whoever has it may see and pay the payment, and nobody can guess it."""

    def __init__(self, surroundings: Surroundings, settings: BillingSettings, database: Database, providers: Providers) -> None:
        """Prepare. Raises SettingsError."""
        self._settings = settings
        self._database = database
        self._providers = providers
        self._links = Links(surroundings)
        self._public_host = URL(surroundings.settings.public_url).authority

    async def page(self, request: web.Request) -> web.StreamResponse:
        """The page; looking at it does nothing, as those do who preview links."""
        known = self._links.subject(PURPOSE, request.match_info["token"]) is not None
        headers = {**PAGE_HEADERS, "Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
        return web.FileResponse(FOLDER / ("index.html" if known else "unknown.html"), status=200 if known else 404, headers=headers)

    async def show(self, request: web.Request) -> web.StreamResponse:
        """The payment, as its page shows it."""
        return self._shown(await self._found(request))

    async def act(self, request: web.Request) -> web.StreamResponse:
        """Pay or stop. Who is late, because the payment has had a result since the page was loaded, is shown what there is."""
        self._check_origin(request)
        try:
            given = Act.model_validate_json(await body_of(request, _LARGEST_BODY_BYTES))
        except ValidationError as invalid:
            raise Fault.of(invalid) from None
        payment = await self._found(request)
        if given.act == "stop":
            await self._stop(payment, given.tries)
        elif payment.by_provider:
            return await self._to_provider(payment)
        elif given.card is None:
            raise Fault(400, "card", "one of the sandbox's cards", "none")
        else:
            await self._pretend(payment, given.card, given.tries)
        return self._shown(await self._found(request))

    async def _pretend(self, payment: Payment, card: str, tries: int) -> None:
        """Have the sandbox answer as a bank would."""
        outcome, reason = _CARDS[card]
        try:
            async with self._database.writing() as connection:
                found = await payment_store.locked(connection, payment.id)
                if found is None or found.tries != tries or not found.takes_money(payment_store.now()):
                    return
                if outcome == SUCCESSFUL:
                    await payment_store.paid(connection, found, self._settings.settled_statuses, taken=False)
                else:
                    await payment_store.failed(connection, found, outcome, reason)
        except TakesNoMoney:
            await self._needless(payment)

    async def _stop(self, payment: Payment, tries: int) -> None:
        async with self._database.writing() as connection:
            found = await payment_store.locked(connection, payment.id)
            if found is not None and found.tries == tries and found.takes_money(payment_store.now()):
                await payment_store.failed(connection, found, STOPPED, "by_customer")

    async def _to_provider(self, payment: Payment) -> web.StreamResponse:
        """Name the provider's page, which takes the money."""
        if not payment.takes_money(payment_store.now()):
            return self._shown(payment)
        async with self._database.reading() as connection:
            invoice = None if payment.invoice_id is None else await invoice_store.by_id(connection, payment.invoice_id)
        if invoice is not None and invoice.status in self._settings.settled_statuses:
            return self._shown(await self._needless(payment))
        merchant, locale = self._about(payment)
        back = self._links.url(PURPOSE, PATH, payment.code)
        paged = await self._providers.page(payment, title_of(payment, locale, merchant), back)
        if not paged.takes_money(payment_store.now()):
            return self._shown(paged)
        return web.json_response({"redirect": paged.session_url}, headers=NOT_CACHED)

    async def _needless(self, payment: Payment) -> Payment:
        """End a payment whose invoice was settled otherwise, and return it."""
        async with self._database.writing() as connection:
            found = await payment_store.locked(connection, payment.id)
            if found is not None and found.state == OPEN:
                await payment_store.stop(connection, found, STOPPED, ALREADY_PAID)
            return await payment_store.by_id(connection, payment.id) or payment

    async def _found(self, request: web.Request) -> Payment:
        code = self._links.subject(PURPOSE, request.match_info["token"])
        async with self._database.reading() as connection:
            found = None if code is None else await payment_store.by_code(connection, code)
        if found is None:
            raise Fault(404, "link", "one that leads to a payment", "another")
        return found

    def _about(self, payment: Payment) -> tuple[str, str]:
        return self._providers.merchant_of(payment.module), payment.locale or self._settings.default_locale

    def _shown(self, payment: Payment) -> web.Response:
        """Return what the page needs, and nothing of the customer: a link may be passed on."""
        merchant, locale = self._about(payment)
        run_out = payment.state == OPEN and not payment.takes_money(payment_store.now())
        return web.json_response(
            {
                "state": ENDED if run_out or payment.state == CLOSING else payment.state,
                "outcome": STOPPED if run_out else payment.outcome if payment.outcome in RESULTS else None,
                "reason": EXPIRED if run_out else payment.reason,
                "amount": payment.money.shown(locale),
                "merchant": merchant,
                "title": title_of(payment, locale, merchant),
                "reference": payment.invoice_reference,
                "comment": payment.comment,
                "sandbox": payment.sandbox,
                "elsewhere": payment.by_provider,
                "conversation": payment.within_conversation,
                "locale": locale,
                "tries": payment.tries,
            },
            headers=NOT_CACHED,
        )

    def _check_origin(self, request: web.Request) -> None:
        """Refuse what other sites make a browser send (Fetch Metadata; Origin, RFC 6454, where a browser does not know that)."""
        if request.content_type != "application/json":  # which other sites cannot send without asking first
            raise Fault(415, "Content-Type", "application/json", request.content_type)
        site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
        foreign = site not in _OF_OUR_PAGE if site is not None else origin is not None and not self._is_ours(origin, request)
        if foreign:
            raise Fault(403, "Origin", "the payment page", "another site")

    def _is_ours(self, origin: str, request: web.Request) -> bool:
        try:
            return URL(origin).authority in {self._public_host, request.host}
        except ValueError:
            return False
