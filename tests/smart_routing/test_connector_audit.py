"""The audit of connectors finds what must not be."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from click.testing import CliRunner
from redis.asyncio import Redis
from sqlalchemy import Table, insert

from connectors.acd.floor.agent import Agent
from connectors.acd.floor.contact import Contact
from connectors.acd.floor.floor import Floor
from connectors.acd.settings import AcdSettings
from connectors.billing.tables import payment
from connectors.email.tables import sending
from connectors.framework.context import Context
from connectors.framework.settings import ConnectorSettings
from connectors.framework.surroundings import Surroundings
from connectors.messaging.entry import Entry
from connectors.messaging.transcript import KEPT, Transcript
from connectors.sms.tables import outgoing
from connectors.sql.database import opened
from connectors.sql.tables import executed
from connectors.surveys.tables import attachment
from processor.runtime.topic_log import LogRecord
from schemas.codec import Codec
from schemas.deployment import Deployment
from smart_routing.back_end_audit import check_back_ends
from smart_routing.cli import main
from smart_routing.connector_audit import read_answers
from smart_routing.topic_admin import TopicAdmin

CODEC = Codec()
TEXT = {"template": "t", "text": "hello", "outgoing_interaction": True}
BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "messaging": ("smart_routing.SendMessage", {"text": "hello"}),
    "databases": ("smart_routing.InsertRow", {"database": "d", "values": []}),
    "email": (
        "smart_routing.SendEmail",
        {
            **TEXT,
            "mailbox": None,
            "queue": None,
            "to": ["ann@example.org"],
            "cc": [],
            "bcc": [],
            "refused": 0,
            "subject": "s",
            "html": None,
        },
    ),
    "sms": ("smart_routing.SendSms", {**TEXT, "sender": "Shop", "recipient": "+33612345678"}),
    "surveys": ("smart_routing.AttachSurvey", {"survey": "s", "url": None, "invites": False, "locale": None}),
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


LEAVE: dict[str, tuple[Table, str, dict[str, Any]]] = {
    "email": (sending, "command_id", {"giving": [], "accepted": [], "refused": []}),
    "billing": (payment, "id", {"amount": Decimal(1)}),
    "surveys": (attachment, "interaction_id", {}),
    "sms": (outgoing, "command_id", {}),
}
ANSWER = {"email": "partially_sent", "billing": "payment_started", "surveys": "ok", "sms": "ok"}


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


def answers(commands, responses, *, first_offset=0, at=0):
    by_family = {
        family: [
            LogRecord(0, first_offset + offset, at, b"c1", CODEC.encode(f"{family}_command", datum))
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


def note(surroundings, *rows, at=0):
    async def write():
        async with opened(surroundings, "databases") as database, database.writing() as connection:
            for family, command_id, outcome in rows:
                row = {"family": family, "command_id": command_id, "outcome": outcome, "results": {}, "executed_at": at}
                await connection.execute(insert(executed).values(**row))

    asyncio.run(write())


def leave(surroundings, family, key, **given):
    """Have a family's own table hold a row of a command."""
    table, name, more = LEAVE[family]
    given = {name: key, **more, **given}
    row = {column.name: column.type.python_type() for column in table.columns if not column.nullable and column.name not in given} | given

    async def write():
        async with opened(surroundings, family) as database, database.writing() as connection:
            await connection.execute(insert(table).values(**row))

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


@pytest.mark.parametrize("family", LEAVE)
def test_rows_of_a_family_s_own_are_held_against_answers(surroundings, family):
    def kinds_of(commands, responses):
        return kinds(check_back_ends(answers(commands, responses), surroundings))

    first, second = command(family, "1"), command(family, "2", conversation="c2")
    key = "c1-1" if family == "surveys" else "1"
    assert kinds_of([first], [response("1", ANSWER[family])]) == ["lost"]
    assert kinds_of([first], [response("1", "error")]) == []
    leave(surroundings, family, key)
    assert kinds_of([first, second], [response("1", ANSWER[family])]) == [], "one may not be answered yet"
    assert kinds_of([first, second], [response("1", ANSWER[family]), response("2", ANSWER[family])]) == ["lost"]
    assert kinds_of([second], []) == ["doubled"]


def test_an_e_mail_is_answered_as_it_was_sent(surroundings):
    leave(surroundings, "email", "1", outcome="ok")
    assert check_back_ends(answers([command("email", "1")], [response("1")]), surroundings) == []
    assert kinds(check_back_ends(answers([command("email", "1")], [response("1", "unknown")]), surroundings)) == ["mismatched"]


