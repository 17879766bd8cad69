"""Customers' files: flows get a link of the gateway's to each, and the gateway fetches the file when somebody opens it."""

import asyncio
import hashlib
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from aiohttp import ClientResponse, web

from connectors.framework.errors import Refused, Retry
from connectors.framework.fault import Fault
from connectors.framework.links import Links
from connectors.framework.outbound import read_at_most
from connectors.messaging.answering import answered
from connectors.messaging.image import image_type
from connectors.messaging.settings import MessagingSettings
from connectors.messaging.whatsapp.api import GraphApi
from connectors.sms_gateway.api import GatewayApi
from connectors.sms_gateway.settings import SmsGatewaySettings

_PURPOSE: Final = "media"
_AT_ONCE: Final = 4
"""Files are held in memory until they are known to be what they should be; so many at a time."""

_LONGEST_NAME: Final = 128
_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
KINDS: Final[Mapping[str, str]] = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "audio/aac": ".aac",
    "audio/amr": ".amr",
    "audio/mp4": ".m4a",
    "audio/mpeg": ".mp3",
    "audio/ogg": ".ogg",
    "video/3gpp": ".3gp",
    "video/mp4": ".mp4",
    "text/plain": ".txt",
    "text/vcard": ".vcf",
    "application/pdf": ".pdf",
    "application/msword": ".doc",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.ms-powerpoint": ".ppt",
    f"{_OFFICE}.wordprocessingml.document": ".docx",
    f"{_OFFICE}.spreadsheetml.sheet": ".xlsx",
    f"{_OFFICE}.presentationml.presentation": ".pptx",
}
"""MIME types that are passed on (WhatsApp's list of supported media, and MMS's), with the ending of such a file's name. Nothing that a
browser would run."""

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",  # the agents' desk, on an origin of its own, shows pictures
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def kind_of(mime_type: str) -> str:
    """Return a MIME type without its parameters, in lower case."""
    return mime_type.partition(";")[0].strip().lower()


class MediaLinks:
    """Makes links to files at the providers, and serves them. Whoever has the link has the file; nobody can guess it."""

    def __init__(
        self, links: Links, settings: MessagingSettings, whatsapp: GraphApi, gateways: SmsGatewaySettings, sms: GatewayApi
    ) -> None:
        self._links = links
        self._settings = settings
        self._whatsapp = whatsapp
        self._gateways = gateways
        self._sms = sms
        self._turns = asyncio.Semaphore(_AT_ONCE)

    def media(self, channel: str, account: str, where: str, mime_type: str, name: str | None = None) -> Mapping[str, str | None] | None:
        """Return a file as messages name it; None where its type is not passed on. `where` is its id or address at the provider."""
        kind = kind_of(mime_type)
        if kind not in KINDS:
            return None
        subject = json.dumps([channel, account, where, kind], separators=(",", ":"))
        shown = "".join(character for character in name or "" if character.isprintable()).strip()[:_LONGEST_NAME]
        return {"url": self._links.url(_PURPOSE, "/media", subject), "mime_type": kind, "name": shown or None}

    def mount(self, application: web.Application) -> None:
        """Add `/media/{token}`."""
        application.router.add_get("/media/{token}", self.get, allow_head=False)

    @answered
    async def get(self, request: web.Request) -> web.StreamResponse:
        """Return a file."""
        subject = self._links.subject(_PURPOSE, request.match_info["token"])
        if subject is None:
            raise Fault(404, "link", "a link of this gateway", "another")
        channel, account, where, kind = json.loads(subject)
        try:
            async with self._turns:
                content = await self._fetch(channel, account, where, kind)
        except Refused as refused:
            status = {"too_large": 413, "not_found": 404}.get(refused.reason, 502)
            raise Fault(status, "file", "a file that may be passed on", refused.detail or refused.reason) from refused
        except (Retry, TimeoutError) as error:
            raise Fault(503, "file", "an answer of the provider", "none; try again") from error
        headers = dict(_HEADERS)
        if not kind.startswith("image/"):
            headers["Content-Disposition"] = f'attachment; filename="file{KINDS[kind]}"'
        return web.Response(body=content, content_type=kind, headers=headers)

    async def _fetch(self, channel: str, account: str, where: str, kind: str) -> bytes:
        limit = self._settings.largest_media_bytes
        async with asyncio.timeout(self._settings.request_seconds), self._opened(channel, account, where) as (response, digest):
            if response.status in {404, 410}:
                raise Refused("not_found", "nothing; the provider keeps it no more")
            if response.status == 429 or response.status >= 500:
                raise Retry("unreachable")
            if response.status != 200:
                raise Refused("status", f"HTTP {response.status}")
            if kind_of(response.headers.get("Content-Type", "")) != kind:
                raise Refused("wrong_type", "a file of another type")
            content = await read_at_most(response, limit)
        if content is None:
            raise Refused("too_large", f"a file of more than {limit} bytes")
        if digest is not None and digest not in _digests(content):
            raise Refused("wrong_content", "another file than the customer sent")
        if kind.startswith("image/") and image_type(content, kind) != kind:
            raise Refused("wrong_type", "bytes that are no such image")
        return content

    def _opened(self, channel: str, account: str, where: str) -> AbstractAsyncContextManager[tuple[ClientResponse, str | None]]:
        return self._opened_of_whatsapp(account, where) if channel == "whatsapp" else self._opened_of_sms(account, where)

    @asynccontextmanager
    async def _opened_of_whatsapp(self, name: str, media_id: str) -> AsyncIterator[tuple[ClientResponse, str | None]]:
        account = self._settings.whatsapp_accounts.get(name)
        if account is None:
            raise Refused("not_found", "a file of an account that is no more")
        found = await self._whatsapp.media_of(account, media_id)
        size = str(found.get("file_size", "0"))
        if not size.isdigit() or int(size) > self._settings.largest_media_bytes:
            raise Refused("too_large", f"a file of more than {self._settings.largest_media_bytes} bytes")
        async with self._whatsapp.file(account, str(found.get("url"))) as response:
            yield response, None if found.get("sha256") is None else str(found["sha256"])

    @asynccontextmanager
    async def _opened_of_sms(self, name: str, url: str) -> AsyncIterator[tuple[ClientResponse, str | None]]:
        account = self._gateways.accounts.get(name)
        if account is None:
            raise Refused("not_found", "a file of an account that is no more")
        async with self._sms.media(account, url) as response:
            yield response, None


def _digests(content: bytes) -> tuple[str, str]:
    """Return the SHA-256 of a file as WhatsApp may write it; its documentation says that there is one, and not how it looks."""
    digest = hashlib.sha256(content).digest()
    return digest.hex(), b64encode(digest).decode()
