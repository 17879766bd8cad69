"""A contact: one interaction that is distributed."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.framework.context import Context


@dataclass(frozen=True, slots=True)
class Contact:
    """What the floor is told of an interaction; it is named by the distribution's command."""

    id: str
    conversation: str
    channel: str
    account: str
    customer: Mapping[str, Any]
    """`name`, `locale` and `message`, as the command has them."""
    flow: str = ""
    action: str = ""
    trace: str = ""
    """W3C trace context of the command, JSON of its headers; empty where it had none."""

    @classmethod
    def of(cls, context: Context, customer: Mapping[str, Any]) -> "Contact":
        """Read it from a command."""
        trace = {name: value.decode("ascii", "ignore") for name, value in context.headers}
        envelope = context.envelope
        return cls(
            context.command_id,
            context.conversation_id,
            envelope["channel"],
            envelope["account"],
            dict(customer),
            envelope["flow"],
            envelope["action"],
            json.dumps(trace) if trace else "",
        )

    def to_document(self) -> dict[str, Any]:
        """Return it as the floor's scripts read it."""
        return {
            "id": self.id,
            "conversation": self.conversation,
            "channel": self.channel,
            "account": self.account,
            "customer": dict(self.customer),
            "flow": self.flow,
            "action": self.action,
            "trace": self.trace,
        }


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """A queue that a contact is to wait in, with the bounds of the command (§ 4.1); times in seconds, None: no bound."""

    reference: str
    skills: tuple[str, ...] = ()
    maximum_waiting: int | None = None
    maximum_estimated_wait_sec: int | None = None
    maximum_wait_sec: int | None = None

    @classmethod
    def all_of(cls, queues: Iterable[Mapping[str, Any]]) -> "tuple[QueueEntry, ...]":
        """Read them from a command; a queue that is named twice counts once, where it is named first."""
        read = {
            queue["reference"]: cls(
                queue["reference"],
                tuple(sorted(set(queue["skills"]))),
                queue["maximum_waiting"],
                queue["maximum_estimated_wait_sec"],
                queue["maximum_wait_sec"],
            )
            for queue in reversed(list(queues))
        }
        return tuple(reversed(read.values()))

    def to_document(self) -> dict[str, Any]:
        """Return it as the floor's scripts read it."""
        return {
            "reference": self.reference,
            "skills": list(self.skills),
            # Who waits in the same line can be taken by the same agents.
            "line": json.dumps([self.reference, list(self.skills)], ensure_ascii=False),
            "maximum_waiting": self.maximum_waiting,
            "maximum_estimated_wait_sec": self.maximum_estimated_wait_sec,
            "maximum_wait_sec": self.maximum_wait_sec,
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """The first answer to a distribution: how it began, or that it has ended already."""

    outcome: str
    reason: str | None = None
    detail: str | None = None
