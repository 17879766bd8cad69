"""The example connectors of docs/connectors.md, each as a program of its own, against a gateway on loopback."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import asynccontextmanager
from email.utils import formatdate
from pathlib import Path

import pytest
from aiohttp import web

from tests.connectors.command_bench import PATIENCE_SECONDS, in_seconds, until
from tests.connectors.conftest import benches

EXAMPLES = Path(__file__).parents[2] / "examples" / "connectors"
TEXT = {"template": "t", "outgoing_interaction": False, "sender": "Acme", "recipient": "+33612345678", "text": "hello"}
TRACE = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Gateway:
    """Knows what it has sent, and can be made to say nothing, to be busy, or to lose its answers."""

    def __init__(self):
        self.sent: Counter[str] = Counter()
        self.calls: list[str] = []
        self.traces: list[str] = []
        self.busy = 0
        self.lost = 0
        self.hang = False
        self.address = ""

    async def send(self, request):
        text = await request.json()
        reference = text.get("reference") or text["id"]
        self.calls.append(reference)
        self.traces.append(request.headers.get("traceparent", ""))
        if self.busy:
            self.busy -= 1
            in_a_second = "1" if self.busy else formatdate(time.time() + 2, usegmt=True)  # both forms of RFC 9110, 10.2.3
            return web.Response(status=503, headers={"Retry-After": in_a_second})
        if text["to"] == "+33100000000":
            return web.Response(status=422)
        if not (request.headers.get("Idempotency-Key") and self.sent[reference]):
            self.sent[reference] += 1
        if self.hang:
            await asyncio.sleep(60)
        if self.lost:
            self.lost -= 1
            request.transport.close()
        return web.json_response({"segments": 2})

    async def tell(self, request):
        return web.json_response({"segments": 2}) if self.sent[request.match_info["reference"]] else web.Response(status=404)


@pytest.fixture
async def gateway():
    gateway = Gateway()
    application = web.Application()
    application.add_routes([web.post("/texts", gateway.send), web.get("/texts/{reference}", gateway.tell)])
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    gateway.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield gateway
    await runner.cleanup()


@pytest.fixture
def sms_bench(kafka, redis_server):
    yield from benches(kafka, redis_server, "sms")


@pytest.fixture(scope="module")
def go_connector(tmp_path_factory):
    if not shutil.which("go"):
        pytest.skip("needs Go")
    program = tmp_path_factory.mktemp("go") / "connector"
    offline = {**os.environ, "GOPROXY": "off"}
    command = ["go", "build", "-o", program, "."]
    built = subprocess.run(command, cwd=EXAMPLES / "go", env=offline, capture_output=True, text=True, check=False)
    if "module lookup disabled" in built.stderr:
        pytest.skip("needs the modules that `go mod download` fetches")
    assert built.returncode == 0, built.stderr
    return program


@asynccontextmanager
async def running(bench, gateway, *command, stop=signal.SIGTERM):
    environment = {
        **os.environ,
        **bench.deployment.to_environment(),
        "SMART_ROUTING_CONNECTORS_PRESENCE_SECONDS": "1.5",
        "SMART_ROUTING_CONNECTORS_SESSION_SECONDS": "6",
        "BELL_URL": gateway.address,
        "BELL_TOKEN": "a token",
        "SMS_URL": f"{gateway.address}/texts",
        "SCHEMAS": "schemas",
        "PYTHONPATH": ".",
    }
    process = await asyncio.create_subprocess_exec(*command, env=environment)
    try:
        yield
    finally:
        process.send_signal(stop)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await process.wait()


PYTHON = (sys.executable, str(EXAMPLES / "python" / "bell_sms.py"))


async def sends_each_text_once(bench, gateway, *command):
    for number in range(20):
        bench.send("SendSms", TEXT, command_id=str(number), conversation=f"c{number % 4}", headers={"traceparent": TRACE})
    for number in range(5):
        bench.send("SendSms", TEXT, command_id=str(number), conversation=f"c{number % 4}")
    async with running(bench, gateway, *command):
        answers = await bench.responses(25)
    assert {answer["outcome"] for answer in answers} == {"ok"}
    assert gateway.sent == {str(number): 1 for number in range(20)}
    assert len(gateway.calls) == 20, "a repeated command is answered from the record"
    of_one = [reference for reference in gateway.calls if int(reference) % 4 == 0]
    assert of_one == sorted(of_one, key=int)


async def killed_while_it_sends(bench, gateway, *command):
    gateway.hang = True
    bench.send("SendSms", TEXT, command_id="1", deadline=in_seconds(60))
    async with running(bench, gateway, *command, stop=signal.SIGKILL):
        await until(lambda: gateway.calls)
    gateway.hang = False
    async with running(bench, gateway, *command):
        (answer,) = await bench.responses(1)
    assert answer["outcome"] == "ok"
    assert gateway.sent == {"1": 1}


async def waits_for_a_busy_gateway(bench, gateway, *command):
    gateway.busy = 2
    bench.send("SendSms", TEXT, command_id="1", deadline=in_seconds(20))
    bench.send("SendSms", {**TEXT, "recipient": "+33100000000"}, command_id="2", conversation="c2")
    bench.send("SendSms", TEXT, command_id="3", conversation="c3", deadline=in_seconds(-1))
    async with running(bench, gateway, *command):
        answers = await bench.answers(3)
    assert answers["1"] == ("ok", None)
    assert answers["2"][0] != "ok"
    assert answers["3"] == ("error", "timeout")
    assert gateway.sent == {"1": 1}


async def buries_what_is_no_command(bench, gateway, *command):
    bench.send_bytes(b"nonsense", headers={"other": b"x"})
    bench.send("SendSms", TEXT, command_id="1", headers={"traceparent": b"00-1-2-01", "tracestate": b"a=1"})
    async with running(bench, gateway, *command):
        (letter,) = await bench.dead_letters(1)
        (record,) = await bench.records(bench.deployment.topics.responses, 1)
        await until(lambda: sum(bench.committed().values()) == 2)
    assert (letter["topic"], letter["offset"], letter["key"], letter["value"]) == ("commands.sms", 0, b"c1", b"nonsense")
    assert letter["headers"] == [{"name": "other", "value": b"x"}]
    assert letter["engine"] == "connectors.sms"
    assert not record.headers(), "a trace context that is not valid goes nowhere"


CASES = [sends_each_text_once, killed_while_it_sends, waits_for_a_busy_gateway, buries_what_is_no_command]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
async def test_the_connector_in_python(sms_bench, gateway, case):
    await case(sms_bench, gateway, *PYTHON)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
async def test_the_connector_in_go(sms_bench, gateway, case, go_connector):
    await case(sms_bench, gateway, go_connector)


async def test_in_python_a_lost_answer_is_looked_up_and_the_trace_goes_on(sms_bench, gateway):
    gateway.lost = 1
    sms_bench.send("SendSms", TEXT, command_id="1", headers={"traceparent": TRACE})
    async with running(sms_bench, gateway, *PYTHON):
        (answer,) = await sms_bench.responses(1)
    assert (answer["outcome"], answer["values"]) == ("ok", {"segments": "2"})
    assert (gateway.sent, gateway.calls) == ({"1": 1}, ["1"])
    assert gateway.traces[0][:36] == TRACE[:36].decode()


async def test_in_go_an_answer_that_stays_lost_is_unknown(sms_bench, gateway, go_connector):
    async with running(sms_bench, gateway, go_connector):
        sms_bench.send("SendSms", TEXT, command_id="0")
        await sms_bench.responses(1)
        gateway.lost = 1_000
        sms_bench.send("SendSms", TEXT, command_id="1", deadline=in_seconds(2))
        assert (await sms_bench.answers(2))["1"] == ("unknown", "unreachable")
    assert gateway.sent == {"0": 1, "1": 1}
