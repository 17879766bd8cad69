"""The flow of flow.yaml written by hand, as one would who had this one flow only: for the contenders without an engine.

It does all that the engine does for this load: duplicates are known by their message ids, answers are checked, deadlines are kept, ids are
derived, and the journal tells every step. What the load never brings, such as an answer that is no number, it refuses.
"""

import re
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from schemas.codec import Codec

FLOW = "order_desk"
VERSION = 1
ANSWER_WITHIN_MS = 600_000
MESSAGE_IDS_KEPT = 256
STATE_FORMAT = 1

TYPES = {
    "start": "start",
    "prepare": "assign_variables",
    "ask_quantity": "message_awaiting_response",
    "price": "assign_variables",
    "ask_comment": "message_awaiting_response",
    "check": "test_values",
}

_WHOLE_NUMBER = re.compile(r"[1-9][0-9]{0,17}")

Datum = dict[str, Any]


class State(msgspec.Struct, omit_defaults=True):
    """What is kept of a conversation between messages."""

    interaction_id: str
    channel: str
    account: str
    address: str
    name: str
    locale: str
    started_at: int
    variables: dict[str, dict[str, str]]
    action: str = ""
    """The question that waits."""

    text: str = ""
    sequence: int = 0
    step: int = 0
    deadline: int | None = None
    last_event_at: int = 0
    commands: tuple[str, ...] = ()
    last: tuple[str, str] = ("", "")
    """Action and branch before the question."""

    seen: bytes = b""


class Applied(msgspec.Struct):
    """What one message led to."""

    state: State
    payload: bytes
    was_due_at: int | None
    command: bytes
    journal: bytes | None


encode_state = msgspec.msgpack.Encoder().encode
decode_state = msgspec.msgpack.Decoder(State).decode


class ByHand:
    """Applies messages. Without `journals` none is written."""

    def __init__(self, codec: Codec, *, journals: bool = True) -> None:
        self._codec = codec
        self._journals = journals

    def apply(self, conversation: str, state: State | None, value: bytes | None, at: int, source: Datum) -> Applied | None:
        """Apply one inbound record logged at a time (epoch ms); None for a message that was there before."""
        _, message = self._codec.decode(value)
        digest = blake2b(message["message_id"].encode(), digest_size=8).digest()
        steps: list[Datum]
        if state is None:
            state = _opened(conversation, message, at)
            steps = _start(state, message)
            opened, was_due_at = True, None
        else:
            if _is_seen(state.seen, digest):
                return None
            opened, was_due_at = False, state.deadline
            steps = _quantity(state, message) if state.action == "ask_quantity" else _comment(state, message)
        state.seen = (state.seen + digest)[-8 * MESSAGE_IDS_KEPT :]
        state.text = message["text"]
        state.name, state.locale = message["name"], message["locale"]
        command, asked = self._ask(state, conversation, at)
        steps.append(asked)
        state.sequence += 1
        state.last_event_at = at
        payload = encode_state(state)
        journal = None
        if self._journals:
            event = ("smart_routing.MessageReceived", message)
            journal = self._journal(
                conversation, state, payload, {"at": at, "source": source, "event": event, "opened": opened, "steps": steps}
            )
        return Applied(state, payload, was_due_at, command, journal)

    def _ask(self, state: State, conversation: str, at: int) -> tuple[bytes, Datum]:
        """Ask the question that the state has come to; return the command and the step."""
        order = state.variables["order"]
        if state.action == "ask_quantity":
            text = f"{order['summary']} How many of them, {state.name}?"
        else:
            text = f"Noted: {order['summary']} Anything to add to {order['reference']}?"
        state.step += 1
        state.deadline = at + ANSWER_WITHIN_MS
        wait_id = f"{state.interaction_id}:{state.step}"
        command_id = f"{wait_id}:1"
        state.commands = (command_id,)
        command = self._codec.encode(
            "messaging_command",
            {
                "command_id": command_id,
                "conversation_id": conversation,
                "interaction_id": state.interaction_id,
                "flow": FLOW,
                "flow_version": VERSION,
                "action": state.action,
                "issued_at": at,
                "deadline": None,
                "channel": state.channel,
                "account": state.account,
                "address": state.address,
                "body": ("smart_routing.SendMessage", {"text": text}),
            },
        )
        digest = blake2b(command, digest_size=8).hexdigest() if self._journals else ""
        issued = {"command_id": command_id, "family": "messaging", "name": "SendMessage", "digest": digest}
        return command, {
            "step": state.step,
            "flow": FLOW,
            "flow_version": VERSION,
            "action": state.action,
            "type": TYPES[state.action],
            "wait_id": wait_id,
            "deadline": state.deadline,
            "commands": [issued],
            "writes": [],
            "warnings": [],
        }

    def _journal(self, conversation: str, state: State, payload: bytes, happened: Datum) -> bytes:
        return self._codec.encode(
            "journal_record",
            {
                "conversation_id": conversation,
                "interaction_id": state.interaction_id,
                "sequence": state.sequence,
                "disposition": "applied",
                "definitions_offset": 0,
                "engine": "by hand",
                "state_digest": blake2b(payload, digest_size=8).hexdigest(),
                **happened,
            },
        )


