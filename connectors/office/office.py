"""Puts the office together: sign-in, navigation, and what families add."""

import asyncio
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field
from redis.asyncio import Redis

from connectors.framework.fault import Fault
from connectors.framework.page import PAGE_HEADERS, mount_folder
from connectors.framework.surroundings import Surroundings
from connectors.office.answering import Handler, answered, answering, body_of
from connectors.office.sessions import Session, Sessions
from connectors.office.settings import OfficeSettings
from connectors.office.staff import SENT, Staff, StaffList

_PAGE: Final = Path(__file__).parent / "page"
COOKIE: Final = "smart_routing_office"
_CSRF: Final = "X-CSRF-Token"
_OPEN_TO_ALL: Final = frozenset({"/office/sign-in/", "/office/session", "/office/welcome", "/health"})
_SAFE: Final = frozenset({"GET", "HEAD"})
_STAFF: Final = web.RequestKey("staff", Staff)

Hook = Callable[[], Awaitable[None]]


class SignIn(BaseModel):
    """A sign-in's body."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: str = Field(max_length=200)
    password: str = Field(max_length=1_000)


def staff_of(request: web.Request) -> Staff:
    """Return who asks."""
    return request[_STAFF]


class Office:
    """What families add their part to."""

    def __init__(self, surroundings: Surroundings) -> None:
        """Prepare; nothing is connected yet.

        Raises SettingsError.
        """
        self.surroundings = surroundings
        self.application = web.Application(middlewares=[answering, self._admit], client_max_size=16 * 1_048_576)
        settings = surroundings.read(OfficeSettings)
        self._welcome = settings.welcome
        self._list = StaffList(settings)
        self._redis = Redis.from_url(surroundings.deployment.redis_url)
        self._sessions = Sessions(self._redis, surroundings.deployment.topic_prefix, settings.session_seconds)
        self._secure = surroundings.settings.office_url.startswith("https://")
        self._pages: list[tuple[str, str, frozenset[str]]] = []
        self._opening: list[Hook] = []
        self._closing: list[Hook] = []
        self.application.cleanup_ctx.append(self._lifetime)
        self.add("GET", "/health", self._health)
        self.add("GET", "/", self._home)
        self.add("GET", "/office/welcome", self._get_welcome)
        self.add("GET", "/office/session", self._get_session)
        self.add("POST", "/office/session", self._sign_in)
        self.add("DELETE", "/office/session", self._sign_out)
        mount_folder(self.application, "/office/", _PAGE)
        mount_folder(self.application, "/office/sign-in/", _PAGE / "sign_in")

    def add(self, method: str, path: str, handler: Handler, roles: Iterable[str] = ()) -> None:
        """Add a part of the API for those with one of these roles; for all who are signed in, where none is named."""
        wanted = frozenset(roles)

        async def checked(request: web.Request) -> web.StreamResponse:
            if request.rel_url.path not in _OPEN_TO_ALL and not staff_of(request).may(wanted):
                raise Fault(403, "roles", " or ".join(sorted(wanted)), " and ".join(sorted(staff_of(request).roles)))
            return await handler(request)

        self.application.router.add_route(method, path, checked)

    def page(self, path: str, title: str, folder: Path, roles: Iterable[str] = ()) -> None:
        """Add a page: the folder's files below `path`, such as /cases, and a link to it for those with one of these roles.

        Its files are no secret; what it shows comes from the API, which asks for the roles.
        """
        self._pages.append((f"{path}/", title, frozenset(roles)))
        mount_folder(self.application, f"{path}/", folder)

    def on_open(self, hook: Hook) -> None:
        """Have something done when the office opens, in the order in which it was asked for."""
        self._opening.append(hook)

    def on_close(self, hook: Hook) -> None:
        """Have something done when the office closes, the last first; also where opening failed."""
        self._closing.append(hook)

    async def _lifetime(self, _application: web.Application) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:  # one that cannot close keeps none of the others open
            stack.push_async_callback(self._redis.aclose)
            for closing in self._closing:
                stack.push_async_callback(closing)
            for opening in self._opening:
                await opening()
            yield

    @web.middleware
    async def _admit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        path = request.rel_url.path
        staff = await self._who(request)
        if staff is not None:
            request[_STAFF] = staff
        elif path not in _OPEN_TO_ALL and not path.startswith("/office/") and request.match_info.http_exception is None:
            if request.method in _SAFE and path.endswith("/"):
                raise web.HTTPSeeOther(f"/office/sign-in/?to={path}")
            raise Fault(401, "session", "one who is signed in, or a bearer token", "neither")
        return await handler(request)

    async def _who(self, request: web.Request) -> Staff | None:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "bearer":  # no browser sends it by itself, so no other site can make one send it
            return self._list.by_token(token.strip())
        session = await self._session(request)
        if session is None:
            return None
        if _needs_token(request) and not hmac.compare_digest(request.headers.get(_CSRF, "").encode(*SENT), session.csrf.encode()):
            raise Fault(403, _CSRF, "the token of this session", "another or none")
        return self._list.by_name(session.name)

    async def _session(self, request: web.Request) -> Session | None:
        key = request.cookies.get(COOKIE)
        return None if key is None else await self._sessions.find(key)

    async def _health(self, _request: web.Request) -> web.StreamResponse:
        await self._redis.ping()
        return answered({"redis": "ok"})

    async def _home(self, request: web.Request) -> web.StreamResponse:
        allowed = (path for path, _, roles in self._pages if staff_of(request).may(roles))
        if (first := next(allowed, None)) is not None:
            raise web.HTTPSeeOther(first)
        return web.FileResponse(_PAGE / "index.html", headers=PAGE_HEADERS)

    async def _get_welcome(self, _request: web.Request) -> web.StreamResponse:
        return answered({"welcome": self._welcome})

    async def _get_session(self, request: web.Request) -> web.StreamResponse:
        session = await self._session(request)
        staff = None if session is None else self._list.by_name(session.name)
        if session is None or staff is None:
            raise Fault(401, "session", "one who is signed in", "nobody")
        pages = [{"path": path, "title": title} for path, title, roles in self._pages if staff.may(roles)]
        return answered({"name": staff.name, "user": staff.user, "roles": sorted(staff.roles), "csrf": session.csrf, "pages": pages})

    async def _sign_in(self, request: web.Request) -> web.StreamResponse:
        # Another site cannot send JSON with this type without asking first (Fetch, CORS), and we never allow it.
        if request.content_type != "application/json":
            raise Fault(415, "Content-Type", "application/json", request.content_type)
        given = await body_of(request, SignIn)
        if not await self._sessions.may_try(given.name):
            raise Fault(429, "name", "fewer wrong passwords", "too many; try again in some minutes")
        staff = await asyncio.to_thread(self._list.by_password, given.name, given.password)
        if staff is None:
            raise Fault(401, "name or password", "one that is known", "another")
        await self._sessions.forget_tries(given.name)
        if (before := request.cookies.get(COOKIE)) is not None:
            await self._sessions.finish(before)
        key, _ = await self._sessions.begin(staff.name)
        response = answered({"name": staff.name}, status=201)
        response.set_cookie(COOKIE, key, httponly=True, secure=self._secure, samesite="Strict", path="/")
        return response

    async def _sign_out(self, request: web.Request) -> web.StreamResponse:
        if (key := request.cookies.get(COOKIE)) is not None:
            await self._sessions.finish(key)
        response = answered({})
        response.del_cookie(COOKIE, path="/")
        return response


def _needs_token(request: web.Request) -> bool:
    """Whether it changes something of the session's; who signs in does not, over whatever session he, or another one, has left open."""
    return request.method not in _SAFE and (request.method, request.rel_url.path) != ("POST", "/office/session")


def office_application(surroundings: Surroundings, parts: Iterable[Callable[[Office], None]]) -> web.Application:
    """Return the office with what each part adds.

    Raises SettingsError.
    """
    office = Office(surroundings)
    for mount in parts:
        mount(office)
    return office.application
