"""Signatures of Stripe's webhooks, in the header `Stripe-Signature` (docs.stripe.com/webhooks/signatures)."""

from typing import Final

from connectors.framework.timed_signature import wrong_with

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
    signatures = [value for name, _, value in parts if name == SCHEME]
    time = times[0] if len(times) == 1 else ""
    match wrong_with(signatures, secret, time, body, now=now, tolerance_seconds=tolerance):
        case "time":
            raise Forged("expected one time in the signature")
        case "signature":
            raise Forged("expected a signature by the endpoint's secret")
        case "age":
            raise Forged(f"expected a signature of the last {tolerance:g} seconds")
