"""Sends texts by the gateway, each once."""

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from redis.asyncio import Redis

from connectors.framework.errors import Refused, Retry
from connectors.framework.outcome import UNKNOWN
from connectors.framework.redis_answers import redis_answers
from connectors.framework.surroundings import Surroundings
from connectors.sms_gateway.api import GatewayApi, NotSent
from connectors.sms_gateway.api_errors import OPTED_OUT, failure_of
from connectors.sms_gateway.attempts import Attempt, Attempts
from connectors.sms_gateway.numbers import is_number, is_sender, may_be_mobile
from connectors.sms_gateway.opt_outs import OptOuts
from connectors.sms_gateway.receipts import Receipts
from connectors.sms_gateway.segments import segments_of
from connectors.sms_gateway.settings import GatewayAccount, SmsGatewaySettings

LONGEST_TEXT: Final = 1_600
"""Most characters that the gateway's API takes."""

_CLOCKS_SECONDS: Final = 60
"""How far the gateway's clock and ours may be apart."""

_LEAST_SECONDS: Final = 0.2
"""With less time than that left no text is asked for: the framework would cut the request off, and nobody would know its fate."""

_SID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_COUNT: Final = re.compile(r"[1-9][0-9]{0,2}")


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that the gateway has taken: its id there, and its segments."""

    id: str
    segments: int


@dataclass(frozen=True, slots=True)
class _Text:
    sender: str
    recipient: str
    text: str
    key: str
    segments: int
    account: str

    def note(self, segments: int | None = None) -> str:
        """What is noted of it: how many segments it takes, and whose receipts count."""
        return f"{segments or self.segments} {self.account}"


class SmsGateway:
    """The gateway's accounts, and what was sent by them.

    The API has no idempotency key, but it lists messages. So what is about to be asked for is noted first; a repeated key whose first
    request was not answered is looked for in the list, and sent again only where it would be there by now and is not.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        """Prepare.

        Raises SettingsError, or DeploymentError where there are accounts and the deployment has no secret to name conversations with.
        """
        self.settings = surroundings.read(SmsGatewaySettings)
        if self.settings.accounts:
            surroundings.deployment.conversation_secret()
        self.api = GatewayApi(surroundings, self.settings.accounts.values(), self.settings.request_seconds)
        prefix = f"{surroundings.deployment.topic_prefix}sms:"
        self._redis = Redis.from_url(surroundings.deployment.redis_url)
        self._attempts = Attempts(self._redis, prefix, self.settings.record_expiry_seconds)
        self.receipts = Receipts(self._redis, prefix, self.settings.record_expiry_seconds)
        self.opt_outs = OptOuts(self._redis, surroundings)
        self._public_url = surroundings.settings.public_url

    async def open(self) -> None:
        """Make the HTTP clients."""
        await self.api.open()

    async def close(self) -> None:
        """Close all connections."""
        await self.api.close()
        await self._redis.aclose()

    async def send(self, sender: str, recipient: str, text: str, idempotency_key: str, *, within: float | None = None) -> Sent:
        """Send a text; the same key again sends nothing more and returns the same.

        The gateway has `within` so many seconds to answer, where they are fewer than the setting says: who has a deadline leaves time
        to tell that nobody knows what became of the text.

        Raises:
            Refused: `refused`, `not_mobile`, `too_long`, `invalid_sender`, `timeout` where too little time is left to begin, or
                `unreachable` where there is no such gateway.
            Retry: `unreachable`: the gateway did not answer, or has too much to do. Where the text may have been sent all the same, the
                outcome past the deadline is `unknown`.
        """
        segments = self._checked(sender, recipient, text)
        name, account = self._account(sender)
        message = _Text(sender, recipient, text, idempotency_key, segments, name)
        ends = None if within is None else time.monotonic() + within
        with redis_answers():
            # Between the note and the request Redis is asked nothing more: where it went away there, a note would tell of no request.
            opted_out = await self.opt_outs.has(sender, recipient)
            begin = self._attempts.find(message.key) if opted_out else self._attempts.begin(message.key, message.note())
            if (earlier := await begin) is not None:
                found = await self._found(account, earlier, message, ends)
                if found is not None:
                    return found
            if opted_out:
                await self._attempts.withdraw(message.key)
                raise Refused("refused", "The recipient has opted out.")
            if earlier is not None:
                await self._attempts.again(message.key, message.note())
            return await self._create(account, message, ends)

    async def was_asked(self, name: str, key: str) -> bool:
        """Whether the account of that name was asked for the text of a key: it may tell what became of it, and no other."""
        attempt = await self._attempts.find(key)
        return attempt is not None and attempt.note.partition(" ")[2] == name

    def _checked(self, sender: str, recipient: str, text: str) -> int:
        if not is_sender(sender):
            raise Refused("invalid_sender", "Expected a phone number, a short code or a name of up to 11 letters, digits and spaces.")
        if not is_number(recipient):
            raise Refused("refused", "The recipient is no phone number.")
        if not may_be_mobile(recipient):
            raise Refused("not_mobile", "The recipient's number is that of no mobile phone.")
        segments = segments_of(text)
        if len(text) > LONGEST_TEXT or segments > self.settings.longest_segments:
            limits = f"at most {LONGEST_TEXT} characters and {self.settings.longest_segments} segments"
            raise Refused("too_long", f"Expected {limits}; found {len(text)} characters and {segments} segments.")
        return segments

    def _account(self, sender: str) -> tuple[str, GatewayAccount]:
        found = self.settings.account_of(sender)
        if found is not None:
            return found
        if self.settings.accounts:
            raise Refused("invalid_sender", "No account at the gateway sends as this sender.")
        raise Refused("unreachable", "No SMS gateway is configured (SMART_ROUTING_SMS_GATEWAY_ACCOUNTS).")

    async def _create(self, account: GatewayAccount, message: _Text, ends: float | None) -> Sent:
        key = message.key
        try:
            within = _enough(ends)
            callback = f"{self._public_url}/webhooks/sms/{message.account}/status?message={quote(key, safe='')}"
            form = {"To": message.recipient, "From": message.sender, "Body": message.text, "StatusCallback": callback}
            answer = await self.api.create(account, form, within)
        except (NotSent, Refused):
            await self._attempts.withdraw(key)
            raise
        sid = _sid(answer.content)
        if answer.status in {200, 201} and sid is not None:
            sent = Sent(sid, _segments(answer.content, message))
            with redis_answers(otherwise=UNKNOWN):  # it is sent, and listed
                await self._attempts.done(key, sent.id, message.note(sent.segments))
            return sent
        if answer.status < 400 or (answer.status >= 500 and answer.status != 503):
            raise Retry("unreachable", detail=f"The gateway's answer says neither yes nor no (HTTP {answer.status}).", outcome=UNKNOWN)
        await self._attempts.withdraw(key)
        if answer.code == OPTED_OUT:
            await self.opt_outs.add(message.sender, message.recipient)
        raise failure_of(answer.status, answer.code, answer.after)

    async def _found(self, account: GatewayAccount, earlier: Attempt, message: _Text, ends: float | None) -> Sent | None:
        """Return what an earlier attempt has sent; None where it surely has sent nothing."""
        if earlier.message_id is not None:
            return Sent(earlier.message_id, int(earlier.note.partition(" ")[0]))
        begun = earlier.begun / 1000
        unsettled = begun + self.settings.settled_seconds - time.time()
        try:
            async with asyncio.timeout(_left(ends)):
                async for listed in self.api.listed(account, message.sender, message.recipient, begun - _CLOCKS_SECONDS):
                    sid = _sid(listed)
                    if listed.get("body") == message.text and sid is not None:
                        sent = Sent(sid, _segments(listed, message))
                        if await self._attempts.done(message.key, sent.id, message.note(sent.segments)):  # else it is another command's
                            return sent
        except TimeoutError as error:
            raise Retry("unreachable", detail="The gateway does not list its messages in time.", outcome=UNKNOWN) from error
        if unsettled > 0:
            detail = "An earlier request was not answered, and its message is not listed yet."
            raise Retry("unreachable", unsettled, detail=detail, outcome=UNKNOWN)
        return None


def _left(ends: float | None) -> float | None:
    return None if ends is None else ends - time.monotonic()


def _enough(ends: float | None) -> float | None:
    """Return how many seconds are left. Raises Refused where they are too few to ask for a text."""
    left = _left(ends)
    if left is not None and left < _LEAST_SECONDS:
        raise Refused("timeout", "No time is left to send the text.")
    return left


def _sid(content: Mapping[str, Any]) -> str | None:
    """Return a message's id; None where the gateway names none that could be one."""
    sid = content.get("sid")
    return sid if isinstance(sid, str) and _SID.fullmatch(sid) else None


def _segments(content: Mapping[str, Any], message: _Text) -> int:
    """Return the gateway's own count; ours where it has none yet, as with a messaging service."""
    counted = str(content.get("num_segments"))
    return int(counted) if _COUNT.fullmatch(counted) else message.segments
