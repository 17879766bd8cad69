"""What a remote ACD tells by a webhook."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from connectors.acd.remote.distributions import Kind, Notice
from connectors.acd.remote.outcomes import QUEUE_ENDS, USER_ENDS, Progress
from connectors.framework.fault import Fault, shown

LONGEST_TEXT_BYTES = 64 * 1_024
"""What a customer can be sent at once, in UTF-8."""

_Identity = Annotated[str, Field(min_length=1, max_length=200)]
_Reason = Annotated[str, Field(max_length=200)]


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: _Identity = Field(description="The notice's own id; a repeated one has no effect.")
    distribution: _Identity = Field(description="The id that the distribution was begun with.")


class ProgressTold(_Told):
    """It goes on."""

    type: Literal["progress"]
    outcome: Progress


class EndTold(_Told):
    """It has ended; nothing may follow."""

    type: Literal["end"]
    outcome: str
    reason: _Reason | None = None
    detail: _Reason | None = None


class MessageTold(_Told):
    """The agent has written."""

    type: Literal["message"]
    message_id: _Identity
    agent: _Identity
    text: str = Field(min_length=1, max_length=LONGEST_TEXT_BYTES)


Told = Annotated[ProgressTold | EndTold | MessageTold, Field(discriminator="type")]
TOLD: TypeAdapter[Told] = TypeAdapter(Told)


def noted(told: Told, kind: Kind, at: int) -> Notice:
    """Return what goes to the outbox; `at` is our clock, epoch ms.

    Raises Fault where the outcome is none of such a distribution's, or the text is too long.
    """
    match told:
        case ProgressTold():
            datum = {"command_id": told.distribution, "outcome": told.outcome, "at": at}
            return Notice(told.id, told.distribution, "response", datum, last=False)
        case EndTold():
            ends = QUEUE_ENDS if kind == "queue" else USER_ENDS
            if told.outcome not in ends:
                raise Fault(400, "outcome", f"one of {', '.join(sorted(ends))}", shown(told.outcome))
            datum = {"command_id": told.distribution, "outcome": told.outcome, "reason": told.reason, "detail": told.detail, "at": at}
            return Notice(told.id, told.distribution, "response", datum, last=True)
        case MessageTold():
            if len(told.text.encode()) > LONGEST_TEXT_BYTES:
                raise Fault(413, "text", f"at most {LONGEST_TEXT_BYTES} bytes", f"{len(told.text.encode())} bytes")
            written = {"command_id": told.distribution, "message_id": f"{told.distribution}:{told.message_id}", "agent": told.agent}
            return Notice(told.id, told.distribution, "agent_wrote", {**written, "text": told.text, "at": at}, last=False)
