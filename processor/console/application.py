"""The console's routes: flows, their drawings, and the journal's lines of a conversation, also as a stream."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final

from aiohttp import web
from confluent_kafka import KafkaException

from processor.console.catalogue import Catalogue
from processor.console.follower import JournalFollower
from processor.console.recent import Recent
from processor.engine.action import Action
from schemas.codec import Codec
from schemas.deployment import Deployment
from schemas.registry import SchemaRegistry
from schemas.topics import partition_of

log = logging.getLogger(__name__)

PAGE: Final = Path(__file__).parent / "page"
PAGE_FILES: Final = ("console.css", "conversation.js", "drawing.js", "element.js", "feed.js", "journal.js", "page.css", "page.js")
HEARTBEAT_SECONDS: Final = 15.0
LONGEST_ID: Final = 128

_RECONNECT_MS: Final = 1_000
_STOP_SECONDS: Final = 2.0
_NOT_STORED: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
PAGE_HEADERS: Final = {
    # Texts of customers and authors are set as text; should that ever fail, no script of theirs would run.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Console:
    """The handlers of one deployment's console. It shows what customers write: put it where only operators come."""

    def __init__(
        self,
        deployment: Deployment,
        action_types: Mapping[str, type[Action]],
        recent: Recent | None = None,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
    ) -> None:
        """Prepare; the journal is followed from the application's start on."""
        codec = Codec(SchemaRegistry(deployment.schema_registry_url) if deployment.schema_registry_url else None)
        self._partitions = deployment.partitions
        self._heartbeat_seconds = heartbeat_seconds
        self._recent = recent or Recent()
        self._catalogue = Catalogue(deployment, codec, action_types)
        self._follower = JournalFollower(deployment, codec, self._recent)
        self._stopping = False

    def mount(self, application: web.Application) -> None:
        """Add routes and lifetime to an application, all below `/console/`."""
        application.add_routes(
            [
                web.get("/console/", self.get_page),
                web.get("/console/page/{name}", self.get_page_file),
                web.get("/console/flows", self.get_flows),
                web.get("/console/flows/{ref}/{version:[0-9]{1,9}}.svg", self.get_drawing),
                web.get("/console/conversations/{id}/steps", self.get_steps),
                web.get("/console/conversations/{id}/events", self.get_events, allow_head=False),
            ]
        )
        application.cleanup_ctx.append(self._lifetime)
        application.on_shutdown.append(self._end_streams)

    async def get_page(self, _request: web.Request) -> web.StreamResponse:
        """Return the page that shows one conversation."""
        return web.FileResponse(PAGE / "index.html", headers=PAGE_HEADERS)

    async def get_page_file(self, request: web.Request) -> web.StreamResponse:
        """Return a script or a style of the page; `drawing.css` is the drawings' own."""
        name = request.match_info["name"]
        if name == "drawing.css":
            style = (files("processor.flow") / "drawing.css").read_text("utf-8")
            return web.Response(text=style, content_type="text/css", headers=PAGE_HEADERS)
        if name not in PAGE_FILES:
            return _fault(404, "file", f"one of {', '.join(PAGE_FILES)}", name)
        return web.FileResponse(PAGE / name, headers=PAGE_HEADERS)

    async def get_flows(self, _request: web.Request) -> web.StreamResponse:
        """Return the flows in service; `drawing` is relative to this address."""
        try:
            flows = await self._catalogue.in_service()
        except (KafkaException, TimeoutError) as error:
            return _unavailable(error)
        shown = [
            {
                "ref": flow.reference,
                "name": flow.name,
                "version": flow.version,
                "type": flow.type,
                "actions": {identity: action.type for identity, action in flow.actions.items()},
            }
            for flow in flows
        ]
        return web.json_response(shown, headers=_NOT_STORED)

    async def get_drawing(self, request: web.Request) -> web.StreamResponse:
        """Return the drawing of one version of a flow."""
        reference, version = request.match_info["ref"], int(request.match_info["version"])
        try:
            drawing = await self._catalogue.drawing(reference, version)
        except (KafkaException, TimeoutError) as error:
            return _unavailable(error)
        if drawing is None:
            return _fault(404, "flow", "a published version of a flow", f"{reference} {version}")
        # Opened by itself it is a document of ours with an author's texts: it may draw and nothing else.
        safe = {**_NOT_STORED, "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}
        return web.Response(text=drawing, content_type="image/svg+xml", headers=safe)

    async def get_steps(self, request: web.Request) -> web.StreamResponse:
        """Return what is kept of a conversation's journal, oldest first, and whether that is all of it."""
        conversation = request.match_info["id"]
        lines, complete = self._recent.after(conversation, self._partition(conversation), -1)
        head = json.dumps({"conversation": conversation, "complete": complete}).removesuffix("}")
        body = f'{head}, "lines": [{", ".join(line.json for line in lines)}]}}'
        return web.Response(text=body, content_type="application/json", headers=_NOT_STORED)

    async def get_events(self, request: web.Request) -> web.StreamResponse:
        """Stream a conversation's lines: one event a journal record, its id the record's offset, as `Last-Event-ID` resumes it.

        An event `gap` comes before the first line where older ones are not kept any more.
        """
        conversation = request.match_info["id"]
        given = request.headers.get("Last-Event-ID", request.query.get("last_event_id", "")) or "-1"
        if len(conversation) > LONGEST_ID:
            return _fault(400, "id", f"a conversation's id of at most {LONGEST_ID} characters", f"{len(conversation)}")
        if given != "-1" and not (given.isascii() and given.isdigit() and len(given) <= 18):
            return _fault(400, "Last-Event-ID", "the id of an event", given[:80])
        partition, reached = self._partition(conversation), int(given)
        headers = {**_NOT_STORED, "Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
        response = web.StreamResponse(headers=headers)
        try:
            with self._recent.news_of(conversation) as news:
                await response.prepare(request)
                await response.write(f"retry: {_RECONNECT_MS}\n\n".encode())
                while not self._stopping:
                    lines, complete = self._recent.after(conversation, partition, reached)
                    if lines and not complete:
                        await response.write(b"event: gap\ndata: {}\n\n")
                    for line in lines:
                        await response.write(f"id: {line.offset}\ndata: {line.json}\n\n".encode())
                        reached = line.offset
                    try:
                        async with asyncio.timeout(self._heartbeat_seconds):
                            await news.wait()
                    except TimeoutError:
                        await response.write(b": still here\n\n")
                    news.clear()
        except ConnectionError:
            pass  # whoever looked has gone
        return response

    def _partition(self, conversation: str) -> int:
        return partition_of(conversation.encode(), self._partitions)

    async def _lifetime(self, _application: web.Application) -> AsyncIterator[None]:
        stop = asyncio.Event()
        following = asyncio.create_task(self._follower.run(stop))
        yield
        stop.set()
        await asyncio.wait([following], timeout=_STOP_SECONDS)
        following.cancel()
        await asyncio.wait([following])
        await asyncio.to_thread(self._catalogue.close)

    async def _end_streams(self, _application: web.Application) -> None:
        self._stopping = True
        self._recent.wake_all()


def console_application(deployment: Deployment, action_types: Mapping[str, type[Action]]) -> web.Application:
    """Return an application with nothing but the console, at `/console/`."""
    application = web.Application()
    Console(deployment, action_types).mount(application)
    return application


def _fault(status: int, where: str, expected: str, found: str) -> web.Response:
    return web.json_response({"error": where, "expected": expected, "found": found}, status=status, headers=_NOT_STORED)


def _unavailable(error: Exception) -> web.Response:
    log.warning("the definitions were not to be had: %s", error)
    return _fault(503, "kafka", "an answer in time", "none; ask again")
