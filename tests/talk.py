"""A conversation for tests: each event is applied as a worker would, and twice, on a state that has been through its codec."""

from typing import Any

from processor.engine import codec
from processor.engine.action import Action
from processor.engine.advance import Advance, advance, overdue
from processor.engine.commands import Command
from processor.engine.definitions import DefinitionLog
from processor.engine.entities import Entity, EntryPoint
from processor.engine.events import EndRequested, ExternalEvent, Media, MessageReceived, ResponseReceived, ResumeRequested, Ticked
from processor.engine.flow import Flow
from processor.engine.interaction import Conversation, Interaction, Wait
from processor.engine.step import Step
from tests.flows import Document, flow_of

MONDAY = 1_772_442_000_000
"""2026-03-02 09:00:00 UTC, in ISO week 10, epoch ms."""

SEC = 1000


class Talk:
    """One customer's conversation, and all that followed from it."""

    def __init__(self, *definitions: Flow | Entity, at: int = MONDAY, channel: str = "web_chat", **entry: Any) -> None:
        """Publish the definitions, and an entry point to the flow `main`."""
        self.log = DefinitionLog()
        self.at = at
        """Log time of the last event, epoch ms."""
        self.channel = channel
        self.payload: bytes | None = None
        self.advances: list[Advance] = []
        self._messages = 0
        for definition in definitions:
            self.publish(definition)
        self.publish(
            EntryPoint.model_validate({"id": "door", "reference": "door", "channel": channel, "account": "site", "flow": "main", **entry})
        )

    def publish(self, definition: Flow | Entity) -> None:
        if isinstance(definition, Flow):
            self.log.publish_flow(self.log.offset + 1, definition)
        else:
            self.log.publish(self.log.offset + 1, definition)

    def say(self, text: str | None = None, *, after_ms: int = SEC, message_id: str | None = None, **fields: Any) -> Advance:
        """The customer writes."""
        self._messages += 1
        identity = message_id or f"message {self._messages}"
        return self.apply(MessageReceived(self.at + after_ms, identity, self.channel, "site", "+33612345678", text, **fields))

    def show(self, url: str, mime_type: str = "image/png", **fields: Any) -> Advance:
        """The customer sends a file."""
        return self.say(media=(Media(url, mime_type),), **fields)

    def press(self, choice: str, **fields: Any) -> Advance:
        """The customer presses a button of the prompt that waits."""
        return self.say(choice=f"{self.wait.id}#{choice}", **fields)

    def respond(
        self, outcome: str = "ok", *, command_id: str | None = None, connector: str = "messaging", after_ms: int = SEC, **fields: Any
    ) -> Advance:
        """A connector answers, the last command where no other is named."""
        answered = command_id or self.commands[-1].command_id
        return self.apply(ResponseReceived(self.at + after_ms, answered, outcome, connector=connector, **fields))

    def tick(self, *, after_ms: int = SEC) -> Advance:
        """Time passes."""
        return self.apply(Ticked(self.at + after_ms))

    def fall_silent(self) -> Advance:
        """Time passes until just past the deadline."""
        due_at = self.conversation.due_at
        assert due_at is not None, "something is due"
        return self.tick(after_ms=due_at + 1 - self.at)

    def end(self, *, after_ms: int = SEC) -> Advance:
        """An operator ends the interaction."""
        return self.apply(EndRequested(self.at + after_ms, "operator"))

    def resume(self, *, after_ms: int = SEC) -> Advance:
        """An operator lifts the quarantine."""
        return self.apply(ResumeRequested(self.at + after_ms, "operator"))

    def apply(self, event: ExternalEvent) -> Advance:
        """Apply an event, before it the tick that it overtakes. Raises EventRejected."""
        before = codec.decode(self.payload) if self.payload is not None else None
        tick = overdue(before, event)
        if tick is not None:
            self._advance(tick)
        applied = self._advance(event)
        self.at = event.at
        return applied

    def _advance(self, event: ExternalEvent) -> Advance:
        definitions = self.log.newest()
        once, again = (
            advance("talk", codec.decode(self.payload) if self.payload is not None else None, event, definitions) for _ in range(2)
        )
        assert once == again
        if once.payload is not None:
            assert codec.decode(once.payload) == once.conversation
            assert codec.encode(once.conversation) == once.payload
            self.payload = once.payload
        else:
            assert self.payload is not None
            assert once.conversation == codec.decode(self.payload)
        self.advances.append(once)
        return once

    @property
    def conversation(self) -> Conversation:
        assert self.payload is not None, "the conversation has begun"
        return codec.decode(self.payload)

    @property
    def interaction(self) -> Interaction:
        interaction = self.conversation.interaction
        assert interaction is not None, "an interaction is live"
        return interaction

    @property
    def wait(self) -> Wait:
        wait = self.interaction.wait
        assert wait is not None, "an action waits"
        return wait

    @property
    def steps(self) -> list[Step]:
        return [step for applied in self.advances for step in applied.steps]

    @property
    def commands(self) -> list[Command]:
        return [command for applied in self.advances for command in applied.commands]

    @property
    def texts(self) -> list[str]:
        """What the customer was sent."""
        return [text for command in self.commands if (text := getattr(command.body, "text", None)) is not None]

    @property
    def dispositions(self) -> list[str]:
        return [applied.disposition for applied in self.advances]


def talk_through(actions: dict[str, Document | Action], *definitions: Flow | Entity, **flow: Any) -> Talk:
    """Return a conversation that has begun with a flow of these actions."""
    talk = Talk(flow_of(actions, **flow), *definitions)
    talk.say("hello", after_ms=0)
    return talk
