"""An ACD at work: commands by the real Kafka, agents by the office's API, what is told read from the topic `responses`."""

import asyncio
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

from confluent_kafka import Producer
from redis.asyncio import Redis

from connectors.acd.connector import AcdConnector
from connectors.acd.floor.floor import Floor
from connectors.acd.office import mount
from connectors.acd.settings import AcdSettings
from schemas.codec import Codec, Datum
from schemas.deployment import Deployment
from smart_routing.embedded import EmbeddedRedis
from smart_routing.topic_admin import TopicAdmin
from tests.connectors.command_bench import PATIENCE_SECONDS, QUICK, CommandBench, around, running
from tests.connectors.conftest import KEY
from tests.connectors.office.office_bench import Client, serving_office

ADA = {"name": "Ada", "locale": "en-GB", "message": "hello"}


class AcdBench(CommandBench):
    """The bench of the family, with definitions and a floor to look at."""

    def __init__(self, deployment: Deployment, **settings: str) -> None:
        super().__init__(deployment, "acd")
        self.environment = {f"SMART_ROUTING_ACD_{name.upper()}": value for name, value in settings.items()}
        self.redis = Redis.from_url(deployment.redis_url)
        self.floor = Floor(self.redis, deployment, AcdSettings.from_environment(self.environment))
        self.heard: list[tuple[str, Datum]] = []
        self._responses = self._consumer(deployment.topics.responses)

    def publish(self, kind: str, reference: str, **document: Any) -> None:
        content = json.dumps({"id": reference, "reference": reference, "name": reference.title(), **document})
        datum = {"kind": kind, "id": reference, "reference": reference, "version": 0, "status": "published", "document": content}
        value = Codec().encode("definition", {**datum, "content_hash": "", "published_at": 0, "author": "tests"})
        producer = Producer({"bootstrap.servers": self.deployment.bootstrap_servers, "log_level": 0})
        producer.produce(self.deployment.topics.definitions, value, reference.encode())
        assert producer.flush(PATIENCE_SECONDS) == 0

    def to_queue(self, command_id: str, *queues: str | dict[str, Any], prioritize: bool = False, group: str | None = None, **more) -> None:
        given = [{"reference": queue} if isinstance(queue, str) else queue for queue in queues or ("support",)]
        bounds: dict[str, Any] = {"skills": [], "maximum_waiting": None, "maximum_estimated_wait_sec": None, "maximum_wait_sec": None}
        body: dict[str, Any] = {
            "queue_group": group,
            "queues": [{**bounds, **queue} for queue in given],
            "prioritize": prioritize,
            "customer": ADA,
        }
        self.send("DistributeToQueue", body, command_id=command_id, conversation=f"of-{command_id}", **more)

    def to_user(self, command_id: str, user: str | None, timeout_ms: int = 60_000, **more: Any) -> None:
        body: dict[str, Any] = {"user": user, "timeout_ms": timeout_ms, "customer": ADA}
        self.send("DistributeToUser", body, command_id=command_id, conversation=f"of-{command_id}", **more)

    def relay(self, command_id: str, distribution: str, text: str) -> None:
        body: dict[str, Any] = {"distribution": distribution, "message_id": f"m-{command_id}", "text": text, "media": [], "choice": None}
        self.send("RelayMessage", body, command_id=command_id, conversation=f"of-{distribution}")

    def cancel(self, command_id: str, distribution: str) -> None:
        self.send("CancelDistribution", {"distribution": distribution}, command_id=command_id, conversation=f"of-{distribution}")

    async def next_where(self, fits: Callable[[str, Datum], bool]) -> Datum:
        """Wait for a record of the topic `responses` that fits; it is heard once."""

        def take() -> None:
            for record in self._responses.consume(1_000, 0.02):
                self.heard.append(self.codec.decode(record.value()))

        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                for index, (name, datum) in enumerate(self.heard):
                    if fits(name, datum):
                        del self.heard[index]
                        return datum
                await asyncio.to_thread(take)

    async def answer(self, command_id: str, *outcomes: str) -> tuple[str, str | None]:
        """Wait for the next answer to a command, one of these outcomes where some are given."""
        found = await self.next_where(
            lambda name, datum: name == "response" and datum["command_id"] == command_id and (not outcomes or datum["outcome"] in outcomes)
        )
        return found["outcome"], found["reason"]

    async def wrote(self, command_id: str) -> Datum:
        """Wait for what an agent writes."""
        return await self.next_where(lambda name, datum: name == "agent_wrote" and datum["command_id"] == command_id)

    @asynccontextmanager
    async def at_work(self, *agents: str):
        """Run the connector and the office; gives a client of the desk's API for each agent, who is available."""
        programs = "".join(f"{agent}: {{token: 'a token of the agent {agent}', roles: [agent, supervisor]}}\n" for agent in agents)
        connector = AcdConnector(around(self.deployment, QUICK, **self.environment))
        async with (
            running(connector, self.deployment),
            serving_office(self.deployment, [mount], SMART_ROUTING_OFFICE_PROGRAMS=programs, **self.environment) as client,
        ):
            desks = [Desk(client(f"a token of the agent {agent}"), agent) for agent in agents]
            try:
                for desk in desks:
                    await desk.become("available")
                yield desks
            finally:
                await self.redis.aclose()  # it connects again where it is asked for more


class Desk:
    """One agent's program."""

    def __init__(self, client: Client, user: str) -> None:
        self._client = client
        self.user = user

    async def become(self, presence: str) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):  # the roster follows the definitions
            while (await self._client.call("PUT", "/api/desk/presence", {"presence": presence}))[0] != 200:  # noqa: ASYNC110 - it is Redis's
                await asyncio.sleep(0.05)

    async def until_offered(self, contact: str) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (contact, "offered") not in [(one["id"], one["state"]) for one in await self.contacts()]:  # noqa: ASYNC110 - it is Redis's
                await asyncio.sleep(0.02)

    async def contacts(self) -> list[dict[str, Any]]:
        _, desk = await self._client.call("GET", "/api/desk")
        return list(desk["contacts"])

    async def do(self, contact: str, what: str, body: Any = None) -> int:
        return (await self._client.call("POST", f"/api/desk/contacts/{contact}/{what}", body))[0]

    async def close(self, contact: str, how: str) -> int:
        return (await self._client.call("POST", f"/api/wallboard/contacts/{contact}/close", {"how": how}))[0]

    async def texts(self, contact: str) -> list[str]:
        _, found = await self._client.call("GET", f"/api/desk/contacts/{contact}")
        return [message["text"] for message in found["messages"]]


def benches(kafka: str, redis: EmbeddedRedis, **settings: str) -> Iterator[AcdBench]:
    """A deployment with the topics that the ACD touches."""
    prefix = f"test-{secrets.token_hex(4)}."
    deployment = Deployment(bootstrap_servers=kafka, topic_prefix=prefix, partitions=2, redis_url=redis.url, conversation_key=KEY)
    topics = deployment.topics
    touched = {topics.responses, topics.dead_letters, topics.definitions, topics.commands("acd")}
    with TopicAdmin(kafka) as admin:
        admin.create([spec for spec in topics.specs(deployment.partitions) if spec.name in touched])
        bench = AcdBench(deployment, **settings)
        yield bench
        bench.close()
        admin.delete(touched)
