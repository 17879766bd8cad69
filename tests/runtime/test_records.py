"""Events go through the topics and the journal as they were, and people are told of each."""

import json

import msgspec
import pytest

from processor.console.line import line_of
from processor.engine.advance import Advance
from processor.engine.definitions import DefinitionLog
from processor.engine.events import (
    AgentWrote,
    EndRequested,
    ExternalEvent,
    Media,
    MessageReceived,
    MigrateRequested,
    ResponseReceived,
    ResultReported,
    ResumeRequested,
    Ticked,
)
from processor.engine.interaction import Conversation
from processor.runtime.records import Source, encode_advance, event_of, journalled_event
from processor.runtime.story import tell
from processor.runtime.topic_log import LogRecord
from schemas.codec import Codec, UndecodableRecord

SENT: list[tuple[str, str, ExternalEvent]] = [
    ("inbound", "inbound_message", MessageReceived(7, "m", "sms", "a", "+33", "hi", (Media("u", "image/png"),), "1", "Ada", "fr", 5)),
    ("inbound", "end_requested", EndRequested(7, "ana", "why", "main", 3)),
    ("inbound", "end_requested", EndRequested(7, "ana")),
    ("inbound", "resume_requested", ResumeRequested(7, "ana", "why")),
    ("inbound", "migrate_requested", MigrateRequested(7, "ana", "main", 1, 2, {"ask": "question"})),
    ("inbound", "migrate_requested", MigrateRequested(7, "ana", "main", 1, 2)),
    ("responses", "response", ResponseReceived(7, "c:1", "ok", None, {"a": "b"}, "detail", "crm", 5)),
    ("responses", "agent_wrote", AgentWrote(7, "c:1", "m1", "anna", "Good morning", 5)),
    ("responses", "result_reported", ResultReported(7, "c:1", "failed_payment", "card_refused", "billing", 5)),
    ("responses", "result_reported", ResultReported(7, "c:1", "answered", None, "surveys", 5, {"survey": "opinion", "stars": "4"})),
]


@pytest.mark.parametrize(("topic", "name", "event"), SENT)
def test_an_event_is_read_from_its_topic_as_it_was_sent(topic: str, name: str, event: ExternalEvent) -> None:
    codec = Codec()
    assert event_of(topic, codec.encode(name, msgspec.to_builtins(event)), 7, codec) == event
    other = "responses" if topic == "inbound" else "inbound"
    with pytest.raises(UndecodableRecord, match=f"expected a record of topic {other}, found a {name}"):
        event_of(other, codec.encode(name, msgspec.to_builtins(event)), 7, codec)


@pytest.mark.parametrize("event", [*(event for _, _, event in SENT), Ticked(7)])
def test_an_event_is_journalled_as_it_was_applied(event: ExternalEvent) -> None:
    codec = Codec()
    advance = Advance(Conversation("c"), event, "ignored", None, note="nothing")
    encoded = encode_advance(advance, 7, Source("inbound", 0, 1), 0, codec)
    _, datum = codec.decode(encoded.journal)
    assert journalled_event(datum) == event
    shown = json.loads(line_of(0, 1, datum).json)
    assert shown["event"]["kind"] == type(event).__name__
    told = "\n".join(tell([LogRecord(0, 1, 7, b"c", encoded.journal)], DefinitionLog(), codec))
    assert type(event).__name__ in told
    assert "note: nothing" in told


def test_a_migration_is_told_with_its_versions_and_map() -> None:
    codec = Codec()
    advance = Advance(Conversation("c"), SENT[4][2], "applied", "c-1", note="main 1 → 2")
    encoded = encode_advance(advance, 7, Source("inbound", 0, 1), 0, codec)
    first, *_ = tell([LogRecord(0, 1, 7, b"c", encoded.journal)], DefinitionLog(), codec)
    wanted = {"operator": "ana", "flow": "main", "from_version": 1, "to_version": 2, "actions": {"ask": "question"}}
    assert f"MigrateRequested {json.dumps(wanted)}" in first
