"""The id of a conversation: one customer on one channel account."""

import hashlib
import os

DEVELOPMENT_KEY = "development key, not for production"


def conversation_id(channel: str, account: str, address: str, *, key: str | None = None) -> str:
    """Return the id of a customer's conversation: 32 hexadecimal digits that give nothing of the address away.

    A keyed BLAKE2b (RFC 7693) over the three parts, each preceded by its length, so that no two triples run together.
    All gateways of a deployment share the key: without `key` it is SMART_ROUTING_CONVERSATION_KEY's value,
    and where that is not set, a key that is only good for development.

    Raises ValueError when a part is empty.
    """
    secret = key if key is not None else os.environ.get("SMART_ROUTING_CONVERSATION_KEY", DEVELOPMENT_KEY)
    digest = hashlib.blake2b(digest_size=16, key=hashlib.sha256(secret.encode()).digest())
    for name, part in (("channel", channel), ("account", account), ("address", address)):
        if not part:
            raise ValueError(f"conversation_id: {name}: expected text, found nothing")
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(4, "big"))
        digest.update(encoded)
    return digest.hexdigest()
