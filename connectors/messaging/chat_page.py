"""The chat page: its own HTML, style and script, nothing from elsewhere."""

from pathlib import Path
from typing import Final

from aiohttp import web

PAGE: Final = Path(__file__).parent / "page"
_HEADERS: Final = {
    # What a customer writes is set as text; should that ever fail, no script of his would run.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    ),
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def mount_page(application: web.Application, at: str = "/") -> None:
    """Add the page at a path that ends with a slash, and its files under `page/` beside it."""

    async def index(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE / "index.html", headers=_HEADERS)

    application.router.add_get(at, index)
    mount_page_files(application, f"{at}page/")


def mount_page_files(application: web.Application, at: str) -> None:
    """Add the page's style (`chat.css`) and script (`chat.js`, an ES module that exports `Chat`) for a page of one's own."""
    for name in ("chat.css", "chat.js", "icon.svg", "page.css", "page.js"):

        async def file(_request: web.Request, path: Path = PAGE / name) -> web.StreamResponse:
            return web.FileResponse(path, headers=_HEADERS)

        application.router.add_get(f"{at}{name}", file)
