"""What a webhook's event says of a payment, in our own words."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from connectors.billing.payment import ERROR, FAILED, FRAUDULENT, STOPPED, SUCCESSFUL, TRANSFER_ERROR

_LONGEST_REASON: Final = 64

# docs.stripe.com/declines/codes: those whose advice is to treat the payment as a fraud, or whose card is reported.
_FRAUDULENT: Final = frozenset({"fraudulent", "stolen_card", "lost_card", "pickup_card", "merchant_blacklist", "security_violation"})
_ERRORS: Final = frozenset({"processing_error", "api_error", "issuer_not_available", "reenter_transaction", "try_again_later"})
_TRANSFERS: Final = frozenset(
    {
        "customer_balance", "sepa_debit", "us_bank_account", "bacs_debit", "au_becs_debit", "acss_debit", "sofort", "ideal", "bancontact",
        "eps", "p24",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """An event about a payment. `outcome` None: the bank transfers the money, and the result comes later."""

    event_id: str
    payment_id: str
    live: bool
    outcome: str | None
    reason: str | None = None
    session_id: str | None = None
    amount: int | None = None
    """In the currency's smallest unit; of what was paid."""
    currency: str | None = None


class Unreadable(ValueError):
    """An event that is not as the provider documents it."""


def told(body: bytes) -> Told | None:
    """Read an event; None for one that does not concern payments of ours.

    Raises Unreadable.
    """
    try:
        event = json.loads(body)
        identity, kind, about = str(event["id"]), str(event["type"]), event["data"]["object"]
        payment_id = str((about.get("metadata") or {}).get("payment") or about.get("client_reference_id") or "")
        live = event.get("livemode") is True
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable("expected an event with id, type and data.object") from error
    if not payment_id or not identity or "\0" in payment_id + identity or len(identity) > 255:
        return None
    return _told(kind, about, (identity, payment_id, live))


def _told(kind: str, about: Mapping[str, Any], of: tuple[str, str, bool]) -> Told | None:
    session = about.get("id") if isinstance(about.get("id"), str) else None
    match kind:
        case "checkout.session.completed" | "checkout.session.async_payment_succeeded":
            amount, currency = about.get("amount_total"), about.get("currency")
            paid = kind.endswith("succeeded") or about.get("payment_status") in {"paid", "no_payment_required"}
            return Told(*of, SUCCESSFUL if paid else None, None, session, amount if type(amount) is int else None, str(currency))
        case "checkout.session.async_payment_failed":
            return Told(*of, TRANSFER_ERROR, "async_payment_failed", session)
        case "checkout.session.expired":
            return Told(*of, STOPPED, "expired", session)
        case "payment_intent.payment_failed":
            return Told(*of, *_declined(about.get("last_payment_error") or {}))
        case _:
            return None


def _declined(error: Mapping[str, Any]) -> tuple[str, str]:
    code, decline = str(error.get("code") or ""), str(error.get("decline_code") or "")
    method = str((error.get("payment_method") or {}).get("type") or "")
    reason = (decline or code or "declined")[:_LONGEST_REASON]
    if decline in _FRAUDULENT:
        return FRAUDULENT, reason
    if method in _TRANSFERS:
        return TRANSFER_ERROR, reason
    if code in _ERRORS or decline in _ERRORS or error.get("type") == "api_error":
        return ERROR, reason
    return FAILED, reason
