"""Signatures of a remote ACD's webhooks, in the headers `X-ACD-Timestamp` and `X-ACD-Signature`."""

from typing import Final

from connectors.framework.timed_signature import signature, wrong_with

_VERSION: Final = "v1="
_MOST: Final = 4


class SignatureRefused(ValueError):
    """A webhook that does not come from who has the secret, or not now; the message says what was expected."""


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """Return the signature of a body at a time (epoch seconds), as the header `X-ACD-Signature` carries it."""
    return _VERSION + signature(secret, str(timestamp), body)


def verify(secret: str, timestamp: str, signatures: str, body: bytes, *, now: float, tolerance_seconds: float) -> None:
    """Hold signatures (several are separated by commas, while a secret is changed) against a body.

    Raises SignatureRefused.
    """
    given = [part.strip() for part in signatures.split(",")[:_MOST]]
    ours = [part.removeprefix(_VERSION) for part in given if part.startswith(_VERSION)]
    match wrong_with(ours, secret, timestamp, body, now=now, tolerance_seconds=tolerance_seconds):
        case "time":
            raise SignatureRefused("X-ACD-Timestamp: expected seconds since 1970")
        case "signature":
            raise SignatureRefused("X-ACD-Signature: expected v1= and the HMAC-SHA-256 of timestamp, dot and body")
        case "age":
            raise SignatureRefused(f"X-ACD-Timestamp: expected a time within {tolerance_seconds:g} seconds of ours")
