"""The audit of connectors finds what must not be."""

import asyncio
import time

import pytest
from redis.asyncio import Redis
from sqlalchemy import insert

from connectors.framework.settings import ConnectorSettings
from connectors.framework.surroundings import Surroundings
from connectors.messaging.entry import Entry
from connectors.messaging.transcript import KEPT, Transcript
from connectors.sql.database import opened
from connectors.sql.tables import executed
from processor.runtime.topic_log import LogRecord
from schemas.codec import Codec
from schemas.deployment import Deployment
from smart_routing.connector_audit import check_back_ends, read_answers

CODEC = Codec()
BODIES = {
    "messaging": ("smart_routing.SendMessage", {"text": "hello"}),
    "databases": ("smart_routing.InsertRow", {"database": "d", "values": []}),
    "acd": (
        "smart_routing.DistributeToUser",
        {"user": "nora", "timeout_ms": 60_000, "customer": {"name": None, "locale": None, "message": ""}},
    ),
    "billing": (
        "smart_routing.RequestInvoicePayment",
        {
            "module": "m",
            "provider": "ino_pay",
            "sandbox": True,
            "mode": "smart_routing",
            "locale": None,
            "identifier": "invoice_id",
            "value": "1",
            "select": "oldest",
        },
    ),
}


def command(family, command_id, conversation="c1", **more):
    return (
        family,
        {
            "command_id": command_id,
            "conversation_id": conversation,
            "interaction_id": f"{conversation}-1",
            "flow": "main",
            "flow_version": 1,
            "action": "a",
            "issued_at": 0,
            "deadline": None,
            "channel": "web_chat",
            "account": "demo",
            "address": "ann",
            "body": BODIES[family],
            **more,
        },
    )


def response(command_id, outcome="ok", at=0):
    return {"command_id": command_id, "connector": "x", "outcome": outcome, "values": {}, "answered_at": at}


def answers(commands, responses):
    by_family = {
        family: [
            LogRecord(0, offset, 0, b"c1", CODEC.encode(f"{family}_command", datum))
            for offset, (of, datum) in enumerate(commands)
            if of == family
        ]
        for family in BODIES
    }
    records = [LogRecord(0, offset, 0, b"c1", CODEC.encode("response", datum)) for offset, datum in enumerate(responses)]
    return read_answers(by_family, records, CODEC)


def kinds(findings):
    return [finding.kind for finding in findings]


def test_a_repeated_answer_is_the_same_answer():
    found = answers([command("messaging", "1")], [response("1"), response("1")])
    assert (found.findings, found.unanswered, found.responses) == ([], [], 2)
    found = answers([command("messaging", "1")], [response("1"), response("1", at=1)])
    assert kinds(found.findings) == ["mismatched"]


@pytest.mark.parametrize(
    ("family", "outcomes"),
    [("acd", ["queued", "offered", "offered", "accepted", "ok"]), ("billing", ["payment_started", "payment_successful"])],
)
def test_distributions_and_payments_are_answered_as_they_go_and_end_once(family, outcomes):
    as_it_goes = [response("1", outcome, at) for at, outcome in enumerate(outcomes)]
    assert answers([command(family, "1")], [*as_it_goes, *as_it_goes]).findings == []
    found = answers([command(family, "1")], [*as_it_goes, response("1", outcomes[-1], 99)])
    assert kinds(found.findings) == ["mismatched"]


def test_a_command_without_an_answer_is_told():
    found = answers([command("messaging", "1"), command("messaging", "2")], [response("2")])
    assert found.unanswered == ["1"]
    assert not found.findings, "it may still be under way"


def test_the_answers_of_a_conversation_are_in_the_order_of_its_commands_family_by_family():
    commands = [command("messaging", "1"), command("messaging", "2"), command("databases", "3"), command("messaging", "4", "c2")]
    assert not answers(commands, [response(command_id) for command_id in "3142"]).findings
    assert kinds(answers(commands, [response(command_id) for command_id in "2134"]).findings) == ["out_of_order"]


