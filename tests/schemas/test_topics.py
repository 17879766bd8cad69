import ctypes

import pytest
from aiokafka.partitioner import murmur2
from confluent_kafka import cimpl
from hypothesis import given
from hypothesis import strategies as st

from schemas.topics import COMMAND_FAMILIES, LARGEST_RECORD_BYTES, Topics, TopicSpec, partition_of

LIBRDKAFKA = ctypes.CDLL(cimpl.__file__)


def librdkafka_partition_of(key: bytes, partitions: int) -> int:
    partition: int = LIBRDKAFKA.rd_kafka_msg_partitioner_murmur2(
        None, key, ctypes.c_size_t(len(key)), ctypes.c_int32(partitions), None, None
    )
    return partition


def spec_of(name: str) -> TopicSpec:
    return {spec.name: spec for spec in Topics("sr.").specs(8)}[name]


def test_names_begin_with_the_prefix():
    topics = Topics("test-1.")
    assert [topics.inbound, topics.ticks, topics.responses] == ["test-1.inbound", "test-1.ticks", "test-1.responses"]
    assert [topics.journal, topics.definitions, topics.state] == ["test-1.journal", "test-1.definitions", "test-1.state"]
    assert topics.dead_letters == "test-1.dead-letters"
    assert topics.commands("web_service") == "test-1.commands.web_service"


def test_thirteen_families_have_a_topic_each():
    names = {spec.name for spec in Topics().specs(8)}
    assert len(COMMAND_FAMILIES) == 13
    assert {f"sr.commands.{family}" for family in COMMAND_FAMILIES} <= names
    assert len(names) == len(Topics().specs(8)) == 20


def test_a_family_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match=r"expected one of messaging, .*, found 'fax'"):
        Topics().commands("fax")


def test_inputs_and_state_have_the_same_partitions():
    assert {spec_of(name).partitions for name in (*Topics("sr.").inputs, "sr.state")} == {8}


def test_definitions_have_one_partition_and_are_kept_for_good():
    spec = spec_of("sr.definitions")
    assert spec.partitions == 1
    assert spec.config["retention.ms"] == spec.config["retention.bytes"] == "-1"


def test_inputs_are_timed_by_the_broker():
    timed = {spec.name for spec in Topics("sr.").specs(8) if spec.config.get("message.timestamp.type") == "LogAppendTime"}
    assert timed == set(Topics("sr.").inputs)


def test_only_state_is_compacted():
    assert [spec.name for spec in Topics("sr.").specs(8) if spec.config["cleanup.policy"] == "compact"] == ["sr.state"]


def test_what_holds_whole_inputs_takes_larger_records():
    for name in ("sr.journal", "sr.definitions", "sr.dead-letters"):
        assert (
            int(spec_of(name).config["max.message.bytes"])
            == LARGEST_RECORD_BYTES
            > 2 * int(spec_of("sr.inbound").config["max.message.bytes"])
        )


@given(key=st.binary(min_size=1, max_size=300), partitions=st.integers(1, 1_000))
def test_partition_is_that_of_other_clients(key, partitions):
    ours = partition_of(key, partitions)
    assert ours == (murmur2(key) & 0x7FFFFFFF) % partitions
    assert ours == librdkafka_partition_of(key, partitions)


@pytest.mark.parametrize(
    ("key", "digest"),
    # From the tests of Kafka's own clients (org.apache.kafka.common.utils.UtilsTest.testMurmur2), as signed numbers.
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_partition_follows_the_digests_of_the_java_client(key, digest):
    many = 2**31 - 1
    assert partition_of(key, many) == (digest & 0x7FFFFFFF) % many
