"""What a connector is: a class with one asynchronous method per command; all else is the framework's."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from connectors.framework.context import Context
from connectors.framework.outcome import Outcome

Body = Mapping[str, Any]
Execute = Callable[[Any, Body, Context], Awaitable[Outcome]]
Method = TypeVar("Method", bound=Execute)

_COMMAND = "__command__"


@dataclass(frozen=True, slots=True)
class CommandMethod:
    """How one command is executed."""

    name: str
    execute: Execute
    idempotent: bool
    failure: str
    budget: Callable[[Body], float] | None


def command(
    name: str, *, idempotent: bool = False, failure: str = "error", budget: Callable[[Body], float] | None = None
) -> Callable[[Method], Method]:
    """Make a method the one that executes the command `name`, which its family's schema has.

    Args:
        name: the record's name in the union `body` of the schema.
        idempotent: executing the same command id twice has no second effect. A command whose connector was killed between doing and
            recording is then executed again; otherwise it is answered with outcome `unknown`, because nobody can tell whether it was done.
        failure: the outcome of a command that was not done.
        budget: how many seconds all tries together may take, read from the body; the command's deadline counts as well.
    """

    def mark(method: Method) -> Method:
        setattr(method, _COMMAND, CommandMethod(name, method, idempotent, failure, budget))
        return method

    return mark


class Connector:
    """Base of all connectors. A method raises `Retry` or `Refused`, and nothing else; it may be cancelled at any await."""

    family: ClassVar[str]
    """The family whose commands it executes: topic `commands.<family>`, schema `<family>_command`."""
    commands: ClassVar[Mapping[str, CommandMethod]] = {}

    def __init_subclass__(cls) -> None:
        """Gather the methods that are commands."""
        super().__init_subclass__()
        found = (getattr(member, _COMMAND, None) for member in vars(cls).values())
        cls.commands = {**cls.commands, **{method.name: method for method in found if isinstance(method, CommandMethod)}}

    async def open(self) -> None:
        """Take what the methods need; called once before the first command."""

    async def close(self) -> None:
        """Give it back; called once after the last command, also when `open` failed."""
