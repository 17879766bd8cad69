"""Distribution to the ACD (§ 4.1, 4.3): from the command until the ACD tells how it ended."""

from abc import abstractmethod

from msgspec.structs import replace
from typing_extensions import override

from processor.engine.action import Action
from processor.engine.commands import CommandBody
from processor.engine.commands.acd import AcdCustomer, CancelDistribution, RelayedMedia, RelayMessage
from processor.engine.commands.messaging import SendMessage
from processor.engine.events import AgentWrote, Continued, MessageReceived, ResponseReceived, Ticked
from processor.engine.outcome import Awaiting, Outcome, Taken
from processor.engine.visit import Visit

ASKED, ACKNOWLEDGED, ACCEPTED = "asked", "acknowledged", "accepted"
"""How far a distribution has come; it never goes back, in whatever order the ACD's answers arrive."""

PROGRESS = frozenset({"queued", "offered", "accepted"})
"""Answers after which others follow."""


class Distribution(Action):
    """Hand the interaction to the ACD, carry messages between customer and agent meanwhile, and take a branch by the ACD's last word."""

    @abstractmethod
    def distribute(self, visit: Visit) -> CommandBody | Taken:
        """Return what to ask of the ACD, or the branch that is taken without asking."""

    @abstractmethod
    def acknowledged_by(self, visit: Visit) -> int:
        """Return the log time until which the ACD may take to acknowledge, epoch ms."""

    @abstractmethod
    def accepted_by(self, visit: Visit) -> int | None:
        """Return the log time until which an agent may take to accept what is acknowledged now; None where there is no bound."""

    @abstractmethod
    def ended(self, visit: Visit, response: ResponseReceived) -> Taken:
        """Return the branch that the ACD's last word leads to."""

    @abstractmethod
    def overdue(self, stage: str) -> Taken:
        """Return the branch of silence at a stage."""

    @override
    def waits(self) -> bool:
        return True

    @override
    def apply(self, visit: Visit) -> Outcome:
        match visit.event:
            case Continued():
                asked = self.distribute(visit)
                if isinstance(asked, Taken):
                    return asked
                return Awaiting("agent", self.acknowledged_by(visit), (asked,), memo={"stage": ASKED})
            case MessageReceived() as message:
                return _going_on(visit, _relayed(visit, message))
            case AgentWrote() as written:
                return _accepted(*((SendMessage(written.text, _name(visit, written.agent)),) if written.text.strip() else ()))
            case ResponseReceived() as response if response.outcome in PROGRESS:
                return self._progressed(visit, response)
            case ResponseReceived() as response:
                taken = self.ended(visit, response)
                return taken if self._is_last_word(visit, response) else replace(taken, commands=self.give_up(visit))
            case Ticked():
                return replace(self.overdue(str(visit.memo["stage"])), commands=self.give_up(visit))
            case other:
                raise AssertionError(f"the engine applies {type(other).__name__} to no action")

    @override
    def give_up(self, visit: Visit) -> tuple[CommandBody, ...]:
        return (CancelDistribution(_command(visit)),)

    def _is_last_word(self, visit: Visit, response: ResponseReceived) -> bool:
        """Whether the ACD itself says how it ended; a connector that failed to ask it cannot tell whether a contact has begun."""
        failed = response.outcome == self.failure and visit.memo["stage"] == ASKED
        return response.outcome in self.branches and not failed

    def _progressed(self, visit: Visit, response: ResponseReceived) -> Awaiting:
        if response.outcome == "accepted":
            return _accepted()
        if visit.memo["stage"] != ASKED:
            return _going_on(visit)
        return Awaiting("agent", self.accepted_by(visit), memo={"stage": ACKNOWLEDGED}, same_wait=True)


def customer_of(visit: Visit) -> AcdCustomer:
    """Return what an agent sees of the customer before the first word."""
    customer = visit.interaction.customer
    return AcdCustomer(customer.name, customer.locale, visit.interaction.message.text)


def _accepted(*commands: CommandBody) -> Awaiting:
    """Go on waiting, for as long as the agent likes."""
    return Awaiting("agent", None, commands, memo={"stage": ACCEPTED}, same_wait=True)


def _going_on(visit: Visit, *commands: CommandBody) -> Awaiting:
    """Go on waiting as before."""
    wait = visit.interaction.wait
    assert wait is not None, "only a waiting action goes on"
    return Awaiting("agent", wait.deadline, commands, memo=wait.memo, same_wait=True)


def _relayed(visit: Visit, message: MessageReceived) -> RelayMessage:
    media = tuple(RelayedMedia(item.url, item.mime_type, item.name) for item in message.media)
    return RelayMessage(_command(visit), message.message_id, message.text or "", media, message.choice)


def _name(visit: Visit, agent: str) -> str | None:
    """Return what the customer sees of who wrote."""
    user = visit.definitions.by_reference("user", agent)
    return (user.name if user is not None else "") or agent or None


def _command(visit: Visit) -> str:
    """Return the id of the distribution's command."""
    wait = visit.interaction.wait
    assert wait is not None, "only what waits has asked"
    return wait.commands[0]
