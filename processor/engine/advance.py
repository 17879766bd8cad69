"""From one event to everything that follows from it in its conversation: opening, chain, ending, tail."""

from msgspec import Struct
from msgspec.structs import replace

from processor.engine import codec
from processor.engine.apply import apply, give_up
from processor.engine.commands import Command
from processor.engine.definitions import Definitions
from processor.engine.entities import EntryPoint
from processor.engine.errors import EventRejected, Unmigratable
from processor.engine.events import (
    AgentWrote,
    Continued,
    EndRequested,
    Event,
    ExternalEvent,
    MessageReceived,
    MigrateRequested,
    ResponseReceived,
    ResultReported,
    ResumeRequested,
    Ticked,
)
from processor.engine.flow import START, Flow
from processor.engine.interaction import Conversation, Customer, Interaction, Message
from processor.engine.limits import (
    CHAIN_ACTIONS,
    LAST_TIME,
    MESSAGE_BYTES,
    REASON_CHARACTERS,
    RECORD_STOP_BYTES,
    RECORD_WARN_BYTES,
    STEPS_BYTES,
)
from processor.engine.matching import CHOICE_SEPARATOR
from processor.engine.message_ids import is_seen, remember
from processor.engine.migration import migrated
from processor.engine.outcome import Write
from processor.engine.step import Step
from processor.engine.variables import carried, written

HOUR_MS = 3_600_000

_PAID = "payment_successful"
PAYMENT_RESULTS = frozenset({_PAID, "payment_stopped", "bank_transfer_error", "fraudulent_payment", "failed_payment", "payment_error"})
"""What can become of a payment whose link was sent (§ 11.2)."""


class Advance(Struct, frozen=True):
    """What one event led to in its conversation."""

    conversation: Conversation
    event: ExternalEvent
    disposition: str
    """applied, duplicate, stale, unawaited, acknowledged, ignored or quarantined."""

    interaction_id: str | None
    payload: bytes | None = None
    """The new state's bytes; None where the state did not change."""

    opened: bool = False
    steps: tuple[Step, ...] = ()
    commands: tuple[Command, ...] = ()
    ended: str | None = None
    note: str | None = None


class _Walk(Struct):
    """A chain under way."""

    interaction: Interaction | None
    steps: list[Step] = []
    ended: str | None = None
    note: str | None = None


def overdue(conversation: Conversation | None, event: ExternalEvent) -> Ticked | None:
    """Return the tick that must be applied before an event, where the event's log time has passed a deadline of its conversation.

    So a message past the deadline finds silence already taken, however late the tick itself is read. The tick's time is the next
    millisecond: what silence leads to, another question perhaps, comes after the message, which therefore cannot answer it.
    """
    if conversation is None or isinstance(event, Ticked):
        return None
    due_at = conversation.due_at
    return Ticked(event.at + 1) if due_at is not None and due_at < event.at else None


def advance(conversation_id: str, conversation: Conversation | None, event: ExternalEvent, definitions: Definitions) -> Advance:
    """Apply an event to a conversation, and `Continued` to what follows, until the interaction waits or ends.

    Raises EventRejected where the event cannot be applied; the state then stays as it was.
    """
    if not 0 <= event.at <= LAST_TIME:
        raise EventRejected("bad_time", f"expected a log time from 1970 to 9998; found {event.at} ms")
    match event:
        case MessageReceived():
            return _message(conversation or Conversation(conversation_id), event, definitions)
        case _ if conversation is None:
            found = f"{type(event).__name__} for {conversation_id}"
            raise EventRejected("unknown_conversation", f"expected a conversation that has begun; found {found}")
        case ResumeRequested():
            if conversation.quarantined is None:
                return _noted(conversation, event, "ignored", "the conversation is not quarantined")
            return _changed(replace(conversation, quarantined=None), event, "applied")
        case _ if conversation.quarantined is not None:
            raise EventRejected("quarantined", conversation.quarantined)
        case ResponseReceived():
            return _response(conversation, event, definitions)
        case AgentWrote():
            return _agent_wrote(conversation, event, definitions)
        case ResultReported():
            return _result_reported(conversation, event)
        case Ticked():
            return _tick(conversation, event, definitions)
        case MigrateRequested():
            return _migrate_requested(conversation, event, definitions)
        case _:
            return _end_requested(conversation, event, definitions)


