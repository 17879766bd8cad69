"""A served office, and clients of its staff and its programs."""

from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession, CookieJar, web
from argon2 import PasswordHasher

from connectors.office.office import office_application
from schemas.deployment import Deployment
from tests.connectors.command_bench import QUICK, around

PASSWORD = "a password of the tests"
TOKEN = "a token of the tests' programs"
# Of the kind that the office makes, at next to no cost: many tests sign in.
_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def staff(**roles: list[str]) -> dict[str, str]:
    """Settings by which each name signs in with PASSWORD and has these roles; the program `dialer` has TOKEN and may do everything."""
    people = "".join(f"{name}: {{password: '{_HASH}', roles: {given}}}\n" for name, given in roles.items())
    return {"SMART_ROUTING_OFFICE_STAFF": people, "SMART_ROUTING_OFFICE_PROGRAMS": f'dialer: {{token: "{TOKEN}", roles: [admin]}}'}


class Client:
    """One browser, or one program."""

    def __init__(self, session: ClientSession, address: str) -> None:
        self.session = session
        self.address = address
        self.csrf = ""

    async def sign_in(self, name: str, password: str = PASSWORD) -> int:
        """Sign in; returns the status."""
        async with self.session.post("/office/session", json={"name": name, "password": password}) as response:
            if response.status != 201:
                return response.status
        async with self.session.get("/office/session") as response:
            self.csrf = (await response.json())["csrf"]
        return 201

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Ask the API as its page does; returns status and JSON."""
        headers = {"X-CSRF-Token": self.csrf, **headers}
        async with self.session.request(method, path, json=body, headers=headers, allow_redirects=False) as response:
            return response.status, await response.json() if response.content_type == "application/json" else await response.text()


@asynccontextmanager
async def serving_office(deployment: Deployment, parts=(), settings=QUICK, **environment: str):
    """Serve an office with these parts; gives a function that makes clients: `client()`, `client(token=TOKEN)`."""
    application = office_application(around(deployment, settings, **environment), parts)
    runner = web.AppRunner(application, shutdown_timeout=0.5)
    await runner.setup()
    sessions: list[ClientSession] = []
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address = f"http://127.0.0.1:{runner.addresses[0][1]}"

        def client(token: str | None = None) -> Client:
            headers = {} if token is None else {"Authorization": f"Bearer {token}"}
            session = ClientSession(address, headers=headers, cookie_jar=CookieJar(unsafe=True))
            sessions.append(session)
            return Client(session, address)

        yield client
    finally:
        for session in sessions:
            await session.close()
        await runner.cleanup()
