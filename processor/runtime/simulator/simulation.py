"""A conversation in virtual time over the engine that the worker runs. Its state goes through its codec between any two events."""

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Final

from processor.engine import codec
from processor.engine.advance import Advance, advance, overdue
from processor.engine.channels import limits_of
from processor.engine.commands import Choice, Command, SendChoices
from processor.engine.errors import EventRejected, SmartRoutingError
from processor.engine.events import (
    AgentWrote,
    EndRequested,
    ExternalEvent,
    Media,
    MessageReceived,
    ResponseReceived,
    ResultReported,
    Ticked,
)
from processor.engine.interaction import Conversation, Variables, Wait
from processor.engine.matching import CHOICE_SEPARATOR, normalised
from processor.engine.variables import written
from processor.runtime.simulator.duration import written_duration
from processor.runtime.simulator.script import Answer, Matcher, Rule
from processor.runtime.simulator.turn import MESSAGES, Turn, fields_of, name_of
from processor.runtime.simulator.world import World

EVENTS: Final = 20_000
"""Events that may happen by themselves in one turn."""

BEAT_MS: Final = 1000
"""Time from one turn to the next, where nothing is said."""

_ADDRESSES: Final = {"web_chat": "visitor"}
_PHONE: Final = "+447700900123"  # of the range that Ofcom keeps for drama


class SimulationError(SmartRoutingError):
    """What cannot happen in this conversation as it stands; the message says what was expected."""


class Unanswered(SimulationError):
    """A command waits for an answer, and neither the script nor the turn gives one."""

    def __init__(self, command: Command) -> None:
        name = name_of(command)
        super().__init__(
            f"expected an answer to {name} of action `{command.action}`, for which it waits; found no rule that fits. "
            f"Give one in the script, such as\n"
            f"  - {{command: {name}, action: {command.action}, answer: {{outcome: ok, values: {{}}}}}}\n"
            f"or `answer: silence`; or answer in the next turn: `answer: ok`."
        )
        self.command = command


