"""What the gateway's error codes mean for us (twilio.com/docs/api/errors)."""

from typing import Final

from connectors.framework.errors import CommandFailed, Refused, Retry

OPTED_OUT: Final = 21610
"""The recipient has answered STOP."""

_REASONS: Final = {
    OPTED_OUT: ("refused", "The recipient has opted out."),
    21211: ("refused", "The gateway knows no such recipient."),
    21408: ("refused", "The account may not send to the recipient's region."),
    21612: ("refused", "The recipient cannot be reached from this sender."),
    21614: ("not_mobile", "The network knows the recipient as no mobile phone."),
    21602: ("refused", "The gateway misses a text."),
    21605: ("too_long", "The gateway refuses a text of this length."),
    21617: ("too_long", "The gateway refuses a text of this length."),
    21210: ("invalid_sender", "The sender is not verified at the gateway."),
    21212: ("invalid_sender", "The gateway knows no such sender."),
    21267: ("invalid_sender", "The gateway refuses the sender's name."),
    21603: ("invalid_sender", "The gateway misses a sender."),
    21606: ("invalid_sender", "The sender cannot send texts."),
    21659: ("invalid_sender", "The sender is none of the account's."),
    21660: ("invalid_sender", "The sender is another account's."),
    20003: ("refused", "The gateway refuses the account's secret."),
    20005: ("refused", "The gateway has closed the account."),
}
_BUSY: Final = frozenset({20429, 14107, 21611})
"""Too many requests, too many messages, or the sender's queue at the gateway is full."""


def failure_of(status: int, code: int | None, after: float | None = None) -> CommandFailed:
    """Return what an answer that is no success means; the message was not sent."""
    if status == 429 or code in _BUSY:
        return Retry("unreachable", after, detail="The gateway has too much to do.")
    if status == 503:
        return Retry("unreachable", after, detail="The gateway is not available at the moment.")
    if status in {401, 403} and code not in _REASONS:
        code = 20003
    reason, detail = _REASONS.get(code or 0, ("refused", "The gateway refuses the message."))
    return Refused(reason, f"{detail} (HTTP {status}, code {'none' if code is None else code})")
