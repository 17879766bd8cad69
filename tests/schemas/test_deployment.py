import pytest
from pydantic import ValidationError

from schemas.conversation import DEVELOPMENT_KEY
from schemas.deployment import Deployment, DeploymentError, variable_of
from schemas.topics import Topics

KEY = "correct horse battery staple"


def test_an_empty_environment_gives_the_defaults():
    deployment = Deployment.from_environment({})
    assert deployment == Deployment()
    assert deployment.bootstrap_servers == "127.0.0.1:9092"
    assert deployment.partitions == 8
    assert deployment.topics == Topics("sr.")


def test_a_variable_that_is_empty_counts_as_not_set():
    assert Deployment.from_environment({"SMART_ROUTING_PARTITIONS": "", "SMART_ROUTING_REDIS_URL": "  "}) == Deployment()


def test_without_a_mapping_the_process_environment_is_read(monkeypatch):
    monkeypatch.setenv("SMART_ROUTING_TOPIC_PREFIX", "blue.")
    assert Deployment.from_environment().topics.inbound == "blue.inbound"


def test_every_variable_is_read():
    deployment = Deployment.from_environment(
        {
            "SMART_ROUTING_BOOTSTRAP_SERVERS": "kafka-1:9092, [::1]:9093",
            "SMART_ROUTING_TOPIC_PREFIX": "test_",
            "SMART_ROUTING_PARTITIONS": "12",
            "SMART_ROUTING_SCHEMA_REGISTRY_URL": "http://registry:8081/",
            "SMART_ROUTING_REDIS_URL": "unix:///run/redis.sock",
            "SMART_ROUTING_CONVERSATION_KEY": KEY,
            "SMART_ROUTING_EMBEDDED": "true",
            "SMART_ROUTING_WORKER_SLOT": "another program's",
        }
    )
    assert deployment.bootstrap_servers == "kafka-1:9092,[::1]:9093"
    assert deployment.topic_prefix == "test_"
    assert deployment.partitions == 12
    assert deployment.schema_registry_url == "http://registry:8081"
    assert deployment.redis_url == "unix:///run/redis.sock"
    assert deployment.conversation_secret() == KEY
    assert deployment.embedded


def test_another_process_reads_the_same_deployment():
    deployment = Deployment(partitions=3, conversation_key=KEY, embedded=True, schema_registry_url="https://registry")
    assert Deployment.from_environment(deployment.to_environment()) == deployment
    assert Deployment.from_environment(Deployment().to_environment()) == Deployment()


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("SMART_ROUTING_BOOTSTRAP_SERVERS", "kafka", "expected host:port, several separated by commas; found 'kafka'"),
        ("SMART_ROUTING_BOOTSTRAP_SERVERS", "kafka:9092,,", "expected host:port, several separated by commas; found 'kafka:9092,,'"),
        ("SMART_ROUTING_TOPIC_PREFIX", "a b", "as Kafka allows in a topic's name; found 'a b'"),
        ("SMART_ROUTING_PARTITIONS", "eight", "expected a valid integer, unable to parse string as an integer; found 'eight'"),
        ("SMART_ROUTING_PARTITIONS", "0", "expected greater than or equal to 1; found '0'"),
        (
            "SMART_ROUTING_SCHEMA_REGISTRY_URL",
            "registry:8081",
            "expected a URL that begins with http:// or https://; found 'registry:8081'",
        ),
        ("SMART_ROUTING_REDIS_URL", "localhost", "expected a URL that begins with redis://, rediss:// or unix://; found 'localhost'"),
        ("SMART_ROUTING_EMBEDDED", "perhaps", "expected a valid boolean, unable to interpret input; found 'perhaps'"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected_and_found(variable, value, message):
    with pytest.raises(DeploymentError) as refused:
        Deployment.from_environment({variable: value})
    assert str(refused.value).startswith(f"{variable}: ")
    assert str(refused.value).endswith(message)


def test_all_faults_are_named_at_once():
    with pytest.raises(DeploymentError) as refused:
        Deployment.from_environment({"SMART_ROUTING_PARTITIONS": "x", "SMART_ROUTING_EMBEDDED": "perhaps", "SMART_ROUTING_REDIS_URL": "z"})
    named = [line.partition(":")[0] for line in str(refused.value).splitlines()]
    assert named == ["SMART_ROUTING_PARTITIONS", "SMART_ROUTING_REDIS_URL", "SMART_ROUTING_EMBEDDED"]


def test_a_secret_is_never_shown():
    deployment = Deployment(conversation_key=KEY)
    assert KEY not in repr(deployment)
    with pytest.raises(DeploymentError) as refused:
        Deployment.from_environment({"SMART_ROUTING_CONVERSATION_KEY": "too-short"})
    assert str(refused.value) == "SMART_ROUTING_CONVERSATION_KEY: expected a secret of at least 16 characters; found one that is shorter"


def test_a_real_deployment_has_no_default_secret():
    with pytest.raises(DeploymentError, match="SMART_ROUTING_CONVERSATION_KEY: expected the deployment's secret"):
        Deployment().conversation_secret()


def test_the_embedded_stack_needs_no_secret():
    assert Deployment(embedded=True).conversation_secret() == DEVELOPMENT_KEY


def test_a_deployment_does_not_change():
    with pytest.raises(ValidationError, match="frozen"):
        Deployment().partitions = 9  # type: ignore[misc]  # what mypy forbids is what is tried


def test_variables_are_named_after_the_fields():
    assert variable_of("redis_url") == "SMART_ROUTING_REDIS_URL"
