"""Pages: HTML, style and script of their own, nothing from elsewhere."""

from pathlib import Path
from types import MappingProxyType
from typing import Final

from aiohttp import web

PAGE_HEADERS: Final = MappingProxyType(
    {
        # What a customer writes is set as text; should that ever fail, no script of his would run.
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; frame-src 'self'; "
            "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
        ),
        "Cache-Control": "no-cache",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
)
"""What each page is served with (CSP level 3, Fetch)."""

_INDEX: Final = "index.html"
_KINDS: Final = frozenset({".html", ".css", ".js", ".svg"})


def mount_folder(application: web.Application, at: str, folder: Path) -> None:
    """Serve a folder's pages, styles, scripts and pictures below `at`, a path that ends with a slash; `index.html` at `at` itself."""
    for path in sorted(folder.iterdir()):
        if path.suffix in _KINDS:
            mount_file(application, at if path.name == _INDEX else f"{at}{path.name}", path)


def mount_file(application: web.Application, at: str, path: Path) -> None:
    """Serve one file at a path."""

    async def file(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(path, headers=PAGE_HEADERS)

    application.router.add_get(at, file)
