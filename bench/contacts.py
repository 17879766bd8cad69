"""Measures the projection of contacts: `python -m bench.contacts`.

A journal of interactions is written: three records each, of three steps, as workers write them. It is taken in by a rebuild, counts are
asked for, and an agent follows while more is written.
"""

import asyncio
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
from confluent_kafka import Producer
from redis.asyncio import Redis

from connectors.contacts.connector import ContactsConnector
from connectors.contacts.follower import Follower
from connectors.contacts.log import Log
from connectors.contacts.projection import Projection
from connectors.contacts.rebuild import rebuild
from connectors.contacts.settings import ContactsSettings
from connectors.contacts.store import ContactStore
from connectors.framework.context import Context
from connectors.framework.settings import ConnectorSettings
from connectors.framework.surroundings import Surroundings
from schemas.codec import Codec
from schemas.conversation import conversation_id
from schemas.deployment import Deployment
from schemas.topics import partition_of
from smart_routing.embedded import EmbeddedRedis
from smart_routing.kafka_server import KafkaServer
from smart_routing.topic_admin import TopicAdmin

RECORDS = 3
VISITS = 5
COUNTS = 5_000
AT_ONCE = 64
_JOIN_SECONDS = 10.0
_KEY = "a key of the benchmark"


@click.command()
@click.option("--interactions", default=100_000, show_default=True, type=click.IntRange(100))
@click.option("--bootstrap-servers", help="A Kafka that runs; without it, one is started.")
def main(interactions: int, bootstrap_servers: str | None) -> None:
    """Measure, and print what was found."""
    with ExitStack() as stack:
        program = shutil.which("redis-server")
        redis = stack.enter_context(EmbeddedRedis(executable=Path(program) if program else None))
        servers = bootstrap_servers or stack.enter_context(KafkaServer()).start().bootstrap_servers
        deployment = Deployment(
            bootstrap_servers=servers, topic_prefix=f"bench-{secrets.token_hex(4)}.", redis_url=redis.url, conversation_key=_KEY
        )
        topics = {deployment.topics.journal, deployment.topics.inbound}
        admin = stack.enter_context(TopicAdmin(servers))
        admin.create([spec for spec in deployment.topics.specs(deployment.partitions) if spec.name in topics])
        stack.callback(admin.delete, topics)
        _write(deployment, interactions)
        asyncio.run(_measure(deployment, interactions))


def _write(deployment: Deployment, interactions: int) -> None:
    codec, topic = Codec(), deployment.topics.journal
    producer = Producer({"bootstrap.servers": deployment.bootstrap_servers, "compression.type": "lz4", "linger.ms": 50})
    for datum in _journal(interactions):
        key = datum["conversation_id"].encode()
        producer.produce(topic, codec.encode("journal_record", datum), key, partition=partition_of(key, deployment.partitions))
        while len(producer) > 50_000:
            producer.poll(0.1)
    producer.flush()


def _journal(interactions: int) -> Iterator[dict[str, Any]]:
    begin = time.time_ns() // 1_000_000 - 10 * interactions
    answer = {"command_id": "c", "outcome": "ok", "values": {}, "connector": "messaging", "answered_at": begin}
    issued = {"command_id": "c", "family": "messaging", "name": "SendMessage", "digest": "0" * 16}
    step = {"step": 1, "flow": "main", "flow_version": 1, "action": "a", "type": "simple_message", "branch": "ok", "commands": [issued]}
    steps = [{**step, "writes": [], "warnings": []}] * 3
    for number in range(interactions):
        address = f"customer {number // VISITS}"
        conversation, at = conversation_id("web_chat", "demo", address, key=_KEY), begin + 10 * number
        message = {
            "message_id": f"m{number}", "channel": "web_chat", "account": "demo", "address": address, "text": "hello, where is my order?",
            "media": [], "sent_at": at,
        }  # fmt: skip
        events = [("smart_routing.MessageReceived", message), *[("smart_routing.ResponseReceived", answer)] * (RECORDS - 1)]
        for nth, event in enumerate(events):
            yield {
                "conversation_id": conversation, "interaction_id": f"{conversation}-{number}", "sequence": nth + 1, "at": at,
                "source": {"topic": "inbound", "partition": 0, "offset": number}, "disposition": "applied", "event": event,
                "opened": nth == 0, "steps": steps, "definitions_offset": 0, "engine": "bench", "state_digest": "0" * 16,
            }  # fmt: skip


async def _measure(deployment: Deployment, interactions: int) -> None:
    records = interactions * RECORDS
    async with Redis.from_url(deployment.redis_url) as redis:
        began, used = time.monotonic(), time.process_time()
        await rebuild(deployment, ContactsSettings(), lambda _read, _all: None)
        _tell("rebuild", records, time.monotonic() - began, time.process_time() - used)
        memory = (await redis.info("memory"))["used_memory"]
        print(f"Redis: {memory / interactions:,.0f} bytes an interaction, {VISITS} a customer")
        await _count(deployment, interactions // VISITS)
        await _follow(deployment, redis, max(100, interactions // 20))


async def _follow(deployment: Deployment, redis: Redis, interactions: int) -> None:
    log, store = Log(deployment), ContactStore(redis, deployment, ContactsSettings().retention_ms)
    await log.open()
    follower = Follower(deployment, Projection(deployment, log, store), ConnectorSettings().session_seconds)
    follower.start()
    generation = await store.generation()
    await asyncio.sleep(_JOIN_SECONDS)
    began, used = time.monotonic(), time.process_time()
    await asyncio.to_thread(_write, deployment, interactions)
    ends = await log.ends(deployment.topics.journal)
    while sum((await store.offsets(generation)).values()) < sum(ends.values()):  # noqa: ASYNC110 - what is awaited is Redis' content
        await asyncio.sleep(0.05)
    _tell("agent, beside the one who writes", interactions * RECORDS, time.monotonic() - began, time.process_time() - used)
    await follower.stop()
    await log.close()


async def _count(deployment: Deployment, customers: int) -> None:
    connector = ContactsConnector(Surroundings(deployment, ConnectorSettings(), {"SMART_ROUTING_CONTACTS_FOLLOW": "false"}))
    await connector.open()
    until, took = time.time_ns() // 1_000_000, []
    several = asyncio.Semaphore(AT_ONCE)

    async def ask(number: int) -> None:
        envelope = {"channel": "web_chat", "account": "demo", "address": f"customer {number % customers}", "interaction_id": ""}
        async with several:
            began = time.monotonic()
            outcome = await connector.count_contacts({"since": 0, "until": until + number}, Context("1", "c", None, envelope))
            took.append(time.monotonic() - began)
        assert outcome.values["count"] == str(VISITS), outcome

    for number in range(200):
        await ask(number)
    took.sort()
    print(f"a count: {took[100] * 1000:.1f} ms (99 of 100: {took[198] * 1000:.1f} ms)")
    began, used = time.monotonic(), time.process_time()
    await asyncio.gather(*(ask(number) for number in range(COUNTS)))
    _tell(f"counts, {AT_ONCE} at once", COUNTS, time.monotonic() - began, time.process_time() - used)
    await connector.close()


def _tell(what: str, number: int, seconds: float, processor_seconds: float) -> None:
    print(f"{what}: {number:,} in {seconds:.1f} s, {number / seconds:,.0f} a second, {number / processor_seconds:,.0f} a processor second")


if __name__ == "__main__":
    main()
