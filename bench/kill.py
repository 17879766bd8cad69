"""The kill test: workers are killed and paused under load, then the audit and the replay must find nothing.

`python -m bench.kill --help` runs it in full; `make test` runs a shorter form of the same.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from confluent_kafka import Consumer, Producer, TopicPartition
from pydantic import SecretStr
from rich.console import Console
from rich.progress import Progress

from bench.kill_flow import ACCOUNT, CHANNEL, documents
from processor.actions import action_types
from processor.flow.publication import prepare
from processor.runtime.publisher import publish
from processor.runtime.watermarks import watermarks
from schemas.codec import Codec
from schemas.conversation import conversation_id
from schemas.deployment import Deployment
from smart_routing.embedded import EmbeddedRedis
from smart_routing.free_port import free_port
from smart_routing.kafka_server import KafkaServer
from smart_routing.topic_admin import TopicAdmin

SESSION_TIMEOUT_MS = 6_000
SETTLE_SEC = 240.0
KEY = "the kill test's own key"


class OrderService(ThreadingHTTPServer):
    """The web service that the flow calls: it notes every call's idempotency key."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _OrderHandler)
        self.calls: list[str] = []

    @property
    def url(self) -> str:
        """Its address, as the web service's definition names it."""
        return f"http://127.0.0.1:{self.server_port}/orders/{{number}}"


class _OrderHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with a status for the order named in the path."""
        assert isinstance(self.server, OrderService)
        self.server.calls.append(self.headers.get("Idempotency-Key", ""))
        body = json.dumps({"status": f"order {self.path.rpartition('/')[2]} is on its way"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named so by the library
        """Say nothing."""


class Workers:
    """Worker processes in two slots, each started again when it was killed."""

    def __init__(self, deployment: Deployment, folder: Path, slots: int = 2) -> None:
        self._environment = {
            **os.environ,
            **deployment.to_environment(),
            "SMART_ROUTING_WORKER_SESSION_TIMEOUT_MS": str(SESSION_TIMEOUT_MS),
        }
        self._folder = folder
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        for slot in range(slots):
            self._start(slot)

    def kill_one(self, chance: random.Random) -> int:
        """Kill a random worker with SIGKILL and start it again. Returns its slot."""
        slot = chance.choice(sorted(self._processes))
        process = self._processes[slot]
        process.kill()
        process.wait()
        self._start(slot)
        return slot

    def pause_one(self, chance: random.Random, seconds: float) -> int:
        """Stop a random worker for a while with SIGSTOP, then let it go on. Returns its slot."""
        slot = chance.choice(sorted(self._processes))
        self._processes[slot].send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self._processes[slot].send_signal(signal.SIGCONT)
        return slot

    def stop(self) -> None:
        """End all."""
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start(self, slot: int) -> None:
        log = (self._folder / f"worker-{slot}.log").open("ab")
        command = [
            sys.executable,
            "-m",
            "smart_routing",
            "worker",
            "--slot",
            f"slot-{slot}",
            "--state-folder",
            str(self._folder / f"state-{slot}"),
        ]
        self._processes[slot] = subprocess.Popen([*command, "--web-port", str(free_port())], env=self._environment, stdout=log, stderr=log)
        log.close()


def run(
    *, conversations: int, kills: int, every_sec: float, pause_sec: float, seed: int, kafka: str | None, folder: Path
) -> dict[str, object]:
    """Run the test; returns what the audit and the replay found, and what was done."""
    chance = random.Random(seed)
    with ExitStack() as stack:
        bootstrap = kafka or stack.enter_context(KafkaServer(rebalance_delay_ms=0)).bootstrap_servers
        redis = stack.enter_context(EmbeddedRedis())
        orders = stack.enter_context(_serving(OrderService()))
        deployment = Deployment(
            bootstrap_servers=bootstrap,
            topic_prefix=f"kill{seed}-{os.getpid()}.",
            partitions=8,
            redis_url=redis.url,
            conversation_key=SecretStr(KEY),
        )
        with TopicAdmin(bootstrap) as admin:
            admin.create(deployment.topics.specs(deployment.partitions))
        publish(deployment, lambda log: prepare(documents(orders.url), log, action_types(), author="kill test", at=0))
        connectors = stack.enter_context(_connectors(deployment, folder))
        workers = Workers(deployment, folder)
        stack.callback(workers.stop)
        sender = _Sender(deployment, conversations, chance.randrange(1 << 30), (kills + 1) * every_sec)
        sender.start()
        done: list[str] = []
        with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
            task = progress.add_task("killing workers", total=kills + 1)
            for number in range(kills):
                time.sleep(every_sec * chance.uniform(0.7, 1.3))
                done.append(f"kill -9 slot {workers.kill_one(chance)}")
                if number == kills // 2 and pause_sec:
                    done.append(f"SIGSTOP slot {workers.pause_one(chance, pause_sec)} for {pause_sec:.0f} s")
                progress.update(task, advance=1)
            sender.join()
            assert connectors.poll() is None, "the connectors went away"
            settled_sec = _settle(deployment)
        environment = {**os.environ, **deployment.to_environment()}
        audit = subprocess.run(
            [sys.executable, "-m", "smart_routing", "audit", "--json", "--settled"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        replay = subprocess.run(
            [sys.executable, "-m", "smart_routing", "replay", "--json"], env=environment, capture_output=True, text=True, check=False
        )
        return {
            "audit": json.loads(audit.stdout or json.dumps({"error": audit.stderr})),
            "audit_exit": audit.returncode,
            "replay": json.loads(replay.stdout or json.dumps({"error": replay.stderr})),
            "replay_exit": replay.returncode,
            "sent": sender.sent,
            "repeated": sender.repeated,
            "web_service_calls": len(orders.calls),
            "web_service_calls_repeated": len(orders.calls) - len(set(orders.calls)),
            "done": done,
            "settled_after_sec": round(settled_sec, 1),
        }


class _Sender(threading.Thread):
    """Sends each conversation's messages over a given time, one in ten of them twice."""

    def __init__(self, deployment: Deployment, conversations: int, seed: int, seconds: float) -> None:
        super().__init__(name="sender")
        self._deployment = deployment
        self._conversations = conversations
        self._chance = random.Random(seed)
        self._seconds = seconds
        self.sent = self.repeated = 0

    def run(self) -> None:
        """Send."""
        deployment, codec = self._deployment, Codec()
        producer = Producer(
            {
                "bootstrap.servers": deployment.bootstrap_servers,
                "enable.idempotence": True,
                "partitioner": "murmur2_random",
                "linger.ms": 20,
                "log_level": 3,
            }
        )
        messages = [(customer, turn) for turn in range(3) for customer in range(self._conversations)]
        begun = time.monotonic()
        for number, (customer, turn) in enumerate(messages):
            ahead = begun + self._seconds * number / len(messages) - time.monotonic()
            if ahead > 0.005:
                producer.poll(ahead)
            address = f"customer-{customer}"
            text = ("hello", "not a number" if customer % 7 == 0 else f"{customer}", f"{customer}")[turn]
            datum = {
                "message_id": f"{address}-{turn}",
                "channel": CHANNEL,
                "account": ACCOUNT,
                "address": address,
                "text": text,
                "sent_at": time.time_ns() // 1_000_000,
            }
            key = conversation_id(CHANNEL, ACCOUNT, address, key=deployment.conversation_secret()).encode()
            for _ in range(1 + (self._chance.random() < 0.1)):
                producer.produce(deployment.topics.inbound, codec.encode("inbound_message", datum), key)
                self.sent += 1
            producer.poll(0)
        self.repeated = self.sent - len(messages)
        if producer.flush(60):
            raise RuntimeError("the broker did not take all messages")


