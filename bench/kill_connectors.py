"""The kill test of connectors: they are killed under load, then the audit and the back ends' own records must show each command done once.

Web chats and an ACD in Redis, seven families in SQL, mail by SMTP. `python -m bench.kill_connectors` runs it in full, the tests run a
shorter form.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from confluent_kafka import Producer
from msgspec import Struct
from pydantic import SecretStr
from rich.console import Console
from rich.progress import Progress
from sqlalchemy import column, create_engine, distinct, func, select, table

from bench.kill_commands import ACCOUNT, FAMILIES, TOLD_BY, commands, documents
from connectors.framework.surroundings import Surroundings
from processor.actions import action_types
from processor.flow.publication import prepare
from processor.runtime.publisher import publish
from processor.runtime.topic_log import read_topic
from schemas.codec import Codec
from schemas.deployment import Deployment
from smart_routing.back_end_audit import check_back_ends
from smart_routing.connector_audit import Answers, read_answers
from smart_routing.embedded import EmbeddedRedis
from smart_routing.free_port import free_port
from smart_routing.kafka_server import KafkaServer
from smart_routing.topic_admin import TopicAdmin

_SLOTS: Final = 2
_STALLED_SEC: Final = 90.0
_LOOK_SEC: Final = 2.0
_SETTINGS: Final = {
    "SMART_ROUTING_CONNECTORS_CHAT_ACCOUNTS": ACCOUNT,
    "SMART_ROUTING_CONNECTORS_LINK_SECRET": "the kill test's own secret",
    "SMART_ROUTING_CONNECTORS_METRICS_PORT": "0",
    "SMART_ROUTING_CONNECTORS_PRESENCE_SECONDS": "2",
    "SMART_ROUTING_CONNECTORS_SESSION_SECONDS": "6",
}


class Plan(Struct, frozen=True):
    """What to do."""

    conversations: int
    rounds: int
    """How often each conversation commands each family."""

    kills: int
    every_sec: float
    seed: int = 1
    kafka: str | None = None
    """Address of a running Kafka; one is started where none is given."""

    sql: str | None = None
    """URL of an empty SQL store; a file of SQLite's where none is given."""

    @property
    def commands(self) -> int:
        """How many there are in all."""
        return self.conversations * self.rounds * len(FAMILIES)


class Mails:
    """The mail server: it notes for whom it took a message."""

    def __init__(self) -> None:
        self.recipients: Counter[str] = Counter()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a message."""
        self.recipients.update(envelope.rcpt_tos)
        return "250 OK"


class Connectors:
    """Processes that run all these families, each started again when it was killed."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self._environment = {**os.environ, **environment}
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = [self._start(slot) for slot in range(_SLOTS)]

    def kill_one(self, chance: random.Random) -> None:
        """Kill a random process with SIGKILL and start it again."""
        slot = chance.randrange(_SLOTS)
        self._processes[slot].kill()
        self._processes[slot].wait()
        self._processes[slot] = self._start(slot)

    def stop(self) -> None:
        """End all, in good order."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start(self, slot: int) -> subprocess.Popen[bytes]:
        with (self._folder / f"connectors-{slot}.log").open("ab") as log:
            command = [sys.executable, "-m", "smart_routing", "connectors", "run", *FAMILIES]
            return subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)


def run(plan: Plan, folder: Path) -> dict[str, Any]:
    """Run the test; returns what the audit and the back ends say."""
    chance = random.Random(plan.seed)
    with ExitStack() as stack:
        bootstrap = plan.kafka or stack.enter_context(KafkaServer(rebalance_delay_ms=0)).bootstrap_servers
        redis = stack.enter_context(EmbeddedRedis())
        mails, port = Mails(), free_port()
        controller = Controller(mails, hostname="127.0.0.1", port=port)
        controller.start()
        stack.callback(controller.stop)
        deployment = Deployment(
            bootstrap_servers=bootstrap,
            topic_prefix=f"kill-connectors-{plan.seed}-{os.getpid()}.",
            partitions=4,
            redis_url=redis.url,
            conversation_key=SecretStr("the kill test's own key"),
        )
        with TopicAdmin(bootstrap) as admin:
            admin.create(deployment.topics.specs(deployment.partitions))
            stack.callback(_delete, deployment)
        publish(deployment, lambda log: prepare(documents(), log, action_types(), author="kill test", at=0))
        store = plan.sql or f"sqlite:///{folder / 'connectors.db'}"
        back_ends = {"SMART_ROUTING_SQL_URL": store, "SMART_ROUTING_SMTP_MAILBOXES": _mailbox(port)}
        environment = {**deployment.to_environment(), **_SETTINGS, **back_ends}
        connectors = Connectors(environment, folder)
        stack.callback(connectors.stop)
        _send_while_killing(deployment, connectors, chance, plan)
        answers = _settle(deployment)
        findings = [*answers.findings, *check_back_ends(answers, Surroundings.from_environment(environment))]
        findings_by_kind = Counter(finding.kind for finding in findings)
        outcomes = Counter((answers.commands[command_id].family, outcome) for command_id, outcome in answers.outcomes.items())
        return {
            "commands": plan.commands,
            "responses": answers.responses,
            "unanswered": len(answers.unanswered),
            "outcomes": {f"{family} {outcome}": count for (family, outcome), count in sorted(outcomes.items())},
            "lost": findings_by_kind["lost"],
            "doubled": findings_by_kind["doubled"],
            "out_of_order": findings_by_kind["out_of_order"],
            "mismatched": findings_by_kind["mismatched"],
            "findings": [finding.what for finding in findings[:20]],
            "effects": {family: _counted(store, *told_by) for family, told_by in TOLD_BY.items()},
            "mails": [mails.recipients.total(), len(mails.recipients)],
        }


def _delete(deployment: Deployment) -> None:
    """Delete the deployment's topics."""
    with TopicAdmin(deployment.bootstrap_servers) as admin:
        admin.delete(spec.name for spec in deployment.topics.specs(deployment.partitions))


