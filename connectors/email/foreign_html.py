"""HTML that others wrote, shown where it can do nothing: no scripts, no forms, no requests, an origin of its own."""

from types import MappingProxyType
from typing import Final

from aiohttp import web

_HEADERS: Final = MappingProxyType(
    {
        # `sandbox` without a word (CSP level 3, 6.3.1): as in an iframe with an empty `sandbox`, also where somebody opens it by itself.
        "Content-Security-Policy": (
            "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
        ),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
)


def foreign_html(text: str) -> web.Response:
    """Return a document to be shown in an iframe."""
    return web.Response(text=text, content_type="text/html", charset="utf-8", headers=_HEADERS)
