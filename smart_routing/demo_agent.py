"""An agent of the demo who answers by himself: a program at the desk's API, as a company's own robot would be one."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import uuid4

from aiohttp import ClientError, ClientSession, ClientTimeout

from connectors.framework.ending import end
from processor.runtime.simulator.script import Answer, Matcher, Rule

_DESK_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 0.5
_PATIENCE_SECONDS: Final = 10.0
_ENDS: Final = {"processed": "done", "ok": "done"}
_REFUSALS: Final = {"dissuasion_by_user": "turn-away", "dissuasion": "turn-away", "no_response": "decline"}

OPENING: Final = (
    Answer(outcome="accepted", after=1_200),
    Answer(agent="Hello, a person at last! I have read what you wrote. What can I do for you?", after=900),
)
"""What the agent does with a contact that no script speaks of."""

REPLIES: Final[tuple[tuple[Answer, ...], ...]] = (
    (Answer(agent="I see. Let me look into that.", after=1_500), Answer(agent="Done: it is taken care of. Anything else?", after=2_500)),
    (Answer(agent="Gladly. Goodbye!", after=1_200), Answer(outcome="processed", after=1_000)),
)
"""What is answered to the customer's first and second message then; each further one is answered as the last."""

logger = logging.getLogger(__name__)


class DemoAgent:
    """Signs in by a bearer token, accepts what he is offered, writes what the flow's script has agents write, and ends.

    A script is the rules of an example's `answers.yaml`; of them those count that answer DistributeToQueue, DistributeToUser and
    RelayMessage.
    """

    def __init__(self, office_url: str, token: str, scripts: Mapping[str, Sequence[Rule]] | None = None) -> None:
        """Prepare; `token` is that of a program of the office with role agent, `scripts` are the rules by flow."""
        self._office_url = office_url
        self._token = token
        self._scripts = scripts or {}
        self._attending: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Work until cancelled; an office that does not answer is asked again."""
        headers = {"Authorization": f"Bearer {self._token}"}
        async with ClientSession(self._office_url, headers=headers, timeout=ClientTimeout(total=_PATIENCE_SECONDS)) as session:
            try:
                while True:
                    try:
                        await self._look(session)
                    except (ClientError, TimeoutError) as error:
                        logger.debug("demo agent: %s", error)
                    await asyncio.sleep(_DESK_SECONDS)
            finally:
                await end(*self._attending.values())

    async def _look(self, session: ClientSession) -> None:
        async with session.get("/api/desk") as response:
            if response.status != 200:  # the user is not published yet
                return
            desk = await response.json()
        if desk["presence"] != "available":
            await _ask(session, "PUT", "/api/desk/presence", {"presence": "available"})
        for contact in desk["contacts"]:
            attending = self._attending.get(contact["id"])
            if attending is None or attending.done():
                self._attending[contact["id"]] = asyncio.create_task(self._attend(session, contact))
        for over in self._attending.keys() - {contact["id"] for contact in desk["contacts"]}:
            if self._attending[over].done():
                del self._attending[over]

    async def _attend(self, session: ClientSession, contact: Mapping[str, Any]) -> None:
        """Work on one contact until it is over. Who finds one under way, as after a restart, goes on with it."""
        try:
            lines = _Lines(self._scripts.get(contact["flow"], ()), contact)
            read = contact["count"] if contact["state"] == "accepted" else int(bool(contact["customer"]["message"]))
            if contact["state"] == "offered":
                await self._play(session, contact["id"], lines.opening())
            while True:
                found = await _ask(session, "GET", f"/api/desk/contacts/{contact['id']}?after={read}")
                if found is None or found["state"] != "accepted":
                    return
                for message in found["messages"]:
                    read = message["index"]
                    if message["from"] == "customer":
                        await self._play(session, contact["id"], lines.reply(message))
                await asyncio.sleep(_LOOK_SECONDS)
        except (ClientError, TimeoutError) as error:
            logger.debug("demo agent: contact %s: %s", contact["id"], error)

    async def _play(self, session: ClientSession, contact: str, answers: Sequence[Answer]) -> None:
        for answer in answers:
            await asyncio.sleep(answer.after / 1000)
            path = f"/api/desk/contacts/{contact}"
            match answer:
                case Answer(agent=str() as text):
                    await _ask(session, "POST", f"{path}/messages", {"id": uuid4().hex, "text": text})
                case Answer(outcome="accepted"):
                    await _ask(session, "POST", f"{path}/accept")
                case Answer(outcome=str() as outcome) if outcome in _REFUSALS:
                    await _ask(session, "POST", f"{path}/{_REFUSALS[outcome]}")
                case Answer(outcome=str() as outcome) if outcome in _ENDS or outcome == "unprocessed":
                    how = _ENDS.get(outcome) or ("closed" if answer.reason == "closed" else "customer_left")
                    await _ask(session, "POST", f"{path}/end", {"how": how})
                case _:
                    pass  # queued, offered and overflows are not the agent's to say


class _Lines:
    """What is said in one contact."""

    def __init__(self, rules: Sequence[Rule], contact: Mapping[str, Any]) -> None:
        self._matcher = Matcher(rules)
        self._contact = contact
        self._replies = 0

    def opening(self) -> Sequence[Answer]:
        name = "DistributeToQueue" if self._contact["kind"] == "queue" else "DistributeToUser"
        return self._found(name, {"customer": self._contact["customer"]}) or OPENING

    def reply(self, message: Mapping[str, Any]) -> Sequence[Answer]:
        found = self._found("RelayMessage", {"text": message["text"], "media": message["media"], "choice": message["choice"]})
        reply = REPLIES[min(self._replies, len(REPLIES) - 1)]
        self._replies += 1
        return reply if found is None else found

    def _found(self, command: str, body: Mapping[str, Any]) -> Sequence[Answer] | None:
        return self._matcher.answers(command, "acd", self._contact["flow"], self._contact["action"], lambda: body)


async def _ask(session: ClientSession, method: str, path: str, body: Any = None) -> Any:
    """Ask the desk's API; None where it refuses, as for a contact that is over."""
    async with session.request(method, path, json=body) as response:
        return await response.json() if response.status < 300 else None
