"""The agents' desk and the supervisors' wallboard in the office."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Final, TypeVar

from aiohttp import web
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from redis.asyncio import Redis

from connectors.acd.floor.floor import Closing, Ending, Floor, FloorRefused, Presence
from connectors.acd.settings import AcdSettings
from connectors.acd.stream import stream
from connectors.framework.fault import Fault, shown
from connectors.framework.news import ALL, News
from connectors.office.answering import answered, body_of
from connectors.office.office import Office, staff_of

LONGEST_TEXT_BYTES: Final = 64 * 1_024
"""What a customer can be sent at once, in UTF-8."""

_DESK_PAGE: Final = Path(__file__).parent / "desk_page"
_WALLBOARD_PAGE: Final = Path(__file__).parent / "wallboard_page"
_AGENT: Final = frozenset({"agent"})
_SUPERVISOR: Final = frozenset({"supervisor"})
_DESK_REST_SECONDS: Final = 0.05
_BOARD_REST_SECONDS: Final = 0.5

_REFUSALS: Final = {
    "not_yours": (404, "contact", "one of yours", "another's, or none"),
    "unknown_distribution": (404, "contact", "one that is known", "none"),
    "over": (409, "contact", "one that goes on", "one that has ended"),
    "not_offered": (409, "contact", "one that you are offered", "one that you have"),
    "not_accepted": (409, "contact", "one that you have accepted", "one that you are offered"),
    "not_waiting": (409, "contact", "one from a queue that no agent has", "another"),
    "not_from_a_queue": (409, "contact", "one from a queue", "one that is for you alone: decline it"),
    "unknown_user": (403, "user", "a user of the definitions whose reference is your name", "none"),
    "inactive_user": (409, "user", "an active one", "one who is not"),
    "conversations_open": (409, "presence", "no open conversation before you sign out", "at least one"),
}
"""What the floor refuses: status, where, what was expected and what was found."""


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("expected some text")
    return text


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PresenceChange(_Body):
    """An agent comes, goes away for a while, or goes."""

    presence: Presence


class Message(_Body):
    """What an agent writes; the same id twice is sent once."""

    id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    text: Annotated[str, Field(max_length=LONGEST_TEXT_BYTES), AfterValidator(_said)]


class End(_Body):
    """How an agent ends a contact."""

    how: Ending = "done"


class Close(_Body):
    """How a supervisor ends one."""

    how: Closing


Step = Callable[[str, str], Awaitable[None]]
Result = TypeVar("Result")


def mount(office: Office) -> None:
    """Add desk and wallboard, where the ACD is our own.

    Raises SettingsError.
    """
    settings = office.surroundings.read(AcdSettings)
    if settings.backend == "own":
        Desks(office, settings).mount(office)


class Desks:
    """The API of desk and wallboard. Every request of an agent, and an open stream, is a sign of life."""

    def __init__(self, office: Office, settings: AcdSettings) -> None:
        deployment = office.surroundings.deployment
        self._redis = Redis.from_url(deployment.redis_url)
        self._floor = Floor(self._redis, deployment, settings)
        self._news = News(self._redis, self._floor.news)
        self._heartbeat_seconds = settings.heartbeat_seconds
        self._stopping = False

    def mount(self, office: Office) -> None:
        """Add routes, pages and lifetime."""
        contact = "/api/desk/contacts/{contact}"
        office.add("GET", "/api/desk", self.get_desk, _AGENT)
        office.add("GET", "/api/desk/events", self.get_desk_events, _AGENT)
        office.add("PUT", "/api/desk/presence", self.put_presence, _AGENT)
        office.add("GET", contact, self.get_contact, _AGENT)
        office.add("POST", f"{contact}/accept", self._step(self._floor.accept), _AGENT)
        office.add("POST", f"{contact}/decline", self._step(self._floor.decline), _AGENT)
        office.add("POST", f"{contact}/turn-away", self._step(self._floor.turn_away), _AGENT)
        office.add("POST", f"{contact}/messages", self.post_message, _AGENT)
        office.add("POST", f"{contact}/end", self.post_end, _AGENT)
        office.add("GET", "/api/wallboard", self.get_board, _SUPERVISOR)
        office.add("GET", "/api/wallboard/events", self.get_board_events, _SUPERVISOR)
        office.add("POST", "/api/wallboard/contacts/{contact}/close", self.post_close, _SUPERVISOR)
        office.page("/desk", "Desk", _DESK_PAGE, _AGENT)
        office.page("/wallboard", "Wallboard", _WALLBOARD_PAGE, _SUPERVISOR)
        office.on_open(self._open)
        office.on_close(self._close)
        office.application.on_shutdown.append(self._end_streams)

    async def get_desk(self, request: web.Request) -> web.StreamResponse:
        """Return what the agent sees: presence, offers, conversations, queues."""
        user = await self._agent(request)
        return answered(await _allowed(self._floor.desk(user)))

    async def get_desk_events(self, request: web.Request) -> web.StreamResponse:
        """Stream the same, whenever it has changed."""
        user = staff_of(request).user

        async def view() -> dict[str, object]:
            await _allowed(self._floor.heard(user))
            return await _allowed(self._floor.desk(user))

        with self._news.of(user) as news:
            return await stream(
                request, news, view, pause_seconds=self._heartbeat_seconds, rest_seconds=_DESK_REST_SECONDS, stopped=lambda: self._stopping
            )

    async def put_presence(self, request: web.Request) -> web.StreamResponse:
        """Take the agent's presence."""
        change = await body_of(request, PresenceChange)
        await _allowed(self._floor.set_presence(staff_of(request).user, change.presence))
        return answered({"presence": change.presence})

    async def get_contact(self, request: web.Request) -> web.StreamResponse:
        """Return what was written in one of the agent's contacts, after message number `after`."""
        user = await self._agent(request)
        after = request.query.get("after", "0")
        if not (after.isascii() and after.isdigit() and len(after) < 10):
            raise Fault(400, "after", "the index of a message", shown(after))
        return answered(await _allowed(self._floor.conversation(request.match_info["contact"], user, int(after))))

    async def post_message(self, request: web.Request) -> web.StreamResponse:
        """Write to the customer: 202, he gets it soon."""
        user = await self._agent(request)
        message = await body_of(request, Message)
        if (size := len(message.text.encode())) > LONGEST_TEXT_BYTES:
            raise Fault(413, "text", f"at most {LONGEST_TEXT_BYTES} bytes", f"{size} bytes")
        await _allowed(self._floor.write(request.match_info["contact"], user, message.id, message.text))
        return answered({"id": message.id}, status=202)

    async def post_end(self, request: web.Request) -> web.StreamResponse:
        """End a conversation."""
        user = await self._agent(request)
        ending = await body_of(request, End)
        await _allowed(self._floor.end(request.match_info["contact"], user, ending.how))
        return answered({})

    async def get_board(self, _request: web.Request) -> web.StreamResponse:
        """Return what a supervisor sees: queues with who waits, agents."""
        return answered(await self._floor.board())

    async def get_board_events(self, request: web.Request) -> web.StreamResponse:
        """Stream the same, whenever it has changed."""
        with self._news.of(ALL) as news:
            return await stream(
                request,
                news,
                self._floor.board,
                pause_seconds=self._heartbeat_seconds,
                rest_seconds=_BOARD_REST_SECONDS,
                stopped=lambda: self._stopping,
            )

    async def post_close(self, request: web.Request) -> web.StreamResponse:
        """End somebody's contact."""
        close = await body_of(request, Close)
        await _allowed(self._floor.close(request.match_info["contact"], close.how))
        return answered({})

    def _step(self, step: Step) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            user = await self._agent(request)
            await _allowed(step(request.match_info["contact"], user))
            return answered({})

        return handle

    async def _agent(self, request: web.Request) -> str:
        user = staff_of(request).user
        await _allowed(self._floor.heard(user))
        return user

    async def _open(self) -> None:
        self._news.open()

    async def _close(self) -> None:
        await self._news.close()
        await self._redis.aclose()

    async def _end_streams(self, _application: web.Application) -> None:
        self._stopping = True
        self._news.wake_all()


async def _allowed(asked: Awaitable[Result]) -> Result:
    try:
        return await asked
    except FloorRefused as refused:
        raise Fault(*_REFUSALS[refused.why]) from None
