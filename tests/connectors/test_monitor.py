"""Metrics and health, as monitoring reads them."""

import asyncio
import os
import re
import signal
import sys

from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families

from connectors.framework.errors import Refused, Retry
from connectors.framework.metrics import OTHER, Metrics
from connectors.framework.monitor import monitored
from connectors.framework.runner import ConnectorRunner
from smart_routing.free_port import free_port
from tests.connectors.command_bench import PATIENCE_SECONDS, QUICK, in_seconds, until
from tests.connectors.probe import Probe

HELLO = {"text": "hello"}
LABELS = ("family", "command", "outcome", "reason", "partition", "le")


async def samples(address):
    async with ClientSession() as session, session.get(f"{address}/metrics") as response:
        text = await response.text()
    return {
        (
            sample.name.removeprefix("smart_routing_connector_"),
            *(sample.labels[name] for name in LABELS if name in sample.labels),
        ): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_what_commands_do_is_counted(bench):
    async def behave(context):
        match context.command_id:
            case "refused":
                raise Refused("not_allowed")
            case "retried" if probe.executed["retried"] == 1:
                raise Retry("busy")
            case "fails":
                raise ZeroDivisionError

    probe, metrics, stop = Probe(behave), Metrics(), asyncio.Event()
    for command_id in ("fine", "refused", "retried", "fails", "fine"):
        bench.send("SendMessage", HELLO, command_id=command_id)
    bench.send_bytes(b"nonsense")
    async with monitored("127.0.0.1", 0, metrics, 10) as address:
        task = asyncio.create_task(ConnectorRunner(probe, bench.deployment, QUICK, metrics=metrics).run(stop))
        await bench.responses(5)
        await bench.dead_letters(1)
        await asyncio.sleep(QUICK.commit_interval_seconds * 3)
        found = await samples(address)
        stop.set()
        await task
    name = ("messaging", "SendMessage")
    assert found["commands_total", *name, "ok", ""] == 2
    assert found["commands_total", *name, "error", "not_allowed"] == 1
    assert found["commands_total", *name, "error", "connector_fault"] == 1
    assert found["repeated_total", *name] == 1
    assert found["retries_total", *name, "busy"] == 1
    assert found["faults_total", *name] == 1
    assert found["command_seconds_count", *name] == 4
    assert found["dead_letters_total", "messaging", "not_confluent"] == 1
    assert found["starts_total", "messaging"] == 1
    assert found["executing", "messaging"] == 0
    assert found["unfinished", "messaging"] == 0
    assert {value for key, value in found.items() if key[0] == "lag"} == {0}


async def test_metrics_carry_no_personal_data(bench):
    async def says_who(_context):
        raise Refused("secret reason of +33612345678")

    metrics, stop = Metrics(), asyncio.Event()
    bench.send(
        "SendMessage", HELLO, command_id="secret-id", conversation="secret-conversation", address="+33612345678", account="secret-account"
    )
    async with monitored("127.0.0.1", 0, metrics, 10) as address:
        task = asyncio.create_task(ConnectorRunner(Probe(says_who), bench.deployment, QUICK, metrics=metrics).run(stop))
        await bench.responses(1)
        async with ClientSession() as session, session.get(f"{address}/metrics") as response:
            text = await response.text()
        stop.set()
        await task
    assert 'outcome="error",reason="other"' in text
    assert "secret" not in text
    assert "33612345678" not in text


def test_reasons_that_back_ends_make_up_are_not_counted_one_by_one_without_end():
    metrics = Metrics()
    labels = {metrics.reason(code) for code in ["timeout", None, *(f"case_{number}" for number in range(1_000)), "timeout", "x" * 41, "Ü"]}
    assert {"timeout", "", "case_0", OTHER} <= labels
    assert len(labels) < 110


async def test_health_tells_who_is_not_at_work():
    metrics = Metrics()
    async with monitored("127.0.0.1", 0, metrics, 0.3) as address, ClientSession() as session:

        async def health():
            async with session.get(f"{address}/health") as response:
                return response.status, (await response.json())["connectors"]

        metrics.pulse.expect("sms")
        metrics.pulse.expect("email")
        assert await health() == (503, {"sms": "starting", "email": "starting"})
        metrics.pulse.beat("sms")
        metrics.pulse.beat("email")
        assert await health() == (200, {"sms": "working", "email": "working"})
        await asyncio.sleep(0.4)
        metrics.pulse.beat("email")
        assert await health() == (503, {"sms": "silent", "email": "working"})


async def test_the_program_serves_both_and_says_where(bench):
    port = free_port()
    environment = {**os.environ, **bench.deployment.to_environment(), "SMART_ROUTING_CONNECTORS_METRICS_PORT": str(port)}
    command = (sys.executable, "-m", "smart_routing", "connectors", "run", "messaging")
    process = await asyncio.create_subprocess_exec(*command, env=environment, stderr=asyncio.subprocess.PIPE)
    try:
        bench.send("SendMessage", HELLO, command_id="1")
        await bench.responses(1)
        assert (await samples(f"http://127.0.0.1:{port}"))["commands_total", "messaging", "SendMessage", "ok", ""] == 1
        async with ClientSession() as session, session.get(f"http://127.0.0.1:{port}/health") as response:
            assert response.status == 200
        second = await asyncio.create_subprocess_exec(*command, env=environment, stderr=asyncio.subprocess.PIPE)
        async with asyncio.timeout(PATIENCE_SECONDS):
            _, said = await second.communicate()
        assert second.returncode == 1
        assert re.search(rf"127.0.0.1:{port} cannot be listened on .*choose another port", said.decode())
    finally:
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await process.communicate()


async def test_lag_counts_what_is_not_read(bench):
    async def wait(_context):
        await gate.wait()

    gate, metrics, stop, probe = asyncio.Event(), Metrics(), asyncio.Event(), Probe()
    probe.behaviour = wait
    for number in range(20):
        bench.send("SendMessage", HELLO, command_id=str(number), conversation=f"c{number}", deadline=in_seconds(60))
    settings = QUICK.model_copy(update={"unfinished_limit": 5})
    task = asyncio.create_task(ConnectorRunner(probe, bench.deployment, settings, metrics=metrics).run(stop))

    def value(name, **labels):
        return metrics.registry.get_sample_value(f"smart_routing_connector_{name}", {"family": "messaging", **labels}) or 0

    await until(
        lambda: value("executing") == value("unfinished") == 5 and sum(value("lag", partition=str(number)) for number in range(2)) > 0
    )
    gate.set()
    await bench.responses(20)
    stop.set()
    await task


async def test_lag_is_told_by_the_connector_that_has_the_partition(bench):
    def told(metrics):
        names = [str(number) for number in range(2)]
        labels = [{"family": "messaging", "partition": name} for name in names]
        return {
            label["partition"] for label in labels if metrics.registry.get_sample_value("smart_routing_connector_lag", label) is not None
        }

    first, second = (Metrics(), asyncio.Event()), (Metrics(), asyncio.Event())
    for number in range(20):
        bench.send("SendMessage", HELLO, command_id=str(number), conversation=f"c{number}")
    tasks = [asyncio.create_task(ConnectorRunner(Probe(), bench.deployment, QUICK, metrics=first[0]).run(first[1]))]
    await until(lambda: told(first[0]) == {"0", "1"})
    tasks.append(asyncio.create_task(ConnectorRunner(Probe(), bench.deployment, QUICK, metrics=second[0]).run(second[1])))
    await until(lambda: not told(first[0]))
    for number in range(20, 40):
        bench.send("SendMessage", HELLO, command_id=str(number), conversation=f"c{number}")
    await until(lambda: told(first[0]) | told(second[0]) == {"0", "1"} and not told(first[0]) & told(second[0]))
    for _, stop in (first, second):
        stop.set()
    await asyncio.gather(*tasks)
