import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer

from schemas.topics import TopicSpec
from smart_routing.cannot_start import CannotStart
from smart_routing.free_port import free_port, is_free
from smart_routing.kafka_jars import KAFKA_VERSION, kafka_jars
from smart_routing.kafka_server import KafkaServer
from smart_routing.topic_admin import TopicAdmin


@pytest.fixture
def server():
    with KafkaServer(rebalance_delay_ms=0) as running:
        yield running


@pytest.fixture
def only_on_path(tmp_path: Path, monkeypatch):
    """Leaves nothing on PATH but the named programs."""

    def leave(*programs: str) -> Path:
        folder = tmp_path / "bin"
        folder.mkdir()
        for program in programs:
            (folder / program).symlink_to(str(shutil.which(program)))
        monkeypatch.setenv("PATH", str(folder))
        monkeypatch.delenv("JAVA_HOME", raising=False)
        return folder

    return leave


def write(server: KafkaServer, topic: str, *values: bytes) -> None:
    producer = Producer({"bootstrap.servers": server.bootstrap_servers})
    for value in values:
        producer.produce(topic, value)
    assert producer.flush(30) == 0


def read(server: KafkaServer, topic: str, count: int) -> list[bytes | None]:
    consumer = Consumer({"bootstrap.servers": server.bootstrap_servers, "group.id": "test", "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    try:
        return [message.value() for message in consumer.consume(count, timeout=30)]
    finally:
        consumer.close()


def test_what_was_written_outlives_a_kill_and_a_stop(server):
    with TopicAdmin(server.bootstrap_servers) as admin:
        admin.create([TopicSpec("notes", 1)])
    write(server, "notes", b"first")
    address, first_pid = server.bootstrap_servers, server.pid

    server.kill()
    assert not server.is_running
    server.start()
    assert server.bootstrap_servers == address
    assert server.pid != first_pid
    write(server, "notes", b"second")

    server.stop()
    assert server.pid is None
    server.start()
    assert read(server, "notes", 2) == [b"first", b"second"]


def test_temporary_data_go_with_the_server():
    with KafkaServer() as server:
        folder, pid, port = server.folder, server.pid, server.port
        assert (folder / "data" / "meta.properties").exists()
        assert pid is not None
    assert not folder.exists()
    assert is_free(port)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_port_in_use_is_told():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=f"Port {port} is in use: stop what listens there, or choose another port"):
            KafkaServer(port=port).start()


def test_settings_that_kafka_refuses_are_told_with_its_own_words(tmp_path):
    with pytest.raises(CannotStart, match=r"(?s)Kafka could not format .*num\.io\.threads"):
        KafkaServer(folder=tmp_path, properties={"num.io.threads": "many"}).start()


def test_a_server_that_ends_at_once_is_told_with_its_log(tmp_path):
    server = KafkaServer(folder=tmp_path, properties={"authorizer.class.name": "none.Such"})
    with pytest.raises(CannotStart, match=r"(?s)Kafka ended with status 1 before it answered; its log is .*server\.log:.*none\.Such"):
        server.start()
    assert not server.is_running


def test_data_that_another_server_runs_on_are_told(server):
    with pytest.raises(CannotStart, match=f"Another Kafka runs on the data in {server.folder}: stop it, or choose another folder"):
        KafkaServer(folder=server.folder).start()
    assert server.is_running


def test_without_java_it_says_what_to_install(only_on_path):
    only_on_path()
    with pytest.raises(
        CannotStart, match=r"needs Java 17 or later and none is on PATH: on Debian, apt-get install openjdk-17-jre-headless"
    ):
        KafkaServer().start()


def test_with_an_old_java_it_says_what_to_install(only_on_path):
    java = only_on_path() / "java"
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    java.chmod(java.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(CannotStart, match=r"needs Java 17 or later; .*java is openjdk version \"11\.0\.2\" 2019-01-15: on Debian"):
        KafkaServer().start()


def test_without_maven_it_says_what_to_install(only_on_path, tmp_path, monkeypatch):
    only_on_path("java")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(CannotStart, match=r"fetched by Maven and no mvn is on PATH: on Debian, apt-get install maven"):
        KafkaServer().start()


def test_jars_that_are_there_need_no_maven(only_on_path, tmp_path):
    only_on_path()
    jars = tmp_path / f"kafka-{KAFKA_VERSION}"
    jars.mkdir()
    assert kafka_jars(tmp_path) == jars


def test_what_maven_says_is_told_when_it_fails(only_on_path, tmp_path):
    maven = only_on_path() / "mvn"
    maven.write_text("#!/bin/sh\necho '[ERROR] unknown host'\nexit 1\n")
    maven.chmod(maven.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(CannotStart, match=r"(?s)Maven could not fetch Apache Kafka 4\.1\.0.*unknown host"):
        kafka_jars(tmp_path / "cache")
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["kafka.lock"]


def test_the_broker_command_runs_until_it_is_interrupted(tmp_path):
    port = free_port()
    command = [sys.executable, "-m", "smart_routing", "broker", "--port", str(port), "--data", str(tmp_path / "data")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "Starting Apache Kafka 4.1.0 ...\n"
        assert process.stdout.readline().startswith(f"Kafka answers at 127.0.0.1:{port} ")
        with TopicAdmin(f"127.0.0.1:{port}") as admin:
            assert admin.partitions() == {}
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert process.stdout.read() == (
            f"For the other commands: export SMART_ROUTING_BOOTSTRAP_SERVERS=127.0.0.1:{port}\nKafka has stopped.\n"
        )
        assert process.stderr.read() == ""
    assert is_free(port)
    assert (tmp_path / "data" / "server.log").exists()
