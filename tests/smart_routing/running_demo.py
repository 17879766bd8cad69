"""`smart-routing demo` as its users start it, and a customer who chats with it."""

import asyncio
import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

HEARD_SECONDS = 30


class Demo:
    """A demo that runs in a process of its own."""

    def __init__(self, folder: Path) -> None:
        """Start it on a free port; `folder` is where it may keep what is gone when it ends."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "smart_routing", "demo", "--port", "0", "--office-port", "0"],
            env={**os.environ, "TMPDIR": str(folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        """Where it can be opened, as it prints it; empty where it did not start."""

    def end(self, number: int) -> tuple[int, str]:
        """End it by a signal, and return its exit code and what it wrote on standard error."""
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=30)
        return self.process.returncode, said


@contextmanager
def running_demo(folder: Path) -> Iterator[Demo]:
    """Run a demo; ends it in any case."""
    demo = Demo(folder)
    try:
        if not demo.address:
            raise AssertionError(f"the demo did not start: {demo.process.communicate(timeout=30)[1]}")
        yield demo
    finally:
        if demo.process.returncode is None:  # a test failed: the demo's own Redis must not outlive it
            demo.end(signal.SIGTERM)


class Customer:
    """One customer on the web chat, who reads everything that is said."""

    def __init__(self, http: ClientSession, address: str, account: str = "demo") -> None:
        self._http = http
        self._account = account
        self._address = address
        self._numbers = itertools.count(1)
        self._events = self._listen()
        self.choices: dict[str, str] = {}
        """Text → id of the buttons heard last."""

    async def says(self, text: str) -> None:
        """Write a message."""
        await self._post({"text": text})

    async def chooses(self, text: str) -> None:
        """Press a button."""
        await self._post({"choice": self.choices[text]})

    async def hears(self) -> str:
        """Return the next text that the flow says."""
        async with asyncio.timeout(HEARD_SECONDS):
            async for entry in self._events:
                if entry["from"] == "flow":
                    self.choices = {choice["text"]: choice["id"] for choice in entry["choices"]}
                    return str(entry["text"])
        raise AssertionError("the stream of messages ended")

    async def conversation(self) -> str:
        """Return the conversation's id."""
        answer = await self._http.get(f"/demo/conversations/{self._account}/{self._address}")
        return str((await answer.json())["id"])

    async def _post(self, content: dict[str, str]) -> None:
        body = {"id": f"message {next(self._numbers)}", **content}
        answer = await self._http.post(f"/accounts/{self._account}/chat/{self._address}/messages", json=body)
        assert answer.status == 202, await answer.text()

    async def _listen(self) -> Any:
        async with self._http.get(f"/accounts/{self._account}/chat/{self._address}/events") as response:
            async for raw in response.content:
                if raw.startswith(b"data: "):
                    yield json.loads(raw.removeprefix(b"data: "))
