"""What a connector is: a class with one asynchronous method per command; all else is the framework's."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from connectors.framework.context import Context
from connectors.framework.outcome import Outcome

Body = Mapping[str, Any]
Execute = Callable[[Any, Body, Context], Awaitable[Outcome]]
LookUp = Callable[[Any, Body, Context], Awaitable[Outcome | None]]
Target = Callable[[Body, Context], str | None]
Method = TypeVar("Method", bound=Execute)

_COMMAND = "__command__"


@dataclass(frozen=True, slots=True)
class CommandMethod:
    """How one command is executed."""

    name: str
    execute: Execute
    idempotent: bool = False
    failure: str = "error"
    budget: Callable[[Body], float] | None = None
    target: Target | None = None
    look_up: LookUp | str | None = None

    async def look(self, connector: "Connector", body: Body, context: Context) -> Outcome | None:
        """Look up what became of the command."""
        if isinstance(self.look_up, str):
            found: Outcome | None = await getattr(connector, self.look_up)(body, context)
            return found
        if self.look_up is None:
            raise AssertionError(f"{self.name} has no look-up")
        return await self.look_up(connector, body, context)


def command(
    name: str,
    *,
    idempotent: bool = False,
    look_up: LookUp | str | None = None,
    failure: str = "error",
    budget: Callable[[Body], float] | None = None,
    target: Target | None = None,
) -> Callable[[Method], Method]:
    """Make a method the one that executes the command `name`, which its family's schema has.

    Args:
        name: the record's name in the union `body` of the schema.
        idempotent: executing the same command id twice has no second effect. A command whose connector was killed between doing and
            recording is then executed again.
        look_up: for a command that is not idempotent: a method (its name, or a function that takes what the method takes) that asks the
            back end what became of a command whose connector was killed: the outcome where it was done, None where it surely was not; it
            raises `Retry` while it cannot tell. Without either the command is answered with outcome `unknown`: nobody can tell.
            A method that lost the back end's answer raises `Retry` with outcome `unknown`: before the next try it is looked up, too.
        failure: the outcome of a command that was not done.
        budget: how many seconds all tries together may take, read from the body; the command's deadline counts as well.
        target: names what the command calls, such as a host or an account; None where it calls nothing. Each target has a circuit breaker
            and, where one is set, a rate of its own.
    """
    if idempotent and look_up is not None:
        raise TypeError(f"{name}: expected either idempotent or look_up, found both")

    def mark(method: Method) -> Method:
        setattr(method, _COMMAND, CommandMethod(name, method, idempotent, failure, budget, target, look_up))
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
        for method in cls.commands.values():
            if isinstance(method.look_up, str) and not hasattr(cls, method.look_up):
                raise TypeError(f"{cls.__name__}, command {method.name}: expected a look-up {method.look_up}, found no such method")

    async def open(self) -> None:
        """Take what the methods need; called once before the first command."""

    async def close(self) -> None:
        """Give it back; called once after the last command, also when `open` failed."""
