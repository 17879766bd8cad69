"""The web chat: what flows say goes into transcripts."""

from typing import Final

from redis.asyncio import Redis
from typing_extensions import override

from connectors.framework.connector import Body
from connectors.framework.context import Context
from connectors.framework.errors import Refused
from connectors.framework.outcome import Outcome
from connectors.framework.redis_answers import redis_answers
from connectors.framework.surroundings import Surroundings
from connectors.messaging.channel import Channel
from connectors.messaging.entry import Choice, Entry
from connectors.messaging.rendering import render
from connectors.messaging.transcript import Transcript

CHANNEL: Final = "web_chat"


class WebChat(Channel):
    """Nothing is said twice: the transcript knows the command's id."""

    name = CHANNEL

    def __init__(self, surroundings: Surroundings) -> None:
        deployment, settings = surroundings.deployment, surroundings.settings
        self._accounts = settings.chat_accounts
        self._redis = Redis.from_url(deployment.redis_url)
        self._transcript = Transcript(self._redis, deployment.topic_prefix, settings.transcript_expiry_seconds)

    @override
    async def close(self) -> None:
        await self._redis.aclose()

    @override
    async def send_message(self, body: Body, context: Context) -> Outcome:
        agent = body["agent"]
        await self._say(Entry("flow", body["text"]) if agent is None else Entry("agent", body["text"], name=agent), context)
        return Outcome.ok()

    @override
    async def send_choices(self, body: Body, context: Context) -> Outcome:
        rendering = render(body["text"], Choice.all_of(body["choices"]), body["limits"])
        await self._say(Entry("flow", rendering.text, rendering.choices), context)
        return Outcome.ok(rendered=rendering.kind)

    async def _say(self, entry: Entry, context: Context) -> None:
        account = context.envelope["account"]
        if account not in self._accounts:
            raise Refused("unknown_account", f"Expected one of the accounts {', '.join(self._accounts)}; found {account!r}.")
        with redis_answers():
            await self._transcript.say(context.conversation_id, context.command_id, entry)
