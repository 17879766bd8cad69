"""What the demo's visitor sees: the chat, the console beside it, and the way into the office without a password."""

from pathlib import Path
from typing import Final
from uuid import uuid4

from aiohttp import web
from redis.asyncio import Redis

from connectors.framework.surroundings import Surroundings
from connectors.messaging.chat_page import mount_page_files
from connectors.messaging.web_chat import CHANNEL
from connectors.office.office import COOKIE
from connectors.office.sessions import Sessions
from connectors.run import public_application
from processor.actions import action_types
from processor.console.application import PAGE_HEADERS, Console
from schemas.conversation import conversation_id
from smart_routing.demo_settings import ADMIN, DemoSettings
from smart_routing.demo_stand_ins import StandIns
from smart_routing.example import examples

_PAGE: Final = Path(__file__).parent / "demo_page"
_FILES: Final = ("demo.css", "demo.js", "icon.svg")
_SESSION_SECONDS: Final = 12 * 60 * 60.0


class DemoFront:
    """The front page and its routes, on top of what customers reach in any deployment."""

    def __init__(self, surroundings: Surroundings, demo: DemoSettings, stand_ins: StandIns) -> None:
        """Prepare; nothing is connected yet."""
        self._surroundings = surroundings
        self._demo = demo
        self._stand_ins = stand_ins
        deployment = surroundings.deployment
        self._secret = deployment.conversation_secret()
        self._run = uuid4().hex
        self._redis = Redis.from_url(deployment.redis_url)
        self._sessions = Sessions(self._redis, deployment.topic_prefix, _SESSION_SECONDS)

    def application(self) -> web.Application:
        """Return what is served at the demo's address."""
        application = public_application(self._surroundings, page=False)
        mount_page_files(application, "/page/")
        Console(self._surroundings.deployment, action_types()).mount(application)
        application.add_routes(
            [
                web.get("/", self._get_index),
                web.get("/demo/examples", self._get_examples),
                web.get("/demo/conversations/{account}/{address}", self._get_conversation),
                web.get("/demo/office/{page}", self._open_office),
                web.get("/demo/{name}", self._get_file),
            ]
        )

        async def close(_application: web.Application) -> None:
            await self._redis.aclose()

        application.on_cleanup.append(close)
        return application

    async def _get_index(self, _request: web.Request) -> web.StreamResponse:
        return web.FileResponse(_PAGE / "index.html", headers=PAGE_HEADERS)

    async def _get_file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in _FILES:
            raise web.HTTPNotFound
        return web.FileResponse(_PAGE / name, headers=PAGE_HEADERS)

    async def _get_examples(self, _request: web.Request) -> web.StreamResponse:
        """Return what can be chosen."""
        shown = [{**example.about.model_dump(), "account": example.account, "flows": example.flows} for example in examples()]
        return web.json_response(shown)

    async def _get_conversation(self, request: web.Request) -> web.StreamResponse:
        """Return the id of an address's conversation, and the run of the demo, so that a page knows when it talks to another one."""
        account, address = request.match_info["account"], request.match_info["address"]
        found = conversation_id(CHANNEL, account, address, key=self._secret)
        return web.json_response({"id": found, "run": self._run})

    async def _open_office(self, request: web.Request) -> web.StreamResponse:
        """Sign the visitor in, as an agent where one is named, and lead to the office's page."""
        name = request.query.get("as", ADMIN)
        if name not in {ADMIN, *self._demo.agents}:
            raise web.HTTPNotFound
        await self._stand_ins.stand_back(name)
        key, _ = await self._sessions.begin(name)
        response = web.Response(status=303, headers={"Location": f"{self._surroundings.settings.office_url}/{request.match_info['page']}/"})
        response.set_cookie(COOKIE, key, httponly=True, samesite="Strict", path="/")
        return response
