"""What the Cloud API's error codes mean for us (documentation/business-messaging/whatsapp/support/error-codes)."""

from typing import Final

from connectors.framework.errors import CommandFailed, Refused, Retry

PAIR_SECONDS: Final = 6.0
"""A number may send another one message in six seconds on the long run (documentation, throughput: pair rate limits)."""

TEMPLATE_MISMATCH: Final = frozenset({132000, 132001, 132005, 132007, 132012, 132015, 132016, 132018, 132068, 132069})
"""The template is not there, is paused or disabled, or other parameters were given than it has."""

_BUSY: Final = frozenset({4, 17, 80007, 130429, 131056})
_ILL: Final = frozenset({1, 2, 131000, 131016, 131057, 133004})
_REFUSALS: Final = {
    131047: ("outside_window", "More than 24 hours have passed since the customer wrote; only a template may be sent."),
    131026: ("undeliverable", "WhatsApp cannot deliver to the customer."),
    131021: ("undeliverable", "Sender and recipient are the same number."),
    131030: ("undeliverable", "The recipient is not in the list of a test account."),
    131045: ("account_refused", "The phone number is not registered."),
    131049: ("undeliverable", "WhatsApp keeps this message from the customer for his protection."),
    131050: ("opted_out", "The customer wants no marketing messages."),
    130472: ("undeliverable", "The customer's number is part of an experiment."),
    130497: ("undeliverable", "The account may not write to the customer's country."),
    131031: ("account_refused", "The account is locked."),
    131037: ("account_refused", "The number's display name is not approved."),
    131042: ("account_refused", "The account has a problem with its payment."),
    131048: ("account_refused", "Too many of the number's messages were blocked or reported."),
    131005: ("account_refused", "The access token lacks a permission."),
    133010: ("account_refused", "The phone number is not registered."),
    368: ("account_refused", "The account is blocked for a violation of policies."),
    190: ("account_refused", "The access token is invalid or has expired."),
    0: ("account_refused", "The access token is not accepted."),
    3: ("account_refused", "The access token lacks a permission."),
    10: ("account_refused", "The access token lacks a permission."),
    33: ("account_refused", "The phone number is not there any more."),
}


class TemplateMismatch(Exception):
    """The template cannot be sent like this; nothing was sent."""


def failure_of(status: int, code: int, after: float | None = None) -> CommandFailed | TemplateMismatch:
    """Return what an error of the API means; the message was not sent."""
    if code in TEMPLATE_MISMATCH:
        return TemplateMismatch(f"code {code}")
    said = f"(HTTP {status}, code {code})"
    if code == 131056:
        return Retry("busy", PAIR_SECONDS if after is None else after, detail=f"Too many messages to this customer {said}.")
    if code in _BUSY or status == 429:
        return Retry("busy", after, detail=f"Too many messages of this account {said}.")
    if code in _ILL:
        return Retry("unreachable", after, detail=f"WhatsApp is not available at the moment {said}.")
    if 200 <= code < 300:
        code = 10
    reason, detail = _REFUSALS.get(code, ("refused", "WhatsApp refuses the message."))
    return Refused(reason, f"{detail} {said}")


def undelivered(code: str) -> Refused:
    """Return what a receipt of a message that failed means; `code` is the error's, or empty."""
    failure = failure_of(200, int(code)) if code else None
    return (
        failure
        if isinstance(failure, Refused)
        else Refused("undeliverable", f"WhatsApp has not delivered the message (code {code or 'none'}).")
    )