def _send_while_killing(deployment: Deployment, connectors: Connectors, chance: random.Random, plan: Plan) -> None:
    """Send everything evenly over the time of the kills."""
    codec = Codec()
    producer = Producer({"bootstrap.servers": deployment.bootstrap_servers, "partitioner": "murmur2_random", "log_level": 3})
    to_send = list(commands(plan.conversations, plan.rounds))
    begun, killed = time.monotonic(), 0
    next_kill = plan.every_sec * chance.uniform(0.7, 1.3)
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("killing connectors", total=plan.kills)
        while to_send or killed < plan.kills:
            passed = time.monotonic() - begun
            due = round((1 - passed / (plan.kills * plan.every_sec)) * plan.commands)
            while to_send and len(to_send) > max(due, 0):
                family, datum = to_send.pop()
                producer.produce(
                    deployment.topics.commands(family), codec.encode(f"{family}_command", datum), datum["conversation_id"].encode()
                )
            producer.poll(0.01)
            if killed < plan.kills and passed > next_kill:
                connectors.kill_one(chance)
                killed += 1
                next_kill += plan.every_sec * chance.uniform(0.7, 1.3)
                progress.update(task, advance=1)
    if producer.flush(60):
        raise RuntimeError("the broker did not take all commands")


def _settle(deployment: Deployment) -> Answers:
    """Wait until every command is answered, or none has been for a while."""
    topics, codec = deployment.topics, Codec()
    moved_at, before = time.monotonic(), -1
    while True:
        sent = {family: read_topic(deployment, topics.commands(family)) for family in FAMILIES}
        answers = read_answers(sent, read_topic(deployment, topics.responses), codec)
        if len(answers.outcomes) > before:
            moved_at, before = time.monotonic(), len(answers.outcomes)
        if not answers.unanswered or time.monotonic() > moved_at + _STALLED_SEC:
            return answers
        time.sleep(_LOOK_SEC)


def _mailbox(port: int) -> str:
    return json.dumps({"shop": {"host": "127.0.0.1", "port": port, "security": "none", "sender": "shop@example.org"}})


def _counted(url: str, of: str, told_by: str) -> list[int]:
    """Return how many rows a table has, and how many different ones."""
    drivers = {"postgresql": "postgresql+psycopg", "sqlite": "sqlite"}
    scheme, _, rest = url.partition("://")
    engine = create_engine(f"{drivers[scheme]}://{rest}")
    try:
        with engine.connect() as connection:
            query = select(func.count(), func.count(distinct(column(told_by)))).select_from(table(of, column(told_by)))
            return list(connection.execute(query).one())
    finally:
        engine.dispose()


def main() -> None:
    """Run the test from the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.kill_connectors", description=__doc__)
    parser.add_argument("--conversations", type=int, default=300, help="conversations (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=10, help="commands of each to each family (default %(default)s)")
    parser.add_argument("--kills", type=int, default=15, help="processes killed with SIGKILL (default %(default)s)")
    parser.add_argument("--every", type=float, default=5.0, help="seconds between kills, about (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kafka", help="address of a running Kafka; without one it starts its own")
    parser.add_argument("--sql", help="URL of an empty SQL store; without one a SQLite file")
    arguments = parser.parse_args()
    plan = Plan(arguments.conversations, arguments.rounds, arguments.kills, arguments.every, arguments.seed, arguments.kafka, arguments.sql)
    with tempfile.TemporaryDirectory() as folder:
        result = run(plan, Path(folder))
    print(json.dumps(result, indent=2))
    wrong = any(result[kind] for kind in ("unanswered", "lost", "doubled", "out_of_order", "mismatched"))
    doubled = any(len(set(counts)) > 1 for counts in (*result["effects"].values(), result["mails"]))
    sys.exit(1 if wrong or doubled else 0)


if __name__ == "__main__":
    main()
