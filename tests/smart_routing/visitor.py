"""Somebody who tries the demo in a browser: chats, presses buttons, and looks behind the chat."""

import json
from typing import Any

from tests.smart_routing.browser import Page

_SAID = "[...document.querySelectorAll('.chat-flow, .chat-agent')]"


class Visitor:
    """The chat of the demo's page, as one who reads what is said and goes on from there."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._heard = 0

    async def begins(self) -> None:
        """Wait for the page."""
        await self._page.until("document.querySelector('.drawing-view svg .action') && document.querySelector('.chat-input')")

    async def says(self, text: str) -> None:
        """Write a message."""
        await self._page.value("document.querySelector('.chat-input').focus()")
        await self._page.write(text)

    async def chooses(self, text: str) -> None:
        """Press a button."""
        button = f"[...document.querySelectorAll('.chat-choice:enabled')].find((one) => one.textContent.startsWith({json.dumps(text)}))"
        await self._page.until(button)
        await self._page.value(f"{button}.click()")

    async def chooses_nth(self, number: int) -> None:
        """Press a button by its place, counted from 0."""
        button = f"document.querySelectorAll('.chat-choice:enabled')[{number}]"
        await self._page.until(button)
        await self._page.value(f"{button}.click()")

    async def hears_one_of(self, *texts: str) -> int:
        """Wait until what is said holds one of these texts, and return which."""
        which = f"{json.dumps(texts)}.findIndex((text) => one.textContent.includes(text))"
        found = f"{_SAID}.slice({self._heard}).map((one) => {which})"
        await self._page.until(f"{found}.some((text) => text >= 0)")
        heard: list[int] = await self._page.value(found)
        at = next(at for at, text in enumerate(heard) if text >= 0)
        self._heard += at + 1
        return heard[at]

    async def hears(self, *texts: str) -> None:
        """Wait until what is said holds these texts, in this order, after what was heard before."""
        for text in texts:
            place = f"{_SAID}.findIndex((one, at) => at >= {self._heard} && one.textContent.includes({json.dumps(text)}))"
            await self._page.until(f"{place} >= 0")
            self._heard = await self._page.value(place) + 1

    async def link(self) -> str:
        """Return the address in what was heard last that can be followed."""
        return str(await self._page.value(f"{_SAID}[{self._heard - 1}].querySelector('.chat-text a').href"))

    async def sees_the_end(self, reason: str = "completed") -> None:
        """Wait until the journal tells that the interaction has ended, and why."""
        await self._page.call("Page.bringToFront")  # what nobody sees is not drawn
        await self._page.until(f"document.querySelector('.journal-ended')?.textContent.includes({json.dumps(reason)})")

    async def sees_lit(self, flow: str, *actions: str) -> None:
        """Turn to a flow's drawing, which goes from flow to flow with the conversation, and wait until it shows these actions as taken."""
        await self._page.value(
            f"[...document.querySelectorAll('.drawing-tab')].find((tab) => tab.textContent === {json.dumps(flow)}).click()"
        )
        for action in actions:
            await self._page.until(f"document.querySelector('g.action.taken[data-action={action}]')")

    async def behind(self) -> dict[str, str]:
        """Return the links to what is behind the chat: what they say → where they lead."""
        found: dict[str, Any] = await self._page.value(
            "Object.fromEntries([...document.querySelectorAll('#behind a')].map((link) => [link.textContent, link.href]))"
        )
        return {text: str(address) for text, address in found.items()}
