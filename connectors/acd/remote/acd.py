"""Hands commands to a remote ACD by HTTP; its contract is docs/acd.md."""

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from redis.asyncio import Redis
from yarl import URL

from connectors.acd.customer import customer_of
from connectors.acd.floor.contact import Contact
from connectors.acd.outbox import OutboxRelay
from connectors.acd.remote.distributions import Kind, RemoteDistributions
from connectors.acd.remote.outcomes import FIRST, QUEUE_ENDS, USER_ENDS
from connectors.acd.settings import AcdSettings
from connectors.framework.busy import retry_after
from connectors.framework.connector import Body
from connectors.framework.context import Context
from connectors.framework.errors import Refused, Retry
from connectors.framework.json_answer import object_of
from connectors.framework.outbound import Outbound, read_at_most
from connectors.framework.outcome import Outcome
from connectors.framework.redis_answers import redis_answers
from connectors.framework.surroundings import Surroundings

_SCHEMES: Final = frozenset({"http", "https"})
_LARGEST_ANSWER_BYTES: Final = 64 * 1_024
_LONGEST_REASON: Final = 200
_OVER: Final = frozenset({404, 409, 410})


class RemoteAcd:
    """Every request carries the command's id as `Idempotency-Key`: a repeated one has to have no second effect there."""

    def __init__(self, surroundings: Surroundings, settings: AcdSettings) -> None:
        if settings.remote_url is None or settings.remote_token is None:
            raise AssertionError("the settings of backend remote are whole")
        self._url = settings.remote_url
        self._token = settings.remote_token
        self._deployment = surroundings.deployment
        self._outbound = Outbound.of(surroundings.settings)
        self._redis = Redis.from_url(self._deployment.redis_url)
        self._distributions = RemoteDistributions(self._redis, self._deployment, settings.keep_seconds)
        self._outbox = OutboxRelay(self._redis, self._distributions.outbox, surroundings)

    async def open(self) -> None:
        """Make the HTTP clients, and begin to send what webhooks tell."""
        await self._outbound.open()
        await self._outbox.open()

    async def close(self) -> None:
        """Close connections."""
        await self._outbox.close()
        await self._outbound.close()
        await self._redis.aclose()

    async def distribute_to_queue(self, body: Body, context: Context) -> Outcome:
        """Begin a distribution to queues."""
        asked = {"to": "queue", "queue_group": body["queue_group"], "queues": [dict(queue) for queue in body["queues"]]}
        return await self._distribute("queue", {**asked, "prioritize": body["prioritize"]}, body, context)

    async def distribute_to_user(self, body: Body, context: Context) -> Outcome:
        """Begin a distribution to a user; without one, to whom the ACD has recorded on the customer."""
        return await self._distribute("user", {"to": "user", "user": body["user"], "timeout_ms": body["timeout_ms"]}, body, context)

    async def relay_message(self, body: Body, context: Context) -> Outcome:
        """Hand over what the customer wrote."""
        with redis_answers():
            known = await self._distributions.is_open(body["distribution"])
        if not known:
            raise Refused("unknown_distribution", "The distribution is over, or there was none.")
        message = {"message_id": body["message_id"], "text": body["text"], "media": [dict(item) for item in body["media"]]}
        status, _ = await self._post(f"{_path(body['distribution'])}/messages", {**message, "choice": body["choice"]}, context)
        if status in _OVER:
            raise Refused("unknown_distribution", f"The ACD answered {status}.")
        _check(status)
        return Outcome.ok()

    async def cancel_distribution(self, body: Body, context: Context) -> Outcome:
        """Take a distribution back; nothing that the ACD tells of it counts from then on."""
        with redis_answers():
            await self._distributions.take_back(body["distribution"])
        status, _ = await self._post(f"{_path(body['distribution'])}/cancel", {}, context)
        if status not in _OVER:
            _check(status)
        return Outcome.ok()

    async def _distribute(self, kind: Kind, asked: Mapping[str, Any], body: Body, context: Context) -> Outcome:
        contact = Contact.of(context, body["customer"])
        customer = customer_of(context, self._deployment)
        with redis_answers():
            # Known before the ACD is asked: its webhook may be here before its answer.
            if not await self._distributions.begin(contact, kind):
                return Outcome("unprocessed" if kind == "queue" else "error", "cancelled", "It was taken back before it came.")
            document = {
                "id": contact.id,
                "conversation": contact.conversation,
                "channel": contact.channel,
                "account": contact.account,
                "customer": {"id": customer, **contact.customer},
                **asked,
            }
            status, content = await self._post("/distributions", document, context)
            if status == 404:
                outcome = Outcome("reference_not_found", detail="The ACD answered 404.")
            else:
                _check(status)
                outcome = _first_answer(content, QUEUE_ENDS if kind == "queue" else USER_ENDS)
            if outcome.outcome in FIRST:
                await self._distributions.acknowledge(contact.id)
            else:
                await self._distributions.end(contact.id)
        return outcome

    async def _post(self, path: str, document: Mapping[str, Any], context: Context) -> tuple[int, bytes]:
        """Return status and body; what is worth another try is one.

        Raises Retry or Refused.
        """
        headers = {
            **{name: value.decode("ascii", "ignore") for name, value in context.headers},
            "Authorization": f"Bearer {self._token.get_secret_value()}",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Idempotency-Key": context.command_id,
        }
        body = json.dumps(document, ensure_ascii=False).encode()
        async with self._outbound.request(
            "POST", URL(self._url + path, encoded=True), headers=headers, body=body, schemes=_SCHEMES
        ) as response:
            if response.status in {408, 425, 429} or response.status >= 500:
                raise Retry("status", retry_after(response), detail=f"The ACD answered {response.status}.")
            content = await read_at_most(response, _LARGEST_ANSWER_BYTES)
        if content is None:
            raise Refused("too_large", f"The ACD's answer has more than {_LARGEST_ANSWER_BYTES} bytes.")
        return response.status, content


def _path(distribution: str) -> str:
    return f"/distributions/{quote(distribution, safe='')}"


def _check(status: int) -> None:
    if not 200 <= status < 300:
        raise Refused("status", f"The ACD answered {status}.")


def _first_answer(content: bytes, ends: frozenset[str]) -> Outcome:
    """Read the answer to a distribution.

    Raises Refused with reason `unreadable_body`.
    """
    answer = object_of(content)
    outcome = answer.get("outcome")
    if not isinstance(outcome, str) or outcome not in FIRST | ends:
        raise Refused("unreadable_body", "The ACD's answer: expected JSON with an outcome of such a distribution, found something else.")
    reason = answer.get("reason")
    return Outcome(outcome, reason[:_LONGEST_REASON] if isinstance(reason, str) else None)