def state_record(payload: bytes, codec: Codec) -> bytes:
    """Return a state's record for the changelog."""
    return codec.encode("conversation_state", {"format": STATE_FORMAT, "payload": payload})


def _opened(conversation: str, message: Datum, at: int) -> State:
    return State(
        f"{conversation}-1", message["channel"], message["account"], message["address"], message["name"], message["locale"], at, {}
    )


def _start(state: State, message: Datum) -> list[Datum]:
    writes = {
        "buyer": {
            "company": "Ateliers de la Loire, société coopérative",
            "contact": message["name"],
            "segment": "workshops with a yearly agreement",
            "agreement": "AG-2024-000187, renewed every January",
            "language": "French, letters and invoices included",
        },
        "order": {
            "reference": f"ORD-2026-{message['address']}",
            "article": "Oak board, planed, 27 mm, 2,000 mm long",
            "quantity": "1",
            "previous": "1",
            "comment": "Please ring at the gate in the yard.",
            "summary": "Nothing has been ordered so far today.",
        },
        "delivery": {
            "street": "14 bis, quai de la Fosse, second yard",
            "town": "44000 Nantes, Pays de la Loire",
            "slot": "weekdays between 8:00 and 11:30",
            "note": "Long boards: a second person must help.",
        },
    }
    begun = _taken(state, "start", "ok", "prepare")
    prepared = _taken(state, "prepare", "ok", "ask_quantity", _write(state, writes))
    state.action = "ask_quantity"
    return [begun, prepared]


def _quantity(state: State, message: Datum) -> list[Datum]:
    answer = message["text"].strip()
    if not _WHOLE_NUMBER.fullmatch(answer):
        raise ValueError(f"expected the load's whole numbers, found {answer!r}")
    answered = _taken(state, "ask_quantity", "ok", "price", _write(state, {"order": {"quantity": answer}}))
    order, delivery = state.variables["order"], state.variables["delivery"]
    writes = {
        "order": {
            "previous": order["quantity"],
            "summary": f"{order['quantity']} × {order['article']} for {state.variables['buyer']['company']}.",
        },
        "delivery": {"note": f"{delivery['slot']}, {delivery['town']}"},
    }
    priced = _taken(state, "price", "ok", "ask_comment", _write(state, writes))
    state.action = "ask_comment"
    return [answered, priced]


def _comment(state: State, message: Datum) -> list[Datum]:
    answer = message["text"].strip()
    if not answer:
        raise ValueError("expected the load's sentences, found nothing")
    answered = _taken(state, "ask_comment", "ok", "check", _write(state, {"order": {"comment": answer}}))
    order = state.variables["order"]
    if int(order["quantity"]) < 1 and order["comment"]:
        raise ValueError("expected the load's orders, found an empty one")
    checked = _taken(state, "check", "yes", "ask_quantity")
    state.action = "ask_quantity"
    return [answered, checked]


def _write(state: State, values: Mapping[str, Mapping[str, str]]) -> list[Datum]:
    """Write variables; return what the journal says of it."""
    writes = []
    for variable, fields in values.items():
        there = state.variables.setdefault(variable, {})
        for field, value in fields.items():
            there[field] = value
            writes.append({"variable": variable, "field": field, "value": value})
    return writes


def _taken(state: State, action: str, branch: str, following: str, writes: Sequence[Datum] = ()) -> Datum:
    """Take a branch; return the journal's step."""
    state.step += 1
    state.last = (action, branch)
    return {
        "step": state.step,
        "flow": FLOW,
        "flow_version": VERSION,
        "action": action,
        "type": TYPES[action],
        "branch": branch,
        "next": following,
        "commands": [],
        "writes": writes,
        "warnings": [],
    }


def _is_seen(seen: bytes, digest: bytes) -> bool:
    at = seen.find(digest)
    while at >= 0 and at % 8:
        at = seen.find(digest, at + 1)
    return at >= 0