def quarantine(conversation_id: str, conversation: Conversation | None, event: ExternalEvent, reason: str) -> Advance:
    """Return what is recorded when the engine failed on an event: the state as it was, but marked, so that nothing else is applied."""
    return _changed(replace(conversation or Conversation(conversation_id), quarantined=reason), event, "quarantined", reason)


def _message(conversation: Conversation, event: MessageReceived, definitions: Definitions) -> Advance:
    if is_seen(conversation.seen, event.message_id):
        return _noted(conversation, event, "duplicate", None)
    if conversation.quarantined is not None:
        raise EventRejected("quarantined", conversation.quarantined)
    text_bytes, other_bytes = len((event.text or "").encode()), codec.size(replace(event, text=None))
    if max(text_bytes, other_bytes) > MESSAGE_BYTES:
        expected = f"at most {MESSAGE_BYTES} bytes of text, and of all else"
        raise EventRejected("message_too_large", f"expected {expected}; found {text_bytes} and {other_bytes}")
    if conversation.interaction is None:
        return _open(conversation, event, definitions)
    interaction = conversation.interaction
    remembered = replace(conversation, seen=remember(conversation.seen, event.message_id))
    wait = interaction.wait
    prompt, separator, _ = (event.choice or "").rpartition(CHOICE_SEPARATOR)
    if separator and (wait is None or prompt != wait.id):
        return _changed(remembered, event, "stale", f"the choice belongs to {prompt}")
    heard = replace(
        interaction,
        message=_heard(event),
        last_event_at=max(event.at, interaction.last_event_at),
        customer=_customer(event, interaction.customer),
    )
    if wait is not None and wait.awaits == "agent":
        return _walked(remembered, event, _walk(heard, event, definitions), definitions)
    # What was logged before the question was asked is no answer to it.
    if wait is None or wait.awaits != "message" or event.at < interaction.last_event_at:
        return _changed(replace(remembered, interaction=heard), event, "unawaited")
    return _walked(remembered, event, _walk(heard, event, definitions), definitions)


def _open(conversation: Conversation, event: MessageReceived, definitions: Definitions) -> Advance:
    entry = definitions.entry_point(event.channel, event.account)
    if entry is None:
        wanted = f"an entry point for account {event.account!r} of channel {event.channel!r}"
        raise EventRejected("no_entry_point", f"expected {wanted}; found none")
    flow = definitions.production(entry.flow)
    if flow is None or flow.type != "start":
        raise EventRejected("no_production_version", f"expected a version of flow {entry.flow!r}, of type start, in service; found none")
    number = conversation.number + 1
    interaction = _opened(conversation.id, number, entry, flow, event)
    opened = replace(conversation, number=number, seen=remember(conversation.seen, event.message_id))
    return _walked(opened, event, _walk(interaction, Continued(event.at), definitions), definitions, opened=True)


def _opened(conversation_id: str, number: int, entry: EntryPoint, flow: Flow, event: MessageReceived) -> Interaction:
    return Interaction(
        conversation_id,
        number,
        _customer(event),
        flow.reference,
        flow.version,
        event.at,
        event.at,
        message=_heard(event),
        maximum_hand_overs=entry.maximum_distributions,
        expires_after_ms=entry.expires_after_hours * HOUR_MS,
        end_flow=entry.end_of_interaction,
    )


def _response(conversation: Conversation, event: ResponseReceived, definitions: Definitions) -> Advance:
    interaction = conversation.interaction
    wait = interaction.wait if interaction is not None else None
    awaited = wait is not None and event.command_id in wait.commands
    # What is sent beside the request is heard of only where it fails.
    answers = wait is not None and awaited and wait.awaits in ("response", "agent") and event.command_id == wait.commands[0]
    if interaction is not None and awaited and (answers or event.outcome != "ok"):
        return _walked(conversation, event, _walk(interaction, event, definitions), definitions)
    note = None if event.outcome == "ok" else f"{event.outcome}: {event.reason or 'no reason given'}"
    return _noted(conversation, event, "acknowledged" if awaited or event.connector == "messaging" else "stale", note)


