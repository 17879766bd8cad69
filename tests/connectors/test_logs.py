"""What is in a log of connectors, and what never is."""

import asyncio
import gc
import json
import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from connectors.framework.connector import Body, Connector, command
from connectors.framework.context import Context
from connectors.framework.errors import Retry
from connectors.framework.logs import MaskedFormatter, log_lost_errors
from connectors.framework.masking import MASK, Mask, handling, secrets_of
from connectors.framework.outcome import Outcome
from schemas.deployment import Deployment
from tests.connectors.command_bench import PATIENCE_SECONDS, in_seconds, running

SAID = 'My name is Zoë O\'Neill\nand "my" street is Rue du Bac'
COMMAND = {
    "command_id": "c1-1-1",
    "conversation_id": "c1",
    "deadline": None,
    "channel": "whatsapp",
    "account": "Acme Shop",
    "address": "+33 6 12 34 56 78",
    "body": ("smart_routing.SendChoices", {"text": SAID, "choices": [{"id": "w1:1", "text": "Croissants"}], "limits": {"buttons": 3}}),
}


@contextmanager
def logged(secrets=()) -> Iterator[list[dict[str, object]]]:
    """Everything that is logged inside, as an operator gets it."""
    stream = StringIO()
    lines: list[dict[str, object]] = []
    handler = logging.StreamHandler(stream)
    handler.setFormatter(MaskedFormatter(Mask(secrets)))
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield lines
    finally:
        root.removeHandler(handler)
        lines.extend(json.loads(line) for line in stream.getvalue().splitlines())


@pytest.fixture
def logger():
    return logging.getLogger("connectors.test")


def test_a_line_tells_what_it_belongs_to(logger):
    trace = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    with logged() as lines, handling("messaging", "SendChoices", Context.of(COMMAND, (("traceparent", trace),))):
        logger.warning("partition %d, offset %d", 3, 123456789, extra={"tries": 4, "host": "10.20.30.40"})
    (line,) = lines
    assert line.pop("at")
    assert line == {
        "level": "WARNING",
        "logger": "connectors.test",
        "message": "partition 3, offset 123456789",
        "family": "messaging",
        "command": "SendChoices",
        "command_id": "c1-1-1",
        "conversation_id": "c1",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        "tries": 4,
        "host": "10.20.30.40",
    }


@pytest.mark.parametrize(
    "text",
    [
        "+33612345678", "06 12 34 56 78", "06.12.34.56.78", "(0)6-12-34-56-78", "+1 (212) 555-0123", "%2B33612345678", "0033612345678",
        "ann@example.org", "ann.o'neill+tag@mail.example.co.uk", "ann%40example.org", "<ann@example.org>",
    ],
)  # fmt: skip
def test_what_looks_like_an_address_is_masked(logger, text):
    with logged() as lines:
        logger.warning(f"sent to {text}: done")  # noqa: G004 - as libraries do
        logger.warning("sent to %s: %r", text, {"to": text})
        logger.warning("sent", extra={"to": text})
    for line in lines:
        assert text.strip("<>()") not in json.dumps(line)
        assert MASK in json.dumps(line)


@pytest.mark.parametrize("text", ["127.0.0.1:9092", "10.20.30.40", "192.168.100.200", "3 of 12", "schema 31", "1.5 s", "127.0.0.1"])
def test_what_operators_look_for_is_not(logger, text):
    with logged() as lines:
        logger.warning("about %s", text)
    assert lines[0]["message"] == f"about {text}"


@pytest.mark.parametrize(
    "shown",
    [
        SAID, repr(SAID), json.dumps(SAID), SAID.splitlines()[0], f"cannot convert {SAID!r} to int", "Croissants", "Croissants%21",
        "Acme Shop", quote(SAID), str(COMMAND), json.dumps(COMMAND),
    ],
)  # fmt: skip
def test_what_the_command_says_is_masked_while_it_is_handled(logger, shown):
    with logged() as lines, handling("messaging", "SendChoices", Context.of(COMMAND)):
        logger.warning("%s", shown)
        logger.warning(shown)
        logger.warning("x", extra={"what": shown})
    for line in lines:
        for part in ("Zo", "street", "Croissants", "Acme", "6 12 34"):
            assert part not in json.dumps(line, ensure_ascii=False), line


def test_an_exception_tells_types_and_places_and_not_its_words(logger):
    with logged() as lines:
        try:
            try:
                int(SAID)
            except ValueError as error:
                raise Retry("unreachable", detail="Zoë does not answer.") from error
        except Retry:
            logger.exception("it failed")
        logger.warning("again", exc_info=ExceptionGroup("Zoë", [KeyError("Zoë"), ConnectionRefusedError(111, "Zoë")]))
    assert "Zoë" not in json.dumps(lines, ensure_ascii=False)
    told = str(lines[0]["exception"])
    assert "connectors.framework.errors.Retry unreachable" in told
    assert "builtins.ValueError" in told
    assert "test_logs.py" in told
    assert "builtins.ConnectionRefusedError errno 111" in str(lines[1]["exception"])


