"""A headless Chromium, driven through its DevTools protocol."""

import asyncio
import base64
import itertools
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

START_SECONDS = 30
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage", "--disable-extensions",
    "--disable-sync", "--no-first-run", "--no-default-browser-check", "--remote-debugging-port=0", "about:blank",
)  # fmt: skip


def chromium() -> str:
    """Return the program; the test fails where there is none."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if found := shutil.which(name):
            return found
    pytest.fail("This test needs Chromium and none is on PATH: on Debian, apt-get install chromium.", pytrace=False)


class Browser:
    """One running browser."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.complaints: list[str] = []
        """What pages threw, and what the browser refused them."""

    async def call(self, method: str, session: str | None = None, /, **parameters: Any) -> dict[str, Any]:
        """Ask the browser, or a page by its session, for something."""
        number = next(self._numbers)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        await self._socket.send_json({"id": number, "method": method, "params": parameters, **({"sessionId": session} if session else {})})
        return await answer

    async def read(self) -> None:
        """Take in what the browser says, until it ends."""
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                continue
            said = json.loads(message.data)
            if "id" in said:
                answer = self._waiting.pop(said["id"])
                if "error" in said:
                    answer.set_exception(AssertionError(said["error"]["message"]))
                else:
                    answer.set_result(said["result"])
            elif said["method"] == "Runtime.exceptionThrown":
                self.complaints.append(said["params"]["exceptionDetails"]["exception"].get("description", "an exception"))
            elif said["method"] == "Log.entryAdded" and said["params"]["entry"]["level"] == "error":
                self.complaints.append(said["params"]["entry"]["text"])

    @asynccontextmanager
    async def page(
        self, address: str, *, width: int, height: int, dark: bool = False, touch: bool = False, still: bool = False
    ) -> AsyncIterator["Page"]:
        """Open a page in a window of that size, in CSS pixels; `still` for one who wants nothing to move."""
        target = (await self.call("Target.createTarget", url="about:blank"))["targetId"]
        session = (await self.call("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        page = Page(self, session)
        for domain in ("Page", "Runtime", "Log"):
            await page.call(f"{domain}.enable")
        await page.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=touch)
        wishes = {"prefers-color-scheme": "dark" if dark else "light", "prefers-reduced-motion": "reduce" if still else "no-preference"}
        await page.call("Emulation.setEmulatedMedia", features=[{"name": name, "value": value} for name, value in wishes.items()])
        await page.call("Page.navigate", url=address)
        try:
            yield page
        finally:  # also where a test failed: what it left open would go on asking
            await self.call("Target.closeTarget", targetId=target)


class Page:
    """One page."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser = browser
        self._session = session

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask for something."""
        return await self._browser.call(method, self._session, **parameters)

    async def value(self, expression: str) -> Any:
        """Return what a JavaScript expression, or the promise that it gives, comes to."""
        found = await self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    async def fits(self) -> bool:
        """Whether nothing is wider than the window; `innerWidth` would not tell, because on a phone it grows with what is too wide."""
        return bool(await self.value("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))

    async def until(self, condition: str) -> None:
        """Wait until a condition in JavaScript holds; looked at whenever something in the page changes."""
        watched = f"""new Promise((resolve, reject) => {{
            const holds = () => {{ if ({condition}) {{ observer.disconnect(); clearTimeout(late); resolve(true); }} }};
            const observer = new MutationObserver(holds);
            const late = setTimeout(() => {{ observer.disconnect(); resolve(false); }}, 30000);
            observer.observe(document, {{ subtree: true, childList: true, attributes: true, characterData: true }});
            holds();
        }})"""
        if not await self.value(watched):
            raise AssertionError(f"never came true: {condition}\nthe page says: {await self.value('document.body.innerText')}")

    async def arrives(self, condition: str) -> None:
        """Wait until a condition in JavaScript holds, on whatever page the browser has gone to by then."""
        try:
            async with asyncio.timeout(START_SECONDS):
                while not await self._holds(condition):  # noqa: ASYNC110 - a page that is left takes its observers with it
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"never came true: {condition}\nthe page says: {await self.value('document.body.innerText')}") from None

    async def _holds(self, condition: str) -> bool:
        try:
            found = await self.call("Runtime.evaluate", expression=f"Boolean({condition})", returnByValue=True)
        except AssertionError:  # what is asked of a page that is just being left is not answered
            return False
        return bool(found["result"].get("value") is True)

    async def picture(self, path: Path) -> None:
        """Write what is seen as a PNG."""
        taken = await self.call("Page.captureScreenshot", format="png")
        await asyncio.to_thread(path.write_bytes, base64.b64decode(taken["data"]))

    async def press(self, key: str, code: int) -> None:
        """Press and release a key."""
        for kind in ("keyDown", "keyUp"):
            await self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    async def write(self, text: str) -> None:
        """Write into what has the focus, and press Enter."""
        await self.call("Input.insertText", text=text)
        await self.press("Enter", 13)

    async def click(self, element: str) -> None:
        """Click in the middle of an element, given by an expression; it must be in view."""
        x, y = await self.value(
            f"(() => {{ const box = ({element}).getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; }})()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            await self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)


@asynccontextmanager
async def running_browser(folder: Path) -> AsyncIterator[Browser]:
    """Run a browser that keeps its profile in a folder."""
    process = await asyncio.create_subprocess_exec(
        chromium(), f"--user-data-dir={folder}", *FLAGS, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    tasks: list[asyncio.Task[object]] = []
    try:
        address = await _devtools(process.stderr)
        tasks.append(asyncio.create_task(process.stderr.read()))  # what it says later must not fill the pipe
        async with ClientSession() as http, http.ws_connect(address, max_msg_size=0) as socket:
            browser = Browser(socket)
            tasks.append(asyncio.create_task(browser.read()))
            yield browser
    finally:
        process.terminate()
        await process.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _devtools(said: asyncio.StreamReader) -> str:
    """Return the address at which the browser listens to us, as it says itself."""
    heard = []
    async with asyncio.timeout(START_SECONDS):
        async for line in said:
            heard.append(line.decode(errors="replace"))
            if heard[-1].startswith("DevTools listening on "):
                return heard[-1].removeprefix("DevTools listening on ").strip()
    raise AssertionError("the browser did not start: " + "".join(heard))
