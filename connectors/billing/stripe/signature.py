"""Signatures of webhooks: HMAC-SHA-256 over time and body (docs.stripe.com/webhooks/signatures)."""

import hashlib
import hmac
from typing import Final

SCHEME: Final = "v1"


class Forged(ValueError):
    """A webhook that its provider did not sign, or signed too long ago; the message says why, and nothing of the secret."""


def check(header: str, body: bytes, secret: str, *, now: float, tolerance: float) -> None:
    """Check the header `Stripe-Signature`; one of several signatures is enough, as while a secret is exchanged.

    Args:
        header: such as `t=1492774577,v1=5257a869…`; schemes other than `v1` are ignored, so that nobody can have a weaker one used.
        body: as it came, byte by byte.
        secret: of the webhook's endpoint.
        now: seconds since the epoch.
        tolerance: seconds that the time of signing may be before or after `now`.

    Raises Forged.
    """
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    if len(times) != 1 or not times[0].isascii() or not times[0].isdigit() or len(times[0]) > 12:
        raise Forged("expected one time in the signature")
    expected = signature(times[0], body, secret)
    if not any(hmac.compare_digest(expected.encode(), value.encode()) for name, _, value in parts if name == SCHEME):
        raise Forged("expected a signature by the endpoint's secret")
    if abs(now - int(times[0])) > tolerance:
        raise Forged(f"expected a signature of the last {tolerance:g} seconds")


def signature(time: str, body: bytes, secret: str) -> str:
    """Return the signature of a body that is signed at a time."""
    return hmac.new(secret.encode(), time.encode() + b"." + body, hashlib.sha256).hexdigest()
