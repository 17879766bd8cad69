"""How the demo's parts are set: all on the loopback interface, in memory or in a folder that goes with the demo."""

import json
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from connectors.office.staff import hashed

ADMIN: Final = "demo"
"""Who may do everything in the demo's office."""

PASSWORD: Final = "demo"  # noqa: S105 - guards a program that listens on the loopback interface and forgets everything
MAILBOX: Final = "demo"


class DemoSettings:
    """Settings by environment variables, as a deployment has them, and the tokens by which the demo itself calls its office."""

    def __init__(self, agents: Iterable[str], mailboxes: Iterable[str]) -> None:
        """Prepare; `agents` are the references of the users whose desks can be opened, `mailboxes` those that flows and queues name."""
        self.agents = tuple(agents)
        self._mailboxes = (MAILBOX, *mailboxes)
        self.token = secrets.token_urlsafe(32)
        self._agents_tokens = {agent: secrets.token_urlsafe(32) for agent in self.agents}

    def token_of(self, agent: str) -> str:
        """Return the bearer token of an agent's stand-in."""
        return self._agents_tokens[agent]

    def environment(self, folder: Path, *, texts: str, mail_port: int) -> Mapping[str, str]:
        """Return the variables; `texts` are the SMS gateway's accounts."""
        return {
            "SMART_ROUTING_SQL_URL": f"sqlite:///{folder / 'connectors.db'}",
            "SMART_ROUTING_OFFICE_STAFF": json.dumps(self._staff()),
            "SMART_ROUTING_OFFICE_PROGRAMS": json.dumps(self._programs()),
            "SMART_ROUTING_OFFICE_WELCOME": f"This is the demo. Sign in as {ADMIN}, with the password {PASSWORD}, or as one of the agents: "
            f"{', '.join(self.agents)}, with the same password.",
            "SMART_ROUTING_SMTP_MAILBOXES": json.dumps({name: _mailbox(mail_port, name) for name in self._mailboxes}),
            "SMART_ROUTING_SMTP_DEFAULT_MAILBOX": MAILBOX,
            "SMART_ROUTING_BILLING_SMS_SENDER": "Demo",
            "SMART_ROUTING_BILLING_MERCHANT": "Heron Electric",  # whose example is the one that takes payments
            "SMART_ROUTING_CASES_REFERENCE_PREFIX": "FA",
            "SMART_ROUTING_EMAIL_OUTBOX": "true",
            "SMART_ROUTING_SMS_GATEWAY_ACCOUNTS": texts,
        }

    def _staff(self) -> dict[str, object]:
        password = hashed(PASSWORD)
        agents = {agent: {"password": password, "roles": ["admin"]} for agent in self.agents}
        return {ADMIN: {"password": password, "roles": ["admin"]}, **agents}

    def _programs(self) -> dict[str, object]:
        agents = {f"stand-in.{agent}": {"token": token, "roles": ["agent"], "user": agent} for agent, token in self._agents_tokens.items()}
        return {"demo": {"token": self.token, "roles": ["admin"]}, **agents}


def _mailbox(port: int, name: str) -> dict[str, object]:
    sender = name if "@" in name else f"{name}@smart-routing.example"
    return {"host": "127.0.0.1", "port": port, "security": "none", "sender": sender}
