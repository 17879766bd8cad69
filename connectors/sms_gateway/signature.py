"""Signatures of webhooks: HMAC-SHA-1 in base64 over the address and the sorted parameters.

Source: twilio.com/docs/usage/webhooks/webhooks-security.
"""

import hmac
from base64 import b64encode
from collections.abc import Iterable


def signature_of(token: str, url: str, parameters: Iterable[tuple[str, str]]) -> str:
    """Return the value of X-Twilio-Signature for a form sent to an address, with the account's secret as key."""
    text = url + "".join(name + value for name, value in sorted(set(parameters)))
    return b64encode(hmac.digest(token.encode(), text.encode(), "sha1")).decode()


def is_signed(token: str, url: str, parameters: Iterable[tuple[str, str]], signature: str) -> bool:
    """Whether a signature is that of the account; compared in constant time."""
    return hmac.compare_digest(signature_of(token, url, parameters).encode(), signature.encode("utf-8", "replace"))
