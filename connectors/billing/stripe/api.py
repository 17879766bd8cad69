"""Checkout Sessions: made, looked at, expired (docs.stripe.com/api/checkout/sessions)."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from yarl import URL

from connectors.billing.payment import Payment
from connectors.billing.settings import StripeModule
from connectors.billing.stripe.minor_units import minor_units
from connectors.framework.busy import retry_after
from connectors.framework.errors import Refused, Retry
from connectors.framework.json_answer import object_of
from connectors.framework.outbound import Outbound, read_at_most
from connectors.framework.surroundings import Surroundings

_SCHEMES: Final = frozenset({"https", "http"})
_LARGEST_ANSWER_BYTES: Final = 1_000_000
_LONGEST_TITLE: Final = 250
_SHORTEST_SECONDS: Final = 31 * 60
_LONGEST_SECONDS: Final = 23 * 60 * 60 + 30 * 60
"""A session lives 30 minutes to 24 hours; a little less, for clocks differ."""

_LOCALES: Final = frozenset(
    {
        "bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fil", "fr", "hr", "hu", "id", "it", "ja", "ko", "lt", "lv", "ms", "mt",
        "nb", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "th", "tr", "vi", "zh",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Session:
    """A page of the provider's; `expires_at` is epoch milliseconds."""

    id: str
    url: str
    expires_at: int
    live: bool
    status: str
    """open, complete or expired."""
    payment_status: str
    """paid, unpaid or no_payment_required."""
    amount: int | None
    currency: str


class StripeApi:
    """One module's account. Its host is trusted, because the settings name it."""

    def __init__(self, module: StripeModule, surroundings: Surroundings, seconds: float) -> None:
        """Prepare; `seconds` is how long the provider may take to answer."""
        self._outbound = Outbound.of(surroundings.settings, [module.base_url])
        self._module = module
        self._seconds = seconds

    async def open(self) -> None:
        """Make the HTTP clients."""
        await self._outbound.open()

    async def close(self) -> None:
        """Close their connections."""
        await self._outbound.close()

    async def begin(self, payment: Payment, title: str, page: str, ends_at: int) -> Session:
        """Make the payment's next page; the same one again where it was made before.

        Args:
            payment: its command's id and the page's number are the idempotency key: a repeated request has the same body.
            title: what is paid.
            page: where the customer comes back to.
            ends_at: when the page is to end, epoch ms; within what the provider allows.

        Raises:
            Retry: `unreachable`: it did not answer, or has too much to do.
            Refused: with the provider's own code.
        """
        key = payment.id if payment.session == 0 else f"{payment.id}#{payment.session + 1}#{ends_at}"
        language = (payment.locale or "").replace("_", "-").partition("-")[0]
        form = {
            "mode": "payment",
            "client_reference_id": payment.id,
            "line_items[0][quantity]": "1",
            "line_items[0][price_data][currency]": payment.money.currency.lower(),
            "line_items[0][price_data][unit_amount]": str(minor_units(payment.money)),
            "line_items[0][price_data][product_data][name]": title[:_LONGEST_TITLE],
            "metadata[payment]": payment.id,
            "payment_intent_data[metadata][payment]": payment.id,
            "success_url": f"{page}?done=1",
            "cancel_url": page,
            "expires_at": str(ends_at // 1_000),
            "locale": language if language in _LOCALES else "auto",
        }
        if payment.customized_data:
            form["metadata[customized_data]"] = payment.customized_data[:500]  # the longest value of metadata
        if payment.email and payment.email.isascii():
            form["customer_email"] = payment.email
        return _session(await self._ask("POST", "/v1/checkout/sessions", form, key))

    async def expire(self, session_id: str) -> Session:
        """End a page, so that it takes no money, and return what it is now: expired, or complete because the customer was faster."""
        try:
            return _session(await self._ask("POST", f"/v1/checkout/sessions/{quote(session_id, safe='')}/expire", {}))
        except Refused:  # 400: only an open one can be expired
            return await self.look(session_id)

    async def look(self, session_id: str) -> Session:
        """Return what a page is now."""
        return _session(await self._ask("GET", f"/v1/checkout/sessions/{quote(session_id, safe='')}"))

    async def _ask(self, method: str, path: str, form: Mapping[str, str] | None = None, key: str | None = None) -> Mapping[str, Any]:
        headers = {"Authorization": f"Bearer {self._module.secret_key.get_secret_value()}", "Accept": "application/json"}
        if key is not None:
            headers["Idempotency-Key"] = key
        if self._module.api_version is not None:
            headers["Stripe-Version"] = self._module.api_version
        body = None
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(form).encode()
        url = URL(self._module.base_url + path, encoded=True)
        try:
            async with (
                asyncio.timeout(self._seconds),
                self._outbound.request(method, url, headers=headers, body=body, schemes=_SCHEMES) as response,
            ):
                status, after = response.status, retry_after(response)
                content = object_of(await read_at_most(response, _LARGEST_ANSWER_BYTES))
        except TimeoutError as error:
            raise Retry("unreachable", detail="The payment provider did not answer in time.") from error
        if status in {409, 429} or status >= 500:  # 409: a request with the same key is under way
            raise Retry("unreachable", after, detail=f"The payment provider answers HTTP {status}.")
        if status >= 300:
            raise Refused(_code(content, status), f"The payment provider answers HTTP {status}.")
        return content


def session_end(payment: Payment) -> int:
    """Return when the payment's next page is to end, epoch ms: with its link, within what the provider allows.

    The first page's end is reckoned from the payment's beginning, so that a repeated request is the same; a later one's, which two clicks
    may ask for at once, from the full minute.
    """
    begins = payment.begun_at if payment.session == 0 else int(time.time() // 60 + 1) * 60_000
    return max(begins + _SHORTEST_SECONDS * 1_000, min(payment.expires_at, begins + _LONGEST_SECONDS * 1_000))


def _session(content: Mapping[str, Any]) -> Session:
    identity, url, ends = content.get("id"), content.get("url"), content.get("expires_at")
    if not isinstance(identity, str) or not 0 < len(identity) <= 255 or type(ends) is not int:
        raise Retry("unreachable", detail="The payment provider's answer is no Checkout Session.")
    page = url if isinstance(url, str) and url.startswith(("https://", "http://")) else ""
    amount = content.get("amount_total")
    return Session(
        identity,
        page,
        ends * 1_000,
        content.get("livemode") is True,
        str(content.get("status")),
        str(content.get("payment_status")),
        amount if type(amount) is int else None,
        str(content.get("currency")),
    )


def _code(content: Mapping[str, Any], status: int) -> str:
    error = content.get("error")
    code = (error.get("code") or error.get("type")) if isinstance(error, dict) else None
    return code[:64] if isinstance(code, str) and code.isascii() and code.isprintable() else f"http_{status}"
