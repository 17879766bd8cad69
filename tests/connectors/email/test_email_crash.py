"""E-mail connectors that are killed, as processes on the real Kafka."""

import asyncio
import os
import signal
import sys

import pytest

from connectors.email.connector import EmailConnector
from tests.connectors.command_bench import PATIENCE_SECONDS, QUICK, around, running
from tests.connectors.conftest import benches
from tests.connectors.email.sending_bench import command, variables
from tests.connectors.local_http import speaking
from tests.connectors.mail_server import mail_server

SETTINGS = QUICK.model_copy(update={"session_seconds": 1.5})


@pytest.fixture
def email_bench(kafka, redis_server):
    yield from benches(kafka, redis_server, "email")


async def kill(bench, step, environment):
    """Have a real process execute the command until it kills itself."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.connectors.email.doomed", step,
        env={**os.environ, **bench.deployment.to_environment(), **SETTINGS.to_environment(), **environment, "PYTHONPATH": "."},
    )  # fmt: skip
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await process.wait() == -signal.SIGKILL


@pytest.mark.parametrize(
    "case",
    [
        ("postgresql", "before", False, ("ok", None), 1),
        ("postgresql", "after", False, ("unknown", "interrupted"), 1),
        ("sqlite", "after", False, ("unknown", "interrupted"), 1),
        ("sqlite", "after", True, ("ok", None), 2),
    ],
    ids=["before-the-dot", "after-the-dot", "after-the-dot-on-sqlite", "after-the-dot-where-the-server-knows-it-again"],
)
async def test_a_connector_that_is_killed_while_it_sends(email_bench, request, case):
    store, step, deduplicates, answer, sent = case
    async with mail_server() as server:
        environment = variables(request.getfixturevalue(f"{store}_url"), shop=server.mailbox(deduplicates=deduplicates))
        email_bench.send("SendEmail", command(), command_id="c1-1-1")
        await kill(email_bench, step, environment)
        made = EmailConnector(around(email_bench.deployment, SETTINGS, **environment))
        async with running(made, email_bench.deployment, SETTINGS):
            assert await email_bench.answers(1) == {"c1-1-1": answer}
    assert [received.message["Message-Id"] for received in server.received] == ["<c1-1-1@example.org>"] * sent


async def test_a_mail_server_that_does_not_answer_is_left_alone_for_a_while_and_other_mailboxes_go_on(email_bench, sqlite_url):
    connections = []

    async def hang_up(_reader, writer):
        connections.append(writer)

    settings = SETTINGS.model_copy(update={"breaker_failures": 2, "breaker_seconds": 60})
    async with speaking(hang_up) as port, mail_server() as server:
        away = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "shop@example.org"}
        made = EmailConnector(around(email_bench.deployment, settings, **variables(sqlite_url, "away", away=away, shop=server.mailbox())))
        async with running(made, email_bench.deployment, settings):
            for number in range(4):
                mailbox = "away" if number % 2 else None  # each in a lane of its own
                email_bench.send("SendEmail", command(mailbox=mailbox), command_id=f"c{number}", conversation=f"c{number}")
            email_bench.send("SendEmail", command(), command_id="c4", conversation="c4")
            assert await email_bench.answers(1) == {"c4": ("ok", None)}
            await asyncio.sleep(0.5)
    assert len(connections) <= 6  # two failures of each target, and what was under way by then


async def test_a_mail_server_that_comes_back_in_time_gets_the_message_once(email_bench, sqlite_url):
    async with mail_server() as server:
        server.reply = "421 busy"
        made = EmailConnector(around(email_bench.deployment, SETTINGS, **variables(sqlite_url, shop=server.mailbox())))
        async with running(made, email_bench.deployment, SETTINGS):
            for _ in range(2):
                email_bench.send("SendEmail", command(), command_id="c1-1-1")
            await asyncio.sleep(0.5)
            server.reply = "250 OK"
            answers = await email_bench.responses(2)
    assert [(answer["outcome"], answer["reason"]) for answer in answers] == [("ok", None)] * 2
    assert len(server.received) == 1
