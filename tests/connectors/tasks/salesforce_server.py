"""A server on loopback that behaves as Salesforce's documentation says of tokens and of the object Task."""

import asyncio
import json
import secrets
import time
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from tests.connectors.local_http import serving

CLIENT = "a consumer key"
SECRET = "a consumer secret"
USER = "integration@example.org"
AUDIENCE = "https://login.salesforce.com"
EXTERNAL = "Smart_Routing_Command__c"
FIELDS = frozenset({"Subject", "ActivityDate", "Description", "Priority", "Type", "OwnerId", "ReminderDateTime"})


def error(status: int, code: str, message: str, *fields: str) -> web.Response:
    """An error as the REST API answers it."""
    return web.json_response([{"message": message, "errorCode": code, **({"fields": list(fields)} if fields else {})}], status=status)


class SalesforceServer:
    """One organisation."""

    def __init__(self, key: RSAKey | None = None) -> None:
        self.url = ""
        self.tasks: dict[str, dict[str, Any]] = {}
        """External id → the record."""
        self.copies = 0
        """How many further records have the external id: it is unique only where the administrator said so."""
        self.tokens: set[str] = set()
        self.token_requests: list[dict[str, str]] = []
        self.requests: list[str] = []
        self.next_answers: list[Any] = []
        """Answers to the next requests of the API, in place of its own: responses, or functions that wait and give one."""
        self.after_work: list[Any] = []
        """The same, but the work is done first, and the answer is lost."""
        self.version = 62
        self._key = key

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/services/oauth2/token" and request.method == "POST":
            return await self._token(request)
        self.requests.append(f"{request.method} {request.raw_path}")
        if self.next_answers:
            return await _given(self.next_answers.pop(0))
        response = await self._work(request)
        if self.after_work:
            return await _given(self.after_work.pop(0))
        return response

    async def _token(self, request: web.Request) -> web.Response:
        given = {name: str(value) for name, value in (await request.post()).items()}
        self.token_requests.append(given)
        match given.get("grant_type"):
            case "client_credentials":
                if (given.get("client_id"), given.get("client_secret")) != (CLIENT, SECRET):
                    return web.json_response({"error": "invalid_client", "error_description": "invalid client credentials"}, status=400)
            case "urn:ietf:params:oauth:grant-type:jwt-bearer":
                if not self._good(given.get("assertion", "")):
                    return web.json_response({"error": "invalid_grant", "error_description": "invalid assertion"}, status=400)
            case _:
                return web.json_response({"error": "unsupported_grant_type"}, status=400)
        token = f"00D!{secrets.token_hex(8)}"
        self.tokens.add(token)
        return web.json_response(
            {
                "access_token": token,
                "instance_url": self.url,
                "token_type": "Bearer",
                "scope": "api",
                "issued_at": str(int(time.time() * 1000)),
            }
        )

    def _good(self, assertion: str) -> bool:
        assert self._key is not None
        try:
            claims = jwt.decode(assertion, self._key, algorithms=["RS256"]).claims
        except JoseError:
            return False
        expected = {"iss": CLIENT, "sub": USER, "aud": AUDIENCE}
        return {name: claims.get(name) for name in expected} == expected and 0 < claims["exp"] - time.time() <= 300

    async def _work(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return error(401, "INVALID_SESSION_ID", "Session expired or invalid")
        _, services, data, version, sobjects, kind, field, identity = map(unquote, request.raw_path.partition("?")[0].split("/"))
        if (services, data, version, sobjects, kind) != ("services", "data", f"v{self.version}.0", "sobjects", "Task"):
            return error(404, "NOT_FOUND", "The requested resource does not exist")
        if field != EXTERNAL:
            return error(404, "NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {field}")
        found = self.tasks.get(identity)
        if found is not None and self.copies:
            return web.json_response([f"/services/data/v{self.version}.0/sobjects/Task/{found['Id']}"] * (self.copies + 1), status=300)
        if request.method == "GET":
            return web.json_response({"attributes": {"type": "Task"}, "Id": found["Id"]}) if found else error(404, "NOT_FOUND", "none")
        record = json.loads(await request.read())
        for name, value in record.items():
            if name not in FIELDS:
                return error(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type Task")
            if name == "Subject" and len(value) > 255:
                return error(400, "STRING_TOO_LONG", f"Subject: data value too large: {value} (max length=255)", "Subject")
        if "Subject" not in record:
            return error(400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Subject]", "Subject")
        if found is not None:
            found.update(record)
            if self.version < 46:
                return web.Response(status=204)
            return web.json_response({"id": found["Id"], "success": True, "errors": [], "created": False})
        made = {**record, "Id": f"00T{secrets.token_hex(6)}AAA"}
        self.tasks[identity] = made
        return web.json_response({"id": made["Id"], "success": True, "errors": [], "created": True}, status=201)


@asynccontextmanager
async def salesforce(key: RSAKey | None = None):
    """Serve an organisation."""
    server = SalesforceServer(key)
    async with serving(server.handle) as port:
        server.url = f"http://127.0.0.1:{port}"
        yield server


async def _given(answer: Any) -> web.StreamResponse:
    response: web.StreamResponse = await answer() if callable(answer) else answer
    return response


async def never() -> web.Response:
    """No answer while anybody waits for one."""
    await asyncio.sleep(60)
    raise AssertionError