def test_what_nobody_can_tell_is_counted():
    assert answers([command("messaging", "1")], [response("1", "unknown")]).unknown == 1


def test_what_is_no_record_of_ours_is_passed_over():
    found = read_answers({"messaging": [LogRecord(0, 0, 0, b"c1", b"x")]}, [LogRecord(0, 0, 0, b"c1", None)], CODEC)
    assert (found.commands, found.responses) == ({}, 0)


@pytest.fixture
def surroundings(redis_server, tmp_path):
    deployment = Deployment(redis_url=redis_server.url)
    return Surroundings(deployment, ConnectorSettings(), {"SMART_ROUTING_SQL_URL": f"sqlite:///{tmp_path / 'store.db'}"})


def note(surroundings, *rows):
    async def write():
        async with opened(surroundings, "databases") as database, database.writing() as connection:
            for family, command_id, outcome in rows:
                row = {"family": family, "command_id": command_id, "outcome": outcome, "results": {}, "executed_at": time.time_ns()}
                await connection.execute(insert(executed).values(**row))

    asyncio.run(write())


def say(surroundings, *message_ids, sender="flow", conversation="c1"):
    async def write():
        async with Redis.from_url(surroundings.deployment.redis_url) as redis:
            transcript = Transcript(redis, surroundings.deployment.topic_prefix, 60)
            for message_id in message_ids:
                await transcript.say(conversation, message_id, Entry(sender, "x"))

    asyncio.run(write())


def test_rows_that_are_as_they_were_answered_are_fine(surroundings):
    note(surroundings, ("databases", "1", "ok"), ("databases", "2", "ok"))
    found = answers(
        [command("databases", "1"), command("databases", "2"), command("databases", "3")], [response("1"), response("3", "not_ok")]
    )
    assert check_back_ends(found, surroundings) == [], "one may be executed and not answered yet, one refused and not noted"


@pytest.mark.parametrize(
    ("rows", "responses", "kind"),
    [
        ([], [response("1")], "lost"),
        ([("databases", "1", "ok"), ("databases", "2", "ok")], [response("1")], "doubled"),
        ([("databases", "1", "not_ok")], [response("1")], "mismatched"),
        ([("databases", "1", "ok")], [response("1", "not_ok")], "mismatched"),
        ([("databases", "1", "ok"), ("cases", "1", "ok")], [response("1")], "doubled"),
    ],
)
def test_rows_that_are_not_as_they_were_answered_are_found(surroundings, rows, responses, kind):
    note(surroundings, *rows)
    assert kinds(check_back_ends(answers([command("databases", "1")], responses), surroundings)) == [kind]


def test_a_store_that_is_not_there_is_not_made(surroundings, tmp_path):
    assert check_back_ends(answers([], []), surroundings) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("said", "responses", "expected"),
    [
        (["1", "2"], [response("1"), response("2")], []),
        (["1", "2"], [response("1")], []),  # said, and not answered yet
        (["1"], [response("1"), response("2", "error")], []),
        (["1"], [response("1"), response("2", "unknown")], []),
        (["1"], [response("1"), response("2")], ["lost"]),
        ([], [response("1")], ["lost"]),
        (["1", "2", "3"], [response("1"), response("2")], ["doubled"]),
        (["1", "2"], [response("1"), response("2", "error")], ["doubled"]),
    ],
)
def test_transcripts_are_held_against_answers(surroundings, said, responses, expected):
    say(surroundings, *said)
    say(surroundings, "from the customer", sender="customer")
    found = answers([command("messaging", "1"), command("messaging", "2")], responses)
    assert kinds(check_back_ends(found, surroundings)) == expected


def test_a_transcript_whose_beginning_is_gone_proves_nothing(surroundings):
    say(surroundings, *(str(number) for number in range(KEPT + 1)))
    assert check_back_ends(answers([command("messaging", "1")], [response("1")]), surroundings) == []


def test_other_channels_have_no_transcript(surroundings):
    found = answers([command("messaging", "1", channel="whatsapp")], [response("1")])
    assert check_back_ends(found, surroundings) == []
