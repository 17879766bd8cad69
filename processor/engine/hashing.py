"""Chance and identity derived from what is in the log: the same input gives the same draw and the same id."""

from hashlib import blake2b


def draw(below: int, *parts: str | int) -> int:
    """Return a whole number from 0 to below - 1 drawn by a hash of the parts.

    BLAKE2b (RFC 7693) over the parts, each preceded by its length; 64 bits of it are reduced, a bias under 2⁻⁵⁰ for bounds as small as
    ours.
    """
    digest = blake2b(digest_size=8)
    for part in parts:
        encoded = str(part).encode()
        digest.update(len(encoded).to_bytes(4, "big"))
        digest.update(encoded)
    return int.from_bytes(digest.digest(), "big") % below


def fingerprint(value: bytes) -> str:
    """Return BLAKE2b-64 of a record's bytes, hexadecimal, as the journal keeps it to compare replays."""
    return blake2b(value, digest_size=8).hexdigest()


def short_digest(text: str) -> bytes:
    """Return eight bytes that stand for a message id."""
    return blake2b(text.encode(), digest_size=8).digest()
