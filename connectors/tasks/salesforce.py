"""Tasks in Salesforce, by its REST API.

Each is upserted under the id of the command that asked for it, so that however often it is sent there is one task. Sources: Salesforce
REST API Developer Guide, "Insert or Update (Upsert) a Record Using an External ID" and "Status Codes and Error Responses"; Object
Reference, "Task".
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from yarl import URL

from connectors.framework.busy import retry_after
from connectors.framework.errors import Refused, Retry
from connectors.framework.json_answer import json_of
from connectors.framework.oauth2 import AccessTokens, NoToken, Token, TokenProof
from connectors.framework.outbound import Outbound, read_at_most
from connectors.framework.settings import ConnectorSettings
from connectors.tasks.salesforce_token import PATH, grant_of
from connectors.tasks.settings import Salesforce

_LARGEST_ANSWER_BYTES: Final = 262_144
_ID: Final = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
_CODE: Final = re.compile(r"[A-Z][A-Z0-9_]{0,79}")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,79}")

_PASSING: Final = frozenset(
    {"REQUEST_LIMIT_EXCEEDED", "REQUEST_RUNNING_TOO_LONG", "SERVER_UNAVAILABLE", "UNABLE_TO_LOCK_ROW", "UNKNOWN_EXCEPTION"}
)
"""Codes of errors that another try may not meet."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    document: Any
    """What the body says, as JSON; None where it is none."""
    retry_after: float | None

    @property
    def codes(self) -> list[str]:
        return [code for error in self._errors if _CODE.fullmatch(code := str(error.get("errorCode", "")))]

    @property
    def fields(self) -> list[str]:
        names = (str(name) for error in self._errors if isinstance(error.get("fields"), list) for name in error["fields"])
        return [name for name in names if _NAME.fullmatch(name)]

    @property
    def identity(self) -> str | None:
        """The record's id."""
        found = self.document if isinstance(self.document, dict) else {}
        identity = found.get("id", found.get("Id"))
        return identity if isinstance(identity, str) and _ID.fullmatch(identity) else None

    @property
    def _errors(self) -> list[dict[str, Any]]:
        return [error for error in self.document if isinstance(error, dict)] if isinstance(self.document, list) else []


class SalesforceTasks:
    """Makes tasks in one organisation. The token is asked for when it is needed, and anew when Salesforce no longer takes it."""

    def __init__(self, settings: Salesforce, framework: ConnectorSettings) -> None:
        """Prepare."""
        self._settings = settings
        self._outbound = Outbound.of(framework)
        self._tokens = AccessTokens(f"{settings.url}{PATH}", partial(grant_of, settings), self._outbound, settings.timeout_seconds)

    async def open(self) -> None:
        """Make the HTTP clients."""
        await self._outbound.open()

    async def close(self) -> None:
        """Close their connections."""
        await self._tokens.close()
        await self._outbound.close()

    async def make(self, command_id: str, told: Mapping[str, str]) -> str:
        """Make the task of a command, unless it is there already, and return its id in Salesforce.

        Args:
            command_id: what the task is known by.
            told: what is known of the task, by the names that the settings' `fields` use; empty texts are left out.

        Raises:
            Refused: `refused`; code and fields are in the sentence, Salesforce's message is not, because it may quote the task.
            Retry: `unreachable`.
        """
        settings = self._settings
        record = dict(settings.constants)
        record.update({field: value for field, name in settings.fields.items() if (value := told.get(name, ""))})
        if settings.owner_id is not None:
            record["OwnerId"] = settings.owner_id
        path = f"/services/data/{settings.api_version}/sobjects/Task/{settings.external_id_field}/{quote(command_id, safe='')}"
        answer = await self._authorised("PATCH", path, record)
        if answer.status == 204:  # before version 46.0 an upsert that found the record said no more than that
            answer = await self._authorised("GET", f"{path}?fields=Id", None)
        if answer.identity is None:
            raise Retry("unreachable", detail="Salesforce's answer holds no id.")
        return answer.identity

    async def _authorised(self, method: str, path: str, record: Mapping[str, str] | None) -> _Answer:
        proof = TokenProof(self._tokens)
        answer = await self._sent(method, path, record, proof)
        if answer.status == 401 and proof.renew():  # the session is over, or was ended by an administrator
            answer = await self._sent(method, path, record, proof)
        if 200 <= answer.status < 300:
            return answer
        if answer.status == 300:
            raise Refused("refused", "Salesforce has several tasks with this external id, which has to be unique.")
        what = f"HTTP {answer.status} {' '.join(answer.codes)}".strip() + (f" ({', '.join(answer.fields)})" if answer.fields else "")
        if _PASSING.intersection(answer.codes) or answer.status == 429 or answer.status >= 500:
            raise Retry("unreachable", answer.retry_after, detail=f"Salesforce cannot make the task at the moment: {what}.")
        raise Refused("refused", f"Salesforce refuses the task: {what}.")

    async def _sent(self, method: str, path: str, record: Mapping[str, str] | None, proof: TokenProof) -> _Answer:
        headers = {"Accept": "application/json", **await _shown(proof)}
        url = URL(f"{self._instance(proof.shown)}{path}", encoded=True)
        body = None
        if record is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(record).encode()
        async with (
            self._in_time(),
            self._outbound.request(method, url, headers=headers, body=body, schemes=frozenset({url.scheme})) as response,
        ):
            content = await read_at_most(response, _LARGEST_ANSWER_BYTES)
            return _Answer(response.status, json_of(content), retry_after(response))

    def _instance(self, token: Token) -> str:
        """Return where a token is to be used."""
        instance = token.answer.get("instance_url", self._settings.url)
        with suppress(ValueError):
            if isinstance(instance, str) and URL(instance).scheme == URL(self._settings.url).scheme:
                return instance.rstrip("/")
        raise Retry("unreachable", detail="Salesforce's answer does not say where its token is to be used.")

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        # A request that takes too long is as good as lost: it is sent again, which does nothing twice.
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                yield
        except TimeoutError as error:
            raise Retry("unreachable", detail="Salesforce did not answer in time.") from error


async def _shown(proof: TokenProof) -> Mapping[str, str]:
    try:
        return await proof.headers()
    except (Retry, NoToken) as error:
        after = error.after if isinstance(error, Retry) else None
        raise Retry("unreachable", after, detail=f"Salesforce gives no token at the moment. {error.detail}") from error
    except Refused as refused:
        raise Refused("refused", f"Salesforce gives no token. {refused.detail}") from refused