def test_secrets_are_masked_wherever_they_come_from(logger):
    deployment = Deployment(redis_url="redis://user:swordfish@redis:6379/0", conversation_key=SecretStr("open sesame open sesame"))
    secrets = secrets_of(deployment)
    assert secrets == {"swordfish", "open sesame open sesame"}
    with logged(secrets) as lines:
        logger.warning("no connection to %s with %r", deployment.redis_url, "open sesame open sesame")
    assert lines[0]["message"] == f"no connection to redis://user:{MASK}@redis:6379/0 with '{MASK}'"


async def test_a_task_that_nobody_waits_for_any_more_is_named_and_belongs_to_no_command():
    async def waits_for_ever():
        await asyncio.get_running_loop().create_future()

    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    log_lost_errors(loop)
    try:
        with logged() as lines, handling("messaging", "SendChoices", Context.of(COMMAND)):
            asyncio.create_task(waits_for_ever())  # noqa: RUF006 - it is to be lost
            await asyncio.sleep(0)
            gc.collect()
    finally:
        loop.set_exception_handler(before)
    (line,) = lines
    assert str(line["message"]).startswith("Task was destroyed but it is pending!")
    assert "waits_for_ever" in str(line["message"])
    assert "command" not in line


class Careless(Connector):
    """Does all that it should not do with what it is told."""

    family = "messaging"

    @command("SendMessage")
    async def send_message(self, body: Body, context: Context) -> Outcome:
        address, text = context.envelope["address"], body["text"]
        logging.getLogger("connectors.careless").warning("sending %s to %s", text, address)
        logging.getLogger("careless.library").error("POST https://gateway/?to=%s failed: %r", address, body)
        match context.command_id:
            case "raises":
                raise ValueError(f"{address}: {text}")
            case "retries":
                raise Retry("busy", 60, detail=f"{address} is busy with {text}")
            case "lost":
                task = asyncio.create_task(self._fail(f"{address}: {text}"))
                await asyncio.wait([task])
                del task
            case "no text":
                return Outcome("ok", values={"to": context})  # type: ignore[dict-item]  # the fault that is meant
        return Outcome.ok()

    async def _fail(self, words):
        raise RuntimeError(words)


async def test_a_run_of_a_careless_connector_shows_nothing(bench):
    with logged() as lines:
        async with running(Careless(), bench.deployment):
            for command_id in ("raises", "retries", "lost", "no text"):
                bench.send("SendMessage", {"text": SAID}, command_id=command_id, address="+33612345678", deadline=in_seconds(20))
            bench.send_bytes(b"\x00\x00\x00\x00\x05" + SAID.encode() + b"+33612345678")
            await bench.responses(4)
            await bench.dead_letters(1)
    everything = json.dumps(lines, ensure_ascii=False)
    assert "connectors.careless" in everything
    assert "ValueError" in everything
    for part in ("Zoë", "O'Neill", "Rue du Bac", "612345678"):
        assert part not in everything


async def test_a_run_of_the_program_shows_nothing(bench):
    """The whole program, as an operator runs it: to its end, with commands that fail, and a Redis whose password it must not show."""
    environment = {
        **os.environ,
        **bench.deployment.to_environment(),
        "SMART_ROUTING_CONVERSATION_KEY": "open sesame open sesame",
        "SMART_ROUTING_CONNECTORS_METRICS_PORT": "0",
        "SMART_ROUTING_CONNECTORS_LOG_LEVEL": "DEBUG",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "smart_routing", "connectors", "run", "messaging", env=environment, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr
    bench.send("SendMessage", {"text": SAID}, command_id="1", account="Acme Shop", address="+33612345678")
    bench.send("CheckImage", {"url": "https://ann@example.invalid/Zoë"}, command_id="2", address="ann@example.org", deadline=in_seconds(5))
    bench.send_bytes(b"\x00\x00\x00\x00\x05" + SAID.encode())
    try:
        await bench.responses(2)
        await bench.dead_letters(1)
    finally:
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_SECONDS):
            _, said = await process.communicate()
    lines = [json.loads(line) for line in said.decode().splitlines()]
    assert {"connector messaging: started", "connector messaging: stopped"} <= {line["message"] for line in lines}
    for part in ("Zoë", "Acme", "Rue du Bac", "612345678", "ann@", "sesame"):
        assert part not in said.decode()