class Simulation:
    """One customer's conversation, and all that followed from it."""

    def __init__(
        self,
        world: World,
        rules: Sequence[Rule],
        *,
        at: int,
        conversation_id: str = "simulated",
        address: str | None = None,
        name: str | None = None,
        locale: str | None = None,
        must_answer: bool = True,
    ) -> None:
        """Begin before the customer's first message.

        Args:
            world: what is defined, and the entry point through which the customer comes.
            rules: what connectors answer.
            at: log time of the beginning, epoch ms.
            conversation_id: decides what load sharing draws.
            address: the customer's address on the channel.
            name: the customer's name, as the channel says it.
            locale: the customer's locale, as the channel says it.
            must_answer: whether time past the deadline of a command that nobody answered raises Unanswered; otherwise time stops before it.
        """
        self.world = world
        self.at = at
        """Log time, epoch ms."""
        self.conversation_id = conversation_id
        self.conversation: Conversation | None = None
        self.variables: Variables = {}
        """Those of the live interaction, or of the last one."""
        self.offered: tuple[Choice, ...] = ()
        """The choices that the customer was offered last."""
        self.commands: list[Command] = []
        """All that were issued."""
        self._by_id: dict[str, Command] = {}
        self._customer = (address or _ADDRESSES.get(world.entry.channel, _PHONE), name, locale)
        self._matcher = Matcher(rules)
        self._must_answer = must_answer
        self._payload: bytes | None = None
        self._messages = 0
        self._due: list[tuple[int, int, Command, Answer]] = []
        self._answers = 0
        self._settled: set[str] = set()
        self._advances: list[Advance] = []

    def say(self, text: str | None, media: tuple[Media, ...] = (), *, choice: str | None = None, after_ms: int = BEAT_MS) -> Turn:
        """The customer writes, or sends a file."""
        said = f"customer: {text}" if text is not None else f"image: {media[0].url}" if media else f"choice: {choice}"
        self._messages += 1
        address, name, locale = self._customer
        entry, at = self.world.entry, self.at + after_ms
        event = MessageReceived(
            at, f"message {self._messages}", entry.channel, entry.account, address, text, media, choice, name, locale, sent_at=at
        )
        return self._happened(said, event)

    def choose(self, wanted: str, *, after_ms: int = BEAT_MS) -> Turn:
        """The customer presses one of the choices offered last: its number, text or id. Raises SimulationError where there is none."""
        choice = self.choice(wanted)
        if choice is None:
            offered = "; ".join(f"{number} {choice.text}" for number, choice in enumerate(self.offered, 1))
            raise SimulationError(f"expected one of the choices offered ({offered or 'there are none'}); found {wanted!r}")
        limits = limits_of(self.world.entry.channel)
        if limits.buttons or limits.list_items:
            return self.say(choice.text, choice=choice.id, after_ms=after_ms)
        return self.say(str(self.offered.index(choice) + 1), after_ms=after_ms)  # the channel has numbered texts

    def choice(self, wanted: str) -> Choice | None:
        """Return the choice offered last with a number, text or id."""
        for number, choice in enumerate(self.offered, 1):
            if wanted.strip() in (choice.id.rpartition(CHOICE_SEPARATOR)[2], str(number)):
                return choice
        return next((choice for choice in self.offered if normalised(choice.text) == normalised(wanted)), None)

    def wait(self, milliseconds: int) -> Turn:
        """Time passes, and a millisecond more: what is due just then happens, too."""
        return self._happened(f"wait: {written_duration(milliseconds)}", None, until=self.at + milliseconds + 1)

    def wait_until(self, at: int, said: str) -> Turn:
        """Time passes until a moment. Raises SimulationError where it is past."""
        if at < self.at:
            raise SimulationError(f"expected a time that is not past, found one {written_duration(self.at - at)} ago")
        return self._happened(f"wait: {said}", None, until=at)

    def wait_for_deadline(self) -> Turn:
        """Time passes until just past the deadline of the action that waits. Raises SimulationError where none is pending."""
        wait = self.waiting
        if wait is None or wait.deadline is None:
            raise SimulationError("expected an action that waits with a deadline; found none")
        return self._happened("wait: deadline", None, until=wait.deadline + 1)

    def answer(self, answers: Sequence[Answer], to: str | None = None, *, after_ms: int = BEAT_MS) -> Turn:
        """A connector answers a command: the last one of that name, or the one that waits; no answers are silence."""
        command = self._command(to, self.unanswered)
        self._settle_before(after_ms)
        said = f"answer {name_of(command)}: {', '.join(map(_told, answers)) or 'silence'}"
        self._schedule(command, answers)
        return self._happened(said, None, until=self.at)

    def agent(self, text: str, by: str, *, after_ms: int = BEAT_MS) -> Turn:
        """The agent who has the interaction writes."""
        return self.answer([Answer(agent=text, by=by)], after_ms=after_ms)

    def report(self, outcome: str, reason: str | None, to: str | None = None, *, after_ms: int = BEAT_MS) -> Turn:
        """A connector tells what became of a command since it was answered."""
        payment = self.variables.get("bill", {}).get("payment_id", "")
        asked = [command for command in self.commands if not isinstance(command.body, MESSAGES)]
        command = self._command(to, self._by_id.get(payment, asked[-1] if asked else None))
        self._settle_before(after_ms)
        self._schedule(command, [Answer(report=outcome, reason=reason)])
        return self._happened(f"report on {name_of(command)}: {outcome}", None, until=self.at)

    def end(self, *, after_ms: int = BEAT_MS) -> Turn:
        """An operator ends the interaction."""
        return self._happened("operator: end", EndRequested(self.at + after_ms, "operator"))

    @property
    def waiting(self) -> Wait | None:
        """The wait under way."""
        interaction = self.conversation.interaction if self.conversation is not None else None
        return interaction.wait if interaction is not None else None

    @property
    def unanswered(self) -> Command | None:
        """The command for whose answer an action waits, where neither script nor turn has said anything of it."""
        wait = self.waiting
        if wait is None or wait.awaits not in ("response", "agent"):
            return None
        asked = [command for command in self._of(wait) if not isinstance(command.body, MESSAGES)]
        return asked[-1] if asked and not any(command.command_id in self._settled for command in asked) else None

    @property
    def next_at(self) -> int | None:
        """Log time when an answer comes that is under way, epoch ms."""
        return self._due[0][0] if self._due else None

    def _of(self, wait: Wait) -> list[Command]:
        return [self._by_id[identity] for identity in wait.commands]

    def _command(self, to: str | None, meant: Command | None) -> Command:
        """Return the command that is spoken of. Raises SimulationError where there is none."""
        wait = self.waiting
        if to is not None:
            found = [command for command in self.commands if name_of(command) == to]
        elif meant is not None:
            found = [meant]
        else:
            waited = [] if wait is None else self._of(wait)
            found = [command for command in waited or self.commands if not isinstance(command.body, MESSAGES)]
        if not found:
            issued = ", ".join(dict.fromkeys(map(name_of, self.commands)))
            raise SimulationError(f"expected a command{f' {to}' if to else ' that can be answered'}; found {issued or 'none issued'}")
        return found[-1]

    def _settle_before(self, after_ms: int) -> None:
        """Let time pass before a turn that speaks of a command."""
        self._run_until(self.at + after_ms)

    def _happened(self, said: str, event: ExternalEvent | None, *, until: int | None = None) -> Turn:
        before = self.variables
        unanswered = self.unanswered
        if unanswered is not None and event is not None:
            raise Unanswered(unanswered)
        self._run_until(event.at if event is not None else until if until is not None else self.at)
        at = self.at
        if event is not None:
            self._apply(event)
            self._run_until(self.at)
        advances, self._advances = tuple(self._advances), []
        return Turn(said, at, advances, before, self.variables)

    def _run_until(self, at: int) -> None:
        """Let everything happen that happens by itself up to a time. Raises Unanswered, SimulationError."""
        for _ in range(EVENTS):
            due_at = self.conversation.due_at if self.conversation is not None else None
            answered_at = self.next_at
            if answered_at is not None and answered_at <= at and (due_at is None or answered_at <= due_at):
                _, number, command, answer = heappop(self._due)
                self.at = max(self.at, answered_at)
                self._apply(_event(command, answer, self.at, number))
            elif due_at is not None and due_at < at:
                unanswered = self.unanswered
                if unanswered is not None and self._must_answer:
                    raise Unanswered(unanswered)
                if unanswered is not None:
                    return
                self.at = max(self.at, due_at + 1)
                self._apply(Ticked(self.at))
            else:
                self.at = max(self.at, at)
                return
        raise SimulationError(f"expected at most {EVENTS} events that happen by themselves in one turn; found more")

    def _apply(self, event: ExternalEvent) -> None:
        tick = overdue(self.conversation, event)
        if tick is not None:
            self._advance(tick)
        self._advance(event)

    def _advance(self, event: ExternalEvent) -> None:
        before = codec.decode(self._payload) if self._payload is not None else None
        try:
            done = advance(self.conversation_id, before, event, self.world.definitions)
        except EventRejected as rejected:
            raise SimulationError(f"{type(event).__name__} would go to the dead letters: {rejected}") from rejected
        self._payload = done.payload if done.payload is not None else self._payload
        self.conversation = done.conversation
        self.at = max(self.at, event.at)
        self._advances.append(done)
        self._remember(done)
        for command in done.commands:
            self._issued(command)

    def _remember(self, done: Advance) -> None:
        """Keep the variables, those of an interaction that has ended too."""
        if done.opened:
            self.variables = {}
        if done.conversation.interaction is not None:
            self.variables = done.conversation.interaction.variables
        else:
            for step in done.steps:
                self.variables = written(self.variables, step.writes)

    def _issued(self, command: Command) -> None:
        self.commands.append(command)
        self._by_id[command.command_id] = command
        body = command.body
        if isinstance(body, SendChoices):
            self.offered = body.choices
        answers = self._matcher.answers(name_of(command), body.family, command.flow, command.action, lambda: fields_of(command))
        if answers is not None:
            self._schedule(command, answers)

    def _schedule(self, command: Command, answers: Sequence[Answer]) -> None:
        self._settled.add(command.command_id)
        at = self.at
        for answer in answers:
            at += answer.after
            self._answers += 1
            heappush(self._due, (at, self._answers, self._about(command), answer))

    def _about(self, command: Command) -> Command:
        """Return the command that an answer belongs to: for what was handed to an agent, the distribution."""
        return self._by_id.get(getattr(command.body, "distribution", ""), command)


def _event(command: Command, answer: Answer, at: int, number: int) -> ExternalEvent:
    family = command.body.family
    if answer.agent is not None:
        return AgentWrote(at, command.command_id, f"agent message {number}", answer.by, answer.agent, at)
    if answer.report is not None:
        return ResultReported(at, command.command_id, answer.report, answer.reason, family, at)
    outcome = answer.outcome or "ok"
    return ResponseReceived(at, command.command_id, outcome, answer.reason, answer.values, answer.detail, family, at)


def _told(answer: Answer) -> str:
    if answer.agent is not None:
        return f"agent: {answer.agent}"
    reason = f" ({answer.reason})" if answer.reason else ""
    return f"{answer.report or answer.outcome}{reason}"