@contextmanager
def _serving(server: OrderService) -> Iterator[OrderService]:
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def _connectors(deployment: Deployment, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = {
        **os.environ,
        **deployment.to_environment(),
        "SMART_ROUTING_CONNECTORS_ALLOWED_NETWORKS": "127.0.0.0/8",
        "SMART_ROUTING_CONNECTORS_CHAT_ACCOUNTS": ACCOUNT,
    }
    with (folder / "connectors.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "smart_routing", "connectors", "run", "messaging", "web_service"],
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def _settle(deployment: Deployment) -> float:
    """Wait until everything sent is applied, answered, and nothing waits for time to pass. Returns the seconds that took."""
    begun = time.monotonic()
    consumer = Consumer(
        {"bootstrap.servers": deployment.bootstrap_servers, "group.id": f"{deployment.topic_prefix}processor", "enable.auto.commit": False}
    )
    topics = deployment.topics
    watched = (topics.inbound, topics.responses, topics.commands("messaging"), topics.commands("web_service"))
    quiet, before, lag = 0, None, 0
    try:
        while time.monotonic() - begun < SETTLE_SEC:
            ends = {
                (topic, number): watermarks(consumer, TopicPartition(topic, number))[1]
                for topic in watched
                for number in range(deployment.partitions)
            }
            inputs = [
                TopicPartition(topic, number) for topic in (topics.inbound, topics.responses) for number in range(deployment.partitions)
            ]
            lag = sum(ends[found.topic, found.partition] - max(0, found.offset) for found in consumer.committed(inputs, timeout=60))
            quiet = quiet + 1 if lag == 0 and ends == before else 0
            if quiet >= 5:  # longer than the flow's pause
                return time.monotonic() - begun
            before = ends
            time.sleep(1)
    finally:
        consumer.close()
    raise TimeoutError(f"expected the load to be applied within {SETTLE_SEC:.0f} s; found a lag of {lag} records")


def main() -> None:
    """Run the test from the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.kill", description=__doc__)
    parser.add_argument("--conversations", type=int, default=20_000, help="conversations, three messages each (default %(default)s)")
    parser.add_argument("--kills", type=int, default=12, help="workers killed with SIGKILL (default %(default)s)")
    parser.add_argument("--every", type=float, default=6.0, help="seconds between kills, about (default %(default)s)")
    parser.add_argument("--pause", type=float, default=20.0, help="seconds of the one SIGSTOP (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kafka", help="address of a running Kafka; without one it starts its own")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = run(
            conversations=arguments.conversations,
            kills=arguments.kills,
            every_sec=arguments.every,
            pause_sec=arguments.pause,
            seed=arguments.seed,
            kafka=arguments.kafka,
            folder=Path(folder),
        )
    print(json.dumps(result, indent=2))
    sys.exit(1 if result["audit_exit"] or result["replay_exit"] else 0)


if __name__ == "__main__":
    main()
