"""Whether an address holds an image: the server's word for it, and the first bytes."""

from typing import Final

from aiohttp import ClientResponse
from yarl import URL

from connectors.framework.errors import Refused, Retry
from connectors.framework.outbound import Outbound

_HTTPS: Final = frozenset({"https"})
_FIRST_BYTES: Final = 512
_NO_HEAD: Final = frozenset({403, 404, 405, 501})
"""Servers that know GET only answer HEAD with one of these."""

_SIGNATURES: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"\x00\x00\x01\x00", "image/x-icon"),
    (b"\xff\x0a", "image/jxl"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "image/jxl"),
)
_BRANDS: Final = {b"avif": "image/avif", b"avis": "image/avif", b"heic": "image/heic", b"heix": "image/heic", b"mif1": "image/heif"}


async def mime_type_of(outbound: Outbound, address: str) -> str:
    """Return the MIME type of the image at an https address.

    Raises:
        Refused: what is there is no image, or nothing may be asked there.
        Retry: it could not be found out.
    """
    try:
        url = URL(address)
    except ValueError as error:
        raise Refused("address_refused", "Expected an https address.") from error
    headers = {"Accept": "image/*"}
    async with outbound.request("HEAD", url, headers=headers, schemes=_HTTPS) as response:
        if response.status not in _NO_HEAD:
            _check(response)
    headers["Range"] = f"bytes=0-{_FIRST_BYTES - 1}"
    async with outbound.request("GET", url, headers=headers, schemes=_HTTPS) as response:
        _check(response)
        first = await _first_bytes(response)
        declared = response.content_type
    found = image_type(first, declared)
    if found is None:
        raise Refused("unreadable_body", f"The server says {declared}, and the bytes are no image.")
    return found


def image_type(first: bytes, declared: str) -> str | None:
    """Return the MIME type that a file's first bytes tell (SVG, which is text, only where it is declared); None where it is no image."""
    for signature, mime_type in _SIGNATURES:
        if first.startswith(signature):
            return mime_type
    if first[:4] == b"RIFF" and first[8:12] == b"WEBP":
        return "image/webp"
    if first[4:8] == b"ftyp":
        return _BRANDS.get(first[8:12])
    text = first.removeprefix(b"\xef\xbb\xbf").lstrip()
    if declared == "image/svg+xml" and (b"<svg" in text or text.startswith(b"<?xml")):
        return declared
    return None


def _check(response: ClientResponse) -> None:
    if response.status == 429 or response.status >= 500:
        raise Retry("status", detail=f"HTTP {response.status}.")
    if response.status not in {200, 206}:
        raise Refused("status", f"HTTP {response.status}.")
    if not response.content_type.startswith("image/"):
        raise Refused("not_an_image", f"The server says {response.content_type}.")


async def _first_bytes(response: ClientResponse) -> bytes:
    first = b""
    async for chunk in response.content.iter_any():
        first += chunk
        if len(first) >= _FIRST_BYTES:
            break
    return first
