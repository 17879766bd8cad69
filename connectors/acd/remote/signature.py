"""Signatures of webhooks: HMAC-SHA-256 (RFC 2104) over timestamp and body, good for some minutes."""

import hashlib
import hmac
from typing import Final

_VERSION: Final = "v1="
_LONGEST_TIMESTAMP: Final = 12


class SignatureRefused(ValueError):
    """A webhook that does not come from who has the secret, or not now; the message says what was expected."""


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """Return the signature of a body at a time (epoch seconds), as the header `X-ACD-Signature` carries it."""
    return _VERSION + hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def verify(secret: str, timestamp: str, signatures: str, body: bytes, *, now: float, tolerance_seconds: float) -> None:
    """Hold signatures (several are separated by commas, while a secret is changed) against a body.

    Raises SignatureRefused.
    """
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= _LONGEST_TIMESTAMP):
        raise SignatureRefused("X-ACD-Timestamp: expected seconds since 1970")
    expected = sign(secret, int(timestamp), body).encode()
    # Every one is compared, and before the time is looked at: how long it takes tells nothing.
    matching = [hmac.compare_digest(given.strip().encode(), expected) for given in signatures.split(",")[:4]]
    if not any(matching):
        raise SignatureRefused("X-ACD-Signature: expected v1= and the HMAC-SHA-256 of timestamp, dot and body")
    if abs(now - int(timestamp)) > tolerance_seconds:
        raise SignatureRefused(f"X-ACD-Timestamp: expected a time within {tolerance_seconds:g} seconds of ours")
