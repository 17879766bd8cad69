"""Signatures of webhooks that are good for some minutes: HMAC-SHA-256 (RFC 2104) over a time, a dot and the body.

So sign a remote ACD (docs/acd.md) and Stripe (docs.stripe.com/webhooks/signatures). Within those minutes whoever receives a webhook knows a
repeated one by the id in it.
"""

import hmac
from collections.abc import Iterable
from typing import Final, Literal

_LONGEST_TIME: Final = 12

Wrong = Literal["time", "signature", "age"]
"""What is wrong with a signature: its time is no number, nobody who has the secret made it, or it was made too long before or after now."""


def signature(secret: str, time: str, body: bytes) -> str:
    """Return the signature of a body at a time (epoch seconds), in hexadecimal digits."""
    return hmac.digest(secret.encode(), time.encode() + b"." + body, "sha256").hex()


def wrong_with(signatures: Iterable[str], secret: str, time: str, body: bytes, *, now: float, tolerance_seconds: float) -> Wrong | None:
    """Return what is wrong; None where one of the signatures is right, as while a secret is exchanged.

    Args:
        signatures: as they came.
        secret: of whom the webhook has to come from.
        time: as it came.
        body: as it came, byte by byte.
        now: epoch seconds.
        tolerance_seconds: how far `time` may be before or after.
    """
    if not (time.isascii() and time.isdigit() and len(time) <= _LONGEST_TIME):
        return "time"
    expected = signature(secret, time, body).encode()
    # Every one is compared, and before the time is looked at: how long it takes tells nothing.
    matching = [hmac.compare_digest(given.encode("utf-8", "replace"), expected) for given in signatures]
    if not any(matching):
        return "signature"
    return "age" if abs(now - int(time)) > tolerance_seconds else None