def _agent_wrote(conversation: Conversation, event: AgentWrote, definitions: Definitions) -> Advance:
    identity = f"agent {event.message_id}"  # connectors deliver at least once, too
    if is_seen(conversation.seen, identity):
        return _noted(conversation, event, "duplicate", None)
    if len(event.text.encode()) > MESSAGE_BYTES:
        raise EventRejected("message_too_large", f"expected at most {MESSAGE_BYTES} bytes of text; found {len(event.text.encode())}")
    interaction = conversation.interaction
    wait = interaction.wait if interaction is not None else None
    if interaction is None or wait is None or wait.awaits != "agent" or event.command_id not in wait.commands:
        return _noted(conversation, event, "stale", f"the interaction is no longer with {event.agent}")
    remembered = replace(conversation, seen=remember(conversation.seen, identity))
    return _walked(remembered, event, _walk(interaction, event, definitions), definitions)


def _result_reported(conversation: Conversation, event: ResultReported) -> Advance:
    """Keep what became of a payment on the bill that it was for; any other result is for the journal alone.

    A payment that has been made stays made: what is told of it afterwards is something older, told again.
    """
    interaction = conversation.interaction
    bill = interaction.variables.get("bill", {}) if interaction is not None else {}
    if interaction is None or bill.get("payment_id") != event.command_id or event.outcome not in PAYMENT_RESULTS:
        said = f"{len(event.values)} values" if event.values else event.reason or "no reason given"
        return _noted(conversation, event, "acknowledged", f"{event.outcome}: {said}")
    if bill.get("payment") == _PAID:
        return _noted(conversation, event, "stale", f"{event.outcome}: the payment has been made")
    writes = (Write("bill", "payment", event.outcome), Write("bill", "payment_reason", (event.reason or "")[:REASON_CHARACTERS]))
    told = replace(interaction, variables=written(interaction.variables, writes), last_event_at=max(event.at, interaction.last_event_at))
    return _changed(replace(conversation, interaction=told), event, "applied")


def _migrate_requested(conversation: Conversation, event: MigrateRequested, definitions: Definitions) -> Advance:
    if conversation.interaction is None:
        return _noted(conversation, event, "ignored", "no interaction is live")
    try:
        interaction, warnings = migrated(conversation.interaction, event, definitions)
    except Unmigratable as reason:
        return _noted(conversation, event, "ignored", str(reason))
    note = "; ".join((f"{event.flow} {event.from_version} → {event.to_version}", *warnings))
    return _changed(replace(conversation, interaction=interaction), event, "applied", note)


def _tick(conversation: Conversation, event: Ticked, definitions: Definitions) -> Advance:
    interaction = conversation.interaction
    if interaction is None or interaction.due_at >= event.at:
        return _noted(conversation, event, "stale", "no deadline has passed")
    if interaction.wait is not None and interaction.wait.deadline is not None:
        return _walked(conversation, event, _walk(interaction, event, definitions), definitions)
    return _walked(conversation, event, _end(interaction, "expired", event, definitions), definitions)


def _end_requested(conversation: Conversation, event: EndRequested, definitions: Definitions) -> Advance:
    if conversation.interaction is None:
        return _noted(conversation, event, "ignored", "no interaction is live")
    running = (conversation.interaction.flow, conversation.interaction.flow_version)
    if event.flow is not None and running != (event.flow, event.flow_version):
        return _noted(conversation, event, "ignored", f"the interaction runs with {running[0]} {running[1]}")
    return _walked(conversation, event, _end(conversation.interaction, "ended_by_operator", event, definitions), definitions)


def _walk(interaction: Interaction, event: Event, definitions: Definitions) -> _Walk:
    """Apply the event's action and those that it leads to. A chain too long or too large ends the interaction and issues nothing."""
    walk = _Walk(interaction, [])
    chain = size = 0
    while True:
        flow = definitions.flow(interaction.flow, interaction.flow_version)
        applied = apply(flow, interaction, event, definitions)
        interaction = applied.interaction
        walk.steps.append(applied.step)
        chain += isinstance(event, Continued) and interaction.wait is None
        size += codec.size(applied.step)
        if chain > CHAIN_ACTIONS:
            walk.steps = [replace(step, commands=()) for step in walk.steps]
            return _ended(walk, interaction, "loop", event, definitions)
        if size > STEPS_BYTES:
            walk.steps = [replace(step, commands=(), writes=(), warnings=()) for step in walk.steps]
            return _ended(walk, interaction, "steps_too_large", event, definitions)
        if applied.ended is not None:
            return _ended(walk, interaction, applied.ended, event, definitions)
        if not applied.continues:
            walk.interaction = interaction
            return walk
        event = Continued(event.at)


