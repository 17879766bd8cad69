"""The chat page."""

from pathlib import Path
from typing import Final

from aiohttp import web

from connectors.framework.page import mount_file, mount_folder

PAGE: Final = Path(__file__).parent / "page"


def mount_page(application: web.Application, at: str = "/") -> None:
    """Add the page at a path that ends with a slash, and its files under `page/` beside it."""
    mount_file(application, at, PAGE / "index.html")
    mount_page_files(application, f"{at}page/")


def mount_page_files(application: web.Application, at: str) -> None:
    """Add the page's style (`chat.css`) and script (`chat.js`, an ES module that exports `Chat`) for a page of one's own."""
    mount_folder(application, at, PAGE)