def test_a_text_that_is_no_outgoing_interaction_leaves_no_row(surroundings):
    name, body = BODIES["sms"]
    sent = command("sms", "1", body=(name, {**body, "outgoing_interaction": False}))
    assert check_back_ends(answers([sent], [response("1")]), surroundings) == []


def test_a_second_survey_of_an_interaction_is_the_first_one(surroundings):
    leave(surroundings, "surveys", "c1-1", command_id="1")
    found = answers([command("surveys", "1"), command("surveys", "2")], [response("1"), response("2")])
    assert check_back_ends(found, surroundings) == []


def test_what_was_done_before_the_oldest_command_that_is_left_is_not_doubled(surroundings):
    day = 24 * 60 * 60 * 1_000
    note(surroundings, ("databases", "old", "ok"), at=3 * day)
    note(surroundings, ("databases", "1", "ok"), at=5 * day)
    commands = [command("databases", "1")]
    assert kinds(check_back_ends(answers(commands, []), surroundings)) == ["doubled"]
    left = answers(commands, [], first_offset=7, at=4 * day)
    assert check_back_ends(left, surroundings) == []
    note(surroundings, ("databases", "2", "ok"), at=5 * day)
    assert kinds(check_back_ends(left, surroundings)) == ["doubled"]


def test_a_transcript_is_older_than_the_commands_that_are_left(surroundings):
    say(surroundings, "1", "2", "3")
    left = answers([command("messaging", "3")], [response("3")], first_offset=7, at=1)
    assert check_back_ends(left, surroundings) == []


@pytest.fixture
def floor(surroundings):
    """Distributions on the floor: `wait` waits, `over` has ended without a response."""

    async def distribute():
        async with Redis.from_url(surroundings.deployment.redis_url) as redis:
            floor = Floor(redis, surroundings.deployment, AcdSettings())
            agent = Agent("nora", "Nora", active=True, capacity=1, skills=(), queues=())
            await floor.renew_roster([agent])
            for name in ("over", "wait"):
                customer = {"name": None, "locale": None, "message": ""}
                contact = Contact.of(Context.of(command("acd", name)[1]), customer)
                await floor.distribute_to_user(contact, "nora", 60_000)
                await floor.set_presence("nora", "available")

    asyncio.run(distribute())


@pytest.mark.parametrize(
    ("commands", "responses", "expected"),
    [
        (["over", "wait"], [response("over", "no_response"), response("wait", "offered")], []),
        (["over", "wait"], [], []),  # not answered yet
        (["over", "wait"], [response("over", "ok")], ["mismatched"]),
        (["over", "wait", "gone"], [response("gone", "queued")], ["lost"]),
        (["over", "wait", "old"], [response("old", "ok")], []),  # a contact that is over is forgotten one day
        (["over"], [], ["doubled"]),
    ],
)
def test_distributions_are_held_against_the_floor(surroundings, floor, commands, responses, expected):
    found = answers([command("acd", name) for name in commands], responses)
    assert kinds(check_back_ends(found, surroundings)) == expected


def test_a_company_s_own_acd_has_no_floor(surroundings):
    remote = {"BACKEND": "remote", "REMOTE_URL": "http://acd", "REMOTE_TOKEN": "t" * 20, "WEBHOOK_SECRET": "s" * 20}
    elsewhere = {**surroundings.environment, **{f"SMART_ROUTING_ACD_{name}": value for name, value in remote.items()}}
    found = answers([command("acd", "1")], [response("1", "queued")])
    assert check_back_ends(found, Surroundings(surroundings.deployment, surroundings.settings, elsewhere)) == []
    assert kinds(check_back_ends(found, surroundings)) == ["lost"]


def test_the_command_tells_what_the_back_ends_have_too_much(kafka, redis_server, tmp_path, monkeypatch):
    deployment = Deployment(bootstrap_servers=kafka, topic_prefix="audit-test.", partitions=1, redis_url=redis_server.url)
    store = f"sqlite:///{tmp_path / 'store.db'}"
    note(Surroundings(deployment, ConnectorSettings(), {"SMART_ROUTING_SQL_URL": store}), ("databases", "1", "ok"))
    for name, value in {**deployment.to_environment(), "SMART_ROUTING_SQL_URL": store}.items():
        monkeypatch.setenv(name, value)
    with TopicAdmin(kafka) as admin:
        specs = list(deployment.topics.specs(deployment.partitions))
        admin.create(specs)
        try:
            fine = CliRunner().invoke(main, ["audit"])
            found = CliRunner().invoke(main, ["audit", "--back-ends"])
        finally:
            admin.delete([spec.name for spec in specs])
    assert (fine.exit_code, found.exit_code) == (0, 1), found.output
    assert "doubled: databases executed 1, which is not among its commands" in found.output