def _end(interaction: Interaction, reason: str, event: Event, definitions: Definitions) -> _Walk:
    """End an interaction from outside its flow."""
    return _ended(_Walk(interaction, []), interaction, reason, event, definitions)


def _ended(walk: _Walk, interaction: Interaction, reason: str, event: Event, definitions: Definitions) -> _Walk:
    """End the routing; the end-of-interaction flow, where there is one, runs as the tail, once."""
    if interaction.wait is not None and (
        step := give_up(definitions.flow(interaction.flow, interaction.flow_version), interaction, event, definitions)
    ):
        walk.steps.append(step)
        interaction = replace(interaction, step=step.step, wait=None)
    if interaction.ended is not None:
        note = None if reason == "completed" else f"end-of-interaction flow: {reason}"
        return _Walk(None, walk.steps, interaction.ended, note)
    if interaction.end_flow is None:
        return _Walk(None, walk.steps, reason)
    flow = definitions.production(interaction.end_flow)
    if flow is None or flow.type != "end_of_interaction":
        return _Walk(None, walk.steps, reason, f"end-of-interaction flow: no version of {interaction.end_flow!r} in service")
    source = definitions.flow(interaction.flow, interaction.flow_version)
    variables, warnings = carried(interaction.variables, source, flow)
    tail = replace(
        interaction,
        flow=flow.reference,
        flow_version=flow.version,
        action=START,
        wait=None,
        variables=variables,
        ended=reason,
        last_event_at=max(event.at, interaction.last_event_at),
    )
    after = _walk(tail, Continued(event.at), definitions)
    first, *others = after.steps
    steps = [*walk.steps, replace(first, warnings=(*warnings, *first.warnings)), *others]
    return _Walk(after.interaction, steps, after.ended, after.note)


def _walked(conversation: Conversation, event: ExternalEvent, walk: _Walk, definitions: Definitions, *, opened: bool = False) -> Advance:
    """Return the walk as an advance, its record's size held to the limits."""
    number = conversation.number
    changed = replace(conversation, interaction=walk.interaction, sequence=conversation.sequence + 1)
    payload = codec.encode(changed)
    while len(payload) > RECORD_STOP_BYTES and changed.interaction is not None:  # twice where the tail's record is too large as well
        walk = _ended(walk, changed.interaction, "record_too_large", event, definitions)
        changed = replace(changed, interaction=walk.interaction)
        payload = codec.encode(changed)
    steps = walk.steps
    if len(payload) > RECORD_WARN_BYTES and steps:
        steps = [*steps[:-1], replace(steps[-1], warnings=(*steps[-1].warnings, f"record_large: {len(payload)} bytes"))]
    commands = tuple(command for step in steps for command in step.commands)
    return Advance(changed, event, "applied", f"{conversation.id}-{number}", payload, opened, tuple(steps), commands, walk.ended, walk.note)


def _changed(conversation: Conversation, event: ExternalEvent, disposition: str, note: str | None = None) -> Advance:
    """Return an advance that changes the state without applying an action."""
    changed = replace(conversation, sequence=conversation.sequence + 1)
    return Advance(changed, event, disposition, _live_id(changed), codec.encode(changed), note=note)


def _noted(conversation: Conversation, event: ExternalEvent, disposition: str, note: str | None) -> Advance:
    """Return an advance that is only journalled."""
    return Advance(conversation, event, disposition, _live_id(conversation), note=note)


def _live_id(conversation: Conversation) -> str | None:
    return conversation.interaction.id if conversation.interaction is not None else None


def _heard(event: MessageReceived) -> Message:
    return Message(event.text or "", event.media, event.choice or "")


def _customer(event: MessageReceived, known: Customer | None = None) -> Customer:
    """Return who writes; what the channel does not say this time stays as it was known."""
    return Customer(
        event.channel,
        event.account,
        event.address,
        event.name or (known.name if known is not None else None),
        event.locale or (known.locale if known is not None else None),
    )
