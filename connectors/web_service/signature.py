"""Signatures of requests with a shared key: HTTP Message Signatures (RFC 9421), algorithm hmac-sha256."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver
from http_message_signatures.algorithms import HMAC_SHA256
from yarl import URL

from connectors.web_service.credentials import Hmac

LABEL: Final = "smart-routing"
COVERED: Final = ("@method", "@target-uri", "idempotency-key")
"""What is signed beside `content-digest` (RFC 9530), which is there where the request has a body, and the parameters `created`, `keyid`,
`alg` and `nonce`."""

_ADDED: Final = frozenset({"content-digest", "signature-input", "signature"})


@dataclass(frozen=True, slots=True)
class _Message:
    method: str
    url: str
    headers: dict[str, str]


class _Key(HTTPSignatureKeyResolver):
    def __init__(self, key: bytes) -> None:
        self._key = key

    def resolve_private_key(self, key_id: str) -> bytes:
        return self._key

    def resolve_public_key(self, key_id: str) -> bytes:
        return self._key


class RequestSigner:
    """Signs each request anew, also one that follows a redirect: another address, another time, another nonce."""

    def __init__(self, credential: Hmac) -> None:
        self._key_id = credential.key_id
        self._signer = HTTPMessageSigner(signature_algorithm=HMAC_SHA256, key_resolver=_Key(credential.key()))

    def headers(self, method: str, url: URL, headers: Mapping[str, str], body: bytes | None) -> dict[str, str]:
        """Return the headers to add."""
        kept = {name: value for name, value in headers.items() if name.lower() not in _ADDED}
        message = _Message(method, str(url.with_fragment(None)), kept)
        self._signer.sign(
            message, key_id=self._key_id, label=LABEL, nonce=secrets.token_urlsafe(16), covered_component_ids=COVERED, body=body
        )
        return {name: value for name, value in message.headers.items() if name.lower() in _ADDED}
